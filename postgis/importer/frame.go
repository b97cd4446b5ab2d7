package importer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/postgis/importer/intake"
)

// frameTable holds the outline in which things have to lie: what was declared, or the areas without one above them.
const frameTable = "import_frame"

// frame counts what lies outside of the county, and refuses a file of which most does: it is in another coordinate system, or from elsewhere.
func (r *run) frame(ctx context.Context) error {
	if r.target.geometry == "" {
		return nil
	}
	if err := r.makeFrame(ctx); err != nil {
		return err
	}
	if !r.target.framed() || r.o.Anywhere {
		return nil
	}
	var known bool
	var total, outside int64
	err := r.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+frameTable+`), count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM `+frameTable+` f WHERE ST_Intersects(f.geom, s._at)))
		FROM `+stageTable+` s WHERE _at IS NOT NULL`).Scan(&known, &total, &outside)
	if err != nil || !known || outside == 0 {
		return err
	}
	hint, err := r.suggest(ctx)
	if err != nil {
		return err
	}
	if outside*2 <= total {
		r.warn("%d of %d rows lie outside of the county", outside, total)
		if hint != "" {
			r.report.Hints = append(r.report.Hints, hint)
		}
		return nil
	}
	msg := fmt.Sprintf("%d of %d rows lie outside of the county", outside, total)
	if hint != "" {
		msg += ": " + hint
	} else {
		msg += ", and no coordinate system that is tried brings them into it; --anywhere imports them all the same"
	}
	return layers.Invalid("--crs", "outside_county", "%s", msg)
}

func (r *run) makeFrame(ctx context.Context) error {
	if _, err := r.tx.Exec(ctx, `CREATE TEMP TABLE `+frameTable+` (geom geometry(Geometry, 4326)) ON COMMIT DROP`); err != nil {
		return err
	}
	if b := r.o.Bounds; b != nil {
		_, err := r.tx.Exec(ctx, `INSERT INTO `+frameTable+` VALUES (ST_MakeEnvelope($1, $2, $3, $4, 4326))`, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
		return err
	}
	if r.target.table == "area" { // they make the county
		return nil
	}
	_, err := r.tx.Exec(ctx, `INSERT INTO `+frameTable+` SELECT ST_Subdivide(geom, 256) FROM area WHERE parent_id IS NULL;
		CREATE INDEX ON `+frameTable+` USING gist (geom); ANALYZE `+frameTable)
	return err
}

// suspect adds a hint where many rows were refused for their place.
func (r *run) suspect(ctx context.Context) error {
	var lost int64
	for _, name := range []string{"geometry: outside_world", "geometry: swapped_coordinates", "geometry: outside_crs"} {
		lost += r.report.Counts[name]
	}
	if lost == 0 || lost*2 < r.report.Rows {
		return nil
	}
	hint, err := r.suggest(ctx)
	if err != nil {
		return err
	}
	if hint == "" {
		if candidates := intake.Candidates(r.raw.Points); len(candidates) > 0 && candidates[0].EPSG != 0 {
			hint = "the coordinates look like metres of a projected system; it may be"
			for i, c := range candidates[:min(4, len(candidates))] {
				if i > 0 {
					hint += ", or"
				}
				hint += " " + c.String()
			}
		}
	}
	if hint != "" {
		r.report.Hints = append(r.report.Hints, hint)
	}
	return nil
}

// suggest tries the coordinates of the file in other systems and returns the advice that brings most of them into the county, "" when none is better than the present
// one.
func (r *run) suggest(ctx context.Context) (string, error) {
	points := r.raw.Points
	if len(points) == 0 {
		return "", nil
	}
	var known bool
	if err := r.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+frameTable+`)`).Scan(&known); err != nil || !known {
		return "", err
	}
	r.report.Suggested = ""
	best, most := intake.Candidate{}, 0
	if r.epsg == 0 {
		now := intake.Candidate{Name: string(r.system)}
		inside, err := r.inside(ctx, now, points)
		if err != nil {
			return "", err
		}
		most = inside
	}
	for _, c := range intake.Candidates(points) {
		inside, err := r.inside(ctx, c, points)
		if err != nil {
			return "", err
		}
		if inside > most {
			best, most = c, inside
		}
	}
	if best.Name == "" {
		return "", nil
	}
	if !best.Swapped {
		r.report.Suggested = best.Name
	}
	return fmt.Sprintf("with %s, %d of %d that were tried lie inside", best, most, len(points)), nil
}

