package demo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/layers/survey"
	"wanglou/postgis/copyin"
)

// detectorName says that nothing was really detected.
const (
	detectorName    = "示意检测器"
	detectorVersion = "demo-1"
)

// lives are the lives of the demo's detections, as moves after the first; open ones first.
var lives = []struct {
	count int
	today bool
	moves []survey.Move
}{
	{6, true, nil},
	{5, false, nil},
	{3, false, []survey.Move{survey.MoveIssue}},
	{1, false, []survey.Move{survey.MoveIssue, survey.MoveArrive}},
	{1, false, []survey.Move{survey.MoveIssue, survey.MoveArrive, survey.MoveConfirm}},
	{1, false, []survey.Move{survey.MoveIssue, survey.MoveArrive, survey.MoveConfirm, survey.MoveRectify}},
	{4, false, []survey.Move{survey.MoveDismiss}},
	{3, false, []survey.Move{survey.MoveIssue, survey.MoveArrive, survey.MoveConfirm, survey.MoveRectify, survey.MoveClear}},
}

// found is a detection before it is written.
type found struct {
	outline orb.Polygon
	score   float64
	height  float64
	at      time.Time
	state   survey.State
	log     []logEntry
}

// writeSurveys stores two captures, the detections between them, and permits. It comes after the accounts.
func (c *county) writeSurveys(ctx context.Context, tx pgx.Tx, now time.Time) error {
	r := dice(c.seed, "surveys")
	before := time.Date(now.In(zone).Year(), now.In(zone).Month(), now.In(zone).Day(), 10, 20, 0, 0, zone).AddDate(0, 0, -20)
	after := now.Add(-34 * time.Minute).Truncate(time.Minute)
	middle := towns[0].built[0].middle
	footprint := func(dx, dy, a, b, turn float64) orb.Geometry {
		e := ellipse{middle: add(middle, orb.Point{dx, dy}), turn: turn}
		ring := orb.Ring{e.place(-a, -b), e.place(a, -b), e.place(a, b), e.place(-a, b), e.place(-a, -b)}
		return world(orb.MultiPolygon{{ring}})
	}
	captures := [][]any{
		{1, "城区航拍 " + before.Format("2006-01-02") + "（示意）", before, 0.05, Source, footprint(0, 300, 4300, 3100, 37)},
		{2, "城区航拍 " + after.In(zone).Format("2006-01-02") + "（示意）", after, 0.05, Source, footprint(120, 240, 4250, 3150, 36)},
	}
	if _, err := copyin.Rows(ctx, tx, "capture", []string{"id", "name", "captured_at", "gsd_m", "source", "geom"}, copyin.All(len(captures), func(i int) []any { return captures[i] })); err != nil {
		return err
	}
	if err := c.writePermits(ctx, tx, r, now); err != nil {
		return err
	}
	finds, err := c.finds(r, now, after)
	if err != nil {
		return err
	}
	actors, err := accounts(ctx, tx)
	if err != nil {
		return err
	}
	var rows, log [][]any
	for i, f := range finds {
		rows = append(rows, []any{i + 1, fmt.Sprintf("WJ%s-%03d", f.at.In(zone).Format("20060102"), i+1), string(f.state), "08016", f.score, detectorName, detectorVersion, f.height, 1, 2,
			f.at, len(f.log), world(orb.MultiPolygon{f.outline})})
		for _, e := range f.log {
			log = append(log, []any{i + 1, e.at, e.at, actors[e.who.login], e.who.name, e.move, e.from, e.to, e.reason})
		}
	}
	columns := []string{"id", "number", "state", "category", "score", "detector", "detector_version", "height_m", "capture_before_id", "capture_after_id", "detected_at", "revision", "geom"}
	if _, err := copyin.Rows(ctx, tx, "detection", columns, copyin.All(len(rows), func(i int) []any { return rows[i] })); err != nil {
		return err
	}
	columns = []string{"detection_id", "source_time", "receive_time", "actor_id", "actor_name", "move", "from_state", "to_state", "reason"}
	if _, err := copyin.Rows(ctx, tx, "detection_log", columns, copyin.All(len(log), func(i int) []any { return log[i] })); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`
		UPDATE detection SET area_m2 = ST_Area(geom::geography), area_path = area_path_at(geom);
		UPDATE capture SET area_path = '%s';
		UPDATE permit SET area_path = area_path_at(geom);
		-- Zones around some of the finds, so that there is something to be told by.
		INSERT INTO zone (kind, name, reason, weight, area_path, geom)
		SELECT k.kind, k.name, k.reason, k.weight, d.area_path, ST_Multi(ST_Buffer(d.geom::geography, k.reach)::geometry)
		FROM (VALUES (2, 'farmland', '永久基本农田（示意）', '永久基本农田内不得建房。', 4.0, 70), (5, 'river_bank', '富春江岸线（示意）', '河道管理范围内不得修建建筑物。', 3.0, 90), (9, 'red_line', '道路红线（示意）', '建筑不得越过道路红线。', 2.0, 40)) k (id, kind, name, reason, weight, reach)
		JOIN detection d USING (id);
		UPDATE detection d SET grounds = detection_grounds(d);
		SELECT setval(pg_get_serial_sequence('detection', 'id'), %d), setval(pg_get_serial_sequence('capture', 'id'), 2)`, CountyCode, len(finds)))
	return err
}

