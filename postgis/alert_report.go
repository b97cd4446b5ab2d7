package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/cap"
	"wanglou/layers/report"
)

// alertPlace is where an alert holds.
type alertPlace struct {
	shape   []byte     // WKB, EPSG:4326, MultiPolygon; nil where it says no place
	touches []string   // paths of the areas of which it covers a part
	area    string     // the smallest that holds all of these, "" without any
	point   *orb.Point // on its shape, in the county where it reaches there
}

// rim is what of an area, in degrees inside of its line, is not held to be covered by a shape that ends there: about a metre. Neighbours share their lines.
const rim = 0.00001

// placeAlert joins the shapes of a message; without any, the areas whose codes it names.
func placeAlert(ctx context.Context, tx pgx.Tx, a *cap.Alert) (*alertPlace, error) {
	p := &alertPlace{}
	var drawn []byte
	if shapes := a.Shapes(); len(shapes) > 0 {
		b, err := wkb.Marshal(shapes)
		if err != nil {
			return nil, err
		}
		drawn = b
	}
	err := tx.QueryRow(ctx, `WITH said AS (
			SELECT ST_UnaryUnion(coalesce(ST_GeomFromWKB($1, 4326), (SELECT ST_Collect(geom) FROM area WHERE code = ANY ($2)))) AS g
		), shape AS (
			SELECT nullif(ST_Multi(ST_CollectionExtract(g, 3)), ST_GeomFromText('MULTIPOLYGON EMPTY', 4326)) AS g FROM said
		)
		SELECT ST_AsBinary(g), (SELECT coalesce(array_agg(path::text ORDER BY path COLLATE "C"), '{}') FROM area
			WHERE area.geom && g AND ST_Intersects(g, area.geom) AND ST_Intersects(g, ST_Buffer(area.geom, -$3::float8)))
		FROM shape`, drawn, a.AreaCodes(), rim).Scan(&p.shape, &p.touches)
	if err != nil || p.shape == nil {
		return p, err
	}
	for i, path := range p.touches {
		if i+1 < len(p.touches) && strings.HasPrefix(p.touches[i+1], path+".") {
			continue // what lies in it says more
		}
		if p.area == "" {
			p.area = path
		}
		if p.area = layers.CommonArea(p.area, path); p.area == "" {
			break
		}
	}
	if err := narrow(ctx, tx, p); err != nil {
		return nil, err
	}
	p.point = &orb.Point{}
	err = tx.QueryRow(ctx, `WITH shape AS (SELECT ST_GeomFromWKB($1, 4326) AS g), here AS (
			SELECT ST_PointOnSurface(coalesce((SELECT nullif(ST_CollectionExtract(ST_Intersection(g, area.geom), 3), ST_GeomFromText('POLYGON EMPTY', 4326)) FROM area WHERE path = $2), g)) AS p FROM shape
		)
		SELECT ST_X(p), ST_Y(p) FROM here`, p.shape, p.area).Scan(&p.point[0], &p.point[1])
	return p, err
}

// narrow goes from the area in which all touched ones lie up to one that holds all of the shape that lies in the county: a town's villages need not cover
// it. What is thinner than the lines of two maps differ is of no account.
func narrow(ctx context.Context, tx pgx.Tx, p *alertPlace) error {
	root, _, _ := strings.Cut(p.area, ".")
	for p.area != root {
		var holds bool
		err := tx.QueryRow(ctx, `WITH shape AS (SELECT ST_GeomFromWKB($1, 4326) AS g), part AS (SELECT path, ST_Area(ST_Intersection(g, geom)) AS part FROM area, shape WHERE path IN ($2, $3))
			SELECT coalesce((SELECT part FROM part WHERE path = $2) >= 0.9999 * (SELECT part FROM part WHERE path = $3), false)`, p.shape, p.area, root).Scan(&holds)
		if err != nil || holds {
			return err
		}
		p.area = p.area[:strings.LastIndexByte(p.area, '.')]
	}
	return nil
}

// reportAlert makes the report of an alert that has force. It belongs to the open incident of those that the alert refers to, or that refer to it.
func reportAlert(ctx context.Context, tx pgx.Tx, a *cap.Alert, id int64, p *alertPlace) (int64, error) {
	main := a.Main()
	raw, err := json.Marshal(map[string]any{"alert_id": id, "msg_type": a.Type, "severity": a.Severity(), "urgency": main.Urgency, "certainty": main.Certainty})
	if err != nil {
		return 0, err
	}
	r := &report.Report{Channel: report.System, State: report.Received, Title: cut(main.Title(), report.MaxTitle), Address: cut(main.Places(), report.MaxAddress),
		Description: cut(strings.TrimSpace(main.Description+"\n\n"+main.Instruction), report.MaxDescription), Source: alertSource + a.Sender, SourceID: a.Identifier,
		SourceTime: &a.Sent, AreaPath: p.area, Raw: raw, Point: p.point}
	err = tx.QueryRow(ctx, `SELECT i.id FROM alert o JOIN report r ON r.id = o.report_id JOIN incident i ON i.id = r.incident_id
		WHERE i.closed_at IS NULL AND o.id <> $1 AND EXISTS (SELECT FROM alert_reference f JOIN alert e ON e.id = f.alert_id, alert t
			WHERE (f.sender, f.identifier) = (t.sender, t.identifier) AND e.status = 'Actual' AND (e.id, t.id) IN (($1, o.id), (o.id, $1))
				AND `+inAreas("coalesce(t.area_path, '')", "e.by_areas")+`)
		ORDER BY r.id DESC LIMIT 1`, id).Scan(&r.IncidentID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	if r.IncidentID != 0 {
		r.State = report.Attached
	}
	var taken bool // by a report that somebody wrote by hand: there is no such alert
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM report WHERE source = $1 AND source_id = $2)`, r.Source, r.SourceID).Scan(&taken); err != nil {
		return 0, err
	}
	if taken {
		r.SourceID += "#" + strconv.FormatInt(id, 10)
	}
	if err := r.Validate(); err != nil {
		return 0, err
	}
	if err := insertReport(ctx, tx, r, ""); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE alert SET report_id = $2 WHERE id = $1`, id, r.ID)
	return r.ID, err
}

// alertSource stands before a sender in the source of its reports: senders name themselves, and must not be able to name another source of reports.
const alertSource = "cap:"
