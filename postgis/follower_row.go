package postgis

import (
	"encoding/binary"
	"fmt"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Places of a row's columns: -1 is the id, 0 to len(columns)-1 the attributes, then the geometry.
const placeID = -1

// width is the number of columns that columnList names.
func (t *table) width() int {
	n := 1 + len(t.columns)
	if t.geometry != "" {
		n++
	}
	return n
}

// place returns where a column belongs; ok is false for columns that are not shown.
func (t *table) place(name string) (place int, ok bool) {
	switch name {
	case t.id:
		return placeID, true
	case t.geometry:
		return len(t.columns), true
	}
	for i, c := range t.columns {
		if c.name == name {
			return i, true
		}
	}
	return 0, false
}

// rowBuilder makes one feature out of the binary values of its columns.
type rowBuilder struct {
	warn      func(t *table, id int64, err error) // of a value that cannot be shown
	table     *table
	id        int64
	values    []any
	geometry  orb.Geometry
	unchanged []int // as layers.Change.Unchanged
}

// set takes the value of one column; nil is NULL. A value that cannot be shown becomes NULL and is logged: one strange row must not
// stop the map. Only an id that cannot be read is an error.
func (r *rowBuilder) set(place int, b []byte) error {
	if place == placeID {
		switch len(b) {
		case 8:
			r.id = int64(binary.BigEndian.Uint64(b))
		case 4:
			r.id = int64(int32(binary.BigEndian.Uint32(b)))
		case 2:
			r.id = int64(int16(binary.BigEndian.Uint16(b)))
		default:
			return fmt.Errorf("layer %s: an id of %d bytes", r.table.layer.Name, len(b))
		}
		return nil
	}
	if b == nil {
		return nil
	}
	var err error
	if place == len(r.table.columns) {
		r.geometry, err = decodeGeometry(b)
	} else {
		c := r.table.columns[place]
		var v any
		if v, err = c.decode(b); err == nil {
			r.slots()[place] = v
		} else {
			err = fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	if err != nil {
		r.warn(r.table, r.id, err)
	}
	return nil
}

// keep notes a column that was not sent because it did not change.
func (r *rowBuilder) keep(place int) {
	if place == len(r.table.columns) {
		place = -1 // the geometry's index in layers.Change.Unchanged
	}
	r.unchanged = append(r.unchanged, place)
}

func (r *rowBuilder) slots() []any {
	if r.values == nil {
		r.values = make([]any, len(r.table.columns))
	}
	return r.values
}

func (r *rowBuilder) feature() *layers.Feature {
	return &layers.Feature{ID: r.id, Geometry: r.geometry, Values: r.slots()}
}
