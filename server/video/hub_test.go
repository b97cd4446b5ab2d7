package video

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tape is a camera that plays what it is given.
type tape struct {
	ctx    context.Context
	frames chan *Frame
	closed *atomic.Int64
}

func (s tape) Next() (*Frame, error) {
	select {
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	case f, ok := <-s.frames:
		if !ok {
			return nil, io.EOF
		}
		return f, nil
	}
}

func (s tape) Close() error { s.closed.Add(1); return nil }

// camera opens tapes and counts them.
type camera struct {
	frames         chan *Frame
	opened, closed atomic.Int64
	fail           error
}

func newCamera() *camera { return &camera{frames: make(chan *Frame)} }

func (c *camera) open(ctx context.Context) (Source, error) {
	c.opened.Add(1)
	if c.fail != nil {
		return nil, c.fail
	}
	return tape{ctx, c.frames, &c.closed}, nil
}

func picture(n int) *Frame { return &Frame{Data: []byte{byte(n)}, Key: n%10 == 0, Time: uint32(n)} }

func TestOnePullForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{}), newCamera()
		defer h.Close()
		var viewers []*Viewer
		for range 60 {
			v, err := h.Watch(Pull{Camera: 1}, c.open)
			if err != nil {
				t.Fatal(err)
			}
			viewers = append(viewers, v)
		}
		var wg sync.WaitGroup
		for _, v := range viewers {
			wg.Go(func() {
				for n := 10; n < 40; n++ {
					if f, _, err := v.Next(t.Context()); err != nil || f == nil || f.Time != uint32(n) {
						t.Errorf("picture %d: %v %v", n, f, err)
						return
					}
				}
			})
		}
		for n := 8; n < 40; n++ { // 8 and 9 have no key picture before them
			c.frames <- picture(n)
		}
		wg.Wait()
		// Whoever joins now sees the stretch since the last key picture at once.
		late, err := h.Watch(Pull{Camera: 1}, c.open)
		if err != nil {
			t.Fatal(err)
		}
		if f, _, _ := late.Next(t.Context()); f == nil || f.Time != 30 || !f.Key {
			t.Errorf("the first picture is %v", f)
		}
		if c.opened.Load() != 1 {
			t.Errorf("%d pulls", c.opened.Load())
		}
		late.Close()
		for _, v := range viewers {
			v.Close()
			v.Close() // twice does no harm
		}
		time.Sleep(4 * time.Second)
		if v, err := h.Watch(Pull{Camera: 1}, c.open); err != nil || c.closed.Load() != 0 {
			t.Errorf("the pull was let go at once: %v", err)
		} else {
			v.Close()
		}
		time.Sleep(6 * time.Second)
		if pulls, n := h.Counts(); pulls != 0 || n != 0 || c.closed.Load() != 1 {
			t.Errorf("%d pulls, %d viewers, closed %d times", pulls, n, c.closed.Load())
		}
	})
}

// Who is slow loses whole stretches: what it gets begins with a key picture after each gap, and is bounded.
func TestSlowViewer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{}), newCamera()
		defer h.Close()
		slow, _ := h.Watch(Pull{Camera: 1}, c.open)
		defer slow.Close()
		for n := range 5000 {
			c.frames <- picture(n)
		}
		synctest.Wait()
		if len(slow.queue) > maxStretch+maxQueue || slow.Lost() < 4000 {
			t.Errorf("%d pictures wait, %d were lost", len(slow.queue), slow.Lost())
		}
		var last uint32
		for first := true; ; first = false {
			f, _, err := slow.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if (first || f.Time != last+1) && !f.Key {
				t.Fatalf("picture %d after %d is no key picture", f.Time, last)
			}
			if last = f.Time; last == 4999 {
				return
			}
		}
	})
}

// A camera that breaks off is told of, and called again; what comes then begins with a key picture.
func TestBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{}), newCamera()
		defer h.Close()
		v, _ := h.Watch(Pull{Camera: 1}, c.open)
		defer v.Close()
		c.frames <- picture(0)
		if f, _, _ := v.Next(t.Context()); f == nil {
			t.Fatal("no picture")
		}
		old := c.frames
		c.frames = make(chan *Frame)
		close(old)
		if _, broken, _ := v.Next(t.Context()); !errors.Is(broken, io.EOF) {
			t.Fatalf("told %v", broken)
		}
		joined, _ := h.Watch(Pull{Camera: 1}, c.open)
		if _, broken, _ := joined.Next(t.Context()); !errors.Is(broken, io.EOF) {
			t.Errorf("who joins is told %v", broken)
		}
		joined.Close()
		for n := 5; n <= 10; n++ {
			c.frames <- picture(n)
		}
		if f, _, _ := v.Next(t.Context()); f == nil || f.Time != 10 {
			t.Errorf("the first picture after the gap is %v", f)
		}
		if c.opened.Load() != 2 {
			t.Errorf("opened %d times", c.opened.Load())
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{Pulls: 2, Viewers: 3}), newCamera()
		defer h.Close()
		a, err1 := h.Watch(Pull{Camera: 1}, c.open)
		_, err2 := h.Watch(Pull{Camera: 2}, c.open)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if _, err := h.Watch(Pull{Camera: 3}, c.open); !errors.Is(err, ErrTooManyStreams) {
			t.Errorf("a third camera: %v", err)
		}
		a.Close() // its pull runs on for a moment, and makes room
		if _, err := h.Watch(Pull{Camera: 3}, c.open); err != nil {
			t.Errorf("a third camera in the stead of the first: %v", err)
		}
		if _, err := h.Watch(Pull{Camera: 3}, c.open); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Watch(Pull{Camera: 3}, c.open); !errors.Is(err, ErrTooManyViewers) {
			t.Errorf("a fourth viewer: %v", err)
		}
	})
}

// A camera without key pictures costs no memory.
func TestNoKeyPictures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{}), newCamera()
		defer h.Close()
		v, _ := h.Watch(Pull{Camera: 1}, c.open)
		c.frames <- picture(0)
		for range 3000 {
			c.frames <- &Frame{Data: make([]byte, 10_000)}
		}
		synctest.Wait()
		if len(v.pull.stretch) > maxStretch || v.bytes > maxQueueBytes+maxStretchBytes {
			t.Errorf("%d pictures, %d bytes", len(v.pull.stretch), v.bytes)
		}
	})
}

// Weeks of coming and going leave nothing behind: no pull, no viewer, and, as the bubble has to end empty, no goroutine.
func TestComingAndGoingLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, c := New(Options{}), newCamera()
		for round := range 500 {
			v, err := h.Watch(Pull{Camera: int64(1 + round%9)}, c.open)
			if err != nil {
				t.Fatal(err)
			}
			c.frames <- picture(0)
			if round%3 == 0 {
				time.Sleep(7 * time.Second) // the pull of the one before ends
			}
			v.Close()
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if pulls, viewers := h.Counts(); pulls != 0 || viewers != 0 || c.opened.Load() != c.closed.Load() {
			t.Errorf("%d pulls and %d viewers are left; %d opened, %d closed", pulls, viewers, c.opened.Load(), c.closed.Load())
		}
		h.Close()
	})
}
