package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"wanglou/layers"
)

// CSV reads a table with a header line. Commas, tabs, semicolons and bars are told apart by the header.
type CSV struct {
	r        *csv.Reader
	in       *allowance
	encoding string
	header   []string
	where    Where
	row      Row
	fields   map[string]any
}

// allowance ends a record that never ends, such as one whose quote nobody closed.
type allowance struct {
	r     io.Reader
	limit int
	left  int
}

var errAllowance = errors.New("record too long")

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errAllowance
	}
	n, err := a.r.Read(p)
	a.left -= n
	return n, err
}

// NewCSV reads the header. comma 0 finds out what separates the fields. CodeInvalid for an empty input and for columns of where that it has not.
func NewCSV(t *Text, comma rune, where Where, l Limits) (*CSV, error) {
	if l.Row <= 0 {
		l = DefaultLimits
	}
	b := bufio.NewReaderSize(t, 64<<10)
	head, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, layers.Invalid("file", "empty_file", "the file is empty")
	}
	if comma == 0 {
		comma = separator(head)
	}
	c := &CSV{in: &allowance{r: b, limit: l.Row, left: l.Row}, encoding: t.Encoding, fields: map[string]any{}}
	c.r = csv.NewReader(c.in)
	c.r.Comma, c.r.FieldsPerRecord, c.r.ReuseRecord = comma, -1, true
	first, err := c.r.Read()
	if err != nil {
		return nil, c.fatal(err)
	}
	seen := map[string]bool{}
	for i, name := range first {
		if badText([]byte(name), c.encoding) {
			return nil, wrongEncoding(c.encoding)
		}
		name = strings.TrimSpace(name)
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		for base, n := name, 2; seen[name]; n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		seen[name] = true
		c.header = append(c.header, name)
	}
	c.where, err = where.resolve(c.header)
	return c, err
}

// separator is the one of the usual signs that the first line has most of, outside of quotes.
func separator(head []byte) rune {
	counts := map[byte]int{}
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if b == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte("\t;|") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}

// Header returns the names of the fields in the table's order.
func (c *CSV) Header() []string { return c.header }

// Next implements Reader.
func (c *CSV) Next() (*Row, error) {
	for {
		c.in.left = c.in.limit
		values, err := c.r.Read()
		if err != nil {
			var syntax *csv.ParseError
			if errors.As(err, &syntax) && !errors.Is(err, errAllowance) {
				c.row = Row{Number: c.row.Number + 1, Line: int64(syntax.StartLine)}
				c.row.Err = place(&layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "malformed_csv"}, int64(syntax.Line), int64(syntax.Column), -1)
				c.row.Err.Msg += ": " + syntax.Err.Error()
				return &c.row, nil
			}
			return nil, c.fatal(err)
		}
		line, _ := c.r.FieldPos(0)
		if len(values) == 1 && strings.TrimSpace(values[0]) == "" && len(c.header) > 1 {
			continue // an empty line
		}
		c.row = Row{Number: c.row.Number + 1, Line: int64(line)}
		c.fill(values)
		return &c.row, nil
	}
}

func (c *CSV) fill(values []string) {
	for len(values) > len(c.header) && strings.TrimSpace(values[len(values)-1]) == "" {
		values = values[:len(values)-1]
	}
	if len(values) != len(c.header) {
		c.row.Err = layers.Invalid("", "field_count", "the record has %d fields, the header %d", len(values), len(c.header))
		return
	}
	for i, v := range values {
		if badText([]byte(v), c.encoding) {
			c.row.Err = wrongEncoding(c.encoding)
			c.row.Err.Field = c.header[i]
			return
		}
		c.fields[c.header[i]] = v
	}
	c.row.Fields = c.fields
	var err error
	if c.row.Geometry, err = c.where.read(c.fields); err != nil {
		c.row.Err = asError(err)
	}
}

// fatal names what ends the input; io.EOF stays.
func (c *CSV) fatal(err error) error {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, errAllowance):
		e := tooLarge(c.in.limit, c.row.Line+1)
		e.Msg += ": is a quote not closed?"
		return e
	case errors.As(err, &syntax):
		e := place(&layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "malformed_csv"}, int64(syntax.Line), int64(syntax.Column), -1)
		e.Msg += ": " + syntax.Err.Error()
		return e
	}
	return err
}
