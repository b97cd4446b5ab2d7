package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/survey"
)

// write brings the rows from the temporary table into the layer.
func (r *run) write(ctx context.Context) error {
	if r.target.table == "area" {
		return r.writeAreas(ctx)
	}
	if err := r.upsert(ctx, "true"); err != nil {
		return err
	}
	if r.o.Prune {
		if err := r.prune(ctx); err != nil {
			return err
		}
	}
	if r.target.table == "detection" { // its state is the last row of its log
		_, err := r.tx.Exec(ctx, `INSERT INTO detection_log (detection_id, source_time, actor_name, move, to_state)
			SELECT d.id, d.detected_at, d.detector, $1, d.state FROM detection d JOIN `+stageTable+` s USING (number)
			WHERE NOT EXISTS (SELECT FROM detection_log l WHERE l.detection_id = d.id)`, survey.MoveDetect)
		if err != nil {
			return err
		}
	}
	if slices.Contains(survey.PlotLayers, survey.PlotLayer(r.target.table)) {
		if err := r.tx.QueryRow(ctx, `SELECT detection_reexamine()`).Scan(&r.report.Reexamined); err != nil {
			return err
		}
	}
	return r.publish(ctx)
}

// column is one column of the layer and the SQL of its value in a row s of the temporary table.
type column struct{ name, value string }

// written lists the columns that the import fills.
func (r *run) written() []column {
	var out []column
	t := r.target
	add := func(name string) {
		value := "s." + quote(name)
		if a := t.attributes[name]; a.notNull && a.fallback != "" {
			value = "coalesce(" + value + ", " + a.fallback + ")"
		}
		out = append(out, column{quote(name), value})
	}
	for _, a := range r.plan.Assignments {
		if a.Column.Name != "area_path" && a.Column.Name != "path" && a.Column.Name != parentColumn {
			add(a.Column.Name)
		}
	}
	if t.raw && r.assigned("raw") < 0 {
		add("raw")
	}
	if t.placed {
		add("area_path")
	}
	if t.table == "area" {
		add("path")
		add("parent_id")
	}
	if t.geometry != "" {
		out = append(out, column{quote(t.geometry), "s._geom"})
	}
	return out
}

// upsert writes the rows for which the SQL condition holds: those that the layer has are changed where they differ, the others are new.
func (r *run) upsert(ctx context.Context, condition string) error {
	t := r.target
	var names, values, sets, olds []string
	for _, c := range r.written() {
		names, values = append(names, c.name), append(values, c.value)
		sets = append(sets, c.name+" = "+c.value)
		olds = append(olds, "t."+c.name)
	}
	var matched int64
	err := r.tx.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM %s s WHERE (%s) AND EXISTS (SELECT FROM %s t WHERE %s)`, stageTable, condition, t.name(), r.match()), r.matchArgs()...).Scan(&matched)
	if err != nil {
		return err
	}
	if matched > 0 {
		tag, err := r.tx.Exec(ctx, fmt.Sprintf(`UPDATE %s t SET %s FROM %s s WHERE (%s) AND %s AND (%s) IS DISTINCT FROM (%s)`,
			t.name(), strings.Join(sets, ", "), stageTable, condition, r.match(), strings.Join(olds, ", "), strings.Join(values, ", ")), r.matchArgs()...)
		if err != nil {
			return err
		}
		r.report.Updated += tag.RowsAffected()
		r.report.Unchanged += matched - tag.RowsAffected()
	}
	if t.sourced {
		names, values = append(names, "source", "source_id"), append(values, "$1", "s._key")
	}
	tag, err := r.tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s s WHERE (%s) AND NOT EXISTS (SELECT FROM %s t WHERE %s) ORDER BY s._n, s._part`,
		t.name(), strings.Join(names, ", "), strings.Join(values, ", "), stageTable, condition, t.name(), r.match()), r.matchArgs()...)
	r.report.Inserted += tag.RowsAffected()
	return err
}

// prune deletes what the source gave before and does not give now.
func (r *run) prune(ctx context.Context) error {
	sql, args := fmt.Sprintf(`DELETE FROM %s t WHERE t.source = $2 AND t.source_id <> '' AND NOT EXISTS (SELECT FROM %s s WHERE s._key = t.source_id) AND ($1::text[] IS NULL`, r.target.name(), stageTable), []any{r.o.Within, r.report.Source}
	if r.target.placed {
		sql += " OR " + inOwn("t.area_path")
	}
	tag, err := r.tx.Exec(ctx, sql+")", args...)
	r.report.Deleted = tag.RowsAffected()
	return err
}

// levels of areas, from above.
var levels = []string{"county", "town", "village"}

