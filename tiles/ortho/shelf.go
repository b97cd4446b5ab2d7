package ortho

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles"
)

// Entry is a capture whose picture is served.
type Entry struct {
	ID         int64
	Name       string
	CapturedAt time.Time
	AreaPath   string
	Path       string // of its picture
	Sum        string // SHA-256 of the picture
	Bound      orb.Bound
}

// Mosaic is the name of the source in which the newest capture lies on top. "orthophoto-20260531" shows what had been flown by the end of that day (UTC), "capture-17" one
// capture alone.
const Mosaic = "orthophoto"

const (
	capturePrefix = "capture-"
	coarser       = 5 // zooms below a picture's own that are made of it
	finer         = 3 // zooms above
)

// Shelf serves the pictures of captures. It is a [tiles.Group], safe for concurrent use.
type Shelf struct {
	list func(context.Context) ([]Entry, error)
	log  *slog.Logger

	mu      sync.RWMutex
	books   []*book // the newest flight first
	retired []retired
	broken  map[string]bool

	made   madeCache
	mosaic source
}

// retired is a picture that is not served any more. Its bytes may be on their way to a client for as long as an answer may take.
type retired struct {
	cog  *cog
	when time.Time
}

const retireFor = 5 * time.Minute // longer than any answer

// book is an entry with its picture opened.
type book struct {
	Entry
	cog *cog
	tag string // of its tiles where nothing else is to be seen

	west, north, east, south float64 // its bound in the Web Mercator square, 0 to 1, y down
}

// Quick implements [tiles.Quick].
func (s *source) Quick() {}

// NewShelf returns a shelf with what list names. [Shelf.Run] keeps it so.
func NewShelf(list func(context.Context) ([]Entry, error), log *slog.Logger) *Shelf {
	s := &Shelf{list: list, log: log, broken: map[string]bool{}}
	s.mosaic = source{shelf: s, name: Mosaic}
	return s
}

// rescanEvery is how long a new capture waits at most until it is served.
const rescanEvery = 3 * time.Second

