package intake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"wanglou/layers"
)

// scanner cuts JSON text into values without building them, and knows at which line and byte it stands. encoding/json's decoder knows no lines, and
// holds values of any size.
type scanner struct {
	r         *bufio.Reader
	limit     int
	offset    int64 // bytes read
	line      int64 // 1 is the first
	lineStart int64 // offset of the line
	buf       []byte
	stack     []byte
}

func newScanner(r io.Reader, l Limits) *scanner {
	if l.Row <= 0 {
		l = DefaultLimits
	}
	return &scanner{r: bufio.NewReaderSize(r, 256<<10), limit: l.Row, line: 1}
}

func (s *scanner) read() (byte, error) {
	c, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	s.offset++
	if c == '\n' {
		s.line++
		s.lineStart = s.offset
	}
	return c, nil
}

// fail is an error at the byte that was read last.
func (s *scanner) fail(reason, msg string) *layers.Error {
	return invalidAt(reason, msg, s.line, max(1, s.offset-s.lineStart), s.offset)
}

// ended turns the end of the input into an error: something was begun and not ended. Other errors stay.
func (s *scanner) ended(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return s.fail("truncated", "the file ends inside of "+what+": is it cut off?")
	}
	return err
}

// peek skips white space and record separators and returns the next byte without taking it; io.EOF at the end.
func (s *scanner) peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', 0x1E:
			s.offset++
		case '\n':
			s.offset++
			s.line++
			s.lineStart = s.offset
		default:
			return c, s.r.UnreadByte()
		}
	}
}

// take skips white space and takes one byte, which has to be c.
func (s *scanner) take(c byte, what string) error {
	got, err := s.peek()
	if err != nil {
		return s.ended(err, what)
	}
	_, _ = s.read()
	if got != c {
		return s.fail("malformed_json", "there is "+quoteByte(got)+" where "+quoteByte(c)+" is expected in "+what)
	}
	return nil
}

func quoteByte(c byte) string { return string([]byte{'\'', c, '\''}) }

// key takes a member's name and the colon.
func (s *scanner) key() (string, error) {
	if c, err := s.peek(); err != nil {
		return "", s.ended(err, "an object")
	} else if c != '"' {
		_, _ = s.read()
		return "", s.fail("malformed_json", "there is "+quoteByte(c)+" where the name of a member is expected")
	}
	raw, err := s.value()
	if err != nil {
		return "", err
	}
	var k string
	if err := json.Unmarshal(raw, &k); err != nil {
		return "", s.fail("malformed_json", "the name of a member is not a JSON string")
	}
	return k, s.take(':', "an object")
}

// next steps from one element to the next: it takes a comma and returns true, or takes the closing bracket and returns false. first is true before the
// first element, where nothing separates.
func (s *scanner) next(first bool, closing byte, what string) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, s.ended(err, what)
	}
	switch {
	case c == closing:
		_, _ = s.read()
		return false, nil
	case first:
		return true, nil
	case c == ',':
		_, _ = s.read()
		if c, err := s.peek(); err == nil && c == closing {
			_, _ = s.read()
			return false, s.fail("malformed_json", "there is a comma before "+quoteByte(closing))
		}
		return true, nil
	}
	_, _ = s.read()
	return false, s.fail("malformed_json", "there is "+quoteByte(c)+" where a comma or "+quoteByte(closing)+" is expected in "+what)
}

// value takes the next value and returns its text, valid until the next call. Brackets and quotes are seen to be in order, the rest is not.
func (s *scanner) value() ([]byte, error) {
	s.buf = s.buf[:0]
	err := s.walk(true)
	return s.buf, err
}

// skip takes the next value without keeping it, however large it is.
func (s *scanner) skip() error { return s.walk(false) }

// walk takes the next value, a buffer of the input at a time.
func (s *scanner) walk(keep bool) error {
	if _, err := s.peek(); err != nil {
		return s.ended(err, "a value")
	}
	v := valueEnd{stack: s.stack[:0], begin: s.line}
	for taken := 0; ; {
		chunk, err := s.r.Peek(max(1, s.r.Buffered()))
		if len(chunk) == 0 {
			if v.bare { // a number ends with the input
				return nil
			}
			return s.ended(err, "a value that begins in line "+itoa(v.begin))
		}
		n, done := v.find(chunk)
		if taken += n; keep && taken > s.limit {
			return tooLarge(s.limit, v.begin)
		}
		if keep {
			s.buf = append(s.buf, chunk[:n]...)
		}
		s.pass(chunk[:n])
		if s.stack = v.stack; v.wrong != 0 {
			return s.fail("malformed_json", "there is "+quoteByte(v.wrong)+" where it does not belong")
		}
		if done {
			return nil
		}
	}
}

// pass takes bytes that were looked at.
func (s *scanner) pass(b []byte) {
	if n := bytes.Count(b, newline); n > 0 {
		s.line += int64(n)
		s.lineStart = s.offset + int64(bytes.LastIndexByte(b, '\n')) + 1
	}
	s.offset += int64(len(b))
	_, _ = s.r.Discard(len(b)) // they are in the buffer
}

var newline = []byte{'\n'}

// valueEnd finds the end of a value, chunk by chunk.
type valueEnd struct {
	stack    []byte // closing brackets that are wanted
	begin    int64  // line
	inString bool
	escaped  bool
	bare     bool // a number or a word, which ends where something else begins
	wrong    byte // a bracket that closes what was not opened, or a sign where a value should be
}

// find returns how many bytes of the chunk belong to the value, and whether it ends with them.
func (v *valueEnd) find(chunk []byte) (int, bool) {
	for i := 0; i < len(chunk); i++ {
		c := chunk[i]
		if v.inString {
			switch {
			case v.escaped:
				v.escaped = false
			case c == '\\':
				v.escaped = true
			case c == '"':
				if v.inString = false; len(v.stack) == 0 {
					return i + 1, true
				}
			}
			continue
		}
		switch c {
		case '"':
			if v.bare {
				return i, true
			}
			v.inString = true
		case '{', '[':
			if v.bare {
				return i, true
			}
			v.stack = append(v.stack, c+2) // the closing one in ASCII
		case '}', ']':
			n := len(v.stack)
			if v.bare && n == 0 {
				return i, true
			}
			if n == 0 || v.stack[n-1] != c {
				v.wrong = c
				return i + 1, true
			}
			if v.stack = v.stack[:n-1]; n == 1 {
				return i + 1, true
			}
		case ',', ':', ' ', '\t', '\r', '\n', 0x1E:
			switch {
			case len(v.stack) > 0:
			case v.bare:
				return i, true
			default: // white space was skipped before
				v.wrong = c
				return i + 1, true
			}
		default:
			v.bare = v.bare || len(v.stack) == 0
		}
	}
	return len(chunk), false
}

// within is the place of a syntax error inside of the value that began at the given place.
func within(raw []byte, at int64, line, lineStart, offset int64) (l, c, o int64) {
	at = min(max(at, 0), int64(len(raw)))
	before := raw[:at]
	l = line + int64(bytes.Count(before, []byte("\n")))
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		return l, at - int64(i) - 1, offset + at
	}
	return l, offset - lineStart + at, offset + at
}
