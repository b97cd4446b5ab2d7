package proxy

import (
	"container/list"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wanglou/tiles"
)

// disk keeps tiles as files within a bound of bytes; what nobody used for longest goes first. It is safe for concurrent use.
type disk struct {
	dir string
	max int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *file, the latest used first
	files map[string]*list.Element
}

type file struct {
	name string // below dir
	size int64
}

// kept is one tile on disk.
type kept struct {
	Fetched   time.Time    `json:"fetched"`
	Format    tiles.Format `json:"format"`
	ETag      string       `json:"etag"`
	Validator string       `json:"validator,omitempty"` // of the upstream

	body []byte
}

// fileOverhead is what a file takes beside its bytes.
const fileOverhead = 4096

// openDisk takes up what is in dir. Folders of sources that are not wanted any more go away.
func openDisk(dir string, max int64, wanted []string) (*disk, error) {
	d := &disk{dir: dir, max: max, order: list.New(), files: map[string]*list.Element{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !slices.Contains(wanted, e.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	type found struct {
		file
		used time.Time
	}
	var all []found
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		st, err := e.Info()
		if err != nil {
			return nil // it went meanwhile
		}
		if strings.HasSuffix(path, ".new") {
			return os.Remove(path) // half written when the process ended
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, found{file{name, st.Size()}, st.ModTime()})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b found) int { return a.used.Compare(b.used) })
	for _, f := range all {
		d.note(f.name, f.size)
	}
	return d, nil
}

func tileFile(folder string, c tiles.Coord) string {
	return filepath.Join(folder, fmt.Sprint(c.Z), fmt.Sprint(c.X), fmt.Sprint(c.Y))
}

// get returns a tile, nil when it is not kept.
func (d *disk) get(name string) *kept {
	d.mu.Lock()
	e, ok := d.files[name]
	if ok {
		d.order.MoveToFront(e)
	}
	d.mu.Unlock()
	if !ok {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil || len(raw) < 4 {
		return nil
	}
	n := int(binary.LittleEndian.Uint32(raw))
	k := &kept{}
	if n > len(raw)-4 || json.Unmarshal(raw[4:4+n], k) != nil {
		return nil
	}
	k.body = raw[4+n:]
	return k
}

// put keeps a tile in place of an earlier one: whole or not at all. A full disk costs the cache, not the tile.
func (d *disk) put(name string, k *kept) error {
	head, err := json.Marshal(k)
	if err != nil {
		return err
	}
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "*.new")
	if err != nil {
		return err
	}
	raw := append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head...), k.body...)
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	for _, old := range d.note(name, int64(len(raw))) {
		_ = os.Remove(filepath.Join(d.dir, old))
	}
	return nil
}

// note counts a file, and returns those that have to go.
func (d *disk) note(name string, size int64) (gone []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, ok := d.files[name]; ok {
		d.drop(e)
	}
	d.files[name] = d.order.PushFront(&file{name, size})
	d.bytes += size + fileOverhead
	for d.bytes > d.max && d.order.Len() > 1 {
		gone = append(gone, d.drop(d.order.Back()))
	}
	return gone
}

// drop forgets a file. The caller holds mu.
func (d *disk) drop(e *list.Element) string {
	f := d.order.Remove(e).(*file)
	delete(d.files, f.name)
	d.bytes -= f.size + fileOverhead
	return f.name
}

func (d *disk) size() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes
}
