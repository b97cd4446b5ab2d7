package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/live"
	"wanglou/server/strictjson"
)

const (
	sessionCookie   = "wanglou_session"
	sessionUser     = "user"  // key of the session's data: the user's id
	sessionToken    = "token" // and of the kiosk token that opened it, where one did
	sessionIdle     = 12 * time.Hour
	sessionLifetime = 7 * 24 * time.Hour
)

// sessionDefaults is made once: every scs.New begins a memory store with a goroutine that nobody wants.
var sessionDefaults = sync.OnceValue(scs.New)

// newSessionManager returns a manager whose table holds SHA-256 of the cookie's token, never the token.
func newSessionManager(store scs.Store) *scs.SessionManager {
	m := *sessionDefaults()
	m.Store = store
	m.Codec = sessionCodec{}
	m.Lifetime = sessionLifetime // the store sees to the idle time, by the server's own clock
	m.HashTokenInStore = true
	return &m
}

// keyIdentifyError holds why it could not be said who sends the request: the database is away and nobody remembers.
const keyIdentifyError = "identify_error"

func identifyError(c echo.Context) error {
	err, _ := c.Get(keyIdentifyError).(error)
	return err
}

// identify finds out who sends a request and puts the actor into its context. A request without a good session goes on as
// nobody; so does one whose session cannot be read now, with the error for routes that want somebody.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		actor := &auth.Actor{User: &auth.User{}, Scope: &auth.Scope{}, RequestID: requestID(c), Remote: c.RealIP()}
		ctx := c.Request().Context()
		if secret := bearer(c.Request()); secret != "" {
			user, scope, err := s.byToken(c, secret)
			if err != nil {
				c.Set(keyIdentifyError, err)
			} else {
				actor.User, actor.Scope = user, scope
			}
		} else if cookie, err := c.Cookie(sessionCookie); err == nil && cookie.Value != "" {
			user, scope, err := s.userOf(ctx, cookie.Value, true)
			if err != nil {
				c.Set(keyIdentifyError, err)
			} else if user != nil {
				actor.User, actor.Scope = user, scope
			}
		}
		c.SetRequest(c.Request().WithContext(auth.WithActor(ctx, actor)))
		return next(c)
	}
}

// userOf returns the user of a session token, nil when the session is over or its user is gone or disabled. The user is read
// again for each call (see accounts), so changed rights hold from the next request on. touch moves the idle clock.
func (s *Server) userOf(ctx context.Context, token string, touch bool) (*auth.User, *auth.Scope, error) {
	if a, ok := s.remembered(storedToken(token)); ok {
		return a.user, a.scope, nil
	}
	sctx, err := s.sessions.Load(ctx, token)
	if err != nil {
		return nil, nil, unavailable(err)
	}
	id := s.sessions.GetInt64(sctx, sessionUser)
	if id == 0 || !s.now().Before(s.sessions.Deadline(sctx)) {
		return nil, nil, nil
	}
	user, scope, err := s.accounts.get(ctx, id)
	switch {
	case layers.ErrorCode(err) == layers.CodeNotFound:
		return nil, nil, s.endSession(sctx)
	case err != nil:
		return nil, nil, err
	case user.Disabled:
		return nil, nil, s.endSession(sctx)
	}
	if id := s.sessions.GetInt64(sctx, sessionToken); id != 0 {
		token, err := s.kioskToken(ctx, id)
		if layers.ErrorCode(err) == layers.CodeUnauthorized {
			return nil, nil, s.endSession(sctx)
		}
		if err != nil {
			return nil, nil, err
		}
		scope = scope.Limit(token.Access)
		scope.Scene = token.Scene
	}
	if touch { // before the handler, so that a log-out of the same moment is not undone
		if _, _, err := s.sessions.Commit(sctx); err != nil {
			return nil, nil, unavailable(err)
		}
	}
	return user, scope, nil
}

