package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/labstack/echo/v4"

	"wanglou/layers/auth"
	"wanglou/server/live"
)

// sessionName names a session in memory and logs without giving its token away.
func sessionName(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
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
	actor := auth.ActorFrom(c.Request().Context())
	var peer live.Peer
	if actor.User.ID != 0 {
		cookie, err := c.Cookie(sessionCookie)
		if err != nil {
			return err
		}
		token := cookie.Value
		peer = live.Peer{Session: sessionName(token), UserID: actor.User.ID, Scope: actor.Scope, Check: func(ctx context.Context) (*auth.Scope, error) {
			_, scope, err := s.userOf(ctx, token, true)
			return scope, err
		}}
	}
	if err := p.live.Serve(c.Response(), c.Request(), peer); err != nil {
		s.log.Debug("no websocket", "request_id", requestID(c), "err", err) // the answer was written
	}
	return nil
}
