package server

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/names"
)

// named are the layers whose features are found by name: the columns that are searched, the first of which is shown, and the one shown beside it.
var named = []struct {
	layer   string
	columns []string
	detail  string
}{
	{"incident", []string{"title", "number", "address"}, "number"},
	{"camera", []string{"name", "device_id"}, "device_id"},
	{"unit", []string{"name", "name_en", "code"}, "code"},
	{"unit_grid", []string{"name", "code"}, "code"},
}

const (
	placesFresh = 10 * time.Second       // how long the basemap's places may be behind
	namesRest   = 100 * time.Millisecond // between two rounds of following
)

// nameIndex keeps what is searched beside the replica: it is brought up to date by what the replica says has changed, whoever changed it and how, so that there is nothing
// to keep equal in the database. See docs/adr/0013.
type nameIndex struct {
	replica *layers.Replica
	areas   area.Service
	now     func() time.Time
	log     *slog.Logger

	writing sync.Mutex // one brings it up to date
	mu      sync.RWMutex
	layers  map[string]*layerNames
	tree    []area.Area
	ofTree  *names.Index
	titles  map[string]string // of areas, by path
	places  map[int64]area.Place
	version int64 // of the places
	ofPlace *names.Index
	asked   time.Time
}

// layerNames are the names of one layer's features at a position.
type layerNames struct {
	layer   *layers.Layer
	columns []int
	at      layers.Position
	index   *names.Index
}

func newNameIndex(replica *layers.Replica, areas area.Service, now func() time.Time, log *slog.Logger) *nameIndex {
	return &nameIndex{replica: replica, areas: areas, now: now, log: log, layers: map[string]*layerNames{}}
}

// run follows the replica until ctx ends, so that a search finds the index up to date.
func (x *nameIndex) run(ctx context.Context) {
	var at layers.Position
	for {
		now, err := x.replica.WaitPast(ctx, at)
		if err != nil {
			return
		}
		began := time.Now()
		x.writing.Lock()
		x.follow()
		if err := x.takePlaces(ctx); err != nil && ctx.Err() == nil {
			x.log.Warn("names of places are read with the first search", "err", err)
		}
		x.writing.Unlock()
		if at.Epoch == "" {
			x.log.Debug("names are indexed", "took", time.Since(began).Round(time.Millisecond))
		}
		at = now
		select {
		case <-ctx.Done():
			return
		case <-time.After(namesRest):
		}
	}
}

// catchUp brings the index up to where the replica is, unless somebody is at it and it was made before. The tree is the one that rights are shown by.
func (x *nameIndex) catchUp(ctx context.Context, tree []area.Area) error {
	x.mu.RLock()
	made := x.ofPlace != nil && x.ofTree != nil
	x.mu.RUnlock()
	if !made {
		x.writing.Lock()
	} else if !x.writing.TryLock() {
		return nil
	}
	defer x.writing.Unlock()
	x.follow()
	if x.ofTree == nil || len(tree) != len(x.tree) || len(tree) > 0 && &tree[0] != &x.tree[0] {
		x.takeTree(tree)
	}
	return x.takePlaces(ctx)
}

func (x *nameIndex) takeTree(tree []area.Area) {
	titles := make(map[string]string, len(tree))
	index := names.New(len(tree), func(yield func(names.Thing) bool) {
		for _, a := range tree {
			titles[a.Path] = a.Name
			if !yield(names.Thing{ID: a.ID, Texts: []string{a.Name, a.NameEN, a.Code}}) {
				return
			}
		}
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tree, x.ofTree, x.titles = tree, index, titles
}

// takePlaces reads the basemap's places again when they were changed. Old ones are better than none.
func (x *nameIndex) takePlaces(ctx context.Context) error {
	if x.ofPlace != nil && x.now().Sub(x.asked) < placesFresh {
		return nil
	}
	version, err := x.areas.PlacesVersion(ctx)
	if err == nil && (x.ofPlace == nil || version != x.version) {
		var list []area.Place
		if list, err = x.areas.Places(ctx); err == nil {
			places := make(map[int64]area.Place, len(list))
			index := names.New(len(list), func(yield func(names.Thing) bool) {
				for _, p := range list {
					places[p.ID] = p
					if !yield(names.Thing{ID: p.ID, Rank: p.Rank, Texts: []string{p.Name, p.NameEN}}) {
						return
					}
				}
			})
			x.mu.Lock()
			x.places, x.ofPlace, x.version = places, index, version
			x.mu.Unlock()
		}
	}
	if err != nil && x.ofPlace != nil && ctx.Err() == nil {
		x.log.Warn("names of places could not be read", "err", err)
		err = nil
	}
	if err == nil {
		x.asked = x.now()
	}
	return err
}

// follow takes what changed in the layers.
func (x *nameIndex) follow() {
	for _, n := range named {
		x.mu.RLock()
		kept := x.layers[n.layer]
		x.mu.RUnlock()
		if kept != nil {
			if d, ok := x.replica.Since(n.layer, kept.at); ok && d.Layer == kept.layer {
				x.take(kept, &d)
				continue
			}
		}
		l, features, at := x.replica.Read(n.layer)
		if l == nil {
			continue
		}
		kept = &layerNames{layer: l, at: at}
		for _, c := range n.columns {
			if i := l.Index(c); i >= 0 {
				kept.columns = append(kept.columns, i)
			}
		}
		kept.index = names.New(len(features), func(yield func(names.Thing) bool) {
			texts := make([]string, 0, len(kept.columns))
			for _, f := range features {
				if !yield(kept.thing(f, texts)) {
					return
				}
			}
		})
		x.mu.Lock()
		x.layers[n.layer] = kept
		x.mu.Unlock()
	}
}

// take brings one layer's names to the end of a diff. Most of what changes is a state, which costs a comparison.
func (x *nameIndex) take(kept *layerNames, d *layers.Diff) {
	if d.Empty() {
		kept.at = d.Position
		return
	}
	things := make([]names.Thing, len(d.Set))
	for i, f := range d.Set {
		things[i] = kept.thing(f, make([]string, 0, len(kept.columns)))
	}
	x.mu.Lock()
	for _, f := range d.Gone {
		kept.index.Remove(f.ID)
	}
	for _, t := range things {
		kept.index.Set(t)
	}
	kept.at = d.Position
	worn := kept.index.Worn()
	x.mu.Unlock()
	if worn {
		index := kept.index.Renewed() // beside those who read
		x.mu.Lock()
		kept.index = index
		x.mu.Unlock()
	}
}

// thing is a feature as the index takes it, its texts appended to texts.
func (k *layerNames) thing(f *layers.Feature, texts []string) names.Thing {
	t := names.Thing{ID: f.ID, Texts: texts}
	if k.layer.Scoped() {
		t.Area = k.layer.Area(f)
	}
	for _, i := range k.columns {
		if v, _ := f.Values[i].(string); v != "" && !slices.Contains(t.Texts, v) {
			t.Texts = append(t.Texts, v)
		}
	}
	return t
}
