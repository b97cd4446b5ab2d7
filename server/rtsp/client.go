// Package rtsp plays the picture of one camera over RTSP: DESCRIBE, SETUP and PLAY with RTP in the same TCP connection, H.264 and H.265, passwords by Digest
// or Basic. It follows no redirection and opens no second connection: whoever hands in Dial decides what can be reached.
package rtsp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/digest"
	"wanglou/server/video/nal"
)

// What is wrong with a camera. Errors of the network come as they are.
var (
	ErrPassword = errors.New("the camera refuses the password")
	ErrNoVideo  = errors.New("the camera offers no video")
	ErrCodec    = errors.New("the camera's codec is not one of H.264 and H.265")
	ErrProtocol = errors.New("what the camera says is not RTSP")
)

const (
	maxHeaderLines = 64
	maxBody        = 64 << 10
	answerTime     = 5 * time.Second
	silence        = 10 * time.Second // without a packet the camera is gone
	keepAlive      = 20 * time.Second
	drought        = 30 * time.Second // packets without a picture: it sends something else by now, and is asked again
)

// Options say what to play.
type Options struct {
	URL   string // rtsp://user:password@host:port/path
	Basic bool   // the password may be sent in the clear where the camera knows nothing better
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// Stream is a picture that plays. It is used by one goroutine; Close may come from another.
type Stream struct {
	Codec string // h264, h265

	conn    net.Conn
	r       *bufio.Reader
	base    string // what requests name
	login   camera.Login
	asked   []string // how the camera asks for the password
	basic   bool
	seq     int
	session string
	channel byte
	unpack  unpacker
	alive   time.Time
	shown   time.Time // the last picture
	packet  []byte
}

// Open connects and begins to play. The connection ends with ctx or Close.
func Open(ctx context.Context, o Options) (s *Stream, err error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "rtsp" || u.Hostname() == "" {
		return nil, fmt.Errorf("%w: the address is not one of RTSP", ErrProtocol) // err would show the password
	}
	port := u.Port()
	if port == "" {
		port = "554"
	}
	s = &Stream{basic: o.Basic}
	s.login.User = u.User.Username()
	s.login.Password, _ = u.User.Password()
	u.User = nil
	s.base = u.String()
	dialing, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if s.conn, err = o.Dial(dialing, "tcp", net.JoinHostPort(u.Hostname(), port)); err != nil {
		return nil, err
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // what waits is freed
	defer func() {
		if err != nil {
			stop()
			_ = conn.Close() // the first error is the one to tell
		}
	}()
	s.r = bufio.NewReaderSize(s.conn, 64<<10)
	_, body, err := s.ask("DESCRIBE", s.base, "Accept: application/sdp\r\n")
	if err != nil {
		return nil, err
	}
	m, err := parseSDP(string(body))
	if err != nil {
		return nil, err
	}
	s.Codec = m.codec
	s.unpack = unpacker{build: nal.Builder{H265: m.codec == "h265", Params: m.params}}
	header, _, err := s.ask("SETUP", control(s.base, m.control), "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
	if err != nil {
		return nil, err
	}
	s.session, _, _ = strings.Cut(header["session"], ";")
	if !strings.Contains(header["transport"], "interleaved=") {
		return nil, fmt.Errorf("%w: no RTP in its connection", ErrProtocol)
	}
	_, of, _ := strings.Cut(header["transport"], "interleaved=")
	of, _, _ = strings.Cut(of, ";")
	first, _, _ := strings.Cut(of, "-")
	n, err := strconv.ParseUint(first, 10, 8)
	if err != nil {
		return nil, fmt.Errorf("%w: channel %q", ErrProtocol, first)
	}
	s.channel = byte(n)
	if _, _, err := s.ask("PLAY", s.base, "Range: npt=0.000-\r\n"); err != nil {
		return nil, err
	}
	s.alive = time.Now()
	s.shown = s.alive
	return s, nil
}

// control returns the address of a track: cameras name it whole or relative.
func control(base, track string) string {
	switch {
	case track == "" || track == "*":
		return base
	case strings.HasPrefix(track, "rtsp://"):
		return track // a name only: the connection is the one there is
	}
	return strings.TrimSuffix(base, "/") + "/" + track
}

// Close ends the picture.
func (s *Stream) Close() error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) // the camera may be gone
	_ = s.send("TEARDOWN", s.base, "")
	return s.conn.Close()
}

// Next returns the next picture. Data is valid for as long as the caller keeps it.
func (s *Stream) Next() (*nal.Unit, error) {
	for {
		if u := s.unpack.take(); u != nil {
			s.shown = time.Now()
			return u, nil
		}
		if time.Since(s.shown) > drought {
			return nil, fmt.Errorf("%w that can be read any more", ErrNoVideo)
		}
		if time.Since(s.alive) > keepAlive {
			s.alive = time.Now()
			if err := s.conn.SetWriteDeadline(time.Now().Add(answerTime)); err != nil { // that of the last question is over
				return nil, err
			}
			if err := s.send("OPTIONS", s.base, ""); err != nil {
				return nil, err
			}
		}
		if err := s.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return nil, err
		}
		first, err := s.r.Peek(1)
		if err != nil {
			return nil, err
		}
		if first[0] != '$' { // an answer to OPTIONS, or the camera asks something
			if _, _, _, err := s.message(); err != nil {
				return nil, err
			}
			continue
		}
		var head [4]byte
		if _, err := io.ReadFull(s.r, head[:]); err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint16(head[2:]))
		if cap(s.packet) < n {
			s.packet = make([]byte, 64<<10)
		}
		s.packet = s.packet[:n]
		if _, err := io.ReadFull(s.r, s.packet); err != nil {
			return nil, err
		}
		if head[1] == s.channel {
			s.unpack.packet(s.packet)
		}
	}
}

