// Package parts reads multipart streams that never end, as cameras send them: a part is handed out when its declared length has come, not when the next one begins, and what
// devices get wrong (no length, a wrong one, "--" in the boundary, bare line feeds) is put up with.
package parts

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"strconv"
	"strings"
)

// Limits of a part.
const (
	maxLine    = 4 << 10
	maxHeaders = 32
	maxSkipped = 64 << 10 // bytes between two parts
)

// ErrGarbage is the error of what is no such stream.
var ErrGarbage = errors.New("not a multipart stream")

// ErrTooLarge is the error of a part over the limit.
var ErrTooLarge = errors.New("a part is too large")

// Part is one part, read whole.
type Part struct {
	Type string // media type in small letters, without parameters; "" where it says none
	Body []byte
}

// Reader reads parts. It is not safe for concurrent use.
type Reader struct {
	r        *bufio.Reader
	boundary string // with the two dashes
	max      int
	at       bool // the boundary line of the next part was read already
}

// NewReader reads a stream with the Content-Type of its answer; max bounds a part's body in bytes.
func NewReader(r io.Reader, contentType string, max int) (*Reader, error) {
	mt, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(mt, "multipart/") || params["boundary"] == "" {
		return nil, ErrGarbage
	}
	return &Reader{r: bufio.NewReaderSize(r, maxLine), boundary: "--" + strings.TrimPrefix(params["boundary"], "--"), max: max}, nil
}

// Next waits for the next part. io.EOF where the stream has ended.
func (r *Reader) Next() (*Part, error) {
	if err := r.find(); err != nil {
		return nil, err
	}
	p, length := &Part{}, -1
	for n := 0; ; n++ {
		line, err := r.line()
		if err != nil {
			return nil, cut(err)
		}
		if len(line) == 0 {
			break
		}
		if n == maxHeaders {
			return nil, ErrGarbage
		}
		name, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-type":
			mt, _, _ := strings.Cut(value, ";")
			p.Type = strings.ToLower(strings.TrimSpace(mt))
		case "content-length":
			if l, err := strconv.Atoi(value); err == nil && l >= 0 {
				length = l
			}
		}
	}
	if length > r.max {
		return nil, ErrTooLarge
	}
	if length >= 0 {
		p.Body = make([]byte, 0, min(length, 64<<10))
		buf := bytes.NewBuffer(p.Body)
		if _, err := io.CopyN(buf, r.r, int64(length)); err != nil {
			return nil, cut(err)
		}
		p.Body = buf.Bytes()
		return p, nil
	}
	return p, r.undeclared(p)
}

// undeclared reads the body of a part without a length: up to the next boundary.
func (r *Reader) undeclared(p *Part) error {
	for {
		line, err := r.r.ReadSlice('\n')
		if r.bounds(trim(line)) {
			r.at = true
			p.Body = bytes.TrimSuffix(bytes.TrimSuffix(p.Body, []byte("\n")), []byte("\r"))
			return nil
		}
		if len(p.Body)+len(line) > r.max {
			return ErrTooLarge
		}
		p.Body = append(p.Body, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return cut(err)
		}
	}
}

// find skips to behind the next boundary line.
func (r *Reader) find() error {
	if r.at {
		r.at = false
		return nil
	}
	for skipped := 0; skipped <= maxSkipped; {
		line, err := r.r.ReadSlice('\n')
		if r.bounds(trim(line)) {
			return nil
		}
		skipped += len(line)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	return ErrGarbage
}

func (r *Reader) bounds(line []byte) bool { return string(line) == r.boundary }

// line reads one header line without its end.
func (r *Reader) line() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, ErrGarbage
	}
	return trim(line), err
}

func trim(line []byte) []byte { return bytes.TrimRight(line, " \t\r\n") }

// cut says that a stream ended within a part.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
