// Package geojson appends features to JSON text: GeoJSON for the API, columns of values for the live stream.
//
// Every function appends to b and returns it, like strconv's. Coordinates are EPSG:4326, longitude first, with 7 digits
// after the point (1.1 cm on the ground). What JSON cannot hold (NaN, infinity) becomes null, and text that is not UTF-8
// gets U+FFFD where it is broken: one bad row must not make a whole frame unreadable.
package geojson

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// AppendFeature appends f as a GeoJSON Feature with the layer's columns as properties. A distance of 0 or more is written
// as distance_m, in metres.
func AppendFeature(b []byte, l *layers.Layer, f *layers.Feature, distance float64) []byte {
	b = append(b, `{"type":"Feature","id":`...)
	b = strconv.AppendInt(b, f.ID, 10)
	b = append(b, `,"geometry":`...)
	b = AppendGeometry(b, f.Geometry)
	b = append(b, `,"properties":{`...)
	for i, c := range l.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, c.Name)
		b = append(b, ':')
		b = AppendValue(b, c.Type, f.Values[i])
	}
	b = append(b, '}')
	if distance >= 0 {
		b = append(b, `,"distance_m":`...)
		b = strconv.AppendFloat(b, distance, 'f', 1, 64)
	}
	return append(b, '}')
}

// AppendValue appends one value of a column: times as RFC 3339 in UTC, ColumnJSON as the JSON it is.
func AppendValue(b []byte, t layers.ColumnType, v any) []byte {
	switch v := v.(type) {
	case string:
		if t == layers.ColumnJSON && v != "" {
			return append(b, v...)
		}
		return AppendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case time.Time:
		return AppendTime(b, v)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, s)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// AppendTime appends t in quotes, RFC 3339, UTC.
func AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// AppendGeometry appends a GeoJSON geometry, null for nil. Rings and bounds become polygons.
func AppendGeometry(b []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		b = append(b, `{"type":"Point","coordinates":`...)
		b = appendPoint(b, g)
	case orb.MultiPoint:
		b = append(b, `{"type":"MultiPoint","coordinates":`...)
		b = appendPoints(b, g)
	case orb.LineString:
		b = append(b, `{"type":"LineString","coordinates":`...)
		b = appendPoints(b, g)
	case orb.MultiLineString:
		b = append(b, `{"type":"MultiLineString","coordinates":`...)
		b = appendList(b, g, func(b []byte, l orb.LineString) []byte { return appendPoints(b, l) })
	case orb.Ring:
		return AppendGeometry(b, orb.Polygon{g})
	case orb.Bound:
		return AppendGeometry(b, g.ToPolygon())
	case orb.Polygon:
		b = append(b, `{"type":"Polygon","coordinates":`...)
		b = appendPolygon(b, g)
	case orb.MultiPolygon:
		b = append(b, `{"type":"MultiPolygon","coordinates":`...)
		b = appendList(b, g, appendPolygon)
	case orb.Collection:
		b = append(b, `{"type":"GeometryCollection","geometries":`...)
		b = appendList(b, g, AppendGeometry)
	default:
		return append(b, "null"...)
	}
	return append(b, '}')
}

func appendPolygon(b []byte, p orb.Polygon) []byte {
	return appendList(b, p, func(b []byte, r orb.Ring) []byte { return appendPoints(b, r) })
}

func appendPoints(b []byte, points []orb.Point) []byte { return appendList(b, points, appendPoint) }

func appendList[T any](b []byte, items []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = append(b, '[')
	b = appendDegrees(b, p[0])
	b = append(b, ',')
	b = appendDegrees(b, p[1])
	return append(b, ']')
}

// appendDegrees appends d rounded to 7 digits after the point, without trailing zeros.
func appendDegrees(b []byte, d float64) []byte {
	const scale = 1e7
	if math.IsNaN(d) || math.Abs(d) > 1e9 {
		return append(b, "null"...)
	}
	n := int64(math.Round(d * scale)) // an integer has no negative zero
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/scale, 10)
	if n %= scale; n > 0 {
		start := len(b)
		b = strconv.AppendInt(b, scale+n, 10) // a leading 1 keeps the zeros
		b[start] = '.'
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[done:i]...), "\uFFFD"...)
				done = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[done:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		done = i
	}
	return append(append(b, s[done:]...), '"')
}