// remembered is userOf for a session and a user that were asked for lately and are both good.
func (s *Server) remembered(stored string) (account, bool) {
	id, deadline, ok := s.memory.remembered(stored)
	if !ok || !s.now().Before(deadline) {
		return account{}, false
	}
	a, ok := s.accounts.remembered(id)
	return a, ok && !a.user.Disabled
}

func (s *Server) endSession(sctx context.Context) error {
	if err := s.sessions.Destroy(sctx); err != nil {
		return unavailable(err)
	}
	return nil
}

// unavailable marks an error of the session table, which is always the database's.
func unavailable(err error) error {
	var e *layers.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &layers.Error{Code: layers.CodeUnavailable, Msg: "the sessions cannot be read now", Err: err}
}

// sessionBody is schema Session.
type sessionBody struct {
	User    *auth.User    `json:"user"`
	Actions []auth.Action `json:"actions"`
	Version string        `json:"version"`
	Titles  []roleTitle   `json:"titles,omitempty"` // of the user's roles, where the county gave them
	Scene   string        `json:"scene,omitempty"`  // that a kiosk token opens
}

type roleTitle struct {
	Role  auth.Role   `json:"role"`
	Title layers.Text `json:"title"`
}

func (s *Server) sessionBody(u *auth.User, scope *auth.Scope) sessionBody {
	b := sessionBody{User: bodyOfUser(u), Actions: []auth.Action{}, Version: s.version, Scene: scope.Scene}
	b.Actions = append(b.Actions, scope.Actions...)
	for _, r := range u.Roles {
		if title, ok := u.Titles[r]; ok {
			b.Titles = append(b.Titles, roleTitle{r, title})
		}
	}
	return b
}

func (s *Server) getSession(c echo.Context) error {
	a := auth.ActorFrom(c.Request().Context())
	return c.JSON(http.StatusOK, s.sessionBody(a.User, a.Scope))
}

type loginBody struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

func (s *Server) createSession(c echo.Context) error {
	var in loginBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	user, err := s.verify(c, &in, "session")
	if err != nil {
		return err
	}
	return s.openSession(c, user, nil)
}

// verify returns whose login and password these are. Tries are counted by address and by login, whatever they are for; the audit log has the wrong ones with the subject.
func (s *Server) verify(c echo.Context, in *loginBody, subject string) (*auth.User, error) {
	in.Login = auth.FoldLogin(in.Login)
	switch {
	case in.Login == "":
		return nil, layers.Invalid("login", "required", "a login is required")
	case in.Password == "":
		return nil, layers.Invalid("password", "required", "a password is required")
	case len(in.Login) > 64:
		return nil, layers.Invalid("login", "too_long", "a login has at most 64 characters")
	case len(in.Password) > 200:
		return nil, layers.Invalid("password", "too_long", "a password has at most 200 bytes")
	}
	ctx, remote := c.Request().Context(), c.RealIP()
	for _, l := range []struct {
		limit *limiter
		key   string
	}{{s.loginsByAddress, remote}, {s.loginsByLogin, in.Login}} {
		if wait, ok := l.limit.take(l.key); !ok {
			s.metrics.logins.WithLabelValues("limited").Inc()
			return nil, tooMany(wait)
		}
	}
	user, err := s.users.Authenticate(ctx, in.Login, in.Password)
	if err != nil {
		if layers.ErrorCode(err) == layers.CodeUnauthorized {
			s.metrics.logins.WithLabelValues("refused").Inc()
			s.audit(c, auth.AuditEntry{Login: in.Login, Action: "session.refuse", Subject: subject})
		} else {
			s.loginsByAddress.giveBack(remote)
			s.loginsByLogin.giveBack(in.Login)
		}
		return nil, err
	}
	s.loginsByAddress.giveBack(remote) // a whole office may log in from behind one address
	s.loginsByLogin.giveBack(in.Login)
	return user, nil
}

