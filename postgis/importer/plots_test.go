package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/postgis/importer"
	"wanglou/postgis/postgistest"
)

var _ survey.Plots = (*importer.Plots)(nil)

// keeper is an administrator of some areas.
func keeper(ctx context.Context, areas ...string) context.Context {
	u := &auth.User{Login: "keeper", Roles: []auth.Role{auth.RoleAdmin}, Areas: areas}
	return auth.WithActor(ctx, &auth.Actor{User: u, Scope: u.Scope()})
}

// square is a feature of a box of 0.001°.
func square(lon, lat float64, properties string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{%s},"geometry":{"type":"Polygon","coordinates":[[[%[2]f,%[3]f],[%[4]f,%[3]f],[%[4]f,%[5]f],[%[2]f,%[5]f],[%[2]f,%[3]f]]]}}`, properties, lon, lat, lon+0.001, lat+0.001)
}

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

func TestZonesComeAsAFile(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	run(t, db, `INSERT INTO detection (number, detector, area_path, geom) VALUES ('D1', 'x', '330122.330122001', ST_Multi(ST_MakeEnvelope(119.6002, 29.8002, 119.6004, 29.8004, 4326)))`)
	p := importer.NewPlots(db)
	all := keeper(t.Context(), "330122")
	f := survey.PlotFile{Layer: survey.Zones, Source: "land", ID: "编号", Reason: "不得建房", Path: file(t, "zones.geojson", collection(
		square(119.6, 29.8, `"编号":"1","名称":"农田一","类型":"永久基本农田"`), square(119.8, 29.8, `"编号":"2","名称":"岸线","类型":"河道管理范围"`), square(119.85, 29.8, `"编号":"3","名称":"海","类型":"海域"`)))}
	f.DryRun = true
	r, err := p.ImportPlots(all, f)
	if err != nil || r.Rows != 3 || r.Wrong != 1 || len(r.Errors) != 1 || r.Errors[0].Field != "kind" || r.Errors[0].Reason != "unknown_value" || len(r.Sample) != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	is(t, db, "0", `SELECT count(*) FROM zone`)
	f.DryRun = false
	if _, err := p.ImportPlots(all, f); reason(err) != "rows_refused" {
		t.Errorf("wrong rows are taken: %v", err)
	}
	f.SkipWrong = true
	if r, err = p.ImportPlots(all, f); err != nil || r.Inserted != 2 || r.Open != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	is(t, db, "farmland 不得建房 0.", `SELECT grounds -> 0 ->> 'kind' || ' ' || (grounds -> 0 ->> 'reason') || ' ' || left(grounds -> 0 ->> 'share', 0) || '0.' FROM detection`)
	is(t, db, "1", `SELECT count(*) FROM audit_log WHERE action = 'layer.import'`)
	if r, err = p.ImportPlots(all, f); err != nil || r.Unchanged != 2 || r.Inserted != 0 {
		t.Errorf("again: %+v %v", r, err)
	}
	// What the source gives no more is deleted where it is asked for, and the detection is told.
	f.Prune, f.Path = true, file(t, "zones.geojson", collection(square(119.8, 29.8, `"编号":"2","名称":"岸线","类型":"河道"`)))
	if r, err = p.ImportPlots(all, f); err != nil || r.Deleted != 1 || r.Open != 1 {
		t.Errorf("pruned: %+v %v", r, err)
	}
	is(t, db, "[]", `SELECT grounds FROM detection`)
}

func TestPlotsStayInTheAreasOfWhoImports(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	p := importer.NewPlots(db)
	west := keeper(t.Context(), "330122.330122001")
	f := survey.PlotFile{Layer: survey.Permits, Source: "permits", SkipWrong: true, Path: file(t, "permits.geojson", collection(
		square(119.6, 29.8, `"number":"P1","valid_from":"2026-01-01"`), square(119.8, 29.8, `"number":"P2"`)))}
	r, err := p.ImportPlots(west, f)
	if err != nil || r.Inserted != 1 || r.Wrong != 1 || r.Errors[0].Reason != "outside_areas" {
		t.Fatalf("%+v %v", r, err)
	}
	run(t, db, `INSERT INTO permit (number, area_path, geom) VALUES ('P3', '330122.330122002', ST_Multi(ST_MakeEnvelope(119.8, 29.8, 119.81, 29.81, 4326)))`)
	f.Path = file(t, "permits.geojson", collection(square(119.6, 29.8, `"number":"P3"`)))
	if r, err = p.ImportPlots(west, f); err != nil || r.Updated != 0 || r.Errors[0].Reason != "outside_areas" {
		t.Errorf("somebody else's permit was taken: %+v %v", r, err)
	}
	// What lies elsewhere is neither seen, nor changed, nor deleted.
	if page, err := p.Plots(west, survey.Permits, survey.PlotQuery{Limit: 10}); err != nil || page.Total != 1 || page.Items[0].Name != "P1" || page.Items[0].ValidFrom != "2026-01-01" {
		t.Errorf("%+v %v", page, err)
	}
	if _, err := p.ChangePlot(west, survey.Permits, 2, survey.PlotChange{Revision: 1}); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
	if err := p.DeletePlot(west, survey.Permits, 2); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
	viewer := &auth.User{Login: "v", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122"}}
	if _, err := p.ImportPlots(auth.WithActor(t.Context(), &auth.Actor{User: viewer, Scope: viewer.Scope()}), f); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}
}

// Coordinates in a shifted system are told with the system that fits.
func TestPlotsInAnotherSystem(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	p := importer.NewPlots(db)
	f := survey.PlotFile{Layer: survey.LawfulBuildings, Source: "houses", Path: file(t, "h.csv", "id,wkt\n1,\"POLYGON((480000 3297000,480010 3297000,480010 3297010,480000 3297000))\"\n")}
	_, err := p.ImportPlots(keeper(t.Context(), "330122"), f)
	var e *layers.Error
	if !errors.As(err, &e) || strings.HasPrefix(e.Field, "-") {
		t.Errorf("metres are read as degrees: %v", err)
	}
	f.CRS = "EPSG:4549"
	if r, err := p.ImportPlots(keeper(t.Context(), "330122"), f); err != nil || r.Inserted != 1 {
		t.Errorf("%+v %v", r, err)
	}
	for name, broken := range map[string]string{"nothing": "", "noise": "\x00\x01\x02garbage", "no zip": "PK\x03\x04abc", "half": `{"type":"FeatureCollection","features":[{"type":"Feat`} {
		f.Path = file(t, "x.geojson", broken)
		if _, err := p.ImportPlots(keeper(t.Context(), "330122"), f); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlotsAreChanged(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	run(t, db, `INSERT INTO zone (kind, name, reason, area_path, geom) VALUES ('farmland', '田', '不得建房', '330122.330122001', ST_Multi(ST_MakeEnvelope(119.6, 29.8, 119.61, 29.81, 4326)));
		INSERT INTO detection (number, detector, area_path, geom) VALUES ('D1', 'x', '330122.330122001', ST_Multi(ST_MakeEnvelope(119.6002, 29.8002, 119.6004, 29.8004, 4326)))`)
	p := importer.NewPlots(db)
	all := keeper(t.Context(), "330122")
	got, err := p.ChangePlot(all, survey.Zones, 1, survey.PlotChange{Name: "红线", Kind: "red_line", Reason: "道路", Weight: 5, Revision: 1})
	if err != nil || got.Revision != 2 || got.Open != 1 || got.Weight != 5 {
		t.Fatalf("%+v %v", got, err)
	}
	is(t, db, "red_line", `SELECT grounds -> 0 ->> 'kind' FROM detection`)
	if _, err := p.ChangePlot(all, survey.Zones, 1, survey.PlotChange{Name: "红线", Kind: "red_line", Reason: "道路", Weight: 5, Revision: 1}); reason(err) != "stale_revision" {
		t.Error(err)
	}
	if err := p.DeletePlot(all, survey.Zones, 1); err != nil {
		t.Fatal(err)
	}
	is(t, db, "[]", `SELECT grounds FROM detection`)
	is(t, db, "2", `SELECT count(*) FROM audit_log WHERE action LIKE 'plot.%'`)
}

func TestPairRulesAreKept(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	p := importer.NewPlots(db)
	all, west := keeper(t.Context(), "330122"), keeper(t.Context(), "330122.330122001")
	r, err := p.PairRules(all)
	if err != nil || len(r.Rules) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	r.Rules = []survey.PairRule{{AreaPath: "", Move: survey.MoveDismiss, Persons: 2}, {AreaPath: "330122.330122001", Move: survey.MoveDismiss, Persons: 1}}
	if _, err := p.SetPairRules(west, r); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("a town rules the county: %v", err)
	}
	set, err := p.SetPairRules(all, r)
	if err != nil || len(set.Rules) != 2 {
		t.Fatalf("%+v %v", set, err)
	}
	if _, err := p.SetPairRules(all, r); reason(err) != "stale_revision" {
		t.Error(err)
	}
	own := &survey.PairRules{Version: set.Version, Rules: []survey.PairRule{set.Rules[0], {AreaPath: "330122.330122001", Move: survey.MoveIssue, Persons: 2}}}
	if set, err = p.SetPairRules(west, own); err != nil {
		t.Fatalf("its own rules: %v", err)
	}
	if _, err := p.SetPairRules(all, &survey.PairRules{Version: set.Version, Rules: []survey.PairRule{{AreaPath: "999", Move: survey.MoveIssue, Persons: 2}}}); reason(err) != "unknown_area" {
		t.Error(err)
	}
	is(t, db, "2", `SELECT count(*) FROM audit_log WHERE action = 'rules.persons'`)
}

// A zone that is drawn by hand is one like those of files: what lies in it is told of at once, and no more when its outline is drawn anew. What crosses itself or lies in areas of others is refused.
func TestZonesAreDrawn(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	county(t, db)
	run(t, db, `INSERT INTO detection (number, detector, area_path, geom) VALUES ('D1', 'x', '330122.330122001', ST_Multi(ST_MakeEnvelope(119.6002, 29.8002, 119.6004, 29.8004, 4326)))`)
	p := importer.NewPlots(db)
	all := keeper(t.Context(), "330122")
	box := func(w, s, e, n float64) survey.Outline {
		return survey.Outline{{orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}.ToRing()}}
	}
	zone := survey.PlotChange{Name: "河岸", Kind: "river_bank", Reason: "退让 30 米", Weight: 4, Outline: box(119.6, 29.8, 119.601, 29.801)}
	got, err := p.DrawZone(all, zone)
	if err != nil || got.Open != 1 || got.AreaPath != "330122.330122001" || got.Source != survey.Drawn || got.Area < 10_000 {
		t.Fatalf("%+v %v", got, err)
	}
	is(t, db, "river_bank", `SELECT grounds -> 0 ->> 'kind' FROM detection`)
	shape, err := p.Plot(all, survey.Zones, got.ID)
	if err != nil || len(shape.Outline) != 1 || len(shape.Outline[0][0]) != 5 || shape.Name != "河岸" {
		t.Fatalf("%+v %v", shape, err)
	}
	zone.Outline, zone.Revision = box(119.602, 29.802, 119.603, 29.803), got.Revision
	if got, err = p.ChangePlot(all, survey.Zones, got.ID, zone); err != nil || got.Open != 0 || got.Revision != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	is(t, db, "[]", `SELECT grounds FROM detection`)
	is(t, db, "119.6", `SELECT details -> 'outline_before' -> 'coordinates' -> 0 -> 0 -> 0 ->> 0 FROM audit_log WHERE action = 'plot.change'`)
	zone.Outline, zone.Revision = nil, 2 // all but the outline
	if got, err = p.ChangePlot(all, survey.Zones, got.ID, zone); err != nil || got.Bbox[0] != 119.602 {
		t.Errorf("%+v %v", got, err)
	}
	bow := survey.Outline{{{{119.6, 29.8}, {119.61, 29.81}, {119.61, 29.8}, {119.6, 29.81}, {119.6, 29.8}}}}
	for name, c := range map[string]struct {
		ctx     context.Context
		outline survey.Outline
		want    string
	}{
		"none":            {all, nil, "required"},
		"crosses itself":  {all, bow, "self_intersection"},
		"not closed":      {all, survey.Outline{{{{119.6, 29.8}, {119.61, 29.81}, {119.61, 29.8}, {119.6, 29.81}}}}, "open_ring"},
		"of another town": {keeper(t.Context(), "330122.330122002"), box(119.6, 29.8, 119.601, 29.801), "outside_areas"},
		"too many points": {all, survey.Outline{{make(orb.Ring, 5001)}}, "too_many"},
	} {
		bad := zone
		bad.Outline = c.outline
		if _, err := p.DrawZone(c.ctx, bad); reason(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	is(t, db, "1", `SELECT count(*) FROM zone`)
	if _, err := p.ChangePlot(all, survey.Permits, 1, survey.PlotChange{Outline: bow}); reason(err) != "not_allowed" {
		t.Error(err)
	}
}
