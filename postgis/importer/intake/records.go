package intake

import (
	"errors"
	"io"
	"slices"
	"strconv"

	"wanglou/layers"
)

// Records reads plain JSON: every object that is an element of an array is a record, however deep the array lies. The names of the members on the
// way to it become the fields key1, key2, … of the record: {"Alabama": {"Mobile": [{…}]}} has key1 = Alabama and key2 = Mobile.
type Records struct {
	s        *scanner
	encoding string
	where    Where
	resolved bool
	stack    []container
	begun    bool
	row      Row
	fields   map[string]any
}

// container is an object or array that is being walked.
type container struct {
	closing byte
	first   bool
	key     string // of the member that is being walked
}

// NewRecords reads records whose place stands in the fields of where.
func NewRecords(t *Text, where Where, l Limits) *Records {
	return &Records{s: newScanner(t, l), encoding: t.Encoding, where: where, fields: map[string]any{}}
}

// Next implements Reader.
func (r *Records) Next() (*Row, error) {
	if !r.begun {
		if err := r.enter(); err != nil {
			return nil, err
		}
		r.begun = true
	}
	for len(r.stack) > 0 {
		top := &r.stack[len(r.stack)-1]
		more, err := r.s.next(top.first, top.closing, "the data")
		if err != nil {
			return nil, err
		}
		top.first = false
		if !more {
			r.stack = r.stack[:len(r.stack)-1]
			continue
		}
		if top.closing == '}' {
			if top.key, err = r.s.key(); err != nil {
				return nil, err
			}
		}
		c, err := r.s.peek()
		switch {
		case err != nil:
			return nil, r.s.ended(err, "the data")
		case c == '{' && top.closing == ']':
			return r.record()
		case c == '{' || c == '[':
			err = r.enter()
		default:
			err = r.s.skip()
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := r.s.peek(); err != nil {
		return nil, err // io.EOF is the end
	}
	_, _ = r.s.read()
	return nil, r.s.fail("malformed_json", "there is something behind the end of the data")
}

// enter steps into the object or array that begins here.
func (r *Records) enter() error {
	c, err := r.s.peek()
	if errors.Is(err, io.EOF) {
		return layers.Invalid("file", "empty_file", "the file is empty")
	}
	if err != nil {
		return err
	}
	_, _ = r.s.read()
	if c != '{' && c != '[' {
		return r.s.fail("not_json", "this is not JSON: there is "+quoteByte(c)+" where an object or array is expected")
	}
	if len(r.stack) >= 32 {
		return r.s.fail("malformed_json", "the data is nested more than 32 deep")
	}
	r.stack = append(r.stack, container{closing: c + 2, first: true})
	return nil
}

// record takes the object that is the next row.
func (r *Records) record() (*Row, error) {
	line, start, offset := r.s.line, r.s.lineStart, r.s.offset
	raw, err := r.s.value()
	if err != nil {
		return nil, err
	}
	r.row = Row{Number: r.row.Number + 1, Line: line}
	if badText(raw, r.encoding) {
		r.row.Err = wrongEncoding(r.encoding)
		return &r.row, nil
	}
	clear(r.fields)
	if err := decode(raw, &r.fields); err != nil {
		l, c, o := within(raw, syntaxOffset(err), line, start, offset)
		r.row.Err = invalidAt("malformed_json", err.Error(), l, c, o)
		return &r.row, nil
	}
	n := 0
	for _, c := range r.stack {
		if c.closing == '}' {
			n++
			r.fields["key"+strconv.Itoa(n)] = c.key
		}
	}
	r.row.Fields = r.fields
	if !r.resolved {
		if r.where, err = r.where.resolve(names(r.fields)); err != nil {
			return nil, err
		}
		r.resolved = true
	}
	if r.row.Geometry, err = r.where.read(r.fields); err != nil {
		r.row.Err = asError(err)
	}
	return &r.row, nil
}

// names returns the names of fields, sorted.
func names(fields map[string]any) []string {
	out := make([]string, 0, len(fields))
	for name := range fields {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