// openSession gives the user a new session under a new token and ends the one the browser had. One that a kiosk token opens is limited to what that
// may, and ends with it.
func (s *Server) openSession(c echo.Context, user *auth.User, kiosk *auth.Token) error {
	ctx := c.Request().Context()
	var old string
	if cookie, err := c.Cookie(sessionCookie); err == nil {
		old = cookie.Value
	}
	sctx, err := s.sessions.Load(ctx, old)
	if err != nil {
		return unavailable(err)
	}
	if err := s.sessions.RenewToken(sctx); err != nil {
		return unavailable(err)
	}
	s.sessions.Put(sctx, sessionUser, user.ID)
	s.sessions.Remove(sctx, sessionToken) // of a wall that this browser was before
	scope, ends, subject := user.Scope(), s.now().Add(sessionLifetime), "session"
	if kiosk != nil {
		s.sessions.Put(sctx, sessionToken, kiosk.ID)
		scope, ends, subject = scope.Limit(kiosk.Access), kiosk.ExpiresAt, "token/"+strconv.FormatInt(kiosk.ID, 10)
		scope.Scene = kiosk.Scene
	}
	s.sessions.SetDeadline(sctx, ends.UTC())
	token, _, err := s.sessions.Commit(sctx)
	if err != nil {
		return unavailable(err)
	}
	s.accounts.forget(user.ID)
	c.SetCookie(s.cookie(token, int(ends.Sub(s.now())/time.Second)))
	s.metrics.logins.WithLabelValues("granted").Inc()
	s.audit(c, auth.AuditEntry{UserID: user.ID, Login: user.Login, Action: "session.create", Subject: subject})
	body := s.sessionBody(user, scope)
	return c.JSON(http.StatusOK, body)
}

func (s *Server) deleteSession(c echo.Context) error {
	ctx := c.Request().Context()
	cookie, err := c.Cookie(sessionCookie)
	if err != nil {
		return layers.Errorf(layers.CodeUnauthorized, "there is no session")
	}
	sctx, err := s.sessions.Load(ctx, cookie.Value)
	if err != nil {
		return unavailable(err)
	}
	if err := s.endSession(sctx); err != nil {
		return err
	}
	s.live.CloseSession(sessionName(cookie.Value))
	s.replays.each(func(h *live.Hub) { h.CloseSession(sessionName(cookie.Value)) })
	c.SetCookie(s.cookie("", -1))
	a := auth.ActorFrom(ctx)
	s.audit(c, auth.AuditEntry{UserID: a.User.ID, Login: a.User.Login, Action: "session.delete", Subject: "session"})
	return c.NoContent(http.StatusNoContent)
}

// cookie returns the session cookie. How long a session lives is decided by the table; the age here only lets a wall's
// browser be started again.
func (s *Server) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.https, SameSite: http.SameSiteStrictMode}
}

// audit appends an entry that is no part of a change of domain data. What it tells of has happened, so an audit that
// cannot be written does not undo it; the log then tells both.
func (s *Server) audit(c echo.Context, e auth.AuditEntry) {
	e.Time, e.RequestID, e.Remote = s.now().UTC(), requestID(c), c.RealIP()
	if err := s.users.Audit(context.WithoutCancel(c.Request().Context()), e); err != nil {
		s.log.Error("the audit log refused an entry", "request_id", e.RequestID, "action", e.Action, "subject", e.Subject,
			slog.Int64("user_id", e.UserID), "err", err)
	}
}

func tooMany(wait time.Duration) error { return tooOften("login", wait) }

// tooOften is the answer to who has to wait for so long before the next try.
func tooOften(reason string, wait time.Duration) error {
	seconds := int((wait + time.Second - 1) / time.Second)
	return &layers.Error{Code: layers.CodeRateLimited, Reason: reason, Msg: "too many tries; wait before the next",
		Params: map[string]string{paramRetryAfter: strconv.Itoa(seconds)}}
}
