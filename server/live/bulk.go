package live

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/server/geojson"
)

// Encodings of one column, or of the geometry, in a bulk frame.
const (
	encodingNumbers = "numbers" // 64-bit floats, NaN is null
	encodingWords   = "words"   // codes into a list of values, 0 is null
	encodingPoints  = "points"  // two 32-bit integers of 1e-7 degrees, nowhere is null
	encodingJSON    = "json"    // an array of values
)

const (
	// maxWords is how many different values a column has at most that is sent as codes.
	maxWords = 4096
	nowhere  = math.MinInt32 // degrees do not reach it
)

// appendBulk appends one snapshot or diff frame in binary form, as docs/protocol.md lays it out: a JSON head, then ids, columns and geometry,
// each from a multiple of eight bytes on, so that a browser reads them as typed arrays where they lie. It costs O(rows × columns).
//
// The head's length leaves 4 when divided by 8, so no bulk frame begins as JSON does: see [isBulk].
func (c *content) appendBulk(b []byte, part int, rows []*layers.Feature, more bool) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = c.appendHead(b, part, more)
	b = append(b, `,"rows":`...)
	b = strconv.AppendInt(b, int64(len(rows)), 10)
	b = append(b, `,"encodings":[`...)
	columns := make([]bulkColumn, len(c.columns))
	for i, col := range c.columns {
		b = comma(b, i)
		columns[i] = newBulkColumn(c.layer.Columns[col].Type, col, rows)
		b = geojson.AppendString(b, columns[i].encoding)
	}
	b = append(b, ']')
	points := true
	if c.view.geometry {
		points = allPoints(rows)
		b = append(b, `,"places":"`...)
		if points {
			b = append(b, encodingPoints...)
		} else {
			b = append(b, encodingJSON...)
		}
		b = append(b, '"')
	}
	if !more {
		b = c.appendTiles(b)
	}
	b = append(b, '}')
	for (len(b)-start)%8 != 0 {
		b = append(b, ' ')
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	for _, f := range rows {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(f.ID)))
	}
	for i := range columns {
		b = columns[i].append(b, start, rows)
	}
	if !c.view.geometry {
		return b
	}
	if points {
		return appendPoints(b, rows)
	}
	return appendSized(b, start, func(b []byte) []byte {
		b = append(b, '[')
		for i, f := range rows {
			b = comma(b, i)
			b = geojson.AppendGeometry(b, f.Geometry)
		}
		return append(b, ']')
	})
}

// isBulk tells a binary frame from one of JSON.
func isBulk(frame []byte) bool { return len(frame) > 0 && frame[0] != '{' }

// bulkColumn is one column on its way into a frame.
type bulkColumn struct {
	typ      layers.ColumnType
	column   int
	encoding string
	codes    []uint16
	words    []byte // JSON
}

// newBulkColumn chooses the encoding by what the rows hold.
func newBulkColumn(typ layers.ColumnType, column int, rows []*layers.Feature) bulkColumn {
	c := bulkColumn{typ: typ, column: column, encoding: encodingJSON}
	if typ == layers.ColumnInt || typ == layers.ColumnFloat {
		c.encoding = encodingNumbers
		for _, f := range rows {
			if _, ok := number(f.Values[column]); !ok {
				c.encoding = encodingJSON
			}
		}
		return c
	}
	if typ == layers.ColumnStrings {
		return c
	}
	// A dictionary pays when values come twice on average.
	limit := min(maxWords, len(rows)/2+1)
	known := make(map[any]uint16, min(limit, 64))
	c.codes = make([]uint16, len(rows))
	c.words = append(c.words, '[')
	for i, f := range rows {
		v := f.Values[column]
		if v == nil {
			continue
		}
		code, ok := known[v]
		if !ok {
			if len(known) == limit {
				c.codes, c.words = nil, nil
				return c
			}
			c.words = geojson.AppendValue(comma(c.words, len(known)), typ, v)
			code = uint16(len(known) + 1)
			known[v] = code
		}
		c.codes[i] = code
	}
	c.words = append(c.words, ']')
	c.encoding = encodingWords
	return c
}

func (c *bulkColumn) append(b []byte, start int, rows []*layers.Feature) []byte {
	switch c.encoding {
	case encodingNumbers:
		for _, f := range rows {
			v, _ := number(f.Values[c.column])
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	case encodingWords:
		b = appendSized(b, start, func(b []byte) []byte { return append(b, c.words...) })
		for _, code := range c.codes {
			b = binary.LittleEndian.AppendUint16(b, code)
		}
		return pad(b, start)
	}
	return appendSized(b, start, func(b []byte) []byte {
		b = append(b, '[')
		for i, f := range rows {
			b = comma(b, i)
			b = geojson.AppendValue(b, c.typ, f.Values[c.column])
		}
		return append(b, ']')
	})
}

// number returns v as the console would have it: null is NaN. ok is false for what JSON tells otherwise.
func number(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case nil:
		return math.NaN(), true
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

// allPoints reports whether all rows are points, or nowhere.
func allPoints(rows []*layers.Feature) bool {
	for _, f := range rows {
		if _, ok := f.Geometry.(orb.Point); !ok && f.Geometry != nil {
			return false
		}
	}
	return true
}

func appendPoints(b []byte, rows []*layers.Feature) []byte {
	for _, f := range rows {
		x, y := int32(nowhere), int32(nowhere)
		if p, ok := f.Geometry.(orb.Point); ok {
			x, y = int32(math.Round(p[0]*1e7)), int32(math.Round(p[1]*1e7))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
		b = binary.LittleEndian.AppendUint32(b, uint32(y))
	}
	return b
}

// appendSized appends the length of what fill appends, that, and padding; fill appends JSON.
func appendSized(b []byte, start int, fill func([]byte) []byte) []byte {
	at := len(b)
	b = fill(append(b, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return pad(b, start)
}

// pad fills up to a multiple of eight bytes from the frame's start.
func pad(b []byte, start int) []byte {
	for (len(b)-start)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// request's wish for the form of frames.
func (q *request) binary() (bool, *layers.Error) {
	switch q.Format {
	case "", encodingJSON:
		return false, nil
	case "binary":
		return true, nil
	}
	return false, layers.Invalid("format", "unknown_value", "frames come as json or binary")
}
