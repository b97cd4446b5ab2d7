// Package h264 turns pictures of H.265 into H.264 by ffmpeg, for browsers that show no H.265, within a declared budget: so many cameras at once, each with one decoder and one encoder of one thread and at most
// 1,280 pixels wide. ffmpeg sees no file, no network and no environment of ours.
package h264

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"wanglou/server/video"
	"wanglou/server/video/nal"
)

// Why there is no H.264.
var (
	ErrBudget  = errors.New("as many pictures are transcoded as may be")
	ErrDecoder = errors.New("there is no ffmpeg on this machine")
	ErrPicture = errors.New("the camera's picture cannot be transcoded")
	errChanged = errors.New("the camera sends another codec now")
)

const (
	width   = 1280
	silence = 10 * time.Second // of ffmpeg, while pictures go in
	ready   = 8                // pictures that wait for being fetched: then ffmpeg waits, and after it the camera's pictures
	inside  = 60               // pictures that ffmpeg may hold before some are believed to be lost in it
)

// Budget is how many may be transcoded at once. It is safe for concurrent use.
type Budget struct{ slots chan struct{} }

// New returns a budget for n cameras.
func New(n int) *Budget { return &Budget{make(chan struct{}, max(n, 0))} }

// Used returns how many of how many are transcoded now.
func (b *Budget) Used() (used, of int) { return len(b.slots), cap(b.slots) }

func (b *Budget) take() error {
	select {
	case b.slots <- struct{}{}:
		return nil
	default:
		return ErrBudget
	}
}

// Open plays what a viewer gets in H.264: as it comes where it is that, else transcoded. The viewer is closed with it, also where there is an error.
func (b *Budget) Open(ctx context.Context, viewer *video.Viewer) (video.Source, error) {
	first, err := next(ctx, viewer)
	if err != nil {
		viewer.Close()
		return nil, err
	}
	if !nal.IsH265(first.Codec) {
		return &plain{ctx, viewer, first}, nil
	}
	if err := b.take(); err != nil {
		viewer.Close()
		return nil, err
	}
	p, err := start(ctx, viewer, first, func() { <-b.slots })
	if err != nil {
		viewer.Close()
		<-b.slots
		return nil, err
	}
	return p, nil
}

// next returns the next picture; why the camera does not play is an error.
func next(ctx context.Context, viewer *video.Viewer) (*video.Frame, error) {
	f, broken, err := viewer.Next(ctx)
	if err == nil {
		err = broken
	}
	return f, err
}

// plain is a picture that needs nothing.
type plain struct {
	ctx    context.Context
	viewer *video.Viewer
	first  *video.Frame
}

// Next implements video.Source.
func (p *plain) Next() (*video.Frame, error) {
	if f := p.first; f != nil {
		p.first = nil
		return f, nil
	}
	f, err := next(p.ctx, p.viewer)
	if err == nil && f.Key && nal.IsH265(f.Codec) {
		return nil, errChanged
	}
	return f, err
}

// Close implements video.Source.
func (p *plain) Close() error { p.viewer.Close(); return nil }

// pipe is one ffmpeg.
type pipe struct {
	viewer  *video.Viewer
	cancel  context.CancelCauseFunc
	ctx     context.Context
	out     chan *video.Frame
	running sync.WaitGroup
	release func()

	mu    sync.Mutex
	times []moment // of the pictures that are in ffmpeg
}

type moment struct {
	time uint32
	came time.Time
}

// arguments of ffmpeg. One picture in is one picture out; key pictures stay key pictures.
var arguments = []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "pipe", "-flags", "low_delay", "-probesize", "32", "-analyzeduration", "0", "-threads", "1", "-f", "hevc", "-i", "pipe:0",
	"-an", "-vf", fmt.Sprintf("scale='min(%d,iw)':-2", width), "-fps_mode", "passthrough", "-c:v", "libx264", "-threads", "1", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-crf", "25", "-maxrate", "3M", "-bufsize", "3M",
	"-g", "250", "-force_key_frames", "source", "-x264-params", "aud=1:repeat-headers=1:scenecut=0", "-flush_packets", "1", "-f", "h264", "-protocol_whitelist", "pipe", "pipe:1"}

func start(ctx context.Context, viewer *video.Viewer, first *video.Frame, release func()) (*pipe, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, ErrDecoder
	}
	p := &pipe{viewer: viewer, out: make(chan *video.Frame, ready), release: release}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	cmd := exec.CommandContext(p.ctx, path, arguments...) // #nosec G204 -- found by its name, arguments of ours
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		p.cancel(err)
		return nil, fmt.Errorf("%w: %w", ErrDecoder, err)
	}
	p.running.Go(func() { p.cancel(p.feed(in, first)) })
	p.running.Go(func() {
		err := p.read(out)
		_ = cmd.Wait() // it was ended, or has told why already
		p.cancel(err)
	})
	return p, nil
}

// feed writes pictures into ffmpeg until there are none, or they are of another codec.
func (p *pipe) feed(in io.WriteCloser, f *video.Frame) error {
	defer in.Close() //nolint:errcheck // it ends by that
	// A delimiter behind each picture lets it out at once: without, a decoder waits for the next one to begin.
	delimiter := append(nal.Delimiter(true), 0x50)
	for {
		if f.Key && !nal.IsH265(f.Codec) {
			return errChanged
		}
		p.mu.Lock()
		if len(p.times) > inside {
			p.times = p.times[len(p.times)-1:]
		}
		p.times = append(p.times, moment{f.Time, f.Came})
		p.mu.Unlock()
		for _, b := range [][]byte{f.Data, delimiter} {
			if _, err := in.Write(b); err != nil {
				return fmt.Errorf("%w: %w", ErrPicture, err)
			}
		}
		var err error
		if f, err = next(p.ctx, p.viewer); err != nil {
			return err
		}
	}
}

// read takes pictures out of ffmpeg until it ends.
func (p *pipe) read(out io.Reader) error {
	build := nal.Builder{}
	err := nal.Read(out, false, func(picture []byte) {
		for _, n := range nal.Split(picture) {
			if n[0]&31 != 9 {
				build.Add(n)
			}
		}
		at := p.oldest()
		build.Time = at.time
		build.Finish()
		for u := build.Take(); u != nil; u = build.Take() {
			select {
			case p.out <- &video.Frame{Data: u.Data, Key: u.Key, Codec: u.Codec, Time: u.Time, Came: at.came}:
			case <-p.ctx.Done():
			}
		}
	})
	if err == nil {
		err = io.EOF
	}
	return fmt.Errorf("%w: %w", ErrPicture, err)
}

// oldest is when the picture had come that comes out next.
func (p *pipe) oldest() moment {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.times) == 0 {
		return moment{}
	}
	first := p.times[0]
	p.times = p.times[1:]
	return first
}

// Next implements video.Source.
func (p *pipe) Next() (*video.Frame, error) {
	silent := time.NewTimer(silence)
	defer silent.Stop()
	select {
	case f := <-p.out:
		return f, nil
	case <-p.ctx.Done():
		return nil, context.Cause(p.ctx)
	case <-silent.C:
		return nil, ErrPicture
	}
}

// Close implements video.Source.
func (p *pipe) Close() error {
	p.cancel(context.Canceled)
	p.running.Wait()
	p.viewer.Close()
	p.release()
	return nil
}