func (s *Stream) send(method, address, more string) error {
	s.seq++
	b := fmt.Appendf(nil, "%s %s RTSP/1.0\r\nCSeq: %d\r\nUser-Agent: wanglou\r\n%s", method, address, s.seq, more)
	if s.session != "" {
		b = fmt.Appendf(b, "Session: %s\r\n", s.session)
	}
	if s.asked != nil {
		if answer, ok := digest.Answer(s.asked, method, address, s.login, s.basic); ok {
			b = fmt.Appendf(b, "Authorization: %s\r\n", answer)
		}
	}
	_, err := s.conn.Write(append(b, "\r\n"...))
	return err
}

// ask sends a request and reads its answer; a password that is asked for is given once.
func (s *Stream) ask(method, address, more string) (header map[string]string, body []byte, err error) {
	if err := s.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, nil, err
	}
	for try := 0; ; try++ {
		if err := s.send(method, address, more); err != nil {
			return nil, nil, err
		}
		status, header, body, err := s.message()
		if err != nil {
			return nil, nil, err
		}
		switch {
		case status == 401 && try == 0 && s.login != (camera.Login{}):
			s.asked = strings.Split(header["www-authenticate"], "\n")
			continue
		case status == 401 || status == 403:
			return nil, nil, ErrPassword
		case status == 404:
			return nil, nil, ErrNoVideo
		case status != 200:
			return nil, nil, fmt.Errorf("%w: %s was answered with %d", ErrProtocol, method, status)
		}
		return header, body, nil
	}
}

// message reads an answer, passing over packets that come before it. Names of headers are in small letters.
func (s *Stream) message() (status int, header map[string]string, body []byte, err error) {
	for {
		first, err := s.r.Peek(4)
		if err != nil {
			return 0, nil, nil, err
		}
		if first[0] != '$' {
			break
		}
		if _, err := s.r.Discard(4 + int(binary.BigEndian.Uint16(first[2:]))); err != nil {
			return 0, nil, nil, err
		}
	}
	return readMessage(s.r)
}

// readMessage reads one answer; of a request status is 0.
func readMessage(r *bufio.Reader) (status int, header map[string]string, body []byte, err error) {
	line, err := readLine(r)
	if err != nil {
		return 0, nil, nil, err
	}
	if version, rest, _ := strings.Cut(line, " "); strings.HasPrefix(version, "RTSP/") {
		code, _, _ := strings.Cut(rest, " ")
		if status, err = strconv.Atoi(code); err != nil || status < 100 || status > 999 {
			return 0, nil, nil, fmt.Errorf("%w: status %q", ErrProtocol, code)
		}
	} else if !strings.HasSuffix(line, "RTSP/1.0") {
		return 0, nil, nil, ErrProtocol
	}
	header = map[string]string{}
	for n := 0; ; n++ {
		if line, err = readLine(r); err != nil {
			return 0, nil, nil, err
		}
		if line == "" {
			break
		}
		if n > maxHeaderLines {
			return 0, nil, nil, fmt.Errorf("%w: too many headers", ErrProtocol)
		}
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch have, twice := header[name]; {
		case !twice:
			header[name] = value
		case name == "www-authenticate": // Digest beside Basic
			header[name] = have + "\n" + value
		}
	}
	if length := header["content-length"]; length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > maxBody {
			return 0, nil, nil, fmt.Errorf("%w: a body of %q bytes", ErrProtocol, length)
		}
		body = make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return 0, nil, nil, err
		}
	}
	return status, header, body, nil
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("%w: a line without end", ErrProtocol)
	}
	return strings.TrimRight(string(line), "\r\n"), err
}
