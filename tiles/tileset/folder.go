package tileset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"wanglou/layers"
)

// Folder offers the tilesets of one directory: <name>/tileset.json, or <name>.zip. They may come, go and be replaced while it serves: move them
// into place. It is safe for concurrent use.
type Folder struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex
	at    time.Time // of the last look
	sets  map[string]*set
	known map[string]os.FileInfo // of what the last look found, usable or not
}

// set is one tileset. zip is nil for folders.
type set struct {
	info Info
	path string
	zip  *index
}

// look is how long a new tileset waits at most until it is offered.
const look = 3 * time.Second

var setName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// contentTypes are the files that belong to tilesets. Nothing else is served.
var contentTypes = map[string]string{
	".json": "application/json", ".b3dm": "application/octet-stream", ".i3dm": "application/octet-stream", ".pnts": "application/octet-stream",
	".cmpt": "application/octet-stream", ".subtree": "application/octet-stream", ".bin": "application/octet-stream", ".glb": "model/gltf-binary",
	".gltf": "model/gltf+json", ".ktx2": "image/ktx2", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
	".geojson": "application/geo+json", ".vctr": "application/octet-stream", ".geom": "application/octet-stream",
}

// Open returns the tilesets of dir, which need not be there yet.
func Open(dir string, log *slog.Logger) *Folder { return &Folder{dir: dir, log: log} }

// Tilesets lists what is offered, by name.
func (f *Folder) Tilesets(ctx context.Context) []Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scan(ctx)
	out := make([]Info, 0, len(f.sets))
	for _, s := range f.sets {
		out = append(out, s.info)
	}
	slices.SortFunc(out, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// File is one file of a tileset. What was opened stays as it was, also when the tileset is replaced meanwhile.
type File struct {
	io.ReadSeeker
	close       func() error
	ContentType string
	Encoding    string // "gzip" where the file is stored so
	Tag         string // strong validator, with quotes
	Modified    time.Time
}

// Close lets the file go.
func (f *File) Close() error { return f.close() }

// OpenFile opens a file of a tileset by its path below tileset.json. CodeNotFound, CodeUnavailable when it cannot be read, CodeTooLarge.
func (f *Folder) OpenFile(ctx context.Context, name, file string) (*File, error) {
	f.mu.Lock()
	f.scan(ctx)
	s := f.sets[name]
	f.mu.Unlock()
	kind, known := contentTypes[strings.ToLower(path.Ext(file))]
	if s == nil || !known || !fs.ValidPath(file) || strings.Contains(file, `\`) || slices.ContainsFunc(strings.Split(file, "/"), func(p string) bool { return strings.HasPrefix(p, ".") }) {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such file in a tileset")
	}
	open := s.openFile
	if s.zip != nil {
		open = s.openEntry
	}
	out, err := open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such file in a tileset")
	case err != nil:
		if e := (*layers.Error)(nil); errors.As(err, &e) {
			return nil, e
		}
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: name + " cannot be read", Err: err}
	}
	out.ContentType = kind
	var head [2]byte
	if n, _ := io.ReadFull(out, head[:]); n == 2 && head == [2]byte{0x1f, 0x8b} {
		out.Encoding = "gzip"
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// openFile opens a file of a folder. Links that lead out of it are not followed.
func (s *set) openFile(name string) (*File, error) {
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(name)
	if err != nil {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrNotExist, err, f.Close())
	}
	return &File{ReadSeeker: f, close: f.Close, Tag: tag(name, st.Size(), st.ModTime(), 0), Modified: st.ModTime()}, nil
}

func tag(name string, size int64, at time.Time, crc uint32) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d/%d/%d", name, size, at.UnixNano(), crc)
	return fmt.Sprintf(`"%016x"`, h.Sum64())
}

// scan looks at the directory, at most every few seconds. The caller holds mu.
func (f *Folder) scan(ctx context.Context) {
	if time.Since(f.at) < look {
		return
	}
	f.at = time.Now()
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.log.WarnContext(ctx, "tilesets cannot be listed", "dir", f.dir, "error", err)
		return
	}
	sets, known := map[string]*set{}, map[string]os.FileInfo{}
	for _, e := range entries {
		at := filepath.Join(f.dir, e.Name())
		name, zipped := strings.CutSuffix(e.Name(), ".zip")
		mark := at // what is looked at for changes
		if !zipped {
			mark = filepath.Join(at, "tileset.json")
		}
		st, err := os.Stat(mark)
		if strings.HasPrefix(name, ".") || err != nil || st.IsDir() {
			continue
		}
		known[e.Name()] = st
		before := f.known[e.Name()]
		if before != nil && os.SameFile(before, st) && before.Size() == st.Size() && before.ModTime().Equal(st.ModTime()) {
			if old := f.sets[name]; old != nil && old.path == at {
				sets[name] = old
			}
			continue
		}
		s, err := openSet(name, at, zipped)
		if err == nil && sets[name] != nil {
			err = errors.New("another file offers it already")
		}
		if err != nil {
			f.log.WarnContext(ctx, "tileset is not offered", "file", at, "reason", err)
			continue
		}
		f.log.InfoContext(ctx, "tileset is offered", "name", name, "version", s.info.Version)
		sets[name] = s
	}
	f.sets, f.known = sets, known
}

func openSet(name, at string, zipped bool) (*set, error) {
	if !setName.MatchString(name) {
		return nil, fmt.Errorf("the name %q is not usable: a–z, 0–9, - and _ alone", name)
	}
	s := &set{path: at}
	open := s.openFile
	if zipped {
		var err error
		if s.zip, err = readIndex(at); err != nil {
			return nil, err
		}
		open = s.openEntry
	}
	f, err := open("tileset.json")
	if err != nil {
		return nil, fmt.Errorf("tileset.json: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > 2 && raw[0] == 0x1f && raw[1] == 0x8b {
		if raw, err = gunzip(raw); err != nil {
			return nil, fmt.Errorf("tileset.json: %w", err)
		}
	}
	s.info, err = Parse(raw)
	s.info.Name = name
	return s, err
}
