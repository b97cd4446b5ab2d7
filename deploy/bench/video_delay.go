package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"wanglou/server/rtsp"
)

const delaySeconds = 20 // of each of the two

// videoWebCodecs measures the age of pictures in Chromium, from the moment at which the camera sends one until it is painted, masks, watermark and all. The reference is a page that draws what a websocket
// brings it, straight from the film: no RTSP, no hub, no rights. What the encoder in a camera and the screen take is on neither side.
var videoWebCodecs = bench{figures: []string{"video-webcodecs-p50", "video-webcodecs-p95"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	return e.delays(ctx, "video-webcodecs", "webcodecs")
}}

// videoWHEP is the same by WebRTC, in a Chromium whose page has no WebCodecs, as one without https.
var videoWHEP = bench{figures: []string{"video-whep-p50", "video-whep-p95"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	return e.delays(ctx, "video-whep", "whep", "--webrtc-listen", "127.0.0.1:0")
}}

// videoHLS is the same by HLS, in a Chromium whose page has neither.
var videoHLS = bench{figures: []string{"video-hls-p50", "video-hls-p95"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	return e.delays(ctx, "video-hls", "hls")
}}

// delays measures one way of the console's and the reference, in turn.
func (e *env) delays(ctx context.Context, name, way string, flags ...string) (figures []figure, err error) {
	f, err := e.films(ctx, 1, flags...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.end()) }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	bare := &barePlayer{}
	address, err := bare.serve(ctx, f.film)
	if err != nil {
		return nil, err
	}
	before, err := processCPUSeconds(f.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var seen struct{ Ours, Bare [][2]float64 }
	if err := f.page(ctx, e, "video.mjs", &seen, "delay", fmt.Sprint(f.cameras[0]), fmt.Sprint(delaySeconds), "http://"+address+"/", way); err != nil {
		return nil, err
	}
	after, err := processCPUSeconds(f.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	var ours, plain []float64
	for _, s := range seen.Ours {
		if age := f.age(0, int(s[0]), s[1]); !math.IsNaN(age) {
			ours = append(ours, age)
		}
	}
	for _, s := range seen.Bare {
		if age := bare.age(0, int(s[0]), s[1]); !math.IsNaN(age) {
			plain = append(plain, age)
		}
	}
	if min(len(ours), len(plain)) < delaySeconds*videoRate/2 {
		return nil, fmt.Errorf("%d and %d of %d pictures were painted", len(ours), len(plain), delaySeconds*videoRate)
	}
	e.say("%s: %d of %d pictures were painted, %d by the bare page; the server took %.1f ms of processor time a second", name, len(ours), delaySeconds*videoRate, len(plain), (after-before)*1000/time.Since(began).Seconds())
	for _, p := range []int{50, 95} {
		v, of := percentile(ours, float64(p)/100), percentile(plain, float64(p)/100)
		figures = append(figures, figure{name: fmt.Sprintf("%s-p%d", name, p), value: v, unit: "ms", ratio: v / of, against: "bare-webcodecs"})
	}
	return figures, nil
}

// barePlayer is the plainest way to show the film: a websocket that brings pictures as they are, and a page that draws them.
type barePlayer struct {
	filmed
	to map[chan []byte]bool
}

const barePage = `<!doctype html><canvas width=1280 height=720></canvas><script>
const context = document.querySelector('canvas').getContext('2d', { alpha: false, desynchronized: true })
const decoder = new VideoDecoder({ output: (frame) => { context.drawImage(frame, 0, 0); frame.close() }, error: (e) => { throw e } })
decoder.configure({ codec: 'avc1.4D401F', optimizeForLatency: true })
let n = 0
const socket = new WebSocket('ws://' + location.host + '/pictures')
socket.binaryType = 'arraybuffer'
socket.onmessage = ({ data }) => {
  const key = new Uint8Array(data, 0, 1)[0] === 1
  if (n || key) decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: ++n * 40000, data: new Uint8Array(data, 1) }))
}
</script>`

// serve plays the film until ctx ends and returns the address of the page.
func (b *barePlayer) serve(ctx context.Context, film []byte) (string, error) {
	b.went, b.to = [][][]float64{make([][]float64, videoRate*videoSeconds)}, map[chan []byte]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, barePage)
	})
	mux.HandleFunc("/pictures", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		pictures := make(chan []byte, videoGroup)
		b.mu.Lock()
		b.to[pictures] = true
		b.mu.Unlock()
		defer func() {
			b.mu.Lock()
			delete(b.to, pictures)
			b.mu.Unlock()
		}()
		for gone := conn.CloseRead(ctx); ; {
			select {
			case <-gone.Done():
				return
			case p := <-pictures:
				if conn.Write(gone, websocket.MessageBinary, p) != nil {
					return
				}
			}
		}
	})
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	go func() {
		_ = (&rtsp.Server{}).Loop(ctx, film, videoRate, func(n int, unit []byte) {
			key := byte(0)
			if n%videoGroup == 0 {
				key = 1
			}
			p := append([]byte{key}, unit...)
			b.mu.Lock()
			defer b.mu.Unlock()
			b.went[0][n] = append(b.went[0][n], float64(time.Now().UnixMicro())/1000)
			for c := range b.to {
				select {
				case c <- p:
				default:
				}
			}
		})
	}()
	return l.Addr().String(), nil
}

