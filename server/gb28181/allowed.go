package gb28181

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// allowedPackets passes over what comes from elsewhere than where devices stand, before anything is remembered of it.
type allowedPackets struct {
	net.PacketConn
	s *Server
}

// ReadFrom implements net.PacketConn.
func (c *allowedPackets) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(p)
		if err != nil || c.s.allows(from) {
			return n, from, err
		}
	}
}

// allowedConns closes connections from elsewhere, and those that are too many.
type allowedConns struct {
	net.Listener
	s    *Server
	open atomic.Int64
}

// Accept implements net.Listener.
func (l *allowedConns) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.s.allows(c.RemoteAddr()) && l.open.Add(1) <= maxConns {
			return &counted{Conn: c, open: &l.open}, nil
		}
		_ = c.Close()
	}
}

type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

func (s *Server) allows(from net.Addr) bool {
	at, err := netip.ParseAddrPort(from.String())
	if err != nil || !s.o.Networks.Allows(at.Addr().Unmap()) {
		s.refused.Add(1)
		return false
	}
	return true
}
