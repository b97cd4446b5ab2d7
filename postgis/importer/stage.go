package importer

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// stageTable holds the rows of the file until all of them are known to be right. Beside the layer's columns: _n and _part name the row and its piece, _line its
// line, _key its id in the source, _geom its geometry, _at a point of it.
const stageTable = "import_stage"

// parentColumn is the one that only areas have, and only while they are imported: the code of the area above.
const parentColumn = "parent"

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func (r *run) createStage(ctx context.Context) error {
	columns := []string{"_n bigint", "_part int", "_line bigint", "_key text", "_geom geometry", "_at geometry"}
	if r.target.raw && r.assigned("raw") < 0 {
		columns = append(columns, "raw jsonb")
	}
	for _, a := range r.plan.Assignments {
		columns = append(columns, quote(a.Column.Name)+" "+r.target.attributes[a.Column.Name].base)
	}
	if r.target.placed && r.assigned("area_path") < 0 {
		columns = append(columns, "area_path text")
	}
	if r.target.table == "area" {
		columns = append(columns, "parent_id bigint")
		for _, c := range []string{"path", parentColumn} {
			if r.assigned(c) < 0 {
				columns = append(columns, c+" text")
			}
		}
	}
	_, err := r.tx.Exec(ctx, "CREATE TEMP TABLE "+stageTable+" ("+strings.Join(columns, ", ")+") ON COMMIT DROP")
	return err
}

// stageColumns are those that come from the file, in the order in which rows yields them.
func (r *run) stageColumns() []string {
	columns := []string{"_n", "_part", "_line", "_key", "_geom"}
	if r.target.raw && r.assigned("raw") < 0 {
		columns = append(columns, "raw")
	}
	for _, a := range r.plan.Assignments {
		columns = append(columns, a.Column.Name)
	}
	return columns
}

// rejectAtOnce is how many wrong rows are held in memory.
const rejectAtOnce = 50_000

// reject takes the rows out that a query finds, with what is wrong with them. The query yields _n, _line and one text that bad turns into the error.
func (r *run) reject(ctx context.Context, bad func(text string) *layers.Error, sql string, args ...any) (int64, error) {
	for total := int64(0); ; {
		n, err := r.rejectSome(ctx, bad, sql+fmt.Sprintf(" LIMIT %d", rejectAtOnce), args...)
		if total += n; err != nil || n == 0 {
			return total, err
		}
	}
}

func (r *run) rejectSome(ctx context.Context, bad func(text string) *layers.Error, sql string, args ...any) (int64, error) {
	rows, err := r.tx.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	var (
		n, line int64
		text    string
		numbers []int64
	)
	_, err = pgx.ForEachRow(rows, []any{&n, &line, &text}, func() error {
		if len(numbers) == 0 || numbers[len(numbers)-1] != n { // a row of several parts is one row; the queries are in the order of rows
			numbers = append(numbers, n)
			r.refuse(n, line, bad(text))
		}
		return nil
	})
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	_, err = r.tx.Exec(ctx, "DELETE FROM "+stageTable+" WHERE _n = ANY ($1)", numbers)
	return int64(len(numbers)), err
}

// check asks the database what only it can tell, one statement a question. Rows that fail one are not asked the next.
func (r *run) check(ctx context.Context) error {
	steps := []func(context.Context) error{r.transform, r.repairOrRefuse, r.inTheWorld, r.points, r.frame, r.place, r.constraints, r.keys}
	if r.target.table == "area" {
		steps = append(steps, r.nest)
	}
	if _, err := r.tx.Exec(ctx, "CREATE INDEX ON "+stageTable+" (_n); ANALYZE "+stageTable); err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.suspect(ctx)
}

// transform brings coordinates of a numbered system into EPSG:4326.
func (r *run) transform(ctx context.Context) error {
	if r.epsg == 0 || r.target.geometry == "" {
		return nil
	}
	var known bool
	if err := r.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = $1)`, r.epsg).Scan(&known); err != nil {
		return err
	}
	if !known {
		return layers.Invalid("--crs", "unknown_crs", "the database knows no coordinate system EPSG:%d", r.epsg)
	}
	// Points outside of what a system is made for are an error that names no row; offer_transform makes NULL of them.
	_, err := r.tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET _geom = coalesce(offer_transform(ST_SetSRID(_geom, %d), 4326), ST_GeomFromText('GEOMETRYCOLLECTION EMPTY', 4326))
		WHERE _geom IS NOT NULL`, stageTable, r.epsg))
	if err != nil {
		return err
	}
	_, err = r.reject(ctx, func(string) *layers.Error {
		return layers.Invalid("geometry", "outside_crs", "the coordinates lie outside of what EPSG:%d is made for", r.epsg)
	}, `SELECT _n, _line, '' FROM `+stageTable+` WHERE ST_IsEmpty(_geom) ORDER BY _n`)
	return err
}

// inTheWorld looks again at what the database has converted or repaired.
func (r *run) inTheWorld(ctx context.Context) error {
	if r.epsg == 0 || r.target.geometry == "" {
		return nil
	}
	_, err := r.reject(ctx, func(text string) *layers.Error {
		return layers.Invalid("geometry", "outside_world", "read as EPSG:%d it lies outside of the world: %s", r.epsg, text)
	}, `SELECT _n, _line, ST_AsText(ST_Centroid(_geom), 4) FROM `+stageTable+`
		WHERE ST_XMin(_geom) < -180 OR ST_XMax(_geom) > 180 OR ST_YMin(_geom) < -90 OR ST_YMax(_geom) > 90 ORDER BY _n`)
	return err
}