const firstCameras = 10 // of each kind

// firstPicture measures how long a tile of the wall takes from the click on a camera to its first picture in Chromium: of cameras that somebody watches already, and of others. The reference is ffmpeg, which asks
// the camera itself and decodes one picture.
var firstPicture = bench{figures: []string{"first-picture", "first-picture-cold"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	f, err := e.films(ctx, 2*firstCameras)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.end()) }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	var watching sync.WaitGroup
	defer watching.Wait()
	watched, stop := context.WithCancel(ctx)
	defer stop()
	for _, id := range f.cameras[:firstCameras] {
		conn, err := f.watch(ctx, id)
		if err != nil {
			return nil, err
		}
		watching.Go(func() {
			defer func() { _ = conn.CloseNow() }()
			for {
				if _, _, err := conn.Read(watched); err != nil {
					return
				}
			}
		})
	}
	if err := pause(ctx, 3*time.Second); err != nil { // until each has a key picture
		return nil, err
	}
	var times []float64
	if err := f.page(ctx, e, "video.mjs", &times, "first", strings.Trim(strings.ReplaceAll(fmt.Sprint(f.cameras), " ", ","), "[]")); err != nil {
		return nil, err
	}
	if len(times) != 2*firstCameras {
		return nil, fmt.Errorf("%d tiles were measured", len(times))
	}
	var plain []float64
	for _, address := range f.streams[:firstCameras] {
		began := time.Now()
		if out, err := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "fatal", "-nostdin", "-max_error_rate", "1", "-rtsp_transport", "tcp", "-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0", "-i", address, // #nosec G204 -- ours
			"-frames:v", "1", "-f", "null", "-").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("ffmpeg: %w\n%s", err, out)
		}
		plain = append(plain, float64(time.Since(began))/float64(time.Millisecond))
	}
	warm, cold := slices.Clone(times[:firstCameras]), slices.Clone(times[firstCameras:])
	e.say("first-picture: warm %.0f ms, cold %.0f ms, ffmpeg %.0f ms", warm, cold, plain)
	of := percentile(plain, 0.5) / 1000
	w, c := percentile(warm, 0.9)/1000, percentile(cold, 0.5)/1000
	return []figure{{name: "first-picture", value: w, unit: "s", ratio: w / of, against: "ffmpeg-rtsp"}, {name: "first-picture-cold", value: c, unit: "s", ratio: c / of, against: "ffmpeg-rtsp"}}, nil
}}