// Run looks for changes every few seconds until ctx ends. The pictures stay mapped: answers may be under way until the process ends. It returns ctx's error.
func (s *Shelf) Run(ctx context.Context) error {
	tick := time.NewTicker(rescanEvery)
	defer tick.Stop()
	for {
		if err := s.Scan(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "captures cannot be listed", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Scan brings the shelf up to date once. A picture that cannot be opened is told of once, and tried again each time.
func (s *Shelf) Scan(ctx context.Context) error {
	entries, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.closeRetired()
	s.mu.RLock()
	have := map[string]*book{}
	for _, b := range s.books {
		have[b.Path] = b
	}
	s.mu.RUnlock()
	books := make([]*book, 0, len(entries))
	for _, e := range entries {
		if b := have[e.Path]; b != nil && b.Sum == e.Sum {
			books = append(books, newBook(e, b.cog))
			continue
		}
		c, err := openCOG(e.Path)
		if err != nil {
			if !s.broken[e.Path] {
				s.broken[e.Path] = true
				s.log.WarnContext(ctx, "a capture's picture is not served", "capture", e.ID, "error", err)
			}
			continue
		}
		delete(s.broken, e.Path)
		books = append(books, newBook(e, c))
	}
	slices.SortStableFunc(books, func(a, b *book) int {
		if c := b.CapturedAt.Compare(a.CapturedAt); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	})
	s.swap(books)
	return nil
}

func newBook(e Entry, c *cog) *book {
	b := &book{Entry: e, cog: c}
	b.tag = tagOf([]*book{b})
	b.west, b.north = project(orb.Point{e.Bound.Min[0], e.Bound.Max[1]})
	b.east, b.south = project(orb.Point{e.Bound.Max[0], e.Bound.Min[1]})
	return b
}

// swap publishes the books and retires those whose pictures are no longer among them.
func (s *Shelf) swap(books []*book) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, now := map[*cog]bool{}, time.Now()
	for _, b := range books {
		kept[b.cog] = true
	}
	for _, b := range s.books {
		if !kept[b.cog] {
			s.retired = append(s.retired, retired{b.cog, now})
		}
	}
	s.books = books
}

// closeRetired closes what nobody can be reading any more.
func (s *Shelf) closeRetired() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = slices.DeleteFunc(s.retired, func(r retired) bool {
		if time.Since(r.when) < retireFor {
			return false
		}
		if err := r.cog.close(); err != nil {
			s.log.Warn("a capture's picture cannot be closed", "error", err)
		}
		return true
	})
}

func (s *Shelf) all() []*book {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.books
}

// Source implements [tiles.Group].
func (s *Shelf) Source(name string) (tiles.Source, bool) {
	if name == Mosaic {
		if len(s.all()) == 0 { // an archive of that name may stand in
			return nil, false
		}
		return &s.mosaic, true
	}
	if day, ok := strings.CutPrefix(name, Mosaic+"-"); ok {
		if t, err := time.Parse("20060102", day); err == nil {
			return &source{shelf: s, name: name, until: t.AddDate(0, 0, 1)}, true
		}
	}
	if number, ok := strings.CutPrefix(name, capturePrefix); ok {
		if id, err := strconv.ParseInt(number, 10, 64); err == nil && strconv.FormatInt(id, 10) == number {
			for _, b := range s.all() {
				if b.ID == id {
					return &source{shelf: s, name: name, only: id}, true
				}
			}
		}
	}
	return nil, false
}

// Sources implements [tiles.Group]: the mosaic alone, since captures come by the hundred and are listed with their own words elsewhere.
func (s *Shelf) Sources() []tiles.Source {
	if len(s.all()) == 0 {
		return nil
	}
	return []tiles.Source{&s.mosaic}
}

// source is a view of the shelf: a mosaic, one as of a day, or one capture.
type source struct {
	shelf *Shelf
	name  string
	until time.Time
	only  int64
}

// books are those of the source that a scope may see: all for none.
func (s *source) books(scope *auth.Scope) []*book {
	all := s.shelf.all()
	out := make([]*book, 0, len(all))
	for _, b := range all {
		if s.shows(b, scope) {
			out = append(out, b)
		}
	}
	return out
}

// shows reports whether a capture is one of the source's, and of those that a scope may see.
func (s *source) shows(b *book, scope *auth.Scope) bool {
	return (s.only == 0 || b.ID == s.only) && (s.until.IsZero() || b.CapturedAt.Before(s.until)) && (scope == nil || scope.InArea(b.AreaPath))
}

// Info implements [tiles.Source].
func (s *source) Info() tiles.Info { return s.info(s.books(nil)) }

// InfoFor implements [tiles.Private]: where others have flown is not told.
func (s *source) InfoFor(scope *auth.Scope) (tiles.Info, error) {
	books := s.books(scope)
	if !scope.May(auth.ActionRead) || len(books) == 0 {
		return tiles.Info{}, layers.Errorf(layers.CodeNotFound, "there are no tiles of the name %s", s.name)
	}
	return s.info(books), nil
}

func (s *source) info(books []*book) tiles.Info {
	info := tiles.Info{Name: s.name, Title: layers.Text{ZH: "航拍正射影像", EN: "Orthophotos"}, Format: tiles.FormatWebP, TileSize: tileSize, MinZoom: 24}
	if s.only != 0 && len(books) == 1 {
		info.Title = layers.Text{ZH: books[0].Name, EN: books[0].Name}
	}
	for i, b := range books {
		info.MinZoom = min(info.MinZoom, max(0, int(b.cog.minZoom())-coarser))
		info.MaxZoom = max(info.MaxZoom, int(b.cog.maxZoom()))
		if i == 0 {
			info.Bound = b.Bound
		} else {
			info.Bound = info.Bound.Union(b.Bound)
		}
	}
	if len(books) == 0 {
		info.MinZoom = 0
	}
	return info
}

// Tile implements [tiles.Source]. Where one capture alone has something to show, or the newest covers the whole tile, its bytes are copied as they stand in the file. Else the captures are
// laid upon each other, once.
func (s *source) Tile(ctx context.Context, r tiles.Request) (tiles.Tile, error) {
	if err := r.Check(); err != nil {
		return tiles.Tile{}, err
	}
	if !r.Select.All() {
		return tiles.Tile{}, layers.Invalid("filter", "not_supported", "pictures are not filtered")
	}
	side := 1 / float64(uint64(1)<<r.Coord.Z)
	west, north := float64(r.Coord.X)*side, float64(r.Coord.Y)*side
	var few [4]*book
	over := few[:0]
	for _, b := range s.shelf.all() { // most lie elsewhere: that is asked first
		if b.west < west+side && b.east > west && b.north < north+side && b.south > north && int(r.Coord.Z)+coarser >= int(b.cog.minZoom()) && int(r.Coord.Z) <= int(b.cog.maxZoom())+finer && s.shows(b, r.Scope) {
			over = append(over, b)
		}
	}
	if len(over) == 0 {
		return tiles.Tile{ETag: `"o0"`, Unchanged: r.ETag == `"o0"`}, nil
	}
	tag := over[0].tag
	if len(over) > 1 {
		tag = tagOf(over)
	}
	if r.ETag == tag {
		return tiles.Tile{ETag: tag, Unchanged: true}, nil
	}
	if body, done := copied(over, r.Coord); done {
		return tiles.Tile{Body: body, ETag: tag, Format: tiles.FormatWebP}, nil
	}
	body, format, err := s.shelf.made.get(ctx, tag+fmt.Sprint(r.Coord), func() ([]byte, tiles.Format, error) { return compose(slices.Clone(over), r.Coord) })
	if err != nil {
		return tiles.Tile{}, err
	}
	return tiles.Tile{Body: body, ETag: tag, Format: format}, nil
}

// Tag implements [tiles.Validator].
func (s *source) Tag(_ context.Context, r tiles.Request) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	if !r.Select.All() {
		return "", layers.Invalid("filter", "not_supported", "pictures are not filtered")
	}
	return tagOf(s.books(r.Scope)), nil
}

