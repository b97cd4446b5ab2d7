package rtsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/digest"
	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

// Server is a camera for the demo county, for tests and for measuring: it plays H.264, or H.265, as an encoder writes it (Annex B with access unit delimiters) to all who ask, over TCP.
type Server struct {
	User *url.Userinfo // nil: no password
	H265 bool

	mu      sync.Mutex
	turned  bool // it plays the other codec than it had begun with
	seq     uint16
	clients map[chan []byte]bool
}

// Turn has the camera play the other codec from the next Feed or Loop on, in the sessions that there are.
func (s *Server) Turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turned = !s.turned
}

func (s *Server) h265() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.H265 != s.turned
}

// Feed reads an encoder's output until it ends and plays it to all who are connected.
func (s *Server) Feed(r io.Reader) error {
	started, h265 := time.Now(), s.h265()
	return nal.Read(r, h265, func(picture []byte) {
		s.play(picture, h265, uint32(time.Since(started).Milliseconds()*90)) // #nosec G115 -- the clock goes round
	})
}

// Loop plays a film (Annex B with access unit delimiters, a key picture first) again and again, so many pictures a second, until ctx ends. Nothing is encoded meanwhile. The camera's clock is exact:
// two pictures are 90,000/rate apart. sent is told the number of each picture within the film before it goes out; it must not wait.
func (s *Server) Loop(ctx context.Context, film []byte, rate int, sent func(n int, unit []byte)) error {
	var units [][]byte
	h265 := s.h265()
	delimiter := nal.Delimiter(h265)
	for _, u := range bytes.SplitAfter(film, delimiter) {
		// What comes after a delimiter is a picture; the next one's delimiter is at its end.
		if u = bytes.TrimSuffix(u, delimiter); len(u) > 0 {
			units = append(units, append(append([]byte{}, delimiter...), u...))
		}
	}
	if len(units) == 0 {
		return fmt.Errorf("%w: a film without pictures", ErrProtocol)
	}
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		timer.Reset(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(rate))))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		unit := units[n%len(units)]
		if sent != nil {
			sent(n%len(units), unit)
		}
		s.play(unit, h265, uint32(n*90_000/rate)) // #nosec G115 -- the clock goes round
	}
}

// play sends one picture.
func (s *Server) play(unit []byte, h265 bool, stamp uint32) {
	var nals [][]byte
	for _, n := range nal.Split(unit) {
		if h265 && n[0]>>1&0x3f != 35 || !h265 && n[0]&31 != 9 { // no delimiter
			nals = append(nals, n)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 1400
	var out []byte
	packet := func(last bool, parts ...[]byte) {
		size := 12
		for _, p := range parts {
			size += len(p)
		}
		out = append(out, '$', 0)
		out = binary.BigEndian.AppendUint16(out, uint16(size)) // #nosec G115 -- under 1500
		out = rtp.Append(out, rtp.Packet{Marker: last, Seq: s.seq, Time: stamp, SSRC: 0x776c6731})
		for _, p := range parts {
			out = append(out, p...)
		}
		s.seq++
	}
	for i, n := range nals {
		end := i == len(nals)-1
		if len(n) <= most {
			packet(end, n)
			continue
		}
		header, kind := []byte{n[0]&0xe0 | 28}, n[0]&31
		if h265 {
			header, kind = []byte{n[0]&0x81 | 49<<1, n[1]}, n[0]>>1&0x3f
		}
		for first := len(header); first < len(n); first += most {
			to := min(first+most, len(n))
			h := kind
			if first == len(header) {
				h |= 0x80
			}
			if to == len(n) {
				h |= 0x40
			}
			packet(end && to == len(n), header, []byte{h}, n[first:to])
		}
	}
	for c := range s.clients {
		select {
		case c <- out:
		default: // too slow: it loses a picture, as over a bad line
		}
	}
}

// Serve answers connections of l until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.client(ctx, conn)
	}
}

func (s *Server) client(ctx context.Context, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // nothing is lost
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	r := bufio.NewReader(conn)
	nonce := fmt.Sprintf("%016x", rand.Uint64()) // #nosec G404 -- a camera that is played
	frames := make(chan []byte, 256)
	defer func() {
		s.mu.Lock()
		delete(s.clients, frames)
		s.mu.Unlock()
	}()
	var writing sync.Mutex
	for {
		line, err := r.Peek(1)
		if err != nil {
			return
		}
		if line[0] == '$' { // a report of the receiver
			var head [4]byte
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return
			}
			if _, err := r.Discard(int(binary.BigEndian.Uint16(head[2:]))); err != nil {
				return
			}
			continue
		}
		first, err := readLine(r)
		if err != nil {
			return
		}
		method, rest, _ := strings.Cut(first, " ")
		address, _, _ := strings.Cut(rest, " ")
		header := map[string]string{}
		for {
			line, err := readLine(r)
			if err != nil {
				return
			}
			if line == "" {
				break
			}
			name, value, _ := strings.Cut(line, ":")
			header[strings.ToLower(name)] = strings.TrimSpace(value)
		}
		status, more, body := "200 OK", "", ""
		switch {
		case s.User != nil && header["authorization"] != s.wants(nonce, method, address):
			status, more = "401 Unauthorized", fmt.Sprintf("WWW-Authenticate: Digest realm=\"camera\", nonce=\"%s\"\r\n", nonce)
		case method == "DESCRIBE":
			codec := "H264"
			if s.h265() {
				codec = "H265"
			}
			body = "v=0\r\ns=camera\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 " + codec + "/90000\r\na=control:track1\r\n"
			more = "Content-Type: application/sdp\r\n"
		case method == "SETUP":
			more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n"
		case method == "TEARDOWN":
			return
		}
		writing.Lock()
		_, err = fmt.Fprintf(conn, "RTSP/1.0 %s\r\nCSeq: %s\r\n%sContent-Length: %d\r\n\r\n%s", status, header["cseq"], more, len(body), body)
		writing.Unlock()
		if err != nil {
			return
		}
		if method == "PLAY" && status == "200 OK" {
			s.mu.Lock()
			if s.clients == nil {
				s.clients = map[chan []byte]bool{}
			}
			s.clients[frames] = true
			s.mu.Unlock()
			done := make(chan struct{})
			defer close(done)
			go func() {
				for {
					select {
					case <-done:
						return
					case b := <-frames:
						writing.Lock()
						_, err := conn.Write(b)
						writing.Unlock()
						if err != nil {
							return
						}
					}
				}
			}()
		}
	}
}

// wants returns what a request has to say whose sender knows the password.
func (s *Server) wants(nonce, method, address string) string {
	l := camera.Login{User: s.User.Username()}
	l.Password, _ = s.User.Password()
	return digest.Challenge{Params: map[string]string{"realm": "camera", "nonce": nonce}}.Digest(method, address, l, "")
}
