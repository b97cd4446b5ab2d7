package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	soakMinutes  = 60
	soakEvery    = 30 * time.Second
	soakWarmUp   = 0.25 // of the time: caches fill, the browser compiles
	soakPlotFile = "docs/soak.svg"
)

// soak lets the demo county live ten times as fast as on an ordinary day for an hour, in front of a wall in Chromium, and measures how much the server and the page grow, each after a
// collection. It draws docs/soak.svg. It is measured only when it is asked for by its name.
var soak = bench{figures: []string{"soak-growth", "soak-growth-page"}, slow: true, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, program, err := e.county(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	living := exec.CommandContext(ctx, program, "simulate", "--database-url", address, "--rate", "10")
	living.Stderr = e.progress
	if err := living.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = living.Process.Kill(); _ = living.Wait() }()
	page, err := openPage(ctx, e, "http://"+srv.address)
	if err != nil {
		return nil, err
	}
	defer page.close()

	var samples []sample
	began := time.Now()
	for time.Since(began) < soakMinutes*time.Minute {
		s := sample{minutes: time.Since(began).Minutes()}
		if s.server, err = srv.memory(ctx); err != nil {
			return nil, err
		}
		if s.page, s.nodes, err = page.memory(); err != nil {
			return nil, err
		}
		samples = append(samples, s)
		if len(samples)%10 == 1 {
			e.say("soak: %.0f min: server %.1f MB, page %.1f MB, %d DOM nodes", s.minutes, s.server/1e6, s.page/1e6, int(s.nodes))
		}
		if err := pause(ctx, soakEvery); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(soakPlotFile, plot(samples), 0o644); err != nil {
		return nil, err
	}
	steady := samples[int(soakWarmUp*float64(len(samples))):]
	server := func(s sample) float64 { return s.server / 1e6 }
	shown := func(s sample) float64 { return s.page / 1e6 }
	return []figure{
		{name: "soak-growth", value: 60 * slope(steady, server), unit: "MB/h", ratio: 60 * slope(steady, server) / mean(steady, server), against: "its-size"},
		{name: "soak-growth-page", value: 60 * slope(steady, shown), unit: "MB/h", ratio: 60 * slope(steady, shown) / mean(steady, shown), against: "its-size"},
	}, nil
}}

// sample is what is used at one moment.
type sample struct {
	minutes             float64
	server, page, nodes float64 // bytes, bytes, DOM nodes
}

// slope is the rise a minute of the line through the samples (least squares).
func slope(samples []sample, of func(sample) float64) float64 {
	at := mean(samples, func(s sample) float64 { return s.minutes })
	middle := mean(samples, of)
	var above, below float64
	for _, s := range samples {
		above += (s.minutes - at) * (of(s) - middle)
		below += (s.minutes - at) * (s.minutes - at)
	}
	return above / below
}

func mean(samples []sample, of func(sample) float64) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += of(s)
	}
	return sum / float64(len(samples))
}

// soakPage is a console in a browser.
type soakPage struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func openPage(ctx context.Context, e *env, address string) (*soakPage, error) {
	p := &soakPage{cmd: exec.CommandContext(ctx, "node", "deploy/bench/soak.mjs", address, benchLogin, benchPassword)}
	p.cmd.Stderr = e.progress
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if !p.out.Scan() || p.out.Text() != "ready" {
		return nil, fmt.Errorf("the console did not open: %q", p.out.Text())
	}
	return p, nil
}

func (p *soakPage) memory() (heap, nodes float64, err error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return 0, 0, err
	}
	if !p.out.Scan() {
		return 0, 0, errors.New("the console went away")
	}
	var m struct{ Heap, Nodes float64 }
	err = json.Unmarshal(p.out.Bytes(), &m)
	return m.Heap, m.Nodes, err
}

func (p *soakPage) close() {
	_ = p.in.Close()
	_ = p.cmd.Wait() // it ends with its input
}

// plot draws the samples as SVG: megabytes over minutes.
func plot(samples []sample) []byte {
	const width, height, left, top, bottom = 860.0, 300.0, 50.0, 30.0, 40.0
	most := 1.0
	for _, s := range samples {
		most = max(most, s.server/1e6, s.page/1e6)
	}
	most *= 1.15
	last := samples[len(samples)-1].minutes
	x := func(minutes float64) float64 { return left + (width-left-20)*minutes/max(last, 1) }
	y := func(mb float64) float64 { return top + (height-top-bottom)*(1-mb/most) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="#fff"/>`+"\n", width, height)
	for i := range 5 {
		mb := most * float64(i) / 4
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.0f" y="%.1f" text-anchor="end" fill="#555">%.0f MB</text>`+"\n", left, width-20, y(mb), y(mb), left-6, y(mb)+4, mb)
	}
	for m := 0.0; m <= last; m += 10 {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle" fill="#555">%.0f min</text>`+"\n", x(m), height-bottom+18, m)
	}
	for _, line := range []struct {
		name, colour string
		of           func(sample) float64
	}{{"server: heap and stacks", "#1f5fa8", func(s sample) float64 { return s.server / 1e6 }}, {"page: JavaScript heap", "#b4560c", func(s sample) float64 { return s.page / 1e6 }}} {
		var points strings.Builder
		for _, s := range samples {
			fmt.Fprintf(&points, "%.1f,%.1f ", x(s.minutes), y(line.of(s)))
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(points.String()), line.colour)
		final := samples[len(samples)-1]
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f" text-anchor="end" fill="%s">%s, %.1f MB</text>`+"\n", width-24, y(line.of(final))-8, line.colour, line.name, line.of(final))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}