// finds tells the detections.
func (c *county) finds(r *rand.Rand, now, flown time.Time) ([]found, error) {
	var out []found
	var taken nearby
	for i, b := range c.buildings {
		ring := b.footprint[0]
		taken.add(i, orb.LineString(ring), always(0))
	}
	for _, l := range lives {
		for range l.count {
			f := found{score: math.Round((0.62+0.36*r.Float64())*100) / 100, height: math.Round(spread(r, 4.5, 1.8)*10) / 10, at: flown.Add(minutes(r, 6))}
			if !l.today {
				f.at = now.Add(-time.Duration(30+r.IntN(18*24)) * time.Hour)
			}
			f.outline = c.besideBuilding(r, &taken)
			taken.add(0, orb.LineString(f.outline[0]), always(0))
			moves := append([]survey.Move{survey.MoveDetect}, l.moves...)
			at := f.at
			for _, m := range moves {
				who, reason := duty, ""
				if m == survey.MoveDetect {
					who = person{name: detectorName}
				}
				if m == survey.MoveDismiss {
					reason = "现场为临时施工围挡，非违法建设。"
				}
				to, err := f.state.Take(m, reason)
				if err != nil {
					return nil, err
				}
				f.log = append(f.log, logEntry{at: at, who: who, move: string(m), from: string(f.state), to: string(to), reason: reason})
				f.state = to
				at = at.Add(now.Sub(at) / 3)
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// besideBuilding returns the outline of an addition that touches nothing that stands: beside a building inside of the flown ground.
func (c *county) besideBuilding(r *rand.Rand, taken *nearby) orb.Polygon {
	g := towns[0].built[0]
	for {
		b := pick(r, c.buildings)
		ring := b.footprint[0]
		if !g.holds(ring[0], 1.25) {
			continue
		}
		dir := unit(sub(ring[1], ring[0]))
		side := scale(left(dir), -1) // outside of a counter-clockwise ring
		if ring.Orientation() == orb.CW {
			side = left(dir)
		}
		w, d := min(distance(ring[0], ring[1]), spread(r, 22, 12)), spread(r, 13, 5)
		start := add(ring[0], scale(side, 2.2))
		out := orb.Ring{start, add(start, scale(dir, w)), add(add(start, scale(dir, w)), scale(side, d)), add(start, scale(side, d)), start}
		if out.Orientation() == orb.CW {
			out.Reverse()
		}
		clear := true
		for i := range 4 {
			mid := between(out[i], out[i+1], 0.5)
			clear = clear && taken.clearance(out[i], 1.5) >= 1.5 && taken.clearance(mid, 1.5) >= 1.5 && !taken.cut(out[i], out[i+1]) && c.banks.clearance(out[i], 10) >= 10
		}
		if clear {
			return orb.Polygon{out}
		}
	}
}

// writePermits allows some of the buildings, with a margin.
func (c *county) writePermits(ctx context.Context, tx pgx.Tx, r *rand.Rand, now time.Time) error {
	order := r.Perm(len(c.buildings))[:60]
	slices.Sort(order)
	for i, n := range order {
		b := c.buildings[n]
		from := now.AddDate(0, -r.IntN(30)-2, 0)
		_, err := tx.Exec(ctx, `INSERT INTO permit (number, holder, height_m, valid_from, valid_to, geom)
			VALUES ($1, '示意', $2, $3, $4, ST_Multi(ST_Buffer(ST_GeomFromText($5, 4326)::geography, 3, 'join=mitre')::geometry))`,
			fmt.Sprintf("桐规许〔%d〕%03d号", from.Year(), i+1), math.Ceil(b.height+3), from, from.AddDate(5, 0, 0), wkt.MarshalString(world(b.footprint)))
		if err != nil {
			return err
		}
	}
	return nil
}