// points makes the point by which a thing is placed in the county: itself, or one on its surface.
func (r *run) points(ctx context.Context) error {
	if r.target.geometry == "" || !r.target.placed && !r.target.framed() && r.target.table != "area" {
		return nil
	}
	var areas bool // without any there is nothing to be placed in, and a large file need not be written twice
	if err := r.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM area)`).Scan(&areas); err != nil || !areas && r.o.Bounds == nil && r.target.table != "area" {
		return err
	}
	_, err := r.tx.Exec(ctx, `UPDATE `+stageTable+` SET _at = CASE WHEN GeometryType(_geom) = 'POINT' THEN _geom ELSE ST_PointOnSurface(_geom) END WHERE _geom IS NOT NULL;
		CREATE INDEX ON `+stageTable+` USING gist (_at); ANALYZE `+stageTable)
	return err
}

// constraints evaluates the table's own CHECKs on the rows, so that a wrong one is named instead of ending the import.
func (r *run) constraints(ctx context.Context) error {
	for _, c := range r.target.checks {
		if !r.staged(c.columns) {
			continue
		}
		column := c.columns[0]
		_, err := r.reject(ctx, func(text string) *layers.Error {
			e := layers.Invalid(column, "not_allowed", "%q is not %s", text, c.wanted())
			e.Params = map[string]string{"value": text}
			return e
		}, fmt.Sprintf(`SELECT _n, _line, coalesce(left(%s::text, 80), '') FROM %s WHERE NOT coalesce((%s), true) ORDER BY _n`, quote(column), stageTable, c.sql))
		if err != nil {
			return err
		}
	}
	return nil
}

// staged reports whether the temporary table has all of the columns.
func (r *run) staged(columns []string) bool {
	for _, c := range columns {
		if r.assigned(c) < 0 && (c != "area_path" || !r.target.placed) {
			return false
		}
	}
	return len(columns) > 0
}

// keys sees that no two rows claim to be the same thing, and none a thing of somebody else.
func (r *run) keys(ctx context.Context) error {
	if r.target.sourced && r.id == nil {
		// Rows of equal content are told apart by their order.
		if _, err := r.tx.Exec(ctx, `UPDATE `+stageTable+` s SET _key = s._key || '#' || d.nth FROM
			(SELECT _n, _part, row_number() OVER (PARTITION BY _key ORDER BY _n, _part) AS nth FROM `+stageTable+`) d
			WHERE d.nth > 1 AND d._n = s._n AND d._part = s._part`); err != nil {
			return err
		}
	}
	key := "_key"
	if !r.target.sourced {
		key = quote(r.target.natural)
	}
	_, err := r.reject(ctx, func(text string) *layers.Error {
		name := r.target.natural
		if r.target.sourced {
			name = "id"
		}
		value, first, _ := strings.Cut(text, "\n")
		return layers.Invalid(name, "repeated_key", "%q stands in row %s already", value, first)
	}, fmt.Sprintf(`SELECT _n, _line, k || E'\n' || first FROM (SELECT _n, _line, %[1]s::text AS k, min(_n) OVER (PARTITION BY %[1]s) AS first, row_number() OVER (PARTITION BY %[1]s ORDER BY _n, _part) AS nth
		FROM %[2]s) d WHERE nth > 1 ORDER BY _n`, key, stageTable))
	if err != nil {
		return err
	}
	for _, u := range r.target.unique {
		if !r.staged(u) || len(u) == 1 && u[0] == r.target.natural {
			continue
		}
		if err := r.taken(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// taken refuses rows whose value in columns that are unique belongs to another row of the file or of the layer.
func (r *run) taken(ctx context.Context, columns []string) error {
	var same, have []string
	for _, c := range columns {
		same = append(same, "t."+quote(c)+" = s."+quote(c))
		have = append(have, quote(c))
	}
	list := strings.Join(have, ", ")
	bad := func(text string) *layers.Error {
		return layers.Invalid(strings.Join(columns, ","), "already_exists", "%q belongs to another row", text)
	}
	// Two questions rather than one with OR, which would compare every row with every other.
	_, err := r.reject(ctx, bad, fmt.Sprintf(`SELECT _n, _line, concat_ws(', ', %[1]s) FROM (SELECT *, row_number() OVER (PARTITION BY %[1]s ORDER BY _n, _part) AS nth FROM %[2]s
		WHERE (%[1]s) IS NOT NULL) d WHERE nth > 1 ORDER BY _n`, list, stageTable))
	if err != nil {
		return err
	}
	_, err = r.reject(ctx, bad, fmt.Sprintf(`SELECT s._n, s._line, concat_ws(', ', s.%[1]s) FROM %[2]s s WHERE EXISTS (SELECT FROM %[3]s t WHERE %[4]s AND NOT (%[5]s)) ORDER BY s._n`,
		strings.Join(have, ", s."), stageTable, r.target.name(), strings.Join(same, " AND "), r.match()), r.matchArgs()...)
	return err
}

// match is the SQL by which a row t of the layer is the row s of the file; $1 is the source where matchArgs has it.
func (r *run) match() string {
	if r.target.sourced {
		return "t.source = $1 AND t.source_id = s._key AND t.source_id <> ''"
	}
	return "t." + quote(r.target.natural) + " = s." + quote(r.target.natural)
}

func (r *run) matchArgs() []any {
	if r.target.sourced {
		return []any{r.report.Source}
	}
	return nil
}
