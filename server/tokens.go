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

// tokenCache is a small memory in front of auth.Tokens.Resolve. It holds tokens by their secrets, which are in the memory of every request anyhow. It is
// safe for concurrent use.
type tokenCache struct {
	service auth.Tokens
	now     func() time.Time

	mu      sync.Mutex
	entries map[string]heldToken
}

type heldToken struct {
	token *auth.Token
	asked time.Time
}

func newTokenCache(service auth.Tokens, now func() time.Time) *tokenCache {
	return &tokenCache{service: service, now: now, entries: map[string]heldToken{}}
}

func (k *tokenCache) resolve(ctx context.Context, secret string) (*auth.Token, error) {
	now := k.now()
	k.mu.Lock()
	e, held := k.entries[secret]
	k.mu.Unlock()
	if held && now.Sub(e.asked) < tokenFresh && now.Before(e.token.ExpiresAt) {
		return e.token, nil
	}
	t, err := k.service.Resolve(ctx, secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		delete(k.entries, secret)
		return nil, err
	}
	if len(k.entries) >= 4096 {
		clear(k.entries)
	}
	k.entries[secret] = heldToken{t, now}
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
	ctx := c.Request().Context()
	token, err := s.tokens.resolve(ctx, secret)
	if err != nil {
		if layers.ErrorCode(err) == layers.CodeUnauthorized {
			if wait, ok := s.loginsByAddress.take(c.RealIP()); !ok {
				return nil, nil, tooMany(wait)
			}
		}
		return nil, nil, err
	}
	user, scope, err := s.accounts.get(ctx, token.UserID)
	if err != nil {
		return nil, nil, err
	}
	return user, scope.Limit(token.Access), nil
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
	if err := decodeJSON(c, &in); err != nil {
		return err
	}
	t := &auth.Token{Name: in.Name, Access: in.Access}
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
	id, err := pathID(c)
	if err != nil {
		return err
	}
	service, err := s.keptTokens()
	if err != nil {
		return err
	}
	if err := service.Revoke(c.Request().Context(), id); err != nil {
		return err
	}
	s.tokens.forget()
	return c.NoContent(http.StatusNoContent)
}
