package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// requestTime is how long a request may take from its first byte to its answer, the live stream apart.
const requestTime = 30 * time.Second

const headerRequestID = echo.HeaderXRequestID

// requestID names the request in answers and logs. It is always our own: a stranger's could be anything.
func requestID(c echo.Context) string { return c.Response().Header().Get(headerRequestID) }

// newRequestID returns a name that no other request has had.
func newRequestID() string {
	return strings.ToLower(rand.Text()[:16])
}

// answerHead lets GET handlers answer HEAD; net/http leaves the body away.
func answerHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// observe gives the request its id, and tells log and metrics how it went. Query strings stay out of the log.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(headerRequestID, newRequestID())
		start := time.Now()
		s.metrics.underWay.Inc()
		err := next(c)
		if err != nil {
			c.Error(err) // answers now, so that the status is known
		}
		s.metrics.underWay.Dec()
		took, status := time.Since(start), c.Response().Status
		s.metrics.request(c.Request().Method, c.Path(), status, took)
		level := slog.LevelDebug
		if strings.HasPrefix(c.Path(), "/api/") && c.Path() != hlsPieces || c.Path() == "/live" || status >= http.StatusInternalServerError {
			level = slog.LevelInfo
		}
		s.log.LogAttrs(c.Request().Context(), level, "request", slog.String("request_id", requestID(c)),
			slog.String("method", c.Request().Method), slog.String("path", c.Request().URL.Path), slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size), slog.Duration("took", took), slog.String("remote", c.RealIP()),
			slog.Int64("user_id", auth.ActorFrom(c.Request().Context()).User.ID))
		return nil
	}
}

// recoverPanic turns a panic into an internal error.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch v := recover(); {
			case v == nil:
			case errorIs(v, http.ErrAbortHandler):
				panic(v) // net/http's own way to cut a connection
			default:
				s.metrics.panics.Inc()
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
		}()
		return next(c)
	}
}

func errorIs(v any, target error) bool {
	err, ok := v.(error)
	return ok && errors.Is(err, target)
}

// contentPolicy lets the console load its own files and nothing else. Nothing inline, no other host, no blob but of video, which HLS is put together of: the map's
// worker is a file, and its pictures are made by createImageBitmap. data: is for the small SVGs in the map's style sheet.
const contentPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

// documentHeaders rule what a page may do. They stand in every answer but tiles, which no browser takes for a page.
var documentHeaders = map[string][]string{
	"Content-Security-Policy":    {contentPolicy},
	"X-Frame-Options":            {"DENY"},
	"Referrer-Policy":            {"no-referrer"},
	"Cross-Origin-Opener-Policy": {"same-origin"},
	"Permissions-Policy":         {"geolocation=(self), fullscreen=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), bluetooth=(), midi=()"},
}

// fixedHeaders stand in every answer. Their values are shared by all answers: who adds a value makes a slice of his own.
func fixedHeaders(https bool) map[string][]string {
	h := map[string][]string{"X-Content-Type-Options": {"nosniff"}, "Cross-Origin-Resource-Policy": {"same-origin"}}
	if https {
		h["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
	return h
}

func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		maps.Copy(h, s.fixed)
		maps.Copy(h, documentHeaders)
		if strings.HasPrefix(c.Request().URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// refuseCrossOrigin refuses changes asked for by pages of other sites. The session cookie is SameSite=Strict besides.
func (s *Server) refuseCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origins.Check(c.Request()); err != nil {
			return &layers.Error{Code: layers.CodeForbidden, Reason: "cross_origin", Msg: "requests of other sites are refused", Err: err}
		}
		return next(c)
	}
}

// limitTime ends the context of requests that take too long.
func (s *Server) limitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "/live" || c.Path() == eventsRoute || c.Path() == watchRoute || c.Path() == wallRoute || c.Path() == plotFilesRoute || strings.HasPrefix(c.Path(), uploadsRoute) || strings.HasPrefix(c.Path(), "/debug/") {
			return next(c)
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestTime)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// compress gzips text. Tiles come compressed, metrics and the live stream see to it themselves.
func compress() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{Level: 5, MinLength: 1024, Skipper: func(c echo.Context) bool {
		p := c.Request().URL.Path
		return strings.HasPrefix(p, "/archives/") || strings.HasPrefix(p, "/tilesets/") || strings.HasPrefix(p, "/tiles/") && !strings.HasSuffix(p, ".json") || p == "/live" || (strings.HasPrefix(p, "/api/cameras/") || strings.HasPrefix(p, "/api/walls/")) && strings.HasSuffix(p, "/live") || strings.HasPrefix(p, "/api/events/") || p == "/metrics" || strings.HasPrefix(p, "/debug/") ||
			strings.HasPrefix(p, "/api/attachments/") || isCompressed(p) || c.Request().Header.Get("Range") != ""
	}})
}

// addresses returns how the client's address is found: that of the connection, or what trusted proxies say.
func addresses(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// fromHere reports whether the request was made on this machine. One that a proxy on this machine passed on was not.
func fromHere(c echo.Context) bool {
	h := c.Request().Header
	if h.Get("X-Forwarded-For") != "" || h.Get("Forwarded") != "" || h.Get("X-Real-Ip") != "" || h.Get("Via") != "" {
		return false
	}
	a, err := netip.ParseAddrPort(c.Request().RemoteAddr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}
