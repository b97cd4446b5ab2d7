package whep

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/server/video"
)

func asError(err error, e **layers.Error) bool { return errors.As(err, e) }

func open(t testing.TB) *Gate {
	t.Helper()
	g, err := Open("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// picture is the nth of a camera at 25 pictures a second.
func picture(n int) *video.Frame {
	return &video.Frame{Data: []byte("\x00\x00\x00\x01\x65x"), Key: n == 0, Codec: "avc1.42001F", Time: uint32(n * 3600), Came: time.UnixMilli(int64(n) * 40)}
}

// A viewer's clock goes forward, whatever a camera's does.
func TestClock(t *testing.T) {
	t.Parallel()
	at := func(n int, stamp uint32) *video.Frame {
		f := picture(n)
		f.Time = stamp
		return f
	}
	var c clock
	for i, step := range []struct {
		f    *video.Frame
		old  bool
		want uint32
	}{
		{picture(0), true, 0}, {picture(1), true, 90}, {picture(2), true, 180}, // they were there already
		{picture(3), false, 270}, {picture(4), false, 270 + 3600},
		{at(5, 1<<32-1800), false, 270 + 2*3600}, // another clock: 40 ms passed here
		{at(6, 1800), false, 270 + 3*3600},       // it goes round
		{at(7, 1800), false, 270 + 4*3600},       // it stands
		{at(8, 1799), false, 270 + 5*3600},       // backwards
	} {
		if got := c.stamp(step.f, step.old); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}