// tagOf names what some captures show, in their order.
func tagOf(books []*book) string {
	h := fnv.New64a()
	for _, b := range books {
		_, _ = h.Write([]byte(b.Sum))
		_, _ = h.Write([]byte{byte(b.ID), byte(b.ID >> 8), byte(b.ID >> 16), byte(b.ID >> 24)})
	}
	return `"o` + strconv.FormatUint(h.Sum64(), 36) + `"`
}

// copied returns a tile's own bytes where nothing has to be decoded for it: done is false where captures overlap in it, or the zoom is not in the file.
func copied(over []*book, at tiles.Coord) (body []byte, done bool) {
	for _, b := range over {
		if at.Z > b.cog.maxZoom() || at.Z < b.cog.minZoom() {
			return nil, false
		}
		webp := b.cog.raw(at)
		if webp == nil {
			continue
		}
		if body != nil {
			return nil, false
		}
		if body = webp; opaque(webp) {
			break
		}
	}
	return body, true
}

// Offset measures how far a capture lies beside another: see [layers/survey.Offset]. CodeNotFound where one is not served, CodeConflict with "no_overlap".
func (s *Shelf) Offset(base, other int64) (east, north, quality float64, err error) {
	var a, b *book
	for _, k := range s.all() {
		switch k.ID {
		case base:
			a = k
		case other:
			b = k
		}
	}
	if a == nil || b == nil {
		return 0, 0, 0, layers.Errorf(layers.CodeNotFound, "there is no such capture")
	}
	return offset(a.cog, b.cog)
}

var errNoOverlap = &layers.Error{Code: layers.CodeConflict, Reason: "no_overlap", Msg: "the captures show no place that is the same"}

// madeCache keeps tiles that were composed, up to a bound, and makes each once.
type madeCache struct {
	mu    sync.Mutex
	kept  map[string]*madeTile
	order []string
	bytes int
	busy  chan struct{} // one at a time: decoding takes memory
}

type madeTile struct {
	body   []byte
	format tiles.Format
}

const madeBytes = 64 << 20

func (m *madeCache) get(ctx context.Context, key string, make_ func() ([]byte, tiles.Format, error)) ([]byte, tiles.Format, error) {
	m.mu.Lock()
	if m.kept == nil {
		m.kept, m.busy = map[string]*madeTile{}, make(chan struct{}, 2)
	}
	t := m.kept[key]
	m.mu.Unlock()
	if t != nil {
		return t.body, t.format, nil
	}
	select {
	case m.busy <- struct{}{}:
		defer func() { <-m.busy }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	m.mu.Lock()
	t = m.kept[key] // somebody made it while this one waited
	m.mu.Unlock()
	if t != nil {
		return t.body, t.format, nil
	}
	body, format, err := make_()
	if err != nil {
		var known *layers.Error
		if !errors.As(err, &known) {
			err = fmt.Errorf("compose %s: %w", key, err)
		}
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[key] == nil {
		m.kept[key] = &madeTile{body, format}
		m.order = append(m.order, key)
		for m.bytes += len(body) + 200; m.bytes > madeBytes; m.order = m.order[1:] {
			m.bytes -= len(m.kept[m.order[0]].body) + 200
			delete(m.kept, m.order[0])
		}
	}
	return body, format, nil
}
