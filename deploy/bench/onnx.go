package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"wanglou/layers/survey/model"
	"wanglou/layers/survey/raster"
	"wanglou/server/onnx"
	"wanglou/server/onnx/onnxtest"
	"wanglou/server/onnx/wire"
)

const (
	onnxSide   = 4096 // pixels of half a metre
	onnxTile   = 512
	onnxRounds = 3
)

// onnxRun measures what the socket for models takes beside a plain loop in Node, in processor time of all processes that take part.
var onnxRun = bench{figures: []string{"onnx-run"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	bin, err := filepath.Abs("bin")
	if err != nil {
		return nil, err
	}
	modules, library := filepath.Join(bin, ".made", "onnx", "node_modules"), filepath.Join(bin, "libonnxruntime.so.1")
	for _, p := range []string{library, filepath.Join(modules, "onnxruntime-node")} {
		if _, err := os.Stat(p); err != nil {
			e.say("onnx-run is skipped: ONNX Runtime is not here (make onnx)")
			return nil, nil
		}
	}
	program := filepath.Join(e.dir, "wanglou-onnx")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./server/cmd/wanglou-onnx")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	m := onnxtest.Manifest(onnxTile)
	m.Threshold = 0.55
	if err := onnxtest.Write(e.dir, "deep", m, onnxtest.Deep(onnxTile).Bytes()); err != nil {
		return nil, err
	}
	found, err := (&onnx.Shelf{Dir: e.dir}).Model("deep")
	if err != nil {
		return nil, err
	}
	picture := filepath.Join(e.dir, "picture")
	raw := make([]byte, 3*onnxSide*onnxSide)
	for i := range raw { // black but for one in ten of blocks of 60 × 60 pixels, each band of another brightness
		x, y := i%onnxSide, i/onnxSide%onnxSide
		if raw[i] = 1; (x/60*7+y/60*3)%10 == 0 {
			raw[i] = byte(100 + (x/60*37+y/60*101+i/(onnxSide*onnxSide)*53)%155)
		}
	}
	if err := os.WriteFile(picture, raw, 0o600); err != nil {
		return nil, err
	}
	runtime := &onnx.Runtime{Program: program, Library: library}
	ours, theirs := 0.0, 0.0
	for round := range onnxRounds {
		began := ownCPUSeconds() + childrenCPUSeconds()
		scores := filepath.Join(e.dir, fmt.Sprint("scores", round))
		alone, err := runtime.Scan(ctx, found, e.dir, []wire.Picture{{Path: picture, W: onnxSide, H: onnxSide}}, scores, func(float64) {})
		if err != nil {
			return nil, err
		}
		scanned := ownCPUSeconds() + childrenCPUSeconds() - began
		f, err := os.Open(scores)
		if err != nil {
			return nil, err
		}
		things, err := found.Manifest.Gather(&model.Scores{R: f, W: onnxSide, H: onnxSide}, nil, found.Manifest.Pixel, raster.Transform{0, 0.5, 0, 0, 0, -0.5})
		_ = f.Close() // it was only read
		if err != nil {
			return nil, err
		}
		took := ownCPUSeconds() + childrenCPUSeconds() - began
		began = childrenCPUSeconds()
		cmd := exec.CommandContext(ctx, "node", "deploy/bench/onnx.mjs", modules, filepath.Join(e.dir, "deep", "model.onnx"), picture, strconv.Itoa(onnxSide), strconv.Itoa(onnxTile), strconv.Itoa(m.Overlap), fmt.Sprint(m.Threshold))
		cmd.Stderr = e.progress
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("the loop in Node: %w", err)
		}
		plain := childrenCPUSeconds() - began
		e.say("onnx-run: %.1f s, of them until %d things had outlines %.1f; on the clock in the model %.1f; Node %.1f s, %s marked", took, len(things), took-scanned, alone, plain, out[:len(out)-1])
		ours, theirs = ours+took, theirs+plain
	}
	km2 := onnxRounds * onnxSide * onnxSide * 0.25 / 1e6
	return []figure{{name: "onnx-run", value: ours / km2, unit: "s/km²", ratio: ours / theirs, against: "node-loop"}}, nil
}}

// childrenCPUSeconds returns the processor time of the processes that this program started and that have ended.
func childrenCPUSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
