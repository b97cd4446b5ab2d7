package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"wanglou/server/gb28181/recorder"
)

// sipRegister measures how long it takes until 5,000 devices are registered that all begin at once, as after a power cut, and the processor time that each costs here. sipp plays the devices, with Digest. The
// references are the same one after the other, and as many packets to a socket that sends them back.
var sipRegister = bench{figures: []string{"sip-register", "sip-register-each"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	folder := filepath.Join(e.dir, "sipp")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, address, err := sipServer(ctx)
	if err != nil {
		return nil, err
	}
	used := ownCPUSeconds()
	took, err := recorder.Sipp(ctx, folder, address, sipPlatform, "bench", sipDevices, sipDevices)
	if errors.Is(err, exec.ErrNotFound) {
		e.say("sip-register: skipped: sipp (Debian: sip-tester) is not installed")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cpu := ownCPUSeconds() - used
	if st := s.Stats(); st.Devices != sipDevices || st.Refused > 0 {
		return nil, fmt.Errorf("counted %+v", st)
	}
	one, err := oneByOne(ctx, address)
	if err != nil {
		return nil, err
	}
	echo, err := echoSeconds(ctx)
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "sip-register", value: took.Seconds(), unit: "s", ratio: took.Seconds() / one.Seconds(), against: "one-by-one"},
		{name: "sip-register-each", value: cpu / sipDevices * 1000, unit: "ms", ratio: cpu / (2 * echo), against: "udp-echo"},
	}, nil
}}

// oneByOne is how long as many take one after the other, from a part of them.
func oneByOne(ctx context.Context, address string) (time.Duration, error) {
	const part = sipDevices / 10
	began := time.Now()
	for i := range part {
		r := &recorder.Recorder{ID: recorder.DeviceOf(i), Password: "bench", Server: sipPlatform}
		if err := r.Dial(ctx, "udp", address); err != nil {
			return 0, err
		}
		err := want200(r.Register(ctx, 3600))
		_ = r.Close()
		if err != nil {
			return 0, err
		}
	}
	return time.Since(began) * sipDevices / part, nil
}
