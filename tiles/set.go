package tiles

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"wanglou/layers"
)

// Group offers sources that may come and go, as a [Folder] does.
type Group interface {
	Source(name string) (Source, bool)
	Sources() []Source
}

// Set finds tiles by name: the layers of a replica first, so that no file can stand in for data that has owners, then the
// groups in the order in which they were added. Layers that appear in the replica appear here. It is safe for concurrent use.
type Set struct {
	replica  *layers.Replica
	cache    *Cache
	selected *Cache // of filtered tiles and those with some of the properties

	joint flight // of composites

	mu      sync.Mutex
	vectors map[string]*Vector // of every layer that was ever asked for
	groups  []Group
}

// NewSet returns the tiles of a replica's layers, which share a cache of cacheBytes; a quarter of it is for what clients select.
func NewSet(r *layers.Replica, cacheBytes int) *Set {
	return &Set{replica: r, cache: NewCache(cacheBytes - cacheBytes/4), selected: NewCache(cacheBytes / 4), vectors: map[string]*Vector{}}
}

// Add offers more sources after those there are.
func (s *Set) Add(groups ...Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(slices.Clone(s.groups), groups...)
}

// Source returns the tiles of a name, or of several joined by commas: see [Composite]. Errors are *layers.Error: not_found,
// invalid for names that cannot be joined.
func (s *Set) Source(name string) (Source, error) {
	if src, ok := s.single(name); ok {
		return src, nil
	}
	names := strings.Split(name, ",")
	switch {
	case len(names) == 1:
		return nil, unknown(name)
	case len(names) > MaxParts:
		return nil, layers.Invalid("source", "too_many_sources", "at most %d sources make one tile", MaxParts)
	}
	parts := make([]Source, len(names))
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			return nil, layers.Invalid("source", "same_layer", "%s is named twice", n)
		}
		var ok bool
		if parts[i], ok = s.single(n); !ok {
			return nil, unknown(n)
		}
	}
	return newComposite(name, parts, s.cache, s.selected, &s.joint)
}

func unknown(name string) error {
	return &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_source", Params: map[string]string{"name": name}, Msg: "there are no tiles of the name " + name}
}

// single returns the tiles of one name. Before the replica was loaded for the first time nobody knows whether an unknown
// name is a layer: its source then says that it is unavailable.
func (s *Set) single(name string) (Source, bool) {
	if s.hasLayer(name) {
		return s.vector(name), true
	}
	for _, g := range s.added() {
		if src, ok := g.Source(name); ok {
			return src, true
		}
	}
	if s.replica.Position().Epoch == "" {
		return newVector(s.replica, name, s.cache, s.selected, DefaultVectorLimits), true
	}
	return nil, false
}

// Sources lists what there is, by name.
func (s *Set) Sources() []Source {
	byName := map[string]Source{}
	for _, l := range s.replica.Layers() {
		if l.Geometry != layers.GeometryNone {
			byName[l.Name] = s.vector(l.Name)
		}
	}
	for _, g := range s.added() {
		for _, src := range g.Sources() {
			if name := src.Info().Name; byName[name] == nil {
				byName[name] = src
			}
		}
	}
	out := make([]Source, 0, len(byName))
	for _, src := range byName {
		out = append(out, src)
	}
	slices.SortFunc(out, func(a, b Source) int { return cmp.Compare(a.Info().Name, b.Info().Name) })
	return out
}

// Stats adds up the counts of all layers, and says how many bytes their cache holds.
func (s *Set) Stats() (sum VectorStats, cacheBytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.vectors {
		n := v.Stats()
		sum.Drawn += n.Drawn
		sum.Reused += n.Reused
		sum.Unchanged += n.Unchanged
	}
	return sum, s.cache.Bytes() + s.selected.Bytes()
}

func (s *Set) hasLayer(name string) bool {
	l := s.replica.Layer(name)
	return l != nil && l.Geometry != layers.GeometryNone
}

func (s *Set) vector(name string) *Vector {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.vectors[name]
	if v == nil {
		v = newVector(s.replica, name, s.cache, s.selected, DefaultVectorLimits)
		s.vectors[name] = v
	}
	return v
}

func (s *Set) added() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups
}

// Fixed is a group of sources that stay.
type Fixed []Source

// Source implements [Group].
func (f Fixed) Source(name string) (Source, bool) {
	for _, src := range f {
		if src.Info().Name == name {
			return src, true
		}
	}
	return nil, false
}

// Sources implements [Group].
func (f Fixed) Sources() []Source { return f }
