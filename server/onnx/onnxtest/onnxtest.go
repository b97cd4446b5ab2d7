package onnxtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wanglou/layers/survey"
	"wanglou/layers/survey/model"
	"wanglou/server/onnx"
)

// Manifest is that of [Red].
func Manifest(tile int) model.Manifest {
	return model.Manifest{
		Name: "made red", Version: "1", Licence: "none", Source: "made for tests", Task: model.Segmentation, File: "model.onnx", Pixel: 0.5,
		Input: model.Input{Names: []string{"image"}, Layout: model.NCHW, Type: model.Float32, Bands: []string{"red", "green", "blue"}, Scale: 1.0 / 255},
		Tile:  tile, Overlap: tile / 8, Output: model.Output{Name: "mask", Activation: model.None},
		Classes: []model.Class{{Name: "red roof", Kind: survey.New}}, Threshold: 0.5, MinArea: 12, Runtime: model.Runtime{Seconds: 30},
	}
}

// ManifestOfChange is that of [Difference].
func ManifestOfChange(tile int) model.Manifest {
	m := Manifest(tile)
	m.Name, m.Task, m.Input.Names, m.Output.Name = "made difference", model.Change, []string{"before", "after"}, "change"
	m.Classes[0], m.Threshold = model.Class{Name: "change", Kind: survey.Look}, 0.25
	return m
}

// Shelve writes a folder with a model and its manifest, as Write does.
func Shelve(tb testing.TB, shelf, folder string, m model.Manifest, raw []byte) {
	tb.Helper()
	if err := Write(shelf, folder, m, raw); err != nil {
		tb.Fatal(err)
	}
}

// Write writes a folder with a model and its manifest, whose sum it fills in where there is none.
func Write(shelf, folder string, m model.Manifest, raw []byte) error {
	if m.SHA256 == "" {
		sum := sha256.Sum256(raw)
		m.SHA256 = hex.EncodeToString(sum[:])
	}
	said, err := json.Marshal(m)
	if err != nil {
		return err
	}
	dir := filepath.Join(shelf, folder)
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "manifest.json"), said, 0o600), os.WriteFile(filepath.Join(dir, "model.onnx"), raw, 0o600))
}

// Library returns the library that make onnx fetched, or WANGLOU_ONNXRUNTIME; "" where it is not there.
func Library() string {
	if p := os.Getenv("WANGLOU_ONNXRUNTIME"); p != "" {
		return p
	}
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			p, err := filepath.Abs(filepath.Join(dir, "bin", "libonnxruntime.so.1"))
			if _, missing := os.Stat(p); err != nil || missing != nil {
				return ""
			}
			return p
		}
		if abs, err := filepath.Abs(dir); err != nil || abs == "/" {
			return ""
		}
	}
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wanglou-onnx-built-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "wanglou-onnx")
	cmd := exec.Command("go", "build", "-o", file, "wanglou/server/cmd/wanglou-onnx")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return file, nil
})

// Runtime returns the program, built as it is shipped, with the library. It skips the test where that is not there.
func Runtime(tb testing.TB) *onnx.Runtime {
	tb.Helper()
	lib := Library()
	if lib == "" {
		tb.Skip("ONNX Runtime is not here: make onnx")
	}
	file, err := built()
	if err != nil {
		tb.Fatal(err)
	}
	return &onnx.Runtime{Program: file, Library: lib}
}

// Own returns a runtime with a program of its own name, and a func that kills it once it runs.
func Own(t *testing.T, r *onnx.Runtime) (*onnx.Runtime, func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wanglou-onnx")
	raw, err := os.ReadFile(r.Program)
	if err == nil {
		err = os.WriteFile(path, raw, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &onnx.Runtime{Program: path, Library: r.Library}, func() {
		t.Helper()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for t.Context().Err() == nil {
			<-tick.C
			found, _ := filepath.Glob("/proc/[0-9]*/exe")
			for _, link := range found {
				if at, err := os.Readlink(link); err == nil && at == path {
					if pid, err := strconv.Atoi(strings.Split(link, "/")[2]); err == nil {
						if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
							return
						}
					}
				}
			}
		}
	}
}

// Remove deletes what Runtime built, at the end of a package's tests.
func Remove() {
	if file, err := built(); err == nil && Library() != "" {
		_ = os.RemoveAll(filepath.Dir(file))
	}
}
