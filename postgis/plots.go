package postgis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// Plots is survey.Plots but for files, which importer.Plots brings in. It is safe for concurrent use.
type Plots struct{ db *DB }

// NewPlots returns the plots of db.
func NewPlots(db *DB) *Plots { return &Plots{db} }

// plotColumns is, for each layer, SQL of what a row p says of itself: name, kind, reason, weight, height, days and source.
var plotColumns = map[survey.PlotLayer]string{
	survey.Zones:           `p.name, p.kind, p.reason, p.weight::float8, NULL::float8, '', '', p.source`,
	survey.Permits:         `p.number, '', '', 0::float8, p.height_m::float8, coalesce(p.valid_from::text, ''), coalesce(p.valid_to::text, ''), ''`,
	survey.LawfulBuildings: `coalesce(nullif(p.source_id, ''), p.id::text), '', '', 0::float8, p.height_m::float8, '', '', p.source`,
}

// plotText is where a text is looked for.
var plotText = map[survey.PlotLayer]string{survey.Zones: `p.name || ' ' || p.reason || ' ' || p.source`, survey.Permits: `p.number`, survey.LawfulBuildings: `p.source_id || ' ' || p.source`}

func knownPlots(layer survey.PlotLayer) error {
	if !slices.Contains(survey.PlotLayers, layer) {
		return layers.Errorf(layers.CodeNotFound, "there is no such layer")
	}
	return nil
}

func scanPlot(row pgx.CollectableRow) (*survey.Plot, error) {
	var p survey.Plot
	err := row.Scan(&p.ID, &p.Name, &p.Kind, &p.Reason, &p.Weight, &p.Height, &p.ValidFrom, &p.ValidTo, &p.Source, &p.Area, &p.AreaPath, &p.Bbox[0], &p.Bbox[1], &p.Bbox[2], &p.Bbox[3], &p.Open, &p.Revision)
	return &p, err
}

// selectPlots selects rows p of a layer that lie in the areas @areas.
func selectPlots(layer survey.PlotLayer) string {
	return `SELECT p.id, ` + plotColumns[layer] + `, ST_Area(p.geom::geography), coalesce(p.area_path, ''), ST_XMin(p.geom), ST_YMin(p.geom), ST_XMax(p.geom), ST_YMax(p.geom),
		(SELECT count(*) FROM detection d WHERE d.state NOT IN ('dismissed', 'cleared') AND ST_Intersects(d.geom, p.geom) AND ` + inAreas("d.area_path", "@areas") + `), p.revision
		FROM ` + string(layer) + ` p WHERE ` + inAreas("coalesce(p.area_path, '')", "@areas") + ` `
}

// Plots implements survey.Plots.
func (s *Plots) Plots(ctx context.Context, layer survey.PlotLayer, q survey.PlotQuery) (*survey.PlotPage, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	if err := knownPlots(layer); err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"areas": actor.Scope.Areas, "text": q.Text, "after": q.After, "limit": min(max(q.Limit, 1), survey.MaxPlotPage)}
	like := `AND (@text = '' OR strpos(lower(` + plotText[layer] + `), lower(@text)) > 0) `
	out := &survey.PlotPage{}
	var err error
	if out.Items, err = collect(ctx, s.db.Pool, scanPlot, selectPlots(layer)+like+`AND p.id > @after ORDER BY p.id LIMIT @limit`, args); err != nil {
		return nil, err
	}
	err = s.db.Pool.QueryRow(ctx, `SELECT count(*) FROM `+string(layer)+` p WHERE `+inAreas("coalesce(p.area_path, '')", "@areas")+` `+like, args).Scan(&out.Total)
	return out, Wrap(err)
}

