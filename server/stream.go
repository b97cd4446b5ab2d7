package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/live"
)

// sessionName names a session in memory and logs without giving its token away.
func sessionName(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}

// sessionNameOf is [sessionName] of a session by its name in the table, which is another form of the same hash.
func sessionNameOf(stored string) string {
	sum, err := base64.RawURLEncoding.DecodeString(stored)
	if err != nil || len(sum) < 8 {
		return ""
	}
	return hex.EncodeToString(sum[:8])
}

// RightsChanged tells the server that somebody may do something else now, whoever changed it: what is kept in memory is asked for anew, and open
// connections whose rights are others end. See postgis.WatchRights.
func (s *Server) RightsChanged(c auth.RightsChange) {
	which := func(int64, string) bool { return true }
	switch {
	case c.UserID != 0:
		s.accounts.forget(c.UserID)
		which = func(id int64, _ string) bool { return id == c.UserID }
	case c.Session != "":
		s.memory.forget(c.Session)
		name := sessionNameOf(c.Session)
		which = func(_ int64, session string) bool { return session == name }
	default:
		s.accounts.forgetAll()
		s.memory.forgetAll()
	}
	if s.tokens != nil && c.Session == "" {
		s.tokens.forget()
	}
	s.live.Recheck(which)
	s.replays.each(func(h *live.Hub) { h.Recheck(which) })
}

// peerOf returns who stands at the other end of a long connection, by session or by token, and how it is found out whether he still may.
func (s *Server) peerOf(c echo.Context) (live.Peer, error) {
	actor := auth.ActorFrom(c.Request().Context())
	if actor.User.ID == 0 {
		return live.Peer{}, nil
	}
	peer := live.Peer{UserID: actor.User.ID, Scope: actor.Scope}
	if secret := bearer(c.Request()); secret != "" {
		peer.Session = sessionName(secret)
		peer.Check = func(ctx context.Context) (*auth.Scope, error) {
			_, scope, err := s.ofToken(ctx, secret)
			if code := layers.ErrorCode(err); code == layers.CodeUnauthorized || code == layers.CodeNotFound {
				return nil, nil
			}
			return scope, err
		}
		return peer, nil
	}
	cookie, err := c.Cookie(sessionCookie)
	if err != nil {
		return live.Peer{}, err
	}
	peer.Session = sessionName(cookie.Value)
	peer.Check = func(ctx context.Context) (*auth.Scope, error) {
		_, scope, err := s.userOf(ctx, cookie.Value, true)
		return scope, err
	}
	return peer, nil
}

// getLive turns the request into a live session. An open websocket counts as use of the session.
func (s *Server) getLive(c echo.Context) error {
	if err := identifyError(c); err != nil {
		return err
	}
	p, err := s.picture(c)
	if err != nil {
		return live.Refuse(c.Response(), c.Request(), live.CloseNoReplay, "there is no such replay")
	}
	peer, err := s.peerOf(c)
	if err != nil {
		return err
	}
	if err := p.live.Serve(c.Response(), c.Request(), peer); err != nil {
		s.log.Debug("no websocket", "request_id", requestID(c), "err", err) // the answer was written
	}
	return nil
}

// getEvents streams what one layer's subscription on the websocket would get, as Server-Sent Events.
func (s *Server) getEvents(c echo.Context) error {
	p, err := s.picture(c)
	if err != nil {
		return err
	}
	q := newQuery(c)
	want := live.Query{Layer: c.Param("layer"), Geometry: q.flag("geometry"), Filter: strings.TrimSpace(q.text("filter")), Token: q.text("token")}
	if columns := q.text("columns"); columns != "" {
		want.Columns = strings.Split(columns, ",")
	}
	if box := q.text("bbox"); box != "" {
		n, ok := parseNumbers(box, 4)
		if !ok {
			return layers.Invalid("bbox", "wrong_type", "%q is not west,south,east,north", box)
		}
		want.BBox = n // west above east crosses the antimeridian
	}
	if q.text("zoom") != "" {
		zoom := q.number("zoom", 0, 30, 0)
		want.Zoom = &zoom
	}
	_ = q.text(paramReplay)
	if err := q.err(); err != nil {
		return err
	}
	if last := c.Request().Header.Get("Last-Event-ID"); last != "" {
		want.Token = last
	}
	peer, err := s.peerOf(c)
	if err != nil {
		return err
	}
	return p.live.Stream(c.Response(), c.Request(), peer, want)
}
