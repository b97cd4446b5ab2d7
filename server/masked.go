package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/transcode"
	"wanglou/server/video"
)

// Why a camera with masks does not play. Stills of it are there all the same.
var (
	errTooManyMasked = errors.New("too many cameras with masks are being watched")
	errMasksChanged  = errors.New("the camera's masks were changed")
)

// maskedViewer joins the transcoded pull of a camera with masks: one for all who watch, of its small picture. What they get was masked before it was encoded.
func (s *Server) maskedViewer(ctx context.Context, stream *camera.Stream) (*video.Viewer, error) {
	if s.masked == nil {
		return nil, errTooManyMasked
	}
	asked := context.WithoutCancel(ctx)
	viewer, err := s.masked.Watch(video.Pull{Camera: stream.CameraID, Masked: true}, func(ctx context.Context) (video.Source, error) { return s.openMasked(asked, ctx, stream.CameraID) })
	if errors.Is(err, video.ErrTooManyStreams) {
		err = errTooManyMasked
	}
	return viewer, err
}

// openMasked begins to transcode a camera with the masks that it has now. It ends when they are others, and is begun again.
func (s *Server) openMasked(asked, ctx context.Context, id int64) (video.Source, error) { //nolint:revive // who asked, and how long it may last
	stream, err := s.streams.Stream(asked, id)
	if err != nil {
		return nil, err
	}
	viewer, err := s.bareViewer(asked, stream, camera.SubStream)
	if err != nil {
		return nil, err
	}
	from := sourceOf(ctx, viewer)
	go func() {
		if s.untilMasks(from.ctx, asked, id, func(m camera.Masks) bool { return !m.Equal(stream.Masks) }) {
			from.end(errMasksChanged)
		}
	}()
	return transcode.Open(from.ctx, from, stream.Masks)
}

// untilMasks waits until the masks of a camera are as somebody cannot go on with, and reports that they are; false is that ctx has ended. On this server that is at once, on others
// within some seconds. While nobody can tell, they are as they were.
func (s *Server) untilMasks(ctx, asked context.Context, id int64, are func(camera.Masks) bool) bool { //nolint:revive // who asked, and how long it may last
	tick := time.NewTicker(watchRecheck)
	defer tick.Stop()
	for {
		rung := s.maskBell.wait()
		if stream, err := s.streams.Stream(asked, id); err == nil && are(stream.Masks) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		case <-rung:
		}
	}
}

// closeVideo ends all pulls.
func (s *Server) closeVideo() {
	if s.masked != nil {
		s.masked.Close()
	}
	s.video.Close()
}

// bareSource is the camera's own pull as a source of another one.
type bareSource struct {
	viewer *video.Viewer
	ctx    context.Context
	end    context.CancelCauseFunc
}

// sourceOf makes a viewer a source. It ends with ctx, with its end and with its Close.
func sourceOf(ctx context.Context, viewer *video.Viewer) *bareSource {
	ctx, end := context.WithCancelCause(ctx)
	return &bareSource{viewer, ctx, end}
}

func (b *bareSource) Next() (*video.Frame, error) {
	f, broken, err := b.viewer.Next(b.ctx)
	switch {
	case err != nil && b.ctx.Err() != nil:
		return nil, context.Cause(b.ctx)
	case err != nil:
		return nil, err
	case broken != nil:
		return nil, broken
	}
	return f, nil
}

func (b *bareSource) Close() error {
	b.end(context.Canceled)
	b.viewer.Close()
	return nil
}

// bell wakes all who wait.
type bell struct {
	mu   sync.Mutex
	rung chan struct{}
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}
