package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/digest"
)

const (
	maxLine   = 4 << 10
	maxFields = 64
	maxBody   = 64 << 10
)

// errGarbage is an answer that is not RTSP.
var errGarbage = errors.New("not an answer")

// response is one answer of a camera. Names of fields are in lower case.
type response struct {
	status int
	fields map[string][]string
	body   []byte
}

func (r *response) field(name string) string {
	if v := r.fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// readResponse reads one answer, of which it keeps no more than the bounds above: errGarbage for anything else. Interleaved packets, which some cameras begin with
// by mistake, are garbage too.
func readResponse(r *bufio.Reader) (*response, error) {
	first, err := readLine(r)
	if err != nil {
		return nil, err
	}
	version, rest, _ := strings.Cut(first, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if !strings.HasPrefix(version, "RTSP/") || err != nil || status < 100 || status > 999 {
		return nil, errGarbage
	}
	out := &response{status: status, fields: map[string][]string{}}
	for n := 0; ; n++ {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || n >= maxFields {
			return nil, errGarbage
		}
		name = strings.ToLower(strings.TrimSpace(name))
		out.fields[name] = append(out.fields[name], strings.TrimSpace(value))
	}
	if text := out.field("content-length"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxBody {
			return nil, errGarbage
		}
		out.body = make([]byte, n)
		if _, err := io.ReadFull(r, out.body); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n') // the reader's buffer is maxLine long
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errGarbage
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// video reads from a description (SDP) whether there is a picture, and how it is coded.
func video(sdp []byte) (codec string, found bool) {
	in := false
	for line := range strings.SplitSeq(string(sdp), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if in = strings.HasPrefix(line, "m=video "); in {
				found = true
			}
		case in && codec == "" && strings.HasPrefix(line, "a=rtpmap:"):
			_, name, _ := strings.Cut(line, " ")
			name, _, _ = strings.Cut(name, "/")
			codec = strings.ToUpper(digest.Clean(strings.TrimSpace(name)))
			codec = codec[:min(len(codec), 40)]
		}
	}
	return codec, found
}

// look is how one look ended.
type look struct {
	sight  camera.Sight
	detail string
	codec  string
}

// rtsp asks a camera for its description, within the time of ctx.
func (p *Prober) rtsp(ctx context.Context, t *camera.Target) look {
	u, err := url.Parse(t.Address)
	if err != nil || u.Hostname() == "" {
		return look{camera.NoStream, "bad_address", ""}
	}
	u.User = nil
	port := u.Port()
	if port == "" {
		port = "554"
	}
	conn, err := p.dialer().DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return failed(err)
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok { // for everything: who sends a byte a second is not waited for
		_ = conn.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	s := &session{conn: conn, r: bufio.NewReaderSize(conn, maxLine), uri: u.String(), login: t.Login, basic: p.o.Basic}
	// Some do not know OPTIONS: what they say to it matters only where it is a question for the password.
	if _, err := s.ask("OPTIONS"); err != nil {
		return failed(err)
	}
	r, err := s.ask("DESCRIBE")
	switch {
	case err != nil:
		return failed(err)
	case r.status == 401 && s.tried, r.status == 403:
		return look{camera.WrongPassword, "refused", ""}
	case r.status == 401:
		return look{camera.WrongPassword, s.why, ""}
	case r.status >= 300 && r.status < 400:
		return look{camera.NoStream, "redirect", ""} // where it leads nobody has allowed
	case r.status != 200:
		return look{camera.NoStream, "status_" + strconv.Itoa(r.status), ""}
	}
	codec, found := video(r.body)
	if !found {
		return look{camera.NoStream, "no_video_track", ""}
	}
	return look{camera.SeenOK, "", codec}
}

// session is one connection to a camera.
type session struct {
	conn  net.Conn
	r     *bufio.Reader
	uri   string
	login camera.Login
	basic bool
	seq   int
	asked []string // the last challenges
	tried bool     // a password was sent, and refused
	why   string   // none was sent
}

// ask sends a request, and once more with the password where the camera asks for it.
func (s *session) ask(method string) (*response, error) {
	r, err := s.send(method, s.asked)
	if err != nil || r.status != 401 {
		return r, err
	}
	challenged := r.fields["www-authenticate"]
	if s.asked != nil && !stale(challenged) {
		s.tried = true
		return r, nil
	}
	if s.login == (camera.Login{}) {
		s.why = "no_password"
		return r, nil
	}
	if _, ok := digest.Answer(challenged, method, s.uri, s.login, s.basic); !ok {
		s.why = "no_safe_login"
		return r, nil
	}
	s.asked = challenged
	if r, err = s.send(method, s.asked); err == nil && r.status == 401 {
		s.tried = true
	}
	return r, err
}

func stale(fields []string) bool {
	for _, f := range fields {
		if strings.EqualFold(digest.Parse(f).Params["stale"], "true") {
			return true
		}
	}
	return false
}

func (s *session) send(method string, challenges []string) (*response, error) {
	s.seq++
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s RTSP/1.0\r\nCSeq: %d\r\nUser-Agent: Wanglou\r\n", method, s.uri, s.seq)
	if method == "DESCRIBE" {
		b.WriteString("Accept: application/sdp\r\n")
	}
	if challenges != nil {
		if value, ok := digest.Answer(challenges, method, s.uri, s.login, s.basic); ok {
			b.WriteString("Authorization: " + value + "\r\n")
		}
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(s.conn, b.String()); err != nil {
		return nil, err
	}
	return readResponse(s.r)
}

// failed says what an error means. It repeats nothing of what the camera sent.
func failed(err error) look {
	var timeout net.Error
	switch {
	case errors.Is(err, errGarbage):
		return look{camera.Garbage, "not_rtsp", ""}
	case errors.Is(err, ErrNotAllowed):
		return look{"", "not_allowed", ""}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return look{camera.NoAnswer, "timeout", ""}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return look{camera.NoAnswer, "closed", ""}
	}
	return look{camera.NoAnswer, "refused", ""}
}
