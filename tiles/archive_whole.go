package tiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"wanglou/layers"
)

// Whole is an archive's file, for clients that read the format themselves. What was opened stays readable as it was, also when the file is
// replaced meanwhile: then a next Open gives another tag.
type Whole struct {
	*os.File
	Tag      string // strong validator, with quotes
	Modified time.Time
}

// OpenWhole opens the PMTiles file of that source, if it is what the folder serves under the name. CodeNotFound, CodeUnavailable.
func (f *Folder) OpenWhole(name string) (*Whole, error) {
	file := name + ".pmtiles"
	f.mu.RLock()
	served := f.files[file].archive != nil
	f.mu.RUnlock()
	missing := &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_source", Params: map[string]string{"name": name}, Msg: "there is no archive of the name " + name}
	if !served {
		return nil, missing
	}
	opened, err := os.Open(filepath.Join(f.dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing
	}
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: name + " cannot be read", Err: err}
	}
	st, err := opened.Stat()
	if err != nil {
		_ = opened.Close()
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: name + " cannot be read", Err: err}
	}
	return &Whole{File: opened, Tag: fileTag(st), Modified: st.ModTime()}, nil
}