// nest finds the area above each area and makes its path: by the parent's code or the path where the file has them, by place otherwise.
func (r *run) nest(ctx context.Context) error {
	for i, level := range levels {
		if i == 0 {
			if _, err := r.tx.Exec(ctx, `UPDATE `+stageTable+` SET path = code WHERE level = 'county' AND path IS NULL`); err != nil {
				return err
			}
			continue
		}
		above := levels[:i]
		// Areas of this import and those that are there; the former win.
		_, err := r.tx.Exec(ctx, `
			WITH above AS (
				SELECT code, path::text, _geom AS geom, level FROM `+stageTable+` WHERE level = ANY ($2)
				UNION ALL
				SELECT code, path, geom, level FROM area WHERE level = ANY ($2) AND code NOT IN (SELECT code FROM `+stageTable+`)),
			found AS (
				SELECT DISTINCT ON (s._n) s._n, above.path || '.' || s.code AS path FROM `+stageTable+` s JOIN above ON
					CASE WHEN s.`+parentColumn+` IS NOT NULL THEN above.code = s.`+parentColumn+` ELSE ST_Intersects(above.geom, s._at) END
				WHERE s.level = $1 AND s.path IS NULL ORDER BY s._n, length(above.path) DESC, above.path)
			UPDATE `+stageTable+` s SET path = found.path FROM found WHERE found._n = s._n`, level, above)
		if err != nil {
			return err
		}
		if err := r.orphans(ctx, level, above); err != nil {
			return err
		}
	}
	_, err := r.reject(ctx, areaMoves, `SELECT s._n, s._line, a.path || E'\n' || s.path FROM `+stageTable+` s JOIN area a USING (code)
		WHERE a.path <> s.path AND EXISTS (SELECT FROM area b WHERE starts_with(b.path, a.path || '.')) ORDER BY s._n`)
	return err
}

// orphans refuses areas without one above them, unless there is none for anybody.
func (r *run) orphans(ctx context.Context, level string, above []string) error {
	var any bool
	err := r.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+stageTable+` WHERE level = ANY ($1)) OR EXISTS (SELECT FROM area WHERE level = ANY ($1))`, above).Scan(&any)
	if err != nil {
		return err
	}
	if !any {
		_, err = r.tx.Exec(ctx, `UPDATE `+stageTable+` SET path = code WHERE level = $1 AND path IS NULL`, level)
		return err
	}
	_, err = r.reject(ctx, noParent, `SELECT _n, _line, coalesce(`+parentColumn+`, '') FROM `+stageTable+` WHERE level = $1 AND path IS NULL ORDER BY _n`, level)
	return err
}

// writeAreas writes level by level: every area has to find the one above it.
func (r *run) writeAreas(ctx context.Context) error {
	for _, level := range levels {
		if _, err := r.tx.Exec(ctx, `UPDATE `+stageTable+` s SET parent_id = a.id FROM area a WHERE s.level = $1 AND a.path = regexp_replace(s.path, '\.[^.]+$', '') AND a.path <> s.path`, level); err != nil {
			return err
		}
		if err := r.upsert(ctx, "s.level = '"+level+"'"); err != nil {
			return err
		}
	}
	return r.placeOthers(ctx)
}

// placeOthers gives things that lay outside of every area their place in the tree, now that there are more areas.
func (r *run) placeOthers(ctx context.Context) error {
	for _, table := range []string{"camera", "report", "incident", "detection", "permit", "capture"} {
		tag, err := r.tx.Exec(ctx, `UPDATE `+table+` SET area_path = area_path_at(geom) WHERE area_path IS NULL AND geom IS NOT NULL
			AND EXISTS (SELECT FROM `+stageTable+` s WHERE ST_Intersects(s._geom, `+table+`.geom)) AND area_path_at(geom) IS NOT NULL`)
		if err != nil {
			return err
		}
		r.report.Placed += tag.RowsAffected()
	}
	_, err := r.tx.Exec(ctx, `UPDATE task SET area_path = i.area_path FROM incident i WHERE i.id = task.incident_id AND task.area_path IS NULL AND i.area_path IS NOT NULL`)
	return err
}

// publish puts a new layer on every wall.
func (r *run) publish(ctx context.Context) error {
	if !r.o.New || r.o.DryRun {
		return nil
	}
	published := []string{"id"}
	for _, c := range r.target.columns {
		if !slices.Contains(r.o.Private, c.Name) {
			published = append(published, quote(c.Name))
		}
	}
	published = append(published, quote(r.target.geometry))
	_, err := r.tx.Exec(ctx, fmt.Sprintf(`ALTER PUBLICATION %s ADD TABLE %s (%s)`, pgx.Identifier{publication}.Sanitize(), r.target.name(), strings.Join(published, ", ")))
	return err
}
