package gb28181

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"wanglou/server/mpegps"
	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

// Ports are those that pictures come to, the last one included. Zero values leave the choice to the system.
type Ports struct{ First, Last int }

// media is where one device sends its picture to.
type media struct {
	s       *Server
	packets *net.UDPConn
	l       *net.TCPListener // of the device's own connection; nil over UDP
	silence time.Duration

	mu     sync.Mutex
	conn   net.Conn // over TCP, once it is there
	closed bool

	// What is believed; set before the first packet is read.
	hosts []netip.Addr
	ssrc  uint32

	r     mpegps.Receiver
	in    *bufio.Reader // of conn
	buf   []byte
	alive time.Time // a packet of the device came
	got   bool      // any
	other bool      // one of another number than it told
}

var errNoPort = errors.New("all ports for pictures are taken")

// listenMedia takes the next free port, an even one, as RTP has it.
func (s *Server) listenMedia() (*media, error) {
	m := &media{s: s, silence: s.o.Silence, buf: make([]byte, 64<<10)}
	p := s.o.MediaPorts
	if p.First == 0 {
		return m, m.listen(0)
	}
	first := p.First + p.First%2
	n := (p.Last-first)/2 + 1
	for range max(n, 0) {
		port := first + 2*int(s.port.Add(1)%int64(n))
		if err := m.listen(port); err == nil {
			return m, nil
		}
	}
	return nil, errNoPort
}

func (m *media) listen(port int) (err error) {
	if m.s.o.MediaTCP {
		m.r.Ordered = true
		m.l, err = net.ListenTCP("tcp", &net.TCPAddr{Port: port})
		return err
	}
	if m.packets, err = net.ListenUDP("udp", &net.UDPAddr{Port: port}); err == nil {
		_ = m.packets.SetReadBuffer(2 << 20) // a key picture comes at once; the system may give less
	}
	return err
}

func (m *media) port() uint16 {
	if m.l != nil {
		return m.l.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return m.packets.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// close ends it from any goroutine.
func (m *media) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.packets != nil {
		_ = m.packets.Close()
	}
	if m.l != nil {
		_ = m.l.Close()
	}
	if m.conn != nil {
		_ = m.conn.Close()
	}
}

// next waits for the next picture.
func (m *media) next(ctx context.Context) (*nal.Unit, error) {
	for {
		if u := m.r.Take(); u != nil {
			return u, nil
		}
		if err := m.r.Err(); err != nil {
			return nil, err
		}
		b, err := m.read()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, m.why(err)
		}
		p, ok := rtp.Parse(b)
		if !ok {
			continue
		}
		if p.SSRC != m.ssrc {
			m.s.strange.Add(1)
			m.other = true
			continue
		}
		m.alive, m.got = time.Now(), true
		lost := m.r.Lost
		m.r.Packet(b)
		m.s.lost.Add(m.r.Lost - lost)
	}
}

// why tells apart what ends alike: a picture that never began is something to repair, here or on the way.
func (m *media) why(err error) error {
	var slow net.Error
	switch {
	case m.got || !errors.As(err, &slow) || !slow.Timeout():
		return err
	case m.other:
		return ErrSSRC
	}
	return ErrNoMedia
}

// read returns one packet of the device, valid up to the next call.
func (m *media) read() ([]byte, error) {
	until := m.alive.Add(m.silence)
	if m.l != nil {
		return m.readStream(until)
	}
	if err := m.packets.SetReadDeadline(until); err != nil {
		return nil, err
	}
	for {
		n, from, err := m.packets.ReadFromUDPAddrPort(m.buf)
		if err != nil {
			return nil, err
		}
		if m.believes(from.Addr()) {
			return m.buf[:n], nil
		}
	}
}

func (m *media) believes(from netip.Addr) bool {
	from = from.Unmap().WithZone("")
	for _, h := range m.hosts {
		if h == from {
			return true
		}
	}
	m.s.strange.Add(1)
	return false
}

// readStream reads a packet of the device's connection (RFC 4571), which it waits for.
func (m *media) readStream(until time.Time) ([]byte, error) {
	for m.in == nil {
		if err := m.l.SetDeadline(until); err != nil {
			return nil, err
		}
		conn, err := m.l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if from, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err != nil || !m.believes(from.Addr()) {
			_ = conn.Close()
			continue
		}
		m.mu.Lock()
		m.conn = conn
		if m.closed {
			_ = conn.Close()
		}
		m.mu.Unlock()
		m.in = bufio.NewReaderSize(conn, 64<<10)
	}
	if err := m.conn.SetReadDeadline(until); err != nil {
		return nil, err
	}
	var head [2]byte
	if _, err := io.ReadFull(m.in, head[:]); err != nil {
		return nil, err
	}
	b := m.buf[:binary.BigEndian.Uint16(head[:])]
	_, err := io.ReadFull(m.in, b)
	return b, err
}
