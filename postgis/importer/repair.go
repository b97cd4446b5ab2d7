package importer

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// Repairs says what was done to invalid geometry.
type Repairs struct {
	Closed int64 // rings that did not end where they began
	Rows   int64 // rows whose geometry crossed or touched itself
	// Lost and Gained are square metres by which repaired outlines differ from what their rings enclosed. Parts that had no area are gone without a trace here.
	Lost, Gained float64
	Examples     []string // the first ones, with place and loss
}

const maxExamples = 5

// repairOrRefuse finds geometry that is not valid: rings that cross themselves or one another, holes outside of their outline. It is refused with the place, or mended
// by ST_MakeValid with what that cost.
func (r *run) repairOrRefuse(ctx context.Context) error {
	if r.target.geometry == "" || r.target.shape == "point" || r.target.shape == "multipoint" {
		return nil
	}
	if !r.o.Repair {
		_, err := r.reject(ctx, func(text string) *layers.Error {
			reason, place, _ := strings.Cut(text, "\n")
			lon, lat, _ := strings.Cut(place, " ")
			e := layers.Invalid("geometry", "self_intersection", "%s at %s, %s; --invalid repair mends it", reason, lon, lat)
			e.Params = map[string]string{"lon": lon, "lat": lat}
			return e
		}, `SELECT _n, _line, reason(d) || E'\n' || coalesce(round(ST_X(location(d))::numeric, 6) || ' ' || round(ST_Y(location(d))::numeric, 6), '? ?')
			FROM (SELECT _n, _line, ST_IsValidDetail(_geom) AS d FROM `+stageTable+` WHERE NOT ST_IsValid(_geom)) x ORDER BY _n`)
		return err
	}
	rows, err := r.tx.Query(ctx, fmt.Sprintf(`
		WITH broken AS (
			SELECT ctid AS at, _n, _geom AS was, ST_MakeValid(_geom) AS whole, ST_IsValidDetail(_geom) AS d FROM %[1]s WHERE NOT ST_IsValid(_geom)),
		mended AS (
			SELECT *, CASE WHEN ST_Dimension(was) = 2 THEN ST_CollectionExtract(whole, 3) WHEN ST_Dimension(was) = 1 THEN ST_CollectionExtract(whole, 2) ELSE whole END AS now FROM broken),
		written AS (
			UPDATE %[1]s s SET _geom = CASE WHEN GeometryType(m.was) LIKE 'MULTI%%' THEN ST_Multi(m.now) WHEN ST_NumGeometries(m.now) = 1 THEN ST_GeometryN(m.now, 1) ELSE m.now END
			FROM mended m WHERE s.ctid = m.at)
		SELECT _n, coalesce(reason(d), ''), coalesce(ST_AsText(location(d), 6), ''), abs(ST_Area(ST_SetSRID(was, 4326)::geography)), ST_Area(now::geography), ST_NumGeometries(now) FROM mended ORDER BY _n`, stageTable))
	if err != nil {
		return err
	}
	var (
		n             int64
		reason, place string
		was, now      float64
		parts         int
	)
	fixed := &r.report.Repairs
	_, err = pgx.ForEachRow(rows, []any{&n, &reason, &place, &was, &now, &parts}, func() error {
		fixed.Rows++
		if now < was {
			fixed.Lost += was - now
		} else {
			fixed.Gained += now - was
		}
		if len(fixed.Examples) < maxExamples {
			fixed.Examples = append(fixed.Examples, fmt.Sprintf("row %d: %s at %s; %s m² before, %s m² in %d parts after", n, reason, place,
				strconv.FormatFloat(was, 'f', 1, 64), strconv.FormatFloat(now, 'f', 1, 64), parts))
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = r.reject(ctx, func(string) *layers.Error {
		return layers.Invalid("geometry", "empty_polygon", "nothing is left of the geometry once it is repaired")
	}, `SELECT _n, _line, '' FROM `+stageTable+` WHERE _geom IS NOT NULL AND (ST_IsEmpty(_geom) OR NOT ST_IsValid(_geom)) ORDER BY _n`)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(r.target.shape), "multi") && r.target.shape != "geometry" {
		_, err = r.reject(ctx, func(text string) *layers.Error {
			return layers.Invalid("geometry", "multipart", "the repaired outline has %s parts, the layer takes one", text)
		}, `SELECT _n, _line, ST_NumGeometries(_geom)::text FROM `+stageTable+` WHERE ST_NumGeometries(_geom) > 1 ORDER BY _n`)
	}
	return err
}
