// Package onnx is the socket for detectors that come as ONNX models: folders with a manifest ([Shelf]), and a program beside the server ([Runtime]) that opens ONNX Runtime and
// runs them, a process a run, with bounded memory, threads and time. Neither the program nor the library nor any model has to be there.
package onnx

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"wanglou/layers"
	"wanglou/server/onnx/wire"
	"wanglou/tiles/child"
)

const (
	program     = "wanglou-onnx"
	library     = "libonnxruntime.so.1"
	libraryEnv  = "WANGLOU_ONNXRUNTIME" // path of the library
	loading     = 2 * time.Minute       // until a model is loaded
	beside      = 512                   // megabytes that the program takes without a model
	maxSaid     = 4 << 10
	maxLine     = 64 << 10
	probedAgain = time.Minute
)

// Runtime is the program that runs models, and its library. Safe for concurrent use.
type Runtime struct {
	Program string
	Library string // path; "" for none

	mu       sync.Mutex
	probed   time.Time
	version  string
	unusable error
}

// Find looks for the program beside this one, and for the library at WANGLOU_ONNXRUNTIME, beside this program, or below it in ../lib/wanglou.
func Find() *Runtime {
	own, err := os.Executable()
	if err != nil {
		return &Runtime{}
	}
	dir := filepath.Dir(own)
	r := &Runtime{Program: filepath.Join(dir, program), Library: os.Getenv(libraryEnv)}
	for _, p := range []string{filepath.Join(dir, library), filepath.Join(dir, "..", "lib", "wanglou", library)} {
		if _, err := os.Stat(p); r.Library == "" && err == nil {
			r.Library = p
		}
	}
	return r
}

// Version returns the library's version. CodeUnavailable with "onnx_program", "onnx_library" where models cannot be run here. It asks once a minute.
func (r *Runtime) Version(ctx context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.probed) < probedAgain {
		return r.version, r.unusable
	}
	r.version, r.unusable = "", nil
	err := r.run(ctx, &wire.Job{}, os.TempDir(), func(l *wire.Line) {
		if l.Library != "" {
			r.version = l.Library
		}
	})
	if ctx.Err() != nil { // says nothing of the library
		return "", ctx.Err()
	}
	r.probed, r.unusable = time.Now(), err
	return r.version, err
}

// Check loads a model and asks it about an empty window. It returns the seconds that the window took.
func (r *Runtime) Check(ctx context.Context, m *Model) (seconds float64, err error) {
	dir, err := os.MkdirTemp("", "wanglou-onnx-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return r.Scan(ctx, m, dir, nil, "", func(float64) {})
}

// Scan runs a model over pictures on one grid and writes what model.Manifest.Scan writes to out, a file that must not be there, in the work folder dir. It returns the seconds that
// the model took. CodeUnavailable with "onnx_program", "onnx_library"; CodeInvalid with "model_hash", "model_load", "model_names", "model_shape", "model_type", "model_nan", "model_range",
// "model_run", "model_crashed", "model_slow"; CodeTooLarge with "model_memory"; CodeUnavailable with "model_killed".
func (r *Runtime) Scan(ctx context.Context, m *Model, dir string, pictures []wire.Picture, out string, tell func(share float64)) (seconds float64, err error) {
	if m.Manifest == nil {
		return 0, m.Unusable
	}
	err = r.run(ctx, &wire.Job{Manifest: *m.Manifest, File: m.path, Pictures: pictures, Out: out}, dir, func(l *wire.Line) {
		if l.Of > 0 {
			tell(float64(l.Done) / float64(l.Of))
		}
		if l.Ended {
			seconds = l.Seconds
		}
	})
	return seconds, err
}

// run runs the program with one job and hands over what it says, line by line. Where it says nothing for longer than it may, it is killed.
func (r *Runtime) run(ctx context.Context, job *wire.Job, dir string, heard func(*wire.Line)) error {
	switch _, err := os.Stat(r.Program); {
	case r.Program == "" || err != nil:
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "onnx_program", Msg: "the program " + program + " is not beside wanglou: models cannot be run (make build makes it)", Err: err}
	case r.Library == "":
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "onnx_library", Params: map[string]string{"said": library}, Msg: library + " is not here: models cannot be run (make onnx fetches it; or set " + libraryEnv + ")"}
	}
	job.Library = r.Library
	raw, err := json.Marshal(job)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	slow := &layers.Error{Code: layers.CodeInvalid, Reason: "model_slow", Msg: "the model takes longer than its manifest allows"}
	patience := time.AfterFunc(loading, func() { stop(slow) })
	defer patience.Stop()
	l := &lines{heard: func(line *wire.Line) {
		if line.Loaded || line.Done > 0 {
			patience.Reset(time.Duration(job.Manifest.Runtime.Seconds) * time.Second)
		}
		heard(line)
	}}
	said := &child.Tail{Limit: maxSaid}
	cmd := exec.Command(r.Program)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, bytes.NewReader(raw), l, said
	cmd.Env = []string{"LC_ALL=C.UTF-8", "TMPDIR=" + dir, "HOME=" + dir, "GOMAXPROCS=2", "GOTRACEBACK=none"}
	bounds := child.Bounds{}
	if job.File != "" {
		bounds.MemoryMB = job.Manifest.Runtime.MemoryMB + beside
	}
	err = child.Run(ctx, cmd, bounds)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case l.failure != nil:
		return l.failure.Error()
	case l.bad != nil:
		return fmt.Errorf("%s said what is no line of its own: %w", program, l.bad)
	case err == nil && l.ended:
		return nil
	case err == nil:
		err = io.ErrUnexpectedEOF
	case !errors.As(err, &exit):
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "onnx_program", Msg: "the program " + program + " does not start", Err: err}
	}
	cause := fmt.Errorf("%s: %w: %s", program, err, said)
	switch low := strings.ToLower(said.String()); {
	case exit != nil && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL: // by somebody, or by the kernel that is short of memory: it may go well another time
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "model_killed", Msg: "the program that ran the model was killed", Err: cause}
	case strings.Contains(low, "out of memory") || strings.Contains(low, "cannot allocate") || strings.Contains(low, "bad_alloc"):
		return &layers.Error{Code: layers.CodeTooLarge, Reason: "model_memory", Msg: "the model needs more memory than it may have", Err: cause}
	}
	return &layers.Error{Code: layers.CodeInvalid, Reason: "model_crashed", Msg: "the model ended the program that ran it", Err: cause}
}

// lines reads what the program says.
type lines struct {
	heard   func(*wire.Line)
	rest    []byte
	failure *wire.Failure
	ended   bool
	bad     error
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for l.bad == nil {
		n, raw, err := bufio.ScanLines(l.rest, false)
		if n == 0 || err != nil {
			break
		}
		var line wire.Line
		if l.bad = json.Unmarshal(raw, &line); l.bad == nil {
			if line.Failure != nil {
				l.failure = line.Failure
			}
			l.ended = l.ended || line.Ended
			l.heard(&line)
		}
		l.rest = l.rest[n:]
	}
	if len(l.rest) > maxLine {
		l.bad, l.rest = bufio.ErrTooLong, nil
	}
	return len(p), nil
}
