package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/postgis/importer/intake"
)

// rows yields what goes into the temporary table: every row of the file, mapped, converted and checked as far as that needs no database. Wrong rows are
// counted and left out. A yielded slice is reused.
func (r *run) rows(yield func([]any, error) bool) {
	values := make([]any, len(r.plan.Assignments))
	out := make([]any, 0, len(values)+8)
	id := make([]any, 1)
	for n := 0; ; n++ {
		row, err := r.next(n)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && r.o.MaxRows > 0 && r.report.Rows >= r.o.MaxRows {
			err = &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "too_many_rows", Msg: fmt.Sprintf("the file has more than %d rows, see --max-rows", r.o.MaxRows)}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if r.identified && row.ID != nil && row.Fields != nil {
			row.Fields[featureID] = row.ID
		}
		if row.Err == nil && !r.wanted(row) {
			r.report.Passed++
			continue
		}
		r.report.Rows++
		if n%64 == 0 {
			r.tell("reading", false)
		}
		key, pieces, err := r.take(row, values, id)
		if err != nil {
			r.refuse(row.Number, row.Line, err)
			continue
		}
		for i, piece := range pieces {
			out = append(out[:0], row.Number, i+1, row.Line, partKey(key, i), piece)
			if r.target.raw && r.assigned("raw") < 0 {
				raw, err := json.Marshal(row.Fields)
				if err != nil {
					yield(nil, err)
					return
				}
				out = append(out, json.RawMessage(raw))
			}
			if !yield(append(out, values...), nil) {
				return
			}
		}
	}
}

// next returns the n-th row: those that were looked at before, then the rest.
func (r *run) next(n int) (*intake.Row, error) {
	if n < len(r.peeked) {
		row := r.peeked[n]
		r.peeked[n] = nil
		return row, nil
	}
	return r.in.Next()
}

// partKey tells the parts of one row apart.
func partKey(key string, part int) any {
	switch {
	case key == "":
		return nil
	case part > 0:
		return fmt.Sprintf("%s/%d", key, part+1)
	}
	return key
}

func (r *run) wanted(row *intake.Row) bool {
	for field, value := range r.o.Only {
		have := row.Field(field)
		if have == nil {
			have = ""
		}
		if !oneOf(fmt.Sprint(have), value) {
			return false
		}
	}
	return true
}

// oneOf reports whether have is one of the values that commas separate.
func oneOf(have, values string) bool {
	for v := range strings.SplitSeq(values, ",") {
		if have == v {
			return true
		}
	}
	return false
}

// take maps and checks one row. Its geometry comes in the pieces that the layer takes.
func (r *run) take(row *intake.Row, values, id []any) (key string, pieces []orb.Geometry, err error) {
	if row.Err != nil {
		return "", nil, row.Err
	}
	if r.target.sourced {
		if key, err = r.key(row, id); err != nil {
			return "", nil, err
		}
	}
	if err := r.plan.Row(row, values); err != nil {
		return "", nil, err
	}
	if pieces, err = r.geometry(row.Geometry); err != nil {
		return "", nil, err
	}
	if check := checks[r.target.table]; check != nil {
		err = check(func(column string) any {
			if i := r.assigned(column); i >= 0 {
				return values[i]
			}
			return nil
		})
	}
	return key, pieces, err
}

func (r *run) key(row *intake.Row, id []any) (string, error) {
	if r.id == nil {
		return row.Fingerprint()
	}
	if err := r.id.Row(row, id); err != nil {
		return "", err
	}
	return fmt.Sprint(id[0]), nil
}

// geometry brings a geometry into the shape and, where that needs no database, the system of the layer.
func (r *run) geometry(g orb.Geometry) ([]orb.Geometry, error) {
	t := r.target
	switch {
	case t.geometry == "":
		return []orb.Geometry{nil}, nil
	case g == nil && t.geometryRequired:
		return nil, layers.Invalid("geometry", "required", "the row has no place: no geometry, or empty coordinates")
	case g == nil:
		return []orb.Geometry{nil}, nil
	}
	if err := intake.CheckFinite(g); err != nil {
		return nil, err
	}
	if p, ok := intake.First(g); ok {
		r.raw.Add(p)
	}
	mended, err := intake.CheckRings(g, r.o.Repair)
	if err != nil {
		return nil, err
	}
	if mended {
		r.report.Repairs.Closed++
	}
	if r.epsg == 0 {
		g = crs.Geometry(r.system, g)
		if err := intake.CheckPlaces(g); err != nil {
			return nil, err
		}
	}
	return intake.Fit(g, t.shape, r.o.Split || t.splits())
}
