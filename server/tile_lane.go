package server

import (
	"cmp"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers/auth"
	"wanglou/tiles"
)

// tileRoute is the template of the route that the lane stands in for, as metrics name it.
const tileRoute = "/tiles/:source/:z/:x/:y"

// tileLane answers the most frequent request of all by the shortest way: a tile of the present, of a followed layer, for somebody whose session is
// remembered. The routes give the same answer with more ceremony (routing, contexts with a deadline, a log line), which costs more than the tile. What is not plain
// goes there: no good session, a source that may have to wait for SQL or files, a query, an error, a log that wants every request. A test holds the
// two ways against each other, header by header; only the request's id is left away, since no log line would bear it.
func (s *Server) tileLane(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		name, coord, ok := laneTile(r)
		if !ok || s.log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		conn := laneConnOf(r)
		session := conn.sessionOf(r)
		if session == "" {
			next.ServeHTTP(w, r)
			return
		}
		who, ok := s.remembered(session)
		if !ok || !who.scope.May(auth.ActionRead) {
			next.ServeHTTP(w, r)
			return
		}
		src, err := s.tiles.Source(name)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		if _, quick := src.(tiles.Quick); !quick && s.replica.Layer(name) == nil {
			next.ServeHTTP(w, r)
			return
		}
		held := r.Header.Get("If-None-Match")
		t, err := s.layerTile(r, src, who.scope, coord, held)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		maps.Copy(h, s.fixed)
		status := s.headTile(h, name, held, cmp.Or(t.Format, tiles.FormatMVT), &t)
		if status == http.StatusOK {
			conn.announce(len(t.Body))
		}
		w.WriteHeader(status)
		if status == http.StatusOK {
			_, _ = w.Write(t.Body) // the client went away: nobody is left to be told
		}
		s.metrics.request(http.MethodGet, tileRoute, status, time.Since(start))
	})
}

// layerTile asks a source for a tile. A panic becomes an error, upon which the routes try again and tell.
func (s *Server) layerTile(r *http.Request, src tiles.Source, scope *auth.Scope, coord tiles.Coord, held string) (t tiles.Tile, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.metrics.panics.Inc()
			s.log.Error("panic", "value", v, "stack", string(debug.Stack()))
			err = errors.New("the source panicked")
		}
	}()
	return src.Tile(r.Context(), tiles.Request{Scope: scope, Coord: coord, ETag: contentTag(held), Accept: tiles.ParseAccept(r.Header.Get(echo.HeaderAcceptEncoding))})
}

// laneTile reads source and coordinate out of a plain address: /tiles/{source}/{z}/{x}/{y} without escapes and query.
func laneTile(r *http.Request) (name string, c tiles.Coord, ok bool) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/tiles/")
	if !ok || r.Method != http.MethodGet || r.URL.RawPath != "" || r.URL.RawQuery != "" {
		return "", c, false
	}
	name, rest, _ = strings.Cut(rest, "/")
	var n [3]uint64
	for i := range n {
		part, after, more := strings.Cut(rest, "/")
		v, err := strconv.ParseUint(part, 10, 32)
		if err != nil || more != (i < 2) {
			return "", c, false
		}
		n[i], rest = v, after
	}
	c = tiles.Coord{Z: uint8(min(n[0], 255)), X: uint32(n[1]), Y: uint32(n[2])}
	return name, c, c.Valid()
}
