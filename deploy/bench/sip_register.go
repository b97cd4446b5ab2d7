package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"wanglou/server/gb28181"
	"wanglou/server/gb28181/recorder"
	"wanglou/server/reach"
)

// sipRegister measures how long it takes until 5,000 devices are registered that all begin at once, as after a power cut, and the processor time that each costs here. sipp plays the devices, with Digest. The
// reference is sipp itself as a server that says what has to be said and checks nothing.
var sipRegister = bench{figures: []string{"sip-register", "sip-register-each"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	folder := filepath.Join(e.dir, "sipp")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	s, err := gb28181.New(gb28181.Options{ID: sipPlatform, Password: "bench", Networks: reach.Ranges{netip.MustParsePrefix("127.0.0.0/8")}, Store: noSignals{}, Alarms: noSignals{}})
	if err != nil {
		return nil, err
	}
	packets, conns, err := gb28181.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = s.Run(ctx, packets, conns) }()
	used := ownCPUSeconds()
	took, err := recorder.Sipp(ctx, folder, packets.LocalAddr().String(), sipPlatform, "bench", sipDevices, sipDevices)
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
	plain, plainCPU, err := sippAlone(ctx, folder)
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "sip-register", value: took.Seconds(), unit: "s", ratio: took.Seconds() / plain.Seconds(), against: "sipp-uas"},
		{name: "sip-register-each", value: cpu / sipDevices * 1000, unit: "ms", ratio: cpu / plainCPU, against: "sipp-uas"},
	}, nil
}}

const sippServer = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="registrar">
  <recv request="REGISTER" />
  <send><![CDATA[
SIP/2.0 401 Unauthorized
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="3402000000", nonce="00112233445566778899aabbccddeeff", algorithm=MD5
Content-Length: 0

]]></send>
  <recv request="REGISTER" />
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Expires: 3600
Content-Length: 0

]]></send>
</scenario>
`

// sippAlone registers as many at sipp, and returns its processor time too.
func sippAlone(ctx context.Context, folder string) (took time.Duration, cpu float64, err error) {
	l, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	at := l.LocalAddr().(*net.UDPAddr)
	if err := l.Close(); err != nil {
		return 0, 0, err
	}
	plan := filepath.Join(folder, "registrar.xml")
	if err := os.WriteFile(plan, []byte(sippServer), 0o600); err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, "sipp", "-sf", plan, "-i", "127.0.0.1", "-p", strconv.Itoa(at.Port), "-nostdin", "-timeout", "120s") // #nosec G204 -- arguments of ours
	cmd.Dir, cmd.Env = folder, []string{"TERM=dumb"}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if err := pause(ctx, time.Second); err != nil { // until it listens
		return 0, 0, err
	}
	if took, err = recorder.Sipp(ctx, folder, at.String(), sipPlatform, "bench", sipDevices, sipDevices); err != nil {
		return 0, 0, fmt.Errorf("the reference: %w", err)
	}
	cpu, err = processCPUSeconds(cmd.Process.Pid)
	return took, cpu, err
}
