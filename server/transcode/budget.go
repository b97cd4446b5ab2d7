package transcode

import (
	"context"
	"errors"
	"sync"

	"wanglou/server/video"
	"wanglou/server/video/nal"
)

// ErrBudget is that as many cameras are transcoded as may be.
var ErrBudget = errors.New("as many pictures are transcoded as may be")

// Budget is how many cameras' H.265 may become H.264 at once. It is safe for concurrent use.
type Budget struct{ slots chan struct{} }

// NewBudget returns a budget for n cameras.
func NewBudget(n int) *Budget { return &Budget{make(chan struct{}, max(n, 0))} }

// Used returns how many of how many are transcoded now.
func (b *Budget) Used() (used, of int) { return len(b.slots), cap(b.slots) }

// H264 plays what from plays in H.264: as it comes where it is that, which costs nothing, else transcoded. It closes from in the end, or at once where it does not begin.
func (b *Budget) H264(ctx context.Context, from video.Source) (video.Source, error) {
	first, err := firstKey(from)
	if err != nil {
		_ = from.Close()
		return nil, err
	}
	begun := &begun{from, first, nal.IsH265(first.Codec)}
	if !begun.h265 {
		return begun, nil
	}
	select {
	case b.slots <- struct{}{}:
	default:
		_ = from.Close()
		return nil, ErrBudget
	}
	release := sync.OnceFunc(func() { <-b.slots })
	s, err := Open(ctx, begun, nil)
	if err != nil {
		release()
		return nil, err
	}
	return &budgeted{s, release}, nil
}

// begun is a source of which somebody has looked at the first picture. It ends with the codec that it began with.
type begun struct {
	video.Source
	first *video.Frame
	h265  bool
}

func (b *begun) Next() (*video.Frame, error) {
	if f := b.first; f != nil {
		b.first = nil
		return f, nil
	}
	f, err := b.Source.Next()
	if err == nil && f.Key && nal.IsH265(f.Codec) != b.h265 {
		return nil, ErrChanged
	}
	return f, err
}

// budgeted gives its part of the budget back when it is closed.
type budgeted struct {
	*Source
	release func()
}

func (b *budgeted) Close() error {
	defer b.release()
	return b.Source.Close()
}
