package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"wanglou/layers"
	"wanglou/layers/survey/model"
	"wanglou/server/strictjson"
)

const (
	manifestName = "manifest.json"
	mostModels   = 100
)

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Model is one folder.
type Model struct {
	Folder   string
	Manifest *model.Manifest // nil where it cannot be read
	Unusable error           // why it cannot be run, nil where it can, as far as its files tell

	path string // of the model's file
}

// Compares reports whether a model wants two pictures.
func (m *Model) Compares() bool { return m.Manifest != nil && m.Manifest.Task == model.Change }

// Shelf is the folder of models: each in a folder of its own with a manifest.json. Safe for concurrent use.
type Shelf struct {
	Dir string

	mu   sync.Mutex
	sums map[string]summed // by path
}

// summed is a file's SHA-256, of when it looked so.
type summed struct {
	info fs.FileInfo
	sum  string
}

// ParseManifest reads a manifest: JSON of up to model.MaxManifest bytes, exact names, none twice. CodeInvalid names the field.
func ParseManifest(r io.Reader) (*model.Manifest, error) {
	raw, err := io.ReadAll(io.LimitReader(r, model.MaxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > model.MaxManifest {
		return nil, layers.Errorf(layers.CodeTooLarge, "a manifest has at most %d kB", model.MaxManifest>>10)
	}
	var m model.Manifest
	if err := strictjson.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return &m, nil
}

// Models lists the folders by name, at most a hundred. A shelf that is not there is empty.
func (s *Shelf) Models() ([]*Model, error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []*Model
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && len(out) < mostModels {
			out = append(out, s.open(e.Name()))
		}
	}
	// Two of one name and version would be one detector to everybody who counts: neither is run.
	for i, m := range out {
		if m.Manifest != nil && slices.ContainsFunc(out, func(o *Model) bool {
			return o != m && o.Manifest != nil && o.Manifest.Name == m.Manifest.Name && o.Manifest.Version == m.Manifest.Version
		}) {
			out[i].Unusable = layers.Invalid("name", "taken", "another folder has a model %q %q", m.Manifest.Name, m.Manifest.Version)
		}
	}
	return out, nil
}

// Model returns one. CodeNotFound; what makes it unusable is its Unusable.
func (s *Shelf) Model(folder string) (*Model, error) {
	all, err := s.Models()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(m *Model) bool { return m.Folder == folder }); i >= 0 {
		return all[i], nil
	}
	return nil, &layers.Error{Code: layers.CodeNotFound, Field: "model", Reason: "unknown_value", Msg: fmt.Sprintf("there is no model %q", folder)}
}

func (s *Shelf) open(folder string) *Model {
	m := &Model{Folder: folder}
	if !folderName.MatchString(folder) {
		m.Unusable = layers.Invalid("folder", "bad_name", "a model's folder is named by letters, digits, . _ -")
		return m
	}
	f, err := os.Open(filepath.Join(s.Dir, folder, manifestName))
	if err != nil {
		m.Unusable = &layers.Error{Code: layers.CodeInvalid, Field: manifestName, Reason: "model_file", Msg: "the folder has no " + manifestName, Err: err}
		return m
	}
	defer func() { _ = f.Close() }() // it is only read
	if m.Manifest, m.Unusable = ParseManifest(f); m.Unusable != nil {
		return m
	}
	m.path = filepath.Join(s.Dir, folder, m.Manifest.File)
	m.Unusable = s.check(m)
	return m
}

// check looks whether a model's file is the one that its manifest means.
func (s *Shelf) check(m *Model) error {
	info, err := os.Lstat(m.path)
	switch {
	case err != nil || !info.Mode().IsRegular():
		return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "model_file", Msg: "the folder has no file " + m.Manifest.File, Err: err}
	case info.Size() > model.MaxModel:
		return layers.Invalid("file", "too_large", "a model has at most %d GB", model.MaxModel>>30)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.sums[m.path]
	if !ok || !os.SameFile(known.info, info) || known.info.Size() != info.Size() || !known.info.ModTime().Equal(info.ModTime()) {
		f, err := os.Open(m.path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it is only read
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		if s.sums == nil {
			s.sums = map[string]summed{}
		}
		known = summed{info, hex.EncodeToString(h.Sum(nil))}
		s.sums[m.path] = known
	}
	if known.sum != m.Manifest.SHA256 {
		return layers.Invalid("sha256", "model_hash", "the file %s is another one than the manifest says: its SHA-256 is %s", m.Manifest.File, known.sum)
	}
	return nil
}
