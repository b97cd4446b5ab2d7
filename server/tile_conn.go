package server

import (
	"bytes"
	"context"
	"net"
	"net/http"
)

// laneListener accepts connections that know what all tiles of one client have in common, and send a tile by one call of the kernel.
//
// net/http hands an answer to the connection in pieces of at most 4 kB, headers and body by turns: two calls and two packets for a usual tile, which is
// a third of what the tile costs. A [laneConn] that was told what is to come waits for all of it.
type laneListener struct{ net.Listener }

func (l laneListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &laneConn{TCPConn: tcp}, err
	}
	return c, err
}

// laneConn belongs to the goroutine that answers its requests, one after the other. It passes through whatever nobody announced.
type laneConn struct {
	*net.TCPConn

	body  int         // length of the announced body; 0: nothing is announced
	held  []byte      // of the announced answer, not sent yet
	total int         // length of the whole answer, 0 as long as its headers are not complete
	parts [2][]byte   // held and the piece that completes the answer
	pair  net.Buffers // parts, as the kernel's call eats them

	cookies, session string // the last request's Cookie header and the name under which its session is kept: a client sends the same one with each request
}

type laneKey struct{}

// withLaneConn is an http.Server's ConnContext: requests find their connection.
func withLaneConn(ctx context.Context, c net.Conn) context.Context {
	if g, ok := c.(*laneConn); ok {
		return context.WithValue(ctx, laneKey{}, g)
	}
	return ctx
}

// laneConnOf returns the connection of a request, nil where it is of another kind: encrypted, or a test's.
func laneConnOf(r *http.Request) *laneConn {
	g, _ := r.Context().Value(laneKey{}).(*laneConn)
	return g
}

// announce says that the handler writes a body of n bytes next, with its Content-Length, and nothing before. A handler that does
// not keep its word leaves the client waiting.
func (c *laneConn) announce(n int) {
	if c != nil && n > 0 {
		c.body, c.total, c.held = n, 0, c.held[:0]
	}
}

// Write implements net.Conn. What is announced goes out when it is complete; the last piece of a longer body is not copied.
func (c *laneConn) Write(p []byte) (int, error) {
	switch {
	case c.body == 0:
		return c.TCPConn.Write(p)
	case c.total == 0:
		from := max(0, len(c.held)-len(headerEnd)+1) // the end of the headers may be cut by the end of a piece
		c.held = append(c.held, p...)
		if i := bytes.Index(c.held[from:], headerEnd); i >= 0 {
			c.total = from + i + len(headerEnd) + c.body
		}
		if c.total == 0 || len(c.held) < c.total {
			return len(p), nil
		}
		c.parts[1] = nil
	case len(c.held)+len(p) < c.total:
		c.held = append(c.held, p...)
		return len(p), nil
	default:
		c.parts[1] = p
	}
	c.parts[0], c.body = c.held, 0
	c.pair = c.parts[:]
	_, err := c.pair.WriteTo(c.TCPConn)
	c.parts, c.pair, c.held = [2][]byte{}, nil, c.held[:0]
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// sessionOf returns the name under which the session of a request's cookie is kept, "" without a cookie.
func (c *laneConn) sessionOf(r *http.Request) string {
	lines := r.Header["Cookie"]
	if c != nil && len(lines) == 1 && lines[0] == c.cookies {
		return c.session
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return ""
	}
	stored := storedToken(cookie.Value)
	if c != nil && len(lines) == 1 {
		c.cookies, c.session = lines[0], stored
	}
	return stored
}

var headerEnd = []byte("\r\n\r\n")
