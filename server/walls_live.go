package server

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/wall"
)

// wallRoute is answered by a websocket.
const wallRoute = "/api/walls/:id/live"

const (
	wallRound   = 100 * time.Millisecond // between two looks of one connection
	wallFresh   = 250 * time.Millisecond // for so long a document that was read serves all connections of this node
	wallWrite   = 5 * time.Second
	wallRecheck = 10 * time.Second // whether the viewer still may
	wallBeats   = time.Second      // a screen is not heard more often
	wallPings   = 50               // of a connection, in one round of rights
)

// wallFrame is what the websocket says.
type wallFrame struct {
	Type    string      `json:"type"`              // state or pong
	Now     time.Time   `json:"now"`               // the server's clock
	Sent    float64     `json:"sent,omitempty"`    // of pong: what the ping said
	Version string      `json:"version,omitempty"` // of state: the server's
	Wall    *wall.Wall  `json:"wall,omitempty"`
	Shown   *wall.Shown `json:"shown,omitempty"`
}

// wallWord is what a screen says.
type wallWord struct {
	Type       string  `json:"type"` // ping or beat
	Sent       float64 `json:"sent"`
	FrameAgeMS int     `json:"frame_age_ms"`
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	Version    string  `json:"version"`
}

// wallCopies keeps walls as they were read last: a wall of many screens is read once. The zero value is ready.
type wallCopies struct {
	mu   sync.Mutex
	kept map[int64]wallCopy
}

type wallCopy struct {
	wall *wall.Wall
	at   time.Time
}

func (k *wallCopies) forget(id int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, id)
}

// read returns a wall that is not older than wallFresh. Whether the caller may see it he asks himself.
func (k *wallCopies) read(id int64, now time.Time, ask func() (*wall.Wall, error)) (*wall.Wall, error) {
	k.mu.Lock()
	defer k.mu.Unlock() // the others wait for the one who asks
	if kept, ok := k.kept[id]; ok && now.Sub(kept.at) < wallFresh {
		return kept.wall, nil
	}
	w, err := ask()
	if err != nil {
		return nil, err
	}
	if k.kept == nil {
		k.kept = map[int64]wallCopy{}
	}
	k.kept[id] = wallCopy{w, now}
	return w, nil
}

// showWall tells a screen, or an operator's page, what a wall shows, for as long as he listens.
func (s *Server) showWall(c echo.Context) error {
	if err := identifyError(c); err != nil {
		return err
	}
	service, id, err := storedAt(c, s.keptWalls)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	w, err := service.Wall(ctx, id)
	if err != nil {
		return err
	}
	var row, column int
	if asked := c.QueryParam("screen"); asked != "" {
		if n, err := fmt.Sscanf(asked, "%d,%d", &row, &column); err != nil || n != 2 || !w.Layout.Has(row, column) {
			return layers.Invalid("screen", "out_of_range", "the wall has %d rows and %d columns", w.Layout.Rows, w.Layout.Columns)
		}
	}
	peer, err := s.peerOf(c)
	if err != nil {
		return err
	}
	conn, err := websocket.Accept(c.Response(), c.Request(), &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil //nolint:nilerr // the answer was written
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	conn.SetReadLimit(4 << 10)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		s.hearScreen(ctx, conn, id, row, column)
	}()
	s.tellWall(ctx, conn, service, id, peer.Scope, peer.Check)
	return nil
}

// tellWall writes what a wall shows whenever it is something else.
func (s *Server) tellWall(ctx context.Context, conn *websocket.Conn, service wall.Service, id int64, scope *auth.Scope, check func(context.Context) (*auth.Scope, error)) {
	tick := time.NewTicker(wallRound)
	defer tick.Stop()
	var (
		cases    []wall.Case
		position layers.Position
		last     wallFrame
		checked  = s.now()
	)
	for {
		now := s.now()
		if now.Sub(checked) > wallRecheck {
			checked = now
			next, err := check(ctx)
			if err == nil && (next == nil || !next.May(auth.ActionRead)) {
				_ = conn.Close(websocket.StatusPolicyViolation, "forbidden")
				return
			}
			if err == nil { // while nobody can tell he goes on
				scope = next
			}
		}
		w, err := s.wallCopies.read(id, now, func() (*wall.Wall, error) { return service.Wall(ctx, id) })
		if layers.ErrorCode(err) == layers.CodeNotFound || err == nil && !scope.InArea(w.AreaPath) {
			_ = conn.Close(websocket.StatusPolicyViolation, "not_found")
			return
		}
		if err == nil { // a database that is away leaves the screens as they are
			if p := s.replica.Position(); len(w.Rules) > 0 && p != position {
				position, cases = p, s.openCases(scope)
			}
			shown := w.At(now, cases)
			next := wallFrame{Type: "state", Version: s.version, Wall: w, Shown: &shown}
			if !reflect.DeepEqual(next, last) {
				last = next
				next.Now = now.UTC()
				if writeWall(ctx, conn, next) != nil {
					return
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func writeWall(ctx context.Context, conn *websocket.Conn, f wallFrame) error {
	ctx, cancel := context.WithTimeout(ctx, wallWrite)
	defer cancel()
	return wsjson.Write(ctx, conn, f)
}

// hearScreen answers pings, by which clocks are compared, and notes how a screen does. Whoever says something else is sent away.
func (s *Server) hearScreen(ctx context.Context, conn *websocket.Conn, id int64, row, column int) {
	var beaten, counted time.Time
	pings := 0
	for {
		var word wallWord
		if err := wsjson.Read(ctx, conn, &word); err != nil {
			return
		}
		now := s.now()
		switch {
		case word.Type == "ping":
			if now.Sub(counted) > wallRecheck {
				counted, pings = now, 0
			}
			if pings++; pings > wallPings {
				continue
			}
			if writeWall(ctx, conn, wallFrame{Type: "pong", Now: now.UTC(), Sent: word.Sent}) != nil {
				return
			}
		case word.Type == "beat" && row > 0:
			if now.Sub(beaten) < wallBeats {
				continue
			}
			beaten = now
			b := wall.Screen{Row: row, Column: column, FrameAgeMS: word.FrameAgeMS, Width: word.Width, Height: word.Height, Version: word.Version}
			if b.Validate() != nil {
				_ = conn.Close(websocket.StatusPolicyViolation, "bad_beat")
				return
			}
			if err := s.walls.Beat(ctx, id, b); err != nil {
				s.log.Debug("a screen's sign of life is not kept", "wall", id, "err", err)
			}
		default:
			_ = conn.Close(websocket.StatusPolicyViolation, "bad_word")
			return
		}
	}
}
