package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/probe"
)

const (
	sweepCameras = 5000
	sweepHanging = 25 // every so many hangs: 4 %
)

// probeSweep measures one look at each of 5,000 cameras, of which 4 % take the connection and never answer. Each has an address of its own on loopback. The reference is
// the sweep one camera after the other, computed: its timeouts alone.
var probeSweep = bench{figures: []string{"probe-sweep"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go beCamera(c)
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	targets := make([]camera.Target, sweepCameras)
	for i := range targets {
		targets[i] = camera.Target{ID: int64(i + 1), Probe: camera.ProbeRTSP, Address: fmt.Sprintf("rtsp://127.1.%d.%d:%d/", i/250, 1+i%250, port)}
	}
	const timeout = 5 * time.Second
	p := probe.New(probe.Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout})
	seen := map[camera.Sight]int{}
	began := time.Now()
	p.Sweep(ctx, targets, func(o camera.Observation) { seen[o.Sight]++ })
	took := time.Since(began).Seconds()
	if hang := sweepCameras / sweepHanging; seen[camera.NoAnswer] != hang || seen[camera.SeenOK] != sweepCameras-hang {
		return nil, fmt.Errorf("counted %v, want %d without an answer", seen, hang)
	}
	e.say("probe-sweep: %v", seen)
	return []figure{{name: "probe-sweep", value: took, unit: "s", ratio: took / (time.Duration(sweepCameras/sweepHanging) * timeout).Seconds(), against: "one-by-one"}}, nil
}}

// beCamera answers as a camera does, or not at all.
func beCamera(c net.Conn) {
	defer func() { _ = c.Close() }()
	ip := c.LocalAddr().(*net.TCPAddr).IP.To4()
	if (int(ip[2])*250+int(ip[3])-1)%sweepHanging == 0 {
		_, _ = io.Copy(io.Discard, c) // until the other side gives up
		return
	}
	const sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "" {
			if _, err := fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp); err != nil {
				return
			}
		}
	}
}
