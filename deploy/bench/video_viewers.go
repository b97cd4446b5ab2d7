package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	viewers       = 60
	viewedCameras = 6
	viewedSeconds = 20
)

// videoViewers measures 60 who watch six cameras of 720p25, at full rate: each has to get every picture, by the camera's own clock. What is told is the server's processor time, pulling included; reading
// takes part of the machine too. The reference is a websocket server that sends as many messages of the mean picture's size to as many.
var videoViewers = bench{figures: []string{"video-viewers", "video-viewers-each"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	f, err := e.films(ctx, viewedCameras)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.end()) }()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	const pictures = viewedSeconds * videoRate
	started, done := make(chan error, viewers), make(chan error, viewers)
	measure := make(chan struct{})
	for i := range viewers {
		go func() { done <- f.count(ctx, f.cameras[i%viewedCameras], pictures, started, measure) }()
	}
	for range viewers {
		if err := <-started; err != nil {
			return nil, err
		}
	}
	before, err := processCPUSeconds(f.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	close(measure)
	for range viewers {
		if err := <-done; err != nil {
			return nil, err
		}
	}
	took := time.Since(began).Seconds()
	after, err := processCPUSeconds(f.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	bare, err := bareViewers(ctx, e, pictures, len(f.film)/(videoRate*videoSeconds))
	if err != nil {
		return nil, err
	}
	ours := (after - before) / took
	e.say("video-viewers: %d × %d pictures in %.1f s, none lost", viewers, pictures, took)
	return []figure{
		{name: "video-viewers", value: ours * 100, unit: "%", ratio: ours / bare, against: "bare-broadcast"},
		{name: "video-viewers-each", value: ours / viewers * 1000, unit: "ms/s", ratio: ours / bare, against: "bare-broadcast"},
	}, nil
}}

// count watches a camera until so many pictures have come after measure was closed. A picture that is missing is an error, and so is one that comes a second late.
func (f *filmed) count(ctx context.Context, id int64, pictures int, started chan<- error, measure <-chan struct{}) (err error) {
	tell := sync.OnceFunc(func() { started <- err })
	defer tell()
	conn, err := f.watch(ctx, id)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	var last uint32
	for n, seen := 0, 0; n < pictures; seen++ {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("camera %d, after %d pictures: %w", id, seen, err)
		}
		if kind != websocket.MessageBinary {
			if bytes.Contains(b, []byte(`"reason"`)) {
				return fmt.Errorf("camera %d: %s", id, b)
			}
			seen--
			continue
		}
		stamp := binary.BigEndian.Uint32(b[4:])
		if seen > 0 && stamp-last != 90_000/videoRate {
			return fmt.Errorf("camera %d: %d pictures are missing after %d", id, (stamp-last)/(90_000/videoRate)-1, seen)
		}
		last = stamp
		if seen == 2*videoGroup { // what joining brings at once is over
			tell()
		}
		select {
		case <-measure:
			n++
			if late := time.Since(time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:])))); late > time.Second { // #nosec G115 -- a moment
				return fmt.Errorf("camera %d: a picture came %v late", id, late)
			}
		default:
		}
	}
	return nil
}

// bareViewers returns the processor seconds a second of the reference.
func bareViewers(ctx context.Context, e *env, pictures, size int) (float64, error) {
	plain, err := startBroadcast(ctx, e)
	if err != nil {
		return 0, err
	}
	defer plain.stop()
	done := make(chan error, viewers)
	for range viewers {
		conn, err := plain.dial(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.CloseNow() }()
		conn.SetReadLimit(8 << 20)
		go func() {
			for range pictures + 1 { // and the greeting
				if _, _, err := conn.Read(ctx); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	before, err := processCPUSeconds(plain.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := plain.broadcast(ctx, pictures, size, videoRate); err != nil {
		return 0, err
	}
	for range viewers {
		if err := <-done; err != nil {
			return 0, err
		}
	}
	took := time.Since(began).Seconds()
	after, err := processCPUSeconds(plain.cmd.Process.Pid)
	return (after - before) / took, err
}
