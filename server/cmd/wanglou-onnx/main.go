// Command wanglou-onnx runs one model over pictures, for wanglou: see server/onnx. It is a process of its own, so that a broken model ends nothing but itself, and opens
// ONNX Runtime's library when it begins, so that nothing else needs it.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"wanglou/layers"
	"wanglou/layers/survey/model"
	"wanglou/server/onnx/ort"
	"wanglou/server/onnx/wire"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "wanglou-onnx is run by wanglou; see wanglou detect models --help")
		os.Exit(2)
	}
	said := json.NewEncoder(os.Stdout)
	tell := func(l wire.Line) {
		if said.Encode(l) != nil {
			os.Exit(1) // nobody listens
		}
	}
	if err := work(tell); err != nil {
		f := &wire.Failure{Code: layers.CodeInternal, Msg: err.Error()}
		var e *layers.Error
		if errors.As(err, &e) {
			f = &wire.Failure{Code: e.Code, Field: e.Field, Reason: e.Reason, Params: e.Params, Msg: e.Msg}
		}
		tell(wire.Line{Failure: f})
		os.Exit(1)
	}
}

func work(tell func(wire.Line)) error {
	var job wire.Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	m := &job.Manifest
	lib, err := ort.Open(job.Library)
	if err != nil {
		return err
	}
	tell(wire.Line{Library: lib.Version})
	if job.File == "" { // asked for the library alone
		tell(wire.Line{Ended: true})
		return nil
	}
	raw, err := read(job.File, m.SHA256)
	if err != nil {
		return err
	}
	inputs := m.Tensors()
	session, err := lib.Load(raw, m, inputs)
	if err != nil {
		return err
	}
	tell(wire.Line{Loaded: true})
	var spent time.Duration
	run := func(in []model.Tensor) ([]float32, []int64, error) {
		began := time.Now()
		defer func() { spent += time.Since(began) }()
		return session.Run(in)
	}
	out, pictures := io.Writer(io.Discard), []*model.Picture{}
	if len(job.Pictures) == 0 {
		for range max(1, map[model.Task]int{model.Change: 2}[m.Task]) {
			pictures = append(pictures, &model.Picture{R: grey{}, W: m.Tile, H: m.Tile})
		}
	}
	for _, p := range job.Pictures {
		f, err := os.Open(p.Path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it is only read
		pictures = append(pictures, &model.Picture{R: f, W: p.W, H: p.H, Alpha: p.Alpha})
	}
	finish := func() error { return nil }
	if job.Out != "" {
		f, err := os.OpenFile(job.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		b := bufio.NewWriterSize(f, 1<<20)
		out, finish = b, func() error { return errors.Join(b.Flush(), f.Close()) }
	}
	if err := m.Scan(context.Background(), pictures, inputs, run, out, func(done, of int) { tell(wire.Line{Done: done, Of: of}) }); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	tell(wire.Line{Ended: true, Seconds: spent.Seconds()})
	return nil
}

// grey is a picture on which there is nothing but grey.
type grey struct{}

func (grey) ReadAt(p []byte, _ int64) (int, error) {
	for i := range p {
		p[i] = 128
	}
	return len(p), nil
}

// read reads a model and checks that it is the one that is meant: what is checked is what is loaded.
func read(path, sum string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is only read
	raw, err := io.ReadAll(io.LimitReader(f, model.MaxModel+1))
	if err != nil {
		return nil, err
	}
	if have := sha256.Sum256(raw); hex.EncodeToString(have[:]) != sum {
		return nil, layers.Invalid("sha256", "model_hash", "the file is another one than the manifest says")
	}
	return raw, nil
}
