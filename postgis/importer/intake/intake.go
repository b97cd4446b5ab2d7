// Package intake reads what other systems export: rows out of GeoJSON, GeoJSON sequences, JSON records and CSV, their fields mapped to the columns of a
// layer, their coordinates brought to EPSG:4326, and everything that is wrong with them said with its place.
//
// It knows neither files nor SQL: readers take an io.Reader, hold one row at a time, and never more of the input than Limits says. Nothing in it is
// safe for concurrent use; every reader belongs to one goroutine.
package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
)

// Row is one record of the input.
type Row struct {
	Number   int64 // 1 is the first record
	Line     int64 // where it begins; 0 where the input has no lines
	ID       any   // what the format itself calls its id (GeoJSON), or nil
	Fields   map[string]any
	Geometry orb.Geometry // as the input has it, not converted yet; nil when the row has none
	Err      *layers.Error
}

// Clone returns a copy that outlives the next call of Reader.Next.
func (r *Row) Clone() *Row {
	c := *r
	c.Fields = maps.Clone(r.Fields)
	return &c
}

// Field returns a value by name. A name with dots also finds values inside of nested objects.
func (r *Row) Field(name string) any {
	if v, ok := r.Fields[name]; ok {
		return v
	}
	at := r.Fields
	for {
		head, rest, nested := strings.Cut(name, ".")
		if !nested {
			return at[name]
		}
		next, ok := at[head].(map[string]any)
		if !ok {
			return nil
		}
		if at, name = next, rest; at[name] != nil {
			return at[name]
		}
	}
}

// Fingerprint names the row by all that it holds: rows that have no id of their own are recognised by it when they come again.
func (r *Row) Fingerprint() (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(r.Fields); err != nil { // keys are sorted
		return "", err
	}
	if r.Geometry != nil {
		if err := wkb.NewEncoder(h).Encode(r.Geometry); err != nil {
			return "", err
		}
	}
	return "sha:" + hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// Reader yields the rows of one input.
type Reader interface {
	// Next returns the next row, which is valid until the call after; io.EOF behind the last one. A row that is wrong in itself has Err set and
	// reading goes on; an error that is returned ends the input, and is a *layers.Error when the input is to blame.
	Next() (*Row, error)
}

// Limits bound what a reader holds in memory.
type Limits struct {
	Row int // bytes of one record
}

// DefaultLimits hold any record that people mean: an outline of a million corners is 40 MB of GeoJSON.
var DefaultLimits = Limits{Row: 64 << 20}

// place adds the place in the input to an error.
func place(e *layers.Error, line, column, offset int64) *layers.Error {
	if e.Params == nil {
		e.Params = map[string]string{}
	}
	e.Params["line"] = strconv.FormatInt(line, 10)
	e.Params["column"] = strconv.FormatInt(column, 10)
	e.Msg = "line " + e.Params["line"] + ", column " + e.Params["column"]
	if offset >= 0 {
		e.Params["byte"] = strconv.FormatInt(offset, 10)
		e.Msg += " (byte " + e.Params["byte"] + ")"
	}
	return e
}

// invalidAt is an error of the input at a place.
func invalidAt(reason, msg string, line, column, offset int64) *layers.Error {
	e := place(&layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: reason}, line, column, offset)
	e.Msg += ": " + msg
	return e
}

// tooLarge is the answer to a record over the limit.
func tooLarge(limit int, line int64) *layers.Error {
	return &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "row_too_large", Params: map[string]string{"line": strconv.FormatInt(line, 10)},
		Msg: "the record that begins in line " + strconv.FormatInt(line, 10) + " is longer than " + strconv.Itoa(limit>>20) + " MB"}
}

// asError returns err as the *layers.Error that it is or holds.
func asError(err error) *layers.Error {
	var e *layers.Error
	if errors.As(err, &e) {
		return e
	}
	return &layers.Error{Code: layers.CodeInvalid, Reason: "malformed", Msg: err.Error()}
}
