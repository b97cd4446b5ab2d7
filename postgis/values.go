package postgis

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"wanglou/layers"
)

// decoder turns a value in PostgreSQL's binary form, which COPY and logical replication share, into the Go value of its
// layers.ColumnType. It must not keep b.
type decoder func(b []byte) (any, error)

// decoderOf returns how values of a base type are carried; ok is false for types that a layer does not show.
// Decoders have memories of their own: they are not for concurrent use.
func decoderOf(t baseType) (kind layers.ColumnType, d decoder, ok bool) {
	switch t.oid {
	case pgtype.Int2OID:
		return layers.ColumnInt, sized(2, func(b []byte) any { return int64(int16(binary.BigEndian.Uint16(b))) }), true
	case pgtype.Int4OID:
		return layers.ColumnInt, sized(4, func(b []byte) any { return int64(int32(binary.BigEndian.Uint32(b))) }), true
	case pgtype.Int8OID:
		return layers.ColumnInt, sized(8, func(b []byte) any { return int64(binary.BigEndian.Uint64(b)) }), true
	case pgtype.Float4OID:
		return layers.ColumnFloat, sized(4, func(b []byte) any { return widen(math.Float32frombits(binary.BigEndian.Uint32(b))) }), true
	case pgtype.Float8OID:
		return layers.ColumnFloat, sized(8, func(b []byte) any { return math.Float64frombits(binary.BigEndian.Uint64(b)) }), true
	case pgtype.NumericOID:
		return layers.ColumnFloat, decodeNumeric, true
	case pgtype.BoolOID:
		return layers.ColumnBool, sized(1, func(b []byte) any { return b[0] != 0 }), true
	case pgtype.TimestamptzOID, pgtype.TimestampOID: // without a zone: taken as UTC
		return layers.ColumnTime, sized(8, decodeTime), true
	case pgtype.DateOID: // a day is no moment: it stays text, or it would shift with the reader's zone
		return layers.ColumnText, sized(4, decodeDate), true
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID, pgtype.QCharOID:
		return layers.ColumnText, new(memory).text, true
	case pgtype.BPCharOID:
		m := new(memory)
		return layers.ColumnText, func(b []byte) (any, error) { return m.text([]byte(strings.TrimRight(string(b), " "))) }, true
	case pgtype.UUIDOID:
		return layers.ColumnText, sized(16, decodeUUID), true
	case pgtype.JSONOID:
		return layers.ColumnJSON, new(memory).text, true
	case pgtype.JSONBOID:
		m := new(memory)
		return layers.ColumnJSON, func(b []byte) (any, error) {
			if len(b) == 0 || b[0] != 1 {
				return nil, fmt.Errorf("jsonb of an unknown version")
			}
			return m.text(b[1:])
		}, true
	case pgtype.TextArrayOID, pgtype.VarcharArrayOID:
		return layers.ColumnStrings, decodeStrings, true
	}
	if t.isEnum || t.name == "citext" {
		return layers.ColumnText, new(memory).text, true
	}
	return "", nil, false
}

// memory keeps the values of a column that repeat (states, departments, area paths), so that a hundred thousand rows share
// them. It gives up on columns whose values do not.
type memory struct {
	known  map[string]any
	hits   int
	gaveUp bool
}

const (
	maxKnown      = 1024
	maxKnownBytes = 128
)

func (m *memory) text(b []byte) (any, error) {
	if m.gaveUp || len(b) > maxKnownBytes {
		return string(b), nil
	}
	if v, ok := m.known[string(b)]; ok {
		m.hits++
		return v, nil
	}
	if len(m.known) >= maxKnown {
		m.gaveUp = m.hits < 4*maxKnown
		m.known, m.hits = nil, 0
	}
	if m.known == nil {
		m.known = map[string]any{}
	}
	s := string(b)
	var v any = s
	m.known[s] = v
	return v, nil
}

func sized(n int, d func([]byte) any) decoder {
	return func(b []byte) (any, error) {
		if len(b) != n {
			return nil, fmt.Errorf("%d bytes where %d were expected", len(b), n)
		}
		return d(b), nil
	}
}

// widen makes 3.2 of a real 3.2, not 3.200000047683716.
func widen(f float32) float64 {
	if whole := float64(f); whole == math.Trunc(whole) || math.IsNaN(whole) {
		return whole
	}
	v, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return v
}

// epoch is where PostgreSQL's time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// decodeTime returns nil for the infinities.
func decodeTime(b []byte) any {
	us := int64(binary.BigEndian.Uint64(b))
	if us == math.MaxInt64 || us == math.MinInt64 {
		return nil
	}
	return time.UnixMicro(epoch.UnixMicro() + us).UTC()
}

func decodeDate(b []byte) any {
	days := int32(binary.BigEndian.Uint32(b))
	if days == math.MaxInt32 || days == math.MinInt32 {
		return nil
	}
	return epoch.AddDate(0, 0, int(days)).Format(time.DateOnly)
}

func decodeUUID(b []byte) any {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

var types = pgtype.NewMap()

func decodeNumeric(b []byte) (any, error) {
	var n pgtype.Numeric
	if err := types.Scan(pgtype.NumericOID, pgtype.BinaryFormatCode, b, &n); err != nil {
		return nil, err
	}
	f, err := n.Float64Value()
	if err != nil || !f.Valid {
		return nil, err
	}
	return f.Float64, nil
}

func decodeStrings(b []byte) (any, error) {
	var s []*string
	if err := types.Scan(pgtype.TextArrayOID, pgtype.BinaryFormatCode, b, &s); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(s))
	for _, p := range s {
		if p != nil {
			out = append(out, *p)
		}
	}
	return out, nil
}
