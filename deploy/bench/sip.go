package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"wanglou/layers/attachment"
	"wanglou/layers/camera"
	reports "wanglou/layers/report"
	"wanglou/server/gb28181"
	"wanglou/server/gb28181/recorder"
	"wanglou/server/reach"
)

const (
	sipDevices   = 5000
	sipRounds    = 4 // keep-alives of each device
	sipPlatform  = "34020000002000000001"
	sipInterval  = 60 // seconds between two keep-alives of a device
	sipSenders   = 8
	sipEchoBytes = 600
)

// noSignals stores nothing: what is measured is the hearing.
type noSignals struct{ camera.Signals }

func (noSignals) Devices(context.Context) ([]camera.Device, error)           { return nil, nil }
func (noSignals) Channels(context.Context) (map[string][]string, error)      { return nil, nil }
func (noSignals) Passwords(context.Context) (map[string]camera.Login, error) { return nil, nil }
func (noSignals) Heard(context.Context, []camera.Device) error               { return nil }
func (noSignals) Catalog(context.Context, string, []camera.DeviceChannel, bool) ([]string, error) {
	return nil, nil
}
func (noSignals) Alarm(context.Context, *reports.Alarm, []attachment.Picture) (*reports.Outcome, error) {
	return nil, nil
}

// sipServer is a platform on loopback that ends with ctx, and its address.
func sipServer(ctx context.Context) (*gb28181.Server, string, error) {
	s, err := gb28181.New(gb28181.Options{ID: sipPlatform, Password: "bench", Networks: reach.Ranges{netip.MustParsePrefix("127.0.0.0/8")}, Store: noSignals{}, Alarms: noSignals{}})
	if err != nil {
		return nil, "", err
	}
	packets, conns, err := gb28181.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	go func() { _ = s.Run(ctx, packets, conns) }()
	return s, packets.LocalAddr().String(), nil
}

// sipKeepalive measures the processor time of 5,000 devices that have registered and tell that they live, once a minute each: as much of it as a minute of theirs
// takes, in per cent of one core. Sending them takes part of it too, in the same program; the reference is as many packets of the same size to a socket that sends them back.
var sipKeepalive = bench{figures: []string{"sip-keepalive"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, address, err := sipServer(ctx)
	if err != nil {
		return nil, err
	}
	devices := make([]*recorder.Recorder, sipDevices)
	defer func() {
		for _, r := range devices {
			if r != nil {
				_ = r.Close()
			}
		}
	}()
	began := time.Now()
	if err := eachDevice(func(i int) error {
		r := &recorder.Recorder{ID: fmt.Sprintf("3402000000118%07d", i), Password: "bench", Server: sipPlatform}
		if err := r.Dial(ctx, "udp", address); err != nil {
			return err
		}
		devices[i] = r
		return want200(r.Register(ctx, 3600))
	}); err != nil {
		return nil, err
	}
	e.say("sip-keepalive: %d registered in %.1f s", sipDevices, time.Since(began).Seconds())
	used := ownCPUSeconds()
	for range sipRounds {
		if err := eachDevice(func(i int) error { return want200(devices[i].Keepalive(ctx)) }); err != nil {
			return nil, err
		}
	}
	ours := (ownCPUSeconds() - used) / sipRounds
	echo, err := echoSeconds(ctx)
	if err != nil {
		return nil, err
	}
	if st := s.Stats(); st.Heard < sipRounds*sipDevices || st.Refused > 0 {
		return nil, fmt.Errorf("counted %+v", st)
	}
	return []figure{{name: "sip-keepalive", value: ours / sipInterval * 100, unit: "%", ratio: ours / echo, against: "udp-echo"}}, nil
}}

func want200(code int, err error) error {
	if err == nil && code != 200 {
		err = fmt.Errorf("status %d", code)
	}
	return err
}

// eachDevice does something for every device, few at once.
func eachDevice(do func(i int) error) error {
	var all sync.WaitGroup
	failed := make(chan error, sipSenders)
	for of := range sipSenders {
		all.Go(func() {
			for i := of; i < sipDevices; i += sipSenders {
				if err := do(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

// echoSeconds is the processor time of one round of packets to and fro.
func echoSeconds(ctx context.Context) (float64, error) {
	var lc net.ListenConfig
	l, err := lc.ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = l.WriteTo(b[:n], from)
		}
	}()
	senders := make([]net.Conn, sipSenders)
	for i := range senders {
		if senders[i], err = (&net.Dialer{}).DialContext(ctx, "udp", l.LocalAddr().String()); err != nil {
			return 0, err
		}
		defer func() { _ = senders[i].Close() }()
	}
	used := ownCPUSeconds()
	for range sipRounds {
		if err := eachDevice(func(i int) error {
			b := make([]byte, sipEchoBytes)
			c := senders[i%sipSenders]
			if _, err := c.Write(b); err != nil {
				return err
			}
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			_, err := c.Read(b)
			return err
		}); err != nil {
			return 0, err
		}
	}
	return (ownCPUSeconds() - used) / sipRounds, nil
}