// plotAt returns a plot that the actor may change, locked until the transaction ends.
func plotAt(ctx context.Context, tx pgx.Tx, layer survey.PlotLayer, id int64) (*survey.Plot, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageRules); err != nil {
		return nil, err
	}
	if err := knownPlots(layer); err != nil {
		return nil, err
	}
	found, err := collect(ctx, tx, scanPlot, selectPlots(layer)+`AND p.id = @id FOR UPDATE OF p`, pgx.NamedArgs{"areas": actor.Scope.Areas, "id": id})
	if err == nil && len(found) == 0 {
		err = notFound(string(layer), id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// ChangePlot implements survey.Plots.
func (s *Plots) ChangePlot(ctx context.Context, layer survey.PlotLayer, id int64, c survey.PlotChange) (out *survey.Plot, err error) {
	if err := c.Validate(layer); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := plotAt(ctx, tx, layer, id)
		if err != nil {
			return err
		}
		if was.Revision != c.Revision {
			return layers.Stale("revision")
		}
		details := map[string]any{"before": was}
		if c.Outline != nil {
			old, err := shapeOf(ctx, tx, layer, id)
			if err != nil {
				return err
			}
			details["outline_before"] = old
			if err := draw(ctx, tx, id, orb.MultiPolygon(c.Outline)); err != nil {
				return err
			}
			// What lies no longer in it is told anew, as is below what lies in it from now on.
			if _, err := tx.Exec(ctx, `SELECT detection_reexamine(ST_GeomFromEWKB($1))`, ewkb.Value(orb.MultiPolygon(old), 4326)); err != nil {
				return err
			}
		}
		set := map[survey.PlotLayer]string{
			survey.Zones:           `name = @name, kind = @kind, reason = @reason, weight = @weight`,
			survey.Permits:         `height_m = @height, valid_from = nullif(@from::text, '')::date, valid_to = nullif(@to::text, '')::date`,
			survey.LawfulBuildings: `height_m = @height`,
		}[layer]
		if _, err := tx.Exec(ctx, `UPDATE `+string(layer)+` SET revision = revision + 1, `+set+` WHERE id = @id`, pgx.NamedArgs{"id": id, "name": c.Name, "kind": c.Kind, "reason": c.Reason,
			"weight": c.Weight, "height": c.Height, "from": c.ValidFrom, "to": c.ValidTo}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT detection_reexamine(geom) FROM `+string(layer)+` WHERE id = $1`, id); err != nil {
			return err
		}
		if out, err = plotAt(ctx, tx, layer, id); err != nil {
			return err
		}
		details["name"], details["after"] = out.Name, out
		return appendAudit(ctx, tx, "plot.change", subject(string(layer), id), details)
	})
	return out, err
}

// Plot implements survey.Plots.
func (s *Plots) Plot(ctx context.Context, layer survey.PlotLayer, id int64) (out *survey.PlotShape, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	if err := knownPlots(layer); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanPlot, selectPlots(layer)+`AND p.id = @id`, pgx.NamedArgs{"areas": actor.Scope.Areas, "id": id})
	if err == nil && len(found) == 0 {
		err = notFound(string(layer), id)
	}
	if err != nil {
		return nil, err
	}
	out = &survey.PlotShape{Plot: found[0]}
	out.Outline, err = shapeOf(ctx, s.db.Pool, layer, id)
	return out, err
}

func shapeOf(ctx context.Context, q querier, layer survey.PlotLayer, id int64) (survey.Outline, error) {
	var raw []byte
	if err := q.QueryRow(ctx, `SELECT ST_AsEWKB(geom) FROM `+string(layer)+` WHERE id = $1`, id).Scan(&raw); err != nil {
		return nil, Wrap(err)
	}
	g, _, err := ewkb.Unmarshal(raw)
	mp, _ := g.(orb.MultiPolygon)
	return survey.Outline(mp), err
}

// DrawZone implements survey.Plots.
func (s *Plots) DrawZone(ctx context.Context, c survey.PlotChange) (out *survey.Plot, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return nil, err
	}
	if err := c.Validate(survey.Zones); err != nil {
		return nil, err
	}
	if len(c.Outline) == 0 {
		return nil, layers.Invalid("outline", "required", "an outline is required")
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO zone (kind, name, reason, weight, source, geom) VALUES ($1, $2, $3, $4, $5, 'MULTIPOLYGON EMPTY') RETURNING id`,
			c.Kind, c.Name, c.Reason, c.Weight, survey.Drawn).Scan(&id); err != nil {
			return err
		}
		if err := draw(ctx, tx, id, orb.MultiPolygon(c.Outline)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT detection_reexamine(geom) FROM zone WHERE id = $1`, id); err != nil {
			return err
		}
		if out, err = plotAt(ctx, tx, survey.Zones, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "plot.draw", subject(string(survey.Zones), id), map[string]any{"name": out.Name, "after": out, "outline": c.Outline})
	})
	return out, err
}

// draw gives a zone another outline. It has to be sound and to lie in the areas of the actor.
func draw(ctx context.Context, tx pgx.Tx, id int64, outline orb.MultiPolygon) error {
	var sound bool
	var why, path string
	shape := ewkb.Value(outline, 4326)
	if err := tx.QueryRow(ctx, `SELECT ST_IsValid(g), ST_IsValidReason(g), CASE WHEN ST_IsValid(g) THEN coalesce(area_path_at(g), '') ELSE '' END FROM ST_GeomFromEWKB($1) AS g`, shape).Scan(&sound, &why, &path); err != nil {
		return err
	}
	switch {
	case !sound:
		return &layers.Error{Code: layers.CodeInvalid, Field: "outline", Reason: "self_intersection", Msg: "the outline crosses itself: " + why}
	case !auth.ActorFrom(ctx).Scope.InArea(path):
		return outsideAreas(path)
	}
	_, err := tx.Exec(ctx, `UPDATE zone SET geom = ST_GeomFromEWKB($2), area_path = nullif($3, '') WHERE id = $1`, id, shape, path)
	return err
}

// DeletePlot implements survey.Plots.
func (s *Plots) DeletePlot(ctx context.Context, layer survey.PlotLayer, id int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := plotAt(ctx, tx, layer, id)
		if err != nil {
			return err
		}
		var shape []byte
		if err := tx.QueryRow(ctx, `DELETE FROM `+string(layer)+` WHERE id = $1 RETURNING ST_AsEWKB(geom)`, id).Scan(&shape); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT detection_reexamine(ST_GeomFromEWKB($1))`, shape); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "plot.delete", subject(string(layer), id), map[string]any{"name": was.Name, "area_m2": was.Area})
	})
}

