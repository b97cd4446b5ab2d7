package server

import (
	"net/http"
	"net/http/httptest"
)

// NewTestServer serves a handler on connections as [Server.Run] accepts them.
func NewTestServer(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Listener = laneListener{s.Listener}
	s.Config.ConnContext = withLaneConn
	s.Start()
	return s
}

// AnnounceBody is what the tile lane does before it writes a body.
func AnnounceBody(r *http.Request, n int) bool {
	c := laneConnOf(r)
	c.announce(n)
	return c != nil
}

// RouteNames returns "METHOD path" of every route, as the table has them.
func RouteNames() []string {
	out := make([]string, len(routes))
	for i, r := range routes {
		out[i] = r.method + " " + r.path
	}
	return out
}
