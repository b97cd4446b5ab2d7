package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/tiles"
)

const (
	// pause is how long an upstream is left alone after it failed: a wall asks for hundreds of tiles, and each would wait for its own timeout.
	pause = 10 * time.Second
	// emptyAge is how long it is believed that an upstream has no tile there.
	emptyAge = time.Hour
)

// Stats counts what became of the tiles that were asked of one source.
type Stats struct {
	Kept, Fetched, Stale, Failed int64
}

// source is one upstream as a [tiles.Source]: the same for everybody who is signed in.
type source struct {
	*upstream
	log    *slog.Logger
	disk   *disk
	fetch  *fetcher
	maxAge time.Duration
	now    func() time.Time
	flight singleflight.Group

	kept, fetched, stale, failed atomic.Int64

	mu     sync.Mutex
	until  time.Time // it is left alone until then
	reason *failure
	told   time.Time
}

func (s *source) Info() tiles.Info { return s.info }

func (s *source) folder(kind string) string { return s.info.Name + "-" + kind + "-" + s.id }

// Tile implements [tiles.Source]. What is kept is given while it is fresh; an older one is asked for anew, and given all the same when the
// upstream is away, with its age. CodeUnavailable when there is nothing to give.
func (s *source) Tile(ctx context.Context, r tiles.Request) (tiles.Tile, error) {
	if err := errors.Join(r.Check(), r.RefuseSelection()); err != nil {
		var e *layers.Error
		errors.As(err, &e)
		return tiles.Tile{}, e
	}
	if z := int(r.Coord.Z); z < s.info.MinZoom || z > s.info.MaxZoom {
		return tiles.Tile{}, nil
	}
	made := func() (*kept, bool, error) { return s.shared(ctx, "raw", r.Coord, s.raw) }
	if s.system == crs.GCJ02 {
		made = func() (*kept, bool, error) { return s.shared(ctx, "out", r.Coord, s.shifted) }
	}
	k, stale, err := made()
	if err != nil {
		s.failed.Add(1)
		return tiles.Tile{}, err
	}
	t := tiles.Tile{ETag: k.ETag, Made: k.Fetched, Stale: stale, Format: k.Format}
	if r.ETag == k.ETag {
		t.Unchanged = true
		return t, nil
	}
	t.Body = k.body
	return t, nil
}

// outcome is what one flight brings to all who wait for it.
type outcome struct {
	tile  *kept
	stale bool
}

// shared makes a tile once for all who want it at a time. Who goes away does not take it from the others.
func (s *source) shared(ctx context.Context, kind string, c tiles.Coord, work func(context.Context, tiles.Coord) (*kept, bool, error)) (*kept, bool, error) {
	key := kind + "/" + strconv.Itoa(int(c.Z)) + "/" + strconv.Itoa(int(c.X)) + "/" + strconv.Itoa(int(c.Y))
	done := s.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
		defer cancel()
		k, stale, err := work(ctx, c)
		return outcome{k, stale}, err
	})
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case r := <-done:
		o := r.Val.(outcome)
		return o.tile, o.stale, r.Err
	}
}

// raw returns a tile as the upstream has it.
func (s *source) raw(ctx context.Context, c tiles.Coord) (*kept, bool, error) {
	name := tileFile(s.folder("raw"), c)
	held := s.disk.get(name)
	if held != nil && s.fresh(held) {
		s.kept.Add(1)
		return held, false, nil
	}
	validator := ""
	if held != nil {
		validator = held.Validator
	}
	a, err := s.ask(ctx, c, validator)
	if err != nil {
		if held != nil {
			s.stale.Add(1)
			return held, true, nil
		}
		return nil, false, err
	}
	s.fetched.Add(1)
	k := &kept{Fetched: s.now(), Format: a.format, Validator: a.validator, ETag: tag(a.body), body: a.body}
	if a.unchanged && held != nil {
		k.Format, k.ETag, k.body = held.Format, held.ETag, held.body
	}
	s.keep(name, k)
	return k, false, nil
}

// shifted returns a tile whose picture lies right in WGS 84, made of the upstream's tiles that its pixels lie in.
func (s *source) shifted(ctx context.Context, c tiles.Coord) (*kept, bool, error) {
	size := s.info.TileSize
	sh := newShift(c, size)
	if sh.most() < unshifted {
		return s.shared(ctx, "raw", c, s.raw)
	}
	name := tileFile(s.folder("out"), c)
	held := s.disk.get(name)
	if held != nil && s.fresh(held) {
		s.kept.Add(1)
		return held, false, nil
	}
	from, to := sh.parts(c.Z)
	var bodies [][]byte
	oldest, stale, format, sum := s.now(), false, s.info.Format, sha256.New()
	any := false
	for y := from.Y; y <= to.Y; y++ {
		for x := from.X; x <= to.X; x++ {
			k, old, err := s.shared(ctx, "raw", tiles.Coord{Z: c.Z, X: x, Y: y}, s.raw)
			if err != nil {
				if held != nil {
					s.stale.Add(1)
					return held, true, nil
				}
				return nil, false, err
			}
			if len(k.body) == 0 {
				bodies = append(bodies, nil)
			} else {
				bodies, format, any = append(bodies, k.body), k.Format, true
			}
			if k.Fetched.Before(oldest) {
				oldest = k.Fetched
			}
			stale = stale || old
			_, _ = sum.Write([]byte(k.ETag))
		}
	}
	k := &kept{Fetched: oldest, ETag: `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`}
	if any {
		img, err := resample(c, size, sh, from, to, bodies)
		if err == nil {
			k.body, k.Format, err = encode(img, format)
		}
		if err != nil {
			return nil, false, s.refusal(&failure{"upstream_broken", "a tile cannot be drawn: " + clip(err.Error())})
		}
	}
	if !stale {
		s.keep(name, k)
	}
	return k, stale, nil
}

func (s *source) fresh(k *kept) bool {
	age := s.now().Sub(k.Fetched)
	if len(k.body) == 0 {
		return age < min(emptyAge, s.maxAge)
	}
	return age < s.maxAge
}

func (s *source) keep(name string, k *kept) {
	if err := s.disk.put(name, k); err != nil {
		s.log.Warn("a tile cannot be kept", "source", s.info.Name, "error", err)
	}
}

// ask asks the upstream, unless it failed a moment ago.
func (s *source) ask(ctx context.Context, c tiles.Coord, validator string) (answer, error) {
	s.mu.Lock()
	reason := s.reason
	if s.now().After(s.until) {
		reason = nil
	}
	s.mu.Unlock()
	if reason != nil {
		return answer{}, s.refusal(reason)
	}
	a, err := s.fetch.get(ctx, s.upstream, c, validator)
	var f *failure
	if errors.As(err, &f) {
		s.mu.Lock()
		if f.reason != "upstream_broken" { // one bad tile says nothing of the others
			s.until, s.reason = s.now().Add(pause), f
		}
		tell := s.now().Sub(s.told) > time.Minute
		if tell {
			s.told = s.now()
		}
		s.mu.Unlock()
		if tell {
			s.log.WarnContext(ctx, "a basemap's server gives no tile", "source", s.info.Name, "tile", c, "reason", f.text)
		}
		return a, s.refusal(f)
	}
	return a, err
}

func (s *source) refusal(f *failure) error {
	return &layers.Error{Code: layers.CodeUnavailable, Reason: f.reason, Params: map[string]string{"name": s.info.Name, "retry_after_s": strconv.Itoa(int(pause.Seconds()))},
		Msg: "the server of " + s.info.Name + " gives no tile: " + f.text}
}

func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}
