package proxy

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"wanglou/tiles"
)

// Group offers what sources.yaml of a data folder names. The file may come, change and go while it serves; one that cannot be read changes
// nothing. It is safe for concurrent use.
type Group struct {
	path, dir string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.RWMutex
	stat    os.FileInfo
	sources []*source
	disk    *disk
	fetch   *fetcher
}

// Open reads sources.yaml in the data folder; without one there are no sources and nothing is dialled. What is wrong with it is told to log.
func Open(ctx context.Context, dir string, log *slog.Logger) *Group {
	g := &Group{path: filepath.Join(dir, "sources.yaml"), dir: dir, log: log, now: time.Now}
	g.Scan(ctx)
	return g
}

// Run looks for changes of the file every few seconds until ctx ends. It returns ctx's error.
func (g *Group) Run(ctx context.Context) error {
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			g.Scan(ctx)
		}
	}
}

// Scan takes up the configuration if it changed.
func (g *Group) Scan(ctx context.Context) {
	st, err := os.Stat(g.path)
	if err != nil {
		st = nil
	}
	g.mu.RLock()
	before := g.stat
	g.mu.RUnlock()
	if st == nil && before == nil || st != nil && before != nil && st.ModTime().Equal(before.ModTime()) && st.Size() == before.Size() {
		return
	}
	if err := g.load(ctx, st); err != nil {
		g.log.WarnContext(ctx, "the basemaps of other servers are not taken up", "file", g.path, "reason", err)
	}
}

func (g *Group) load(ctx context.Context, st os.FileInfo) error {
	c, ups, err := read(g.path, g.dir)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stat = st
	if err != nil {
		return err
	}
	if g.fetch != nil {
		g.fetch.close()
	}
	g.sources, g.fetch, g.disk = nil, nil, nil
	if c == nil || len(ups) == 0 {
		return nil
	}
	g.fetch = newFetcher(c)
	made := make([]*source, len(ups))
	var folders []string
	for i, u := range ups {
		made[i] = &source{upstream: u, log: g.log, fetch: g.fetch, maxAge: c.Cache.MaxAge, now: g.now}
		folders = append(folders, made[i].folder("raw"), made[i].folder("out"))
	}
	if g.disk, err = openDisk(filepath.Join(g.dir, "cache", "basemaps"), int64(c.Cache.MaxMB)<<20, folders); err != nil {
		return err
	}
	slices.SortFunc(made, func(a, b *source) int { return cmp.Compare(a.info.Name, b.info.Name) })
	for _, s := range made {
		s.disk = g.disk
		g.log.InfoContext(ctx, "a basemap of another server is offered", "name", s.info.Name, "system", s.system)
	}
	g.sources = made
	return nil
}

// Source implements [tiles.Group].
func (g *Group) Source(name string) (tiles.Source, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, s := range g.sources {
		if s.info.Name == name {
			return s, true
		}
	}
	return nil, false
}

// Sources implements [tiles.Group].
func (g *Group) Sources() []tiles.Source {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]tiles.Source, len(g.sources))
	for i, s := range g.sources {
		out[i] = s
	}
	return out
}

// Stats returns what became of tiles by source, and the bytes on disk.
func (g *Group) Stats() (by map[string]Stats, bytes int64) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	by = map[string]Stats{}
	for _, s := range g.sources {
		by[s.info.Name] = Stats{Kept: s.kept.Load(), Fetched: s.fetched.Load(), Stale: s.stale.Load(), Failed: s.failed.Load()}
	}
	if g.disk != nil {
		bytes = g.disk.size()
	}
	return by, bytes
}
