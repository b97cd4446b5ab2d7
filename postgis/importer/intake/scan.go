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
	err := s.walk(func(c byte) { s.buf = append(s.buf, c) })
	return s.buf, err
}

// skip takes the next value without keeping it, however large it is.
func (s *scanner) skip() error { return s.walk(nil) }

func (s *scanner) walk(keep func(byte)) error {
	c, err := s.peek()
	if err != nil {
		return s.ended(err, "a value")
	}
	begin := s.line
	s.stack = s.stack[:0]
	taken := 0
	inString, escaped := false, false
	for {
		if c, err = s.read(); err != nil {
			return s.ended(err, "a value that begins in line "+itoa(begin))
		}
		if keep != nil {
			if taken++; taken > s.limit {
				return tooLarge(s.limit, begin)
			}
			keep(c)
		}
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			s.stack = append(s.stack, c+2) // the closing one in ASCII
		case c == '}' || c == ']':
			if n := len(s.stack); n == 0 || s.stack[n-1] != c {
				return s.fail("malformed_json", quoteByte(c)+" closes what was not opened")
			}
			s.stack = s.stack[:len(s.stack)-1]
		}
		if len(s.stack) > 0 || inString {
			continue
		}
		if c == '"' || c == '}' || c == ']' {
			return nil
		}
		following, err := s.r.Peek(1) // a number or a word ends where something else begins
		if err != nil || bytes.IndexByte([]byte(",]}: \t\r\n\x1e"), following[0]) >= 0 {
			return nil
		}
	}
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
