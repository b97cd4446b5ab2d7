package relay

import (
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
)

// message is one entry of the log, as CBOR. Beside Term one of its parts is set.
type message struct {
	Term    string   `cbor:"1,keyasint"`
	Open    *opening `cbor:"2,keyasint,omitempty"` // a snapshot begins
	Rows    *rows    `cbor:"3,keyasint,omitempty"` // some of its rows
	Loaded  bool     `cbor:"4,keyasint,omitempty"` // it was all of it
	Commits []commit `cbor:"5,keyasint,omitempty"`
}

type opening struct {
	Epoch   string         `cbor:"1,keyasint"`
	Version layers.Version `cbor:"2,keyasint"`
	Layers  []layers.Layer `cbor:"3,keyasint"`
	// Again: whoever follows this term has it all already; it is there for those who come.
	Again bool `cbor:"4,keyasint,omitempty"`
}

type rows struct {
	Layer    string `cbor:"1,keyasint"`
	Features []row  `cbor:"2,keyasint"`
}

type row struct {
	_        struct{} `cbor:",toarray"`
	ID       int64
	Geometry []byte // WKB
	Values   []any
}

type commit struct {
	_       struct{} `cbor:",toarray"`
	Version layers.Version
	Time    int64 // ns since 1970
	Changes []change
}

type change struct {
	_         struct{} `cbor:",toarray"`
	Layer     string
	Kind      layers.ChangeKind
	Row       *row
	Unchanged []int
}

// status is what <stream>.alive says, as CBOR.
type status struct {
	Term     string             `cbor:"1,keyasint"`
	State    layers.SourceState `cbor:"2,keyasint"`
	HeardAgo time.Duration      `cbor:"3,keyasint"` // the clocks of machines differ
	Reason   string             `cbor:"4,keyasint,omitempty"`
	Sequence uint64             `cbor:"5,keyasint"` // of the last fragment written
}

var (
	encoder = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano, TimeTag: cbor.EncTagRequired}.EncMode())
	// What stands in the stream was written by one of our own; the limits are for one message, not against an enemy.
	decoder = must(cbor.DecOptions{IntDec: cbor.IntDecConvertSigned, MaxArrayElements: 1 << 30}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func encodeRow(f *layers.Feature) (row, error) {
	r := row{ID: f.ID, Values: f.Values}
	for i, v := range r.Values {
		if t, ok := v.(time.Time); ok && (t.Year() < 0 || t.Year() > 9999) { // as good as infinite, and RFC 3339 cannot write it
			r.Values = slices.Clone(r.Values)
			r.Values[i] = nil
		}
	}
	if f.Geometry == nil {
		return r, nil
	}
	var err error
	if r.Geometry, err = wkb.Marshal(f.Geometry); err != nil {
		return r, fmt.Errorf("the shape of feature %d: %w", f.ID, err)
	}
	return r, nil
}

func (r *row) feature() (*layers.Feature, error) {
	f := &layers.Feature{ID: r.ID, Values: r.Values}
	for i, v := range f.Values {
		if list, ok := v.([]any); ok {
			texts := make([]string, len(list))
			for j, t := range list {
				if texts[j], ok = t.(string); !ok {
					return nil, fmt.Errorf("feature %d: a list of %T", r.ID, t)
				}
			}
			f.Values[i] = texts
		}
	}
	if len(r.Geometry) == 0 {
		return f, nil
	}
	var err error
	if f.Geometry, err = wkb.Unmarshal(r.Geometry); err != nil {
		return nil, fmt.Errorf("the shape of feature %d: %w", r.ID, err)
	}
	return f, nil
}

func encodeCommit(c *layers.Commit) (commit, error) {
	out := commit{Version: c.Version, Time: c.Time.UnixNano(), Changes: make([]change, len(c.Changes))}
	for i, ch := range c.Changes {
		out.Changes[i] = change{Layer: ch.Layer, Kind: ch.Kind, Unchanged: ch.Unchanged}
		if ch.Feature == nil {
			continue
		}
		r, err := encodeRow(ch.Feature)
		if err != nil {
			return out, err
		}
		out.Changes[i].Row = &r
	}
	return out, nil
}

func (c *commit) commit() (layers.Commit, error) {
	out := layers.Commit{Version: c.Version, Time: time.Unix(0, c.Time).UTC(), Changes: make([]layers.Change, len(c.Changes))}
	for i, ch := range c.Changes {
		out.Changes[i] = layers.Change{Layer: ch.Layer, Kind: ch.Kind, Unchanged: ch.Unchanged}
		if ch.Row == nil {
			if ch.Kind != layers.Truncate {
				return out, fmt.Errorf("a change of layer %s without a row", ch.Layer)
			}
			continue
		}
		f, err := ch.Row.feature()
		if err != nil {
			return out, err
		}
		out.Changes[i].Feature = f
	}
	return out, nil
}
