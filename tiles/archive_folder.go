package tiles

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Folder offers every *.pmtiles and *.mbtiles of one directory as a [Source] under the file's name without its extension. Files may
// come, go and be replaced while it serves: move them into place, so that no half of one is read. It is safe for concurrent use.
type Folder struct {
	dir string
	log *slog.Logger

	scan sync.Mutex // one scan at a time

	mu      sync.RWMutex
	files   map[string]folderFile // by file name
	sources map[string]*archive   // by source name
	retired []*archive            // replaced before the last scan: somebody may still hold them for a moment
}

// folderFile is what the last scan made of one file: an archive, or the reason why it is none.
type folderFile struct {
	stat    fs.FileInfo
	archive *archive
	reason  error
}

// BrokenArchive is a file of a [Folder] that is not served.
type BrokenArchive struct {
	File   string
	Reason string
}

// rescanEvery is how long a new file waits at most until it is served. A scan costs one stat a file.
const rescanEvery = 3 * time.Second

// OpenFolder opens the archives in dir. A directory that does not exist holds none, until it does. What is found, and what is
// broken, is told to log.
func OpenFolder(ctx context.Context, dir string, log *slog.Logger) (*Folder, error) {
	f := &Folder{dir: dir, log: log, files: map[string]folderFile{}, sources: map[string]*archive{}}
	if err := f.Scan(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// Run looks for changes every few seconds until ctx ends, and closes the folder then. It returns ctx's error.
func (f *Folder) Run(ctx context.Context) error {
	tick := time.NewTicker(rescanEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), f.Close())
		case <-tick.C:
			if err := f.Scan(ctx); err != nil {
				f.log.WarnContext(ctx, "tile archives cannot be listed", "dir", f.dir, "error", err)
			}
		}
	}
}

// Source returns the archive of that name.
func (f *Folder) Source(name string) (Source, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	a, ok := f.sources[name]
	return a, ok
}

// Sources lists the archives by name.
func (f *Folder) Sources() []Source {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]Source, 0, len(f.sources))
	for _, a := range f.sources {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Compare(a.Info().Name, b.Info().Name) })
	return out
}

// Broken lists the files that are not served, with the reason, by name.
func (f *Folder) Broken() []BrokenArchive {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var out []BrokenArchive
	for name, file := range f.files {
		if file.reason != nil {
			out = append(out, BrokenArchive{File: name, Reason: file.reason.Error()})
		}
	}
	slices.SortFunc(out, func(a, b BrokenArchive) int { return cmp.Compare(a.File, b.File) })
	return out
}

// Scan looks at the directory once: new and changed files are opened, those that went are let go.
func (f *Folder) Scan(ctx context.Context) error {
	f.scan.Lock()
	defer f.scan.Unlock()
	entries, err := os.ReadDir(f.dir) // by name, so that of two files for one source the same one wins every time
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f.closeRetired()
	files := make(map[string]folderFile, len(entries))
	sources := make(map[string]*archive, len(entries))
	for _, e := range entries {
		name := e.Name()
		if _, ok := archiveOpeners[filepath.Ext(name)]; !ok || strings.HasPrefix(name, ".") {
			continue
		}
		path := filepath.Join(f.dir, name)
		st, err := os.Stat(path)
		if err != nil || st.IsDir() {
			continue // it went between the two looks, or is none
		}
		file := f.files[name]
		if first, ok := sources[strings.TrimSuffix(name, filepath.Ext(name))]; ok {
			file = f.refuse(ctx, path, nil, file, errors.New("another file offers "+first.info.Name+" already"))
		} else if file.stat == nil || !sameFile(file.stat, st) {
			file = f.open(ctx, path, st, file)
		}
		if a := file.archive; a != nil {
			sources[a.info.Name] = a
		}
		files[name] = file
	}
	f.swap(files, sources)
	return nil
}

// open opens one file and tells what came of it.
func (f *Folder) open(ctx context.Context, path string, st fs.FileInfo, before folderFile) folderFile {
	a, err := openArchive(ctx, path, st)
	if err != nil {
		return f.refuse(ctx, path, st, before, err)
	}
	f.log.InfoContext(ctx, "tile archive is served", "file", path, "name", a.info.Name, "format", a.info.Format)
	return folderFile{stat: st, archive: a}
}

// refuse tells of a file that is not served, once as long as it stays so. It is looked at again when st changes; at every scan when st is nil.
func (f *Folder) refuse(ctx context.Context, path string, st fs.FileInfo, before folderFile, reason error) folderFile {
	if before.reason == nil {
		f.log.WarnContext(ctx, "tile archive is not served", "file", path, "reason", reason)
	}
	return folderFile{stat: st, reason: reason}
}

// swap publishes a scan and retires the archives that are no longer in it.
func (f *Folder) swap(files map[string]folderFile, sources map[string]*archive) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, a := range f.sources {
		if sources[name] != a {
			f.retired = append(f.retired, a)
		}
	}
	f.files, f.sources = files, sources
}

// closeRetired closes what the scan before this one replaced: by now nobody begins to read it.
func (f *Folder) closeRetired() {
	f.mu.Lock()
	retired := f.retired
	f.retired = nil
	f.mu.Unlock()
	for _, a := range retired {
		if err := a.close(); err != nil {
			f.log.Warn("tile archive cannot be closed", "name", a.info.Name, "error", err)
		}
	}
}

// Close closes every archive, after the reads that are under way.
func (f *Folder) Close() error {
	f.scan.Lock()
	defer f.scan.Unlock()
	f.swap(map[string]folderFile{}, map[string]*archive{})
	f.closeRetired()
	return nil
}

// sameFile reports whether nothing was done to a file between two looks at it.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