// PairRules implements survey.Plots.
func (s *Plots) PairRules(ctx context.Context) (*survey.PairRules, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionRead); err != nil {
		return nil, err
	}
	return readPairRules(ctx, s.db.Pool)
}

func readPairRules(ctx context.Context, q querier) (*survey.PairRules, error) {
	r := &survey.PairRules{}
	var err error
	if r.Rules, err = collect(ctx, q, pgx.RowToStructByPos[survey.PairRule], `SELECT area_path, move, persons FROM detection_rule ORDER BY area_path, move`); err != nil {
		return nil, err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	r.Version = hex.EncodeToString(sum[:8])
	return r, nil
}

// SetPairRules implements survey.Plots. A rule that holds everywhere is changed by whose areas hold the whole county.
func (s *Plots) SetPairRules(ctx context.Context, rules *survey.PairRules) (out *survey.PairRules, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageRules); err != nil {
		return nil, err
	}
	if err := rules.Validate(); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('pair rules'))`); err != nil {
			return err
		}
		was, err := readPairRules(ctx, tx)
		if err != nil {
			return err
		}
		if was.Version != rules.Version {
			return layers.Stale("version")
		}
		for i, r := range rules.Rules {
			if slices.Contains(was.Rules, r) {
				continue
			}
			if err := mayRule(ctx, tx, r.AreaPath, fmt.Sprintf("rules[%d].area_path", i)); err != nil {
				return err
			}
		}
		for _, r := range was.Rules {
			if slices.Contains(rules.Rules, r) {
				continue
			}
			if err := mayRule(ctx, tx, r.AreaPath, "rules"); err != nil {
				return err
			}
		}
		batch := &pgx.Batch{}
		batch.Queue(`DELETE FROM detection_rule`)
		for _, r := range rules.Rules {
			batch.Queue(`INSERT INTO detection_rule (area_path, move, persons) VALUES ($1, $2, $3)`, r.AreaPath, r.Move, r.Persons)
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if out, err = readPairRules(ctx, tx); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "rules.persons", "rules", map[string]any{"before": was.Rules, "after": out.Rules})
	})
	return out, err
}

// mayRule returns CodeForbidden for an area outside of the actor's, and CodeInvalid for one that is not there.
func mayRule(ctx context.Context, tx pgx.Tx, path, field string) error {
	var known, own bool
	err := tx.QueryRow(ctx, `SELECT count(*) > 0 OR $1 = '', coalesce(bool_and(`+inAreas("a.path", "$2")+`), true) FROM area a WHERE CASE WHEN $1 = '' THEN a.parent_id IS NULL ELSE a.path = $1 END`,
		path, auth.ActorFrom(ctx).Scope.Areas).Scan(&known, &own)
	switch {
	case err != nil:
		return err
	case !known:
		return layers.Invalid(field, "unknown_area", "there is no area %s", path)
	case !own:
		return outsideAreas(path)
	}
	return nil
}
