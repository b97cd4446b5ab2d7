// Package livetest is a client of the live protocol for tests: it keeps copies as docs/protocol.md says a client must, and
// refuses every frame that breaks the protocol.
package livetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Frame is any frame of the server.
type Frame struct {
	Type       string              `json:"type"`
	Layer      string              `json:"layer"`
	Token      string              `json:"token"`
	Part       int                 `json:"part"`
	More       bool                `json:"more"`
	Columns    []string            `json:"columns"`
	Removed    []int64             `json:"removed"`
	IDs        []int64             `json:"ids"`
	Values     [][]json.RawMessage `json:"values"`
	Geometry   []json.RawMessage   `json:"geometry"`
	Tiles      json.RawMessage     `json:"tiles"`
	Code       string              `json:"code"`
	Field      string              `json:"field"`
	Reason     string              `json:"reason"`
	Source     string              `json:"source"`
	Time       time.Time           `json:"time"`
	Heard      *time.Time          `json:"heard"`
	Session    string              `json:"session"`
	Version    string              `json:"version"`
	HeartbeatS float64             `json:"heartbeat_s"`
	Walls      string              `json:"walls"`
	Raw        string              `json:"-"`
}

// Row is one feature of a copy, values by column as JSON text.
type Row struct {
	Values   map[string]string
	Geometry string // JSON text, "" when the subscription has none
}

// Layer is the copy of one layer.
type Layer struct {
	Token   string
	Columns []string
	Rows    map[int64]Row
	Loaded  bool
	Tiles   []string // named since the client was made; "all" among them

	part int // of the snapshot under way; 0 when none is
	next map[int64]Row
}

// Client is one connection with its copies. Copies outlive connections: give them to the next client. It is not safe for concurrent use.
type Client struct {
	Conn      *websocket.Conn
	Layers    map[string]*Layer
	Heartbeat Frame // the last one
	Errors    []Frame
	Frames    int
}

// Dial connects and reads hello and the first heartbeat. header may carry the session's cookie.
func Dial(ctx context.Context, url string, header http.Header) (*Client, error) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1), &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(32 << 20)
	c := &Client{Conn: conn, Layers: map[string]*Layer{}}
	for _, want := range []string{"hello", "heartbeat"} {
		f, err := c.Next(ctx)
		if err != nil {
			return nil, err
		}
		if f.Type != want {
			return nil, fmt.Errorf("got a %s in place of %s", f.Type, want)
		}
	}
	return c, nil
}

// Close ends the connection as a browser does that is closed.
func (c *Client) Close() { _ = c.Conn.Close(websocket.StatusNormalClosure, "") }

// Cut ends the connection as a network does that breaks.
func (c *Client) Cut() { _ = c.Conn.CloseNow() }

// Subscribe wants a layer, from the copy's token on when it has one.
func (c *Client) Subscribe(ctx context.Context, layer string, geometry bool, columns ...string) error {
	q := map[string]any{"layer": layer, "geometry": geometry}
	if len(columns) > 0 {
		q["columns"] = columns
	}
	return c.Want(ctx, q)
}

// Want subscribes by a frame of the test's own, with the copy's token when it has one.
func (c *Client) Want(ctx context.Context, q map[string]any) error {
	layer := q["layer"].(string)
	q = maps.Clone(q)
	q["type"] = "subscribe"
	if l := c.Layers[layer]; l != nil && l.Token != "" {
		q["token"] = l.Token
	} else if l == nil {
		c.Layers[layer] = &Layer{Rows: map[int64]Row{}}
	}
	return c.Send(ctx, q)
}

// Send sends any frame.
func (c *Client) Send(ctx context.Context, q any) error {
	b, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return c.Conn.Write(ctx, websocket.MessageText, b)
}

// Next reads one frame and applies it.
func (c *Client) Next(ctx context.Context) (Frame, error) {
	typ, b, err := c.Conn.Read(ctx)
	if err != nil {
		return Frame{}, err
	}
	var f Frame
	if typ != websocket.MessageText {
		return f, fmt.Errorf("a frame of type %v", typ)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("%w: %s", err, b)
	}
	f.Raw = string(b)
	c.Frames++
	switch f.Type {
	case "hello":
	case "heartbeat":
		c.Heartbeat = f
	case "error":
		c.Errors = append(c.Errors, f)
	case "snapshot", "diff":
		l := c.Layers[f.Layer]
		if l == nil {
			return f, fmt.Errorf("a %s of %q, which nobody wanted", f.Type, f.Layer)
		}
		if err := l.Apply(f); err != nil {
			return f, fmt.Errorf("%w: %s", err, b)
		}
	default:
		return f, fmt.Errorf("a frame of type %q", f.Type)
	}
	return f, nil
}

// Until reads frames until done, or until ctx ends.
func (c *Client) Until(ctx context.Context, done func() bool) error {
	for !done() {
		if _, err := c.Next(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Apply takes a snapshot or diff into the copy.
func (l *Layer) Apply(f Frame) error {
	switch f.Type {
	case "snapshot":
		if f.Part != l.part {
			return fmt.Errorf("part %d after %d parts", f.Part, l.part)
		}
		if f.Part == 0 {
			l.next, l.Columns = map[int64]Row{}, f.Columns
		}
		if !slices.Equal(l.Columns, f.Columns) {
			return fmt.Errorf("columns changed between parts")
		}
		if err := l.rows(l.next, f); err != nil {
			return err
		}
		if l.part++; f.More {
			return nil
		}
		l.Rows, l.next, l.part, l.Token, l.Loaded = l.next, nil, 0, f.Token, true
		return nil
	default:
		if !l.Loaded || l.part != 0 {
			return fmt.Errorf("a diff without a snapshot")
		}
		for _, id := range f.Removed {
			delete(l.Rows, id)
		}
		if err := l.rows(l.Rows, f); err != nil {
			return err
		}
		l.Token = f.Token
		return l.tiles(f)
	}
}

// Forget drops the parts of a snapshot that did not come whole: they are lost with their connection.
func (l *Layer) Forget() { l.part, l.next = 0, nil }

func (l *Layer) tiles(f Frame) error {
	var names []string
	switch {
	case f.Tiles == nil:
	case string(f.Tiles) == `"all"`:
		l.Tiles = append(l.Tiles, "all")
	default:
		if err := json.Unmarshal(f.Tiles, &names); err != nil {
			return err
		}
		l.Tiles = append(l.Tiles, names...)
	}
	return nil
}

func (l *Layer) rows(into map[int64]Row, f Frame) error {
	if len(f.Values) != len(l.Columns) {
		return fmt.Errorf("%d columns of values for %d names", len(f.Values), len(l.Columns))
	}
	if f.Geometry != nil && len(f.Geometry) != len(f.IDs) {
		return fmt.Errorf("%d geometries for %d ids", len(f.Geometry), len(f.IDs))
	}
	for i, id := range f.IDs {
		row := Row{Values: map[string]string{}}
		for j, name := range l.Columns {
			if len(f.Values[j]) != len(f.IDs) {
				return fmt.Errorf("column %s has %d values for %d ids", name, len(f.Values[j]), len(f.IDs))
			}
			row.Values[name] = string(f.Values[j][i])
		}
		if f.Geometry != nil {
			row.Geometry = string(f.Geometry[i])
		}
		into[id] = row
	}
	return nil
}
