package live

import (
	"strconv"
	"strings"
	"time"

	"wanglou/layers"
	"wanglou/server/geojson"
)

// frame kinds of the server, as docs/protocol.md names them.
const (
	kindSnapshot = "snapshot"
	kindDiff     = "diff"
)

// appendHead appends the beginning of a snapshot or diff frame: what it is, and what goes before its rows.
func (c *content) appendHead(b []byte, part int, more bool) []byte {
	b = append(b, `{"type":"`...)
	b = append(b, c.kind...)
	b = append(b, `","layer":`...)
	b = geojson.AppendString(b, c.view.layer)
	b = append(b, `,"token":`...)
	b = geojson.AppendString(b, c.token(more))
	if c.kind == kindSnapshot {
		b = append(b, `,"part":`...)
		b = strconv.AppendInt(b, int64(part), 10)
		b = append(b, `,"more":`...)
		b = strconv.AppendBool(b, more)
		b = append(b, `,"columns":[`...)
		for i, col := range c.columns {
			b = comma(b, i)
			b = geojson.AppendString(b, c.layer.Columns[col].Name)
		}
		b = append(b, ']')
	} else {
		b = append(b, `,"removed":[`...)
		if part == 0 {
			for i, id := range c.removed {
				b = comma(b, i)
				b = strconv.AppendInt(b, id, 10)
			}
		}
		b = append(b, ']')
	}
	return b
}

// appendRows appends one snapshot or diff frame with the given rows.
func (c *content) appendRows(b []byte, part int, rows []*layers.Feature, more bool) []byte {
	if c.view.binary {
		return c.appendBulk(b, part, rows, more)
	}
	b = c.appendHead(b, part, more)
	b = append(b, `,"ids":[`...)
	for i, f := range rows {
		b = comma(b, i)
		b = strconv.AppendInt(b, f.ID, 10)
	}
	b = append(b, `],"values":[`...)
	for i, col := range c.columns {
		b = comma(b, i)
		b = append(b, '[')
		typ := c.layer.Columns[col].Type
		for j, f := range rows {
			b = comma(b, j)
			b = geojson.AppendValue(b, typ, f.Values[col])
		}
		b = append(b, ']')
	}
	b = append(b, ']')
	if c.view.geometry {
		b = append(b, `,"geometry":[`...)
		for i, f := range rows {
			b = comma(b, i)
			b = geojson.AppendGeometry(b, f.Geometry)
		}
		b = append(b, ']')
	}
	if !more {
		b = c.appendTiles(b)
	}
	return append(b, '}')
}

// kept returns the token that a client may keep once it has all parts up to this one, "" while it may keep none.
func (c *content) kept(part int) string {
	more := part < c.parts()-1
	switch {
	case !more:
		c.lastOnce.Do(func() { c.last = c.token(false) })
		return c.last
	case c.kind == kindSnapshot:
		return ""
	}
	return c.token(true)
}

// token returns the token of one frame. Every diff can be taken by itself: the client is where it was until the last one.
// Half way between two views it is nowhere.
func (c *content) token(more bool) string {
	switch {
	case c.kind != kindDiff || !more:
		return c.view.token(c.to)
	case c.shifted:
		return ""
	}
	return c.view.token(c.from)
}

// appendTiles names the changed tiles in the last part: by then the client has all rows.
func (c *content) appendTiles(b []byte) []byte {
	switch {
	case c.allTiles:
		b = append(b, `,"tiles":"all"`...)
	case len(c.tiles) > 0:
		b = append(b, `,"tiles":["`...)
		b = append(b, strings.Join(c.tiles, `","`)...)
		b = append(b, `"]`...)
	}
	return b
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendHello(b []byte, session, version string, now time.Time, at layers.Position, heartbeat time.Duration) []byte {
	b = append(b, `{"type":"hello","session":`...)
	b = geojson.AppendString(b, session)
	b = append(b, `,"version":`...)
	b = geojson.AppendString(b, version)
	b = append(b, `,"time":`...)
	b = geojson.AppendTime(b, now)
	b = append(b, `,"token":`...)
	b = appendPosition(b, at)
	b = append(b, `,"heartbeat_s":`...)
	b = strconv.AppendFloat(b, heartbeat.Seconds(), 'f', -1, 64)
	return append(b, '}')
}

func appendHeartbeat(b []byte, now time.Time, at layers.Position, s layers.SourceStatus, r *layers.Replay, walls string) []byte {
	b = append(b, `{"type":"heartbeat","time":`...)
	b = geojson.AppendTime(b, now)
	b = append(b, `,"token":`...)
	b = appendPosition(b, at)
	b = append(b, `,"source":`...)
	b = geojson.AppendString(b, string(s.State))
	b = append(b, `,"source_since":`...)
	b = appendMoment(b, s.Since)
	b = append(b, `,"heard":`...)
	b = appendMoment(b, s.Heard)
	if r != nil {
		b = appendReplay(b, r.State())
	}
	if walls != "" {
		b = append(b, `,"walls":`...)
		b = geojson.AppendString(b, walls)
	}
	return append(b, '}')
}

func appendReplay(b []byte, s layers.ReplayState) []byte {
	b = append(b, `,"replay":{"at":`...)
	b = geojson.AppendTime(b, s.At)
	b = append(b, `,"speed":`...)
	b = geojson.AppendValue(b, layers.ColumnFloat, s.Speed)
	b = append(b, `,"playing":`...)
	b = strconv.AppendBool(b, s.Playing)
	b = append(b, `,"ended":`...)
	b = strconv.AppendBool(b, s.Ended)
	return append(b, '}')
}

// appendPosition appends the replica's position, null before anything was loaded.
func appendPosition(b []byte, at layers.Position) []byte {
	if at.Epoch == "" {
		return append(b, "null"...)
	}
	return geojson.AppendString(b, at.Token())
}

func appendMoment(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return geojson.AppendTime(b, t)
}

func appendError(b []byte, e *layers.Error, layer string) []byte {
	b = append(b, `{"type":"error","code":`...)
	b = geojson.AppendString(b, string(e.Code))
	b = append(b, `,"layer":`...)
	b = geojson.AppendString(b, layer)
	if e.Field != "" {
		b = append(b, `,"field":`...)
		b = geojson.AppendString(b, e.Field)
	}
	b = append(b, `,"reason":`...)
	b = geojson.AppendString(b, e.Reason)
	b = append(b, `,"message":`...)
	b = geojson.AppendString(b, e.Msg)
	return append(b, '}')
}
