package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"
)

const (
	cpuCameras = 4 // each with one who watches; of cameras with masks one
	cpuSettle  = 3 * time.Second
	cpuSeconds = 6
	cpuLeast   = videoRate // pictures of each camera: of fewer nothing is told
)

// videoCPU measures what a picture of 720p25 costs the server by each way, the pull included: its processor time, and that of the ffmpeg that it runs for masks. Who watches is this program, and not counted. The reference is ffmpeg that takes the same cameras' pictures and does nothing with them, and for masks ffmpeg that decodes one, fills a box and encodes it with the same settings.
var videoCPU = bench{figures: []string{"video-cpu-webcodecs", "video-cpu-whep", "video-cpu-hls", "video-cpu-masked"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	f, err := e.films(ctx, cpuCameras+1, "--webrtc-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.end()) }()
	masked := f.cameras[cpuCameras]
	if _, err := f.db.Pool.Exec(ctx, `INSERT INTO camera_mask (camera_id, polygons) VALUES ($1, '[[[0.5,0.5],[0.7,0.5],[0.7,0.8],[0.5,0.8]]]')`, masked); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	copied, err := cpuOfFFmpeg(ctx, f.streams[:cpuCameras], "-c", "copy", "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	encoded, err := cpuOfFFmpeg(ctx, f.streams[cpuCameras:], "-vf", "drawbox=x=iw/2:y=ih/2:w=iw/5:h=ih*3/10:color=black:t=fill", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1",
		"-profile:v", "baseline", "-pix_fmt", "yuv420p", "-crf", "26", "-maxrate", "3M", "-bufsize", "3M", "-g", fmt.Sprint(videoGroup), "-f", "null", "-")
	if err != nil {
		return nil, err
	}
	for _, way := range []struct {
		name    string
		cameras []int64
		watch   func(context.Context, int64, *atomic.Int64) error
		plain   float64
		against string
	}{
		{"video-cpu-webcodecs", f.cameras[:cpuCameras], f.bySocket, copied, "ffmpeg-copy"},
		{"video-cpu-whep", f.cameras[:cpuCameras], f.byWHEP, copied, "ffmpeg-copy"},
		{"video-cpu-hls", f.cameras[:cpuCameras], f.byHLS, copied, "ffmpeg-copy"},
		{"video-cpu-masked", f.cameras[cpuCameras:], f.bySocket, encoded, "ffmpeg-drawbox"},
	} {
		each, err := f.cost(ctx, way.cameras, way.watch)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		figures = append(figures, figure{name: way.name, value: each * 1000, unit: "ms/s", ratio: each / way.plain, against: way.against})
	}
	return figures, nil
}}

// cost returns the processor seconds that the server takes for a second's pictures of one camera that one watches. It is told by the pictures that came, not by the clock: where the machine has too much to do, fewer come.
func (f *filmed) cost(ctx context.Context, cameras []int64, watch func(context.Context, int64, *atomic.Int64) error) (float64, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen, ended := make([]atomic.Int64, len(cameras)), make(chan error, len(cameras))
	for i, id := range cameras {
		go func() { ended <- watch(ctx, id, &seen[i]) }()
	}
	var before []int64
	used, took, err := cpuBetween(ctx, f.cmd.Process.Pid, ended, func() {
		for i := range seen {
			before = append(before, seen[i].Load())
		}
	})
	if err != nil {
		return 0, err
	}
	pictures := int64(0)
	for i := range seen {
		n := seen[i].Load() - before[i]
		if n < cpuLeast {
			return 0, fmt.Errorf("%d pictures of a camera in %.1f s", n, took)
		}
		pictures += n
	}
	stop()
	for range cameras {
		<-ended
	}
	return used / float64(pictures) * videoRate, nil
}

// cpuBetween returns what a process and those that it runs take, once what begins it is over.
func cpuBetween(ctx context.Context, pid int, ended <-chan error, begin func()) (used, took float64, err error) {
	for i, wait := range []time.Duration{cpuSettle, cpuSeconds * time.Second} {
		select {
		case err := <-ended:
			return 0, 0, fmt.Errorf("it ended before its time: %w", err)
		case <-time.After(wait):
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
		now, err := treeCPUSeconds(pid)
		if err != nil {
			return 0, 0, err
		}
		if i == 0 {
			begin()
			used, took = -now, -float64(time.Now().UnixMicro())/1e6
		} else {
			used, took = used+now, took+float64(time.Now().UnixMicro())/1e6
		}
	}
	return used, took, nil
}

// cpuOfFFmpeg returns the processor seconds that ffmpeg takes for a second's pictures of one of the streams.
func cpuOfFFmpeg(ctx context.Context, streams []string, args ...string) (float64, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type result struct {
		used     float64
		pictures int64
		err      error
	}
	results := make(chan result, len(streams))
	for _, address := range streams {
		go func() {
			var (
				r      result
				seen   atomic.Int64
				before int64
			)
			cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-hide_banner", "-loglevel", "fatal", "-nostdin", "-stats_period", "0.1", "-progress", "pipe:1", "-rtsp_transport", "tcp", "-i", address}, args...)...) // #nosec G204 -- ours
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				results <- result{err: err}
				return
			}
			ended := make(chan error, 1)
			go func() {
				for lines := bufio.NewScanner(out); lines.Scan(); {
					var n int64
					if _, err := fmt.Sscanf(lines.Text(), "frame=%d", &n); err == nil {
						seen.Store(n)
					}
				}
				ended <- cmd.Wait()
			}()
			r.used, _, r.err = cpuBetween(ctx, cmd.Process.Pid, ended, func() { before = seen.Load() })
			if r.pictures = seen.Load() - before; r.err == nil && r.pictures < cpuLeast {
				r.err = fmt.Errorf("%d pictures of a camera", r.pictures)
			}
			results <- r
		}()
	}
	var used, pictures float64
	for range streams {
		r := <-results
		if r.err != nil {
			return 0, fmt.Errorf("ffmpeg: %w", r.err)
		}
		used, pictures = used+r.used, pictures+float64(r.pictures)
	}
	return used / pictures * videoRate, nil
}

// bySocket watches by the websocket, as a page with WebCodecs does.
func (f *filmed) bySocket(ctx context.Context, id int64, seen *atomic.Int64) error {
	conn, err := f.watch(ctx, id)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	for {
		kind, b, err := conn.Read(ctx)
		switch {
		case err != nil:
			return err
		case kind == websocket.MessageBinary:
			seen.Add(1)
		case strings.Contains(string(b), `"reason"`):
			return fmt.Errorf("camera %d: %s", id, b)
		}
	}
}

// byWHEP watches by WebRTC. The last packet of a picture is marked.
func (f *filmed) byWHEP(ctx context.Context, id int64, seen *atomic.Int64) error {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	conn, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		return err
	}
	conn.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if p.Marker {
				seen.Add(1)
			}
		}
	})
	offer, err := conn.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(conn)
	if err := conn.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	answer, err := f.post(ctx, fmt.Sprintf("/api/cameras/%d/whep", id), "application/sdp", conn.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

var hlsPart = regexp.MustCompile(`EXT-X-PART:DURATION=([0-9.]+),URI="(\d+)\.(\d+)\.m4s"`)

// byHLS watches as hls.js does: it asks for the playlist that has the next part, and for the part.
func (f *filmed) byHLS(ctx context.Context, id int64, seen *atomic.Int64) error {
	body, err := f.post(ctx, fmt.Sprintf("/api/cameras/%d/hls", id), "", "")
	if err != nil {
		return err
	}
	var begun struct{ Place, Playlist string }
	if err := json.Unmarshal(body, &begun); err != nil {
		return err
	}
	defer func() { // the place is free at once
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if req, err := http.NewRequestWithContext(ctx, http.MethodDelete, "http://"+f.address+begun.Place, nil); err == nil {
			if resp, err := f.client.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}
	}()
	had, next, millis := map[string]bool{}, "", 0.0
	for {
		list, _, err := f.ask(ctx, begun.Playlist+next)
		if err != nil {
			return err
		}
		for _, part := range hlsPart.FindAllStringSubmatch(string(list), -1) {
			name := part[2] + "." + part[3] + ".m4s"
			if had[name] {
				continue
			}
			had[name] = true
			if _, _, err := f.ask(ctx, begun.Place+"/"+name); err != nil {
				return err
			}
			var long float64
			if _, err := fmt.Sscan(part[1], &long); err != nil {
				return err
			}
			millis += long * 1000
			seen.Store(int64(millis * videoRate / 1000))
		}
		_, hint, _ := strings.Cut(string(list), `PRELOAD-HINT:TYPE=PART,URI="`)
		var segment, part int
		if _, err := fmt.Sscanf(hint, "%d.%d.m4s", &segment, &part); err != nil {
			return fmt.Errorf("a playlist without a hint: %w", err)
		}
		next = fmt.Sprintf("?_HLS_msn=%d&_HLS_part=%d", segment, part)
	}
}

// post begins something and returns the answer.
func (f *filmed) post(ctx context.Context, path, mime, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if mime != "" {
		req.Header.Set("Content-Type", mime)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, answer)
	}
	return answer, err
}
