package hls

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"time"

	"wanglou/server/video"
)

// Patience is how long is waited for what is told of and not there yet.
const Patience = 6 * time.Second

// Why there is no piece.
var (
	ErrNone = errors.New("there is no such piece")
	ErrLate = errors.New("the piece did not come in time")
)

// Shelf holds the pieces of all cameras that are played by HLS. It is safe for concurrent use.
type Shelf struct {
	mu   sync.Mutex
	rows map[video.Pull]*row
}

// row is one camera's picture, for as long as somebody has a seat before it.
type row struct {
	pull   video.Pull
	seats  int
	cancel context.CancelFunc

	mu      sync.Mutex
	film    *film
	broken  error         // nil while it plays
	changed chan struct{} // closed at the next change
}

// New returns an empty shelf.
func New() *Shelf { return &Shelf{rows: map[video.Pull]*row{}} }

// Counts returns how many cameras have pieces, and how many bytes those are.
func (s *Shelf) Counts() (cameras, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		r.mu.Lock()
		bytes += r.film.kept
		r.mu.Unlock()
	}
	return len(s.rows), bytes
}

// Seat is one who fetches pieces.
type Seat struct {
	shelf *Shelf
	row   *row
	once  sync.Once
}

// Sit takes a seat before a camera; join brings its pictures where nobody sits there yet. The seat is closed by its owner.
func (s *Shelf) Sit(pull video.Pull, join func() (*video.Viewer, error)) (*Seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[pull]
	if r == nil {
		viewer, err := join()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		r = &row{pull: pull, cancel: cancel, film: newFilm(), changed: make(chan struct{})}
		s.rows[pull] = r
		go r.play(ctx, viewer)
	}
	r.seats++
	return &Seat{shelf: s, row: r}, nil
}

// Close gives the seat up. With the last one all pieces go.
func (s *Seat) Close() {
	s.once.Do(func() {
		s.shelf.mu.Lock()
		defer s.shelf.mu.Unlock()
		if s.row.seats--; s.row.seats == 0 {
			delete(s.shelf.rows, s.row.pull)
			s.row.cancel()
		}
	})
}

// play cuts what comes until nobody sits here any more.
func (r *row) play(ctx context.Context, viewer *video.Viewer) {
	defer viewer.Close()
	for {
		f, broken, err := viewer.Next(ctx)
		r.mu.Lock()
		switch {
		case err != nil:
			r.broken = err
		case f == nil:
			r.broken = broken
			r.film.cut()
		default:
			if bad := r.film.add(f); f.Key || bad != nil { // what is told of a key picture holds up to the next one
				r.broken = bad
			}
		}
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait returns with the row locked, as soon as is; while the camera is broken, with that error.
func (r *row) wait(ctx context.Context, is func() bool) error {
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	for {
		r.mu.Lock()
		if is() {
			return nil
		}
		changed, broken := r.changed, r.broken
		r.mu.Unlock()
		if broken != nil {
			return broken
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return ErrLate
		case <-changed:
		}
	}
}

// List returns the playlist: at once, or, of a segment that is not below 0, as soon as that part of it is there.
func (s *Seat) List(ctx context.Context, segment, part int) ([]byte, error) {
	r := s.row
	far := false
	err := r.wait(ctx, func() bool {
		f := r.film
		far = segment > f.next+1
		return far || len(f.segments) > 0 && len(f.segments[0].parts) > 0 && r.broken == nil && (segment < 0 || f.has(segment, part))
	})
	if err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if far {
		return nil, ErrNone
	}
	return r.film.list(), nil
}

var piece = regexp.MustCompile(`^(?:head-(\d{1,9})\.mp4|(\d{1,9})(?:\.(\d{1,4}))?\.m4s)$`)

// Piece returns a head, a segment or a part by its name, and how many pictures are in it. What it returns is not changed.
func (s *Seat) Piece(ctx context.Context, name string) (data [][]byte, pictures int, err error) {
	m := piece.FindStringSubmatch(name)
	if m == nil {
		return nil, 0, ErrNone
	}
	r := s.row
	number := func(i int) int {
		if m[i] == "" {
			return -1
		}
		n, _ := strconv.Atoi(m[i]) // digits, few
		return n
	}
	if m[1] != "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, h := range r.film.heads {
			if h.number == number(1) {
				return [][]byte{h.data}, 0, nil
			}
		}
		return nil, 0, ErrNone
	}
	of, at := number(2), number(3)
	if err := r.wait(ctx, func() bool { return of > r.film.next || r.film.has(of, at) }); err != nil {
		return nil, 0, err
	}
	defer r.mu.Unlock()
	found := r.film.find(of)
	if found == nil || at >= len(found.parts) {
		return nil, 0, ErrNone
	}
	parts := found.parts
	if at >= 0 {
		parts = parts[at : at+1]
	}
	for _, p := range parts {
		data = append(data, p.data)
		pictures += p.pictures
	}
	return data, pictures, nil
}
