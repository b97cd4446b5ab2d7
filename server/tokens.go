package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/strictjson"
)

// tokenFresh is how long a token is believed without asking again: how late another node, or `wanglou token revoke`, is heard of.
const tokenFresh = 5 * time.Second

// bearer returns the personal access token that a request carries: as bearer, or as the password of basic authentication, because that is what GIS
// programs can do. The login beside it is not looked at.
func bearer(r *http.Request) string {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return strings.TrimSpace(secret)
	}
	_, password, _ := r.BasicAuth()
	return password
}

// tokenCache is a small memory in front of auth.Tokens.Resolve. The secrets in it are in the memory of every request anyhow. It is
// safe for concurrent use.
type tokenCache struct {
	service auth.Tokens
	now     func() time.Time

	mu      sync.Mutex
	entries map[tokenKey]heldToken
}

// tokenKey is a token by what somebody brought, or by the number in a session that it opened; never by both.
type tokenKey struct {
	secret string
	id     int64
}

type heldToken struct {
	token *auth.Token
	asked time.Time
}

func newTokenCache(service auth.Tokens, now func() time.Time) *tokenCache {
	return &tokenCache{service: service, now: now, entries: map[tokenKey]heldToken{}}
}

func (k *tokenCache) resolve(ctx context.Context, secret string) (*auth.Token, error) {
	return k.get(tokenKey{secret: secret}, func() (*auth.Token, error) { return k.service.Resolve(ctx, secret) })
}

// opened returns the token that opened a session.
func (k *tokenCache) opened(ctx context.Context, id int64) (*auth.Token, error) {
	return k.get(tokenKey{id: id}, func() (*auth.Token, error) { return k.service.Token(ctx, id) })
}

func (k *tokenCache) get(key tokenKey, ask func() (*auth.Token, error)) (*auth.Token, error) {
	now := k.now()
	k.mu.Lock()
	e, held := k.entries[key]
	k.mu.Unlock()
	if held && now.Sub(e.asked) < tokenFresh && now.Before(e.token.ExpiresAt) {
		return e.token, nil
	}
	t, err := ask()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		delete(k.entries, key)
		return nil, err
	}
	if len(k.entries) >= 4096 {
		clear(k.entries)
	}
	k.entries[key] = heldToken{t, now}
	return t, nil
}

// forget makes every token be asked for again.
func (k *tokenCache) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.entries)
}

// byToken returns who sends a request with a token. Wrong ones are counted by address, as wrong passwords are.
func (s *Server) byToken(c echo.Context, secret string) (*auth.User, *auth.Scope, error) {
	if s.tokens == nil {
		return nil, nil, layers.Errorf(layers.CodeUnauthorized, "this server takes no tokens")
	}
	user, scope, err := s.ofToken(c.Request().Context(), secret)
	if layers.ErrorCode(err) == layers.CodeUnauthorized {
		if wait, ok := s.loginsByAddress.take(c.RealIP()); !ok {
			return nil, nil, tooMany(wait)
		}
	}
	return user, scope, err
}

// ofToken returns the user of a token and what it may. CodeUnauthorized: there is no such token, or no more.
func (s *Server) ofToken(ctx context.Context, secret string) (*auth.User, *auth.Scope, error) {
	token, err := s.tokens.resolve(ctx, secret)
	if err != nil {
		return nil, nil, err
	}
	if token.Access == auth.AccessKiosk {
		return nil, nil, &layers.Error{Code: layers.CodeUnauthorized, Reason: "wrong_token", Msg: "a kiosk token opens a wall's session and nothing else"}
	}
	user, scope, err := s.accounts.get(ctx, token.UserID)
	if err != nil {
		return nil, nil, err
	}
	return user, scope.Limit(token.Access), nil
}

// kioskBody is schema Kiosk.
type kioskBody struct {
	Token string `json:"token"`
}

// createKioskSession opens the session of a wall: its kiosk token stands for login and password. Wrong ones are counted by address.
func (s *Server) createKioskSession(c echo.Context) error {
	var in kioskBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	service, err := s.keptTokens()
	if err != nil {
		return err
	}
	if in.Token == "" {
		return layers.Invalid("token", "required", "a token is required")
	}
	remote := c.RealIP()
	if wait, ok := s.loginsByAddress.take(remote); !ok {
		return tooMany(wait)
	}
	ctx := c.Request().Context()
	token, err := service.Resolve(ctx, in.Token)
	if err == nil && token.Access != auth.AccessKiosk {
		err = &layers.Error{Code: layers.CodeUnauthorized, Reason: "wrong_token", Msg: "this token is not a kiosk's"}
	}
	if layers.ErrorCode(err) != layers.CodeUnauthorized {
		s.loginsByAddress.giveBack(remote)
	}
	if err != nil {
		return err
	}
	user, _, err := s.accounts.get(ctx, token.UserID)
	if err != nil {
		return err
	}
	return s.openSession(c, user, token)
}

// kioskToken returns the token that opened a session, and notes that its wall was seen. CodeUnauthorized: it is over.
func (s *Server) kioskToken(ctx context.Context, id int64) (*auth.Token, error) {
	if s.tokens == nil {
		return nil, layers.Errorf(layers.CodeUnauthorized, "this server takes no tokens")
	}
	return s.tokens.opened(ctx, id)
}

// challenge tells programs that they may authenticate. Browsers on the console's own addresses must not open their box for it.
func challenge(c echo.Context) {
	p := c.Request().URL.Path
	if p == "/ogc" || strings.HasPrefix(p, "/ogc/") || strings.HasPrefix(p, "/tiles/") && c.Request().Header.Get("Sec-Fetch-Mode") == "" {
		c.Response().Header().Set("WWW-Authenticate", `Basic realm="Wanglou", charset="UTF-8"`)
	}
}

// tokenBody is schema NewToken.
type tokenBody struct {
	Name      string      `json:"name"`
	Access    auth.Access `json:"access"`
	ExpiresAt *time.Time  `json:"expires_at"`
	Scene     string      `json:"scene"`
}

// madeToken is schema MadeToken: the only time that the secret is told.
type madeToken struct {
	*auth.Token
	Secret string `json:"secret"`
}

// keptTokens returns the service, or CodeNotFound where none are taken.
func (s *Server) keptTokens() (auth.Tokens, error) {
	if s.tokens == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "personal access tokens are not taken here")
	}
	return s.tokens.service, nil
}

func (s *Server) listTokens(c echo.Context) error {
	service, err := s.keptTokens()
	if err != nil {
		return err
	}
	found, err := service.Tokens(c.Request().Context())
	if err != nil {
		return err
	}
	if found == nil {
		found = []*auth.Token{}
	}
	return c.JSON(http.StatusOK, list(found))
}

func (s *Server) createToken(c echo.Context) error {
	service, err := s.keptTokens()
	if err != nil {
		return err
	}
	var in tokenBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	t := &auth.Token{Name: in.Name, Access: in.Access, Scene: in.Scene}
	if in.ExpiresAt != nil {
		t.ExpiresAt = *in.ExpiresAt
	}
	secret, err := service.Create(c.Request().Context(), t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, madeToken{t, secret})
}

func (s *Server) revokeToken(c echo.Context) error {
	service, id, err := storedAt(c, s.keptTokens)
	if err != nil {
		return err
	}
	if err := service.Revoke(c.Request().Context(), id); err != nil {
		return err
	}
	s.tokens.forget()
	return c.NoContent(http.StatusNoContent)
}