// inside counts the points that lie in the county when they are read as candidate says.
func (r *run) inside(ctx context.Context, c intake.Candidate, points []orb.Point) (int, error) {
	xs, ys := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		switch {
		case c.EPSG == 0:
			p = c.Convert(p)
		case c.Swapped:
			p[0], p[1] = p[1], p[0]
		}
		xs[i], ys[i] = p[0], p[1]
	}
	point := "ST_SetSRID(ST_MakePoint(p.x, p.y), 4326)"
	if c.EPSG != 0 {
		point = fmt.Sprintf("ST_Transform(ST_SetSRID(ST_MakePoint(p.x, p.y), %d), 4326)", c.EPSG)
	}
	n := 0
	err := pgx.BeginFunc(ctx, r.tx, func(tx pgx.Tx) error { // a savepoint: points outside of what a system is made for are an error
		return tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT `+point+` AS geom FROM unnest($1::float8[], $2::float8[]) AS p(x, y)) p
			WHERE EXISTS (SELECT FROM `+frameTable+` f WHERE ST_Intersects(f.geom, p.geom))`, xs, ys).Scan(&n)
	})
	if ctx.Err() != nil || r.tx.Conn().IsClosed() {
		return 0, err
	}
	return n, nil //nolint:nilerr // such a system is none for these points
}

// place finds the area of each row that does not name one.
func (r *run) place(ctx context.Context) error {
	if !r.target.placed || r.target.geometry == "" {
		return nil
	}
	_, err := r.tx.Exec(ctx, `
		UPDATE `+stageTable+` s SET area_path = x.path FROM (
			SELECT DISTINCT ON (s._n, s._part) s._n, s._part, a.path FROM area a JOIN `+stageTable+` s ON ST_Intersects(a.geom, s._at)
			WHERE s.area_path IS NULL ORDER BY s._n, s._part, length(a.path) DESC, a.path) x
		WHERE x._n = s._n AND x._part = s._part`)
	if err != nil {
		return err
	}
	if r.o.Within != nil {
		if err := r.within(ctx); err != nil {
			return err
		}
	}
	if !r.target.attributes["area_path"].notNull {
		return nil
	}
	_, err = r.reject(ctx, func(string) *layers.Error {
		return layers.Invalid("area_path", "outside_county", "it lies in none of the areas")
	}, `SELECT _n, _line, '' FROM `+stageTable+` WHERE area_path IS NULL ORDER BY _n`)
	return err
}

// inOwn is the SQL of whether an area path lies in the areas of $1.
func inOwn(column string) string {
	return fmt.Sprintf(`EXISTS (SELECT FROM unnest($1::text[]) own WHERE own = '*' OR starts_with(coalesce(%s, '') || '.', own || '.'))`, column)
}

// within refuses rows that lie outside of the areas of who imports, and those that would change a row outside of them.
func (r *run) within(ctx context.Context) error {
	outside := func(string) *layers.Error {
		return layers.Invalid("geometry", "outside_areas", "it lies outside of the areas of who imports it")
	}
	if _, err := r.reject(ctx, outside, `SELECT s._n, s._line, '' FROM `+stageTable+` s WHERE NOT `+inOwn("s.area_path")+` ORDER BY s._n`, r.o.Within); err != nil {
		return err
	}
	match := "t.source = $2 AND t.source_id = s._key AND t.source_id <> ''"
	args := []any{r.o.Within}
	if r.target.sourced {
		args = append(args, r.report.Source)
	} else {
		match = r.match()
	}
	_, err := r.reject(ctx, outside, `SELECT s._n, s._line, '' FROM `+stageTable+` s JOIN `+r.target.name()+` t ON `+match+` WHERE NOT `+inOwn("t.area_path")+` ORDER BY s._n`, args...)
	return err
}

// sample keeps some outlines of a dry run.
func (r *run) sample(ctx context.Context) error {
	if !r.o.DryRun || r.o.Sample == 0 || r.target.geometry == "" {
		return nil
	}
	rows, err := r.tx.Query(ctx, `SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(_geom, 0.00001), 6) FROM `+stageTable+` WHERE _geom IS NOT NULL ORDER BY _n, _part LIMIT $1`, r.o.Sample)
	if err != nil {
		return err
	}
	r.report.Sample, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return err
}
