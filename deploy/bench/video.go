package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"wanglou/postgis"
	"wanglou/server/rtsp"
)

// The cameras of all figures of video: one film, encoded once and played again and again, so that no encoder takes part. Each picture has its number within the film drawn into its upper left corner, as
// blocks: eight bits, and their opposites below.
const (
	videoRate    = 25 // pictures a second
	videoGroup   = 50 // pictures from one key picture to the next
	videoSeconds = 10 // of the film: 250 pictures, one more than eight bits can count would be too many
	videoBlock   = 32 // pixels, the side of a block
)

// film returns it, 1280 by 720, about 3 Mbit/s, made by ffmpeg.
func (e *env) film(ctx context.Context) ([]byte, error) {
	name := filepath.Join(e.dir, "film.h264")
	if b, err := os.ReadFile(name); err == nil { // #nosec G304 -- ours
		return b, nil
	}
	draw := []string{"noise=alls=6:allf=t", "format=yuv420p", fmt.Sprintf("drawbox=w=%d:h=%d:color=black:t=fill", 8*videoBlock, 2*videoBlock)}
	for bit := range 8 {
		for row, is := range []int{1, 0} {
			draw = append(draw, fmt.Sprintf("drawbox=x=%d:y=%d:w=%d:h=%d:color=white:t=fill:enable='eq(mod(floor(n/%d),2),%d)'", bit*videoBlock, row*videoBlock, videoBlock, videoBlock, 1<<bit, is))
		}
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=1280x720:rate=%d:duration=%d", videoRate, videoSeconds), // #nosec G204 -- numbers of ours
		"-vf", strings.Join(draw, ","), "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "main", "-g", fmt.Sprint(videoGroup), "-b:v", "3M", "-maxrate", "4M", "-bufsize", "3M",
		"-x264-params", "aud=1:repeat-headers=1:scenecut=0", "-f", "h264", name)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ffmpeg makes no film: %w\n%s", err, out)
	}
	b, err := os.ReadFile(name) // #nosec G304 -- ours
	if err == nil {
		e.say("video: a film of %.1f Mbit/s", float64(len(b))*8/videoSeconds/1e6)
	}
	return b, err
}

// filmed is some cameras that play, and the product that may dial them.
type filmed struct {
	*server
	cameras []int64
	streams []string // their addresses
	film    []byte
	db      *postgis.DB

	mu   sync.Mutex
	went [][][]float64 // of each camera, when each picture of the film went out, ms since 1970
	end  func() error
}

// films starts so many cameras, each at an address of its own, and the product. The caller calls end.
func (e *env) films(ctx context.Context, n int, flags ...string) (out *filmed, err error) {
	f := &filmed{}
	if f.film, err = e.film(ctx); err != nil {
		return nil, err
	}
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	playing, stop := context.WithCancel(ctx)
	f.db = db
	f.end = func() error { stop(); db.Close(); return nil }
	defer func() {
		if err != nil {
			err = errors.Join(err, f.end())
		}
	}()
	if err := seed(ctx, db, n, 0, 0); err != nil {
		return nil, err
	}
	for i := range n {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		camera, went := &rtsp.Server{}, make([][]float64, videoRate*videoSeconds)
		f.streams, f.went = append(f.streams, fmt.Sprintf("rtsp://%s/1", l.Addr())), append(f.went, went)
		go func() { _ = camera.Serve(playing, l) }()
		go func() {
			time.Sleep(time.Duration(i) * time.Second / time.Duration(videoRate*n)) // not all at the same moment
			_ = camera.Loop(playing, f.film, videoRate, func(n int, _ []byte) {
				f.mu.Lock()
				defer f.mu.Unlock()
				went[n] = append(went[n], float64(time.Now().UnixMicro())/1000)
			})
		}()
		var id int64
		if err := db.Pool.QueryRow(ctx, `UPDATE camera SET stream_url = $1, name = 'film ' || $2 WHERE source_id = $2 RETURNING id`, f.streams[i], fmt.Sprint(i+1)).Scan(&id); err != nil {
			return nil, err
		}
		f.cameras = append(f.cameras, id)
	}
	if f.server, err = e.serve(ctx, db, address, append([]string{"--camera-network", "127.0.0.0/8"}, flags...)...); err != nil {
		return nil, err
	}
	f.end = func() error { stop(); err := f.stop(); db.Close(); return err }
	return f, nil
}

// age returns how old a picture of a camera's film was at a moment, in ms; NaN of one that had not gone out.
func (f *filmed) age(camera, n int, at float64) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, went := range slices.Backward(f.went[camera][n]) {
		if went <= at {
			return at - went
		}
	}
	return math.NaN()
}

// watch opens a camera's live picture as the console does.
func (f *filmed) watch(ctx context.Context, id int64) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://%s/api/cameras/%d/live", f.address, id), &websocket.DialOptions{HTTPClient: f.client})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(8 << 20)
	return conn, nil
}
