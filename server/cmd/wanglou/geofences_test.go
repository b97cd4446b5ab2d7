package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// From a fix to the map of who may see it: what comes into a fence is told once, as a change of a layer and as a report, by whichever node leads; neighbours are
// told nothing.
func TestGeofences(t *testing.T) {
	t.Parallel()
	url := county(t)
	a := serve(t, url)
	b := serve(t, url)
	const unit = `(SELECT id FROM unit WHERE code = 'fence-unit')`
	a.exec(`INSERT INTO unit (code, name, kind, area_path, status) SELECT 'fence-unit', '巡查一组', 'team', path, 'available' FROM area WHERE level = 'town' ORDER BY path LIMIT 1`)
	a.exec(`INSERT INTO permit (number, area_path, geom) SELECT '禁飞区', (SELECT area_path FROM unit WHERE code = 'fence-unit'), ST_Multi(ST_MakeEnvelope(119.60, 29.70, 119.61, 29.71, 4326))`)
	move := func(lon float64) {
		a.exec(`INSERT INTO position (id, area_path, source_time, geom) SELECT id, area_path, clock_timestamp(), ST_Point($1, 29.705, 4326) FROM unit WHERE code = 'fence-unit'
			ON CONFLICT (id) DO UPDATE SET source_time = excluded.source_time, geom = excluded.geom`, lon)
	}
	move(119.6105) // 48 m outside

	admin := a.as("admin")
	body := func(change map[string]any) map[string]any {
		m := map[string]any{"name": "禁飞区值守", "moving_layer": "position", "fence_layer": "permit", "fence_filter": "number = '禁飞区'", "triggers": []string{"leave", "enter"}, "margin_m": 5, "report": true}
		for k, v := range change {
			m[k] = v
		}
		return m
	}
	for field, wrong := range map[string]struct {
		value  any
		reason string
	}{
		"name": {" ", "required"}, "area_path": {"330122..1", "bad_area_path"}, "moving_layer": {"permit", "not_points"}, "fence_layer": {"camera", "not_polygons"},
		"fence_filter": {"nothing = 1", ""}, "triggers": {[]string{"fly"}, "not_a_value"}, "margin_m": {-1, "out_of_range"},
	} {
		res := admin.Do(http.MethodPost, "/api/geofences", body(map[string]any{field: wrong.value}))
		if wrong.reason == "" {
			res.WantError(http.StatusBadRequest, "invalid", field)
		} else {
			res.WantError(http.StatusBadRequest, "invalid", field, wrong.reason)
		}
	}
	a.as("viewer").Get("/api/geofences").WantError(http.StatusForbidden, "forbidden", "")
	var rule struct{ ID, Revision int64 }
	admin.Do(http.MethodPost, "/api/geofences", body(nil)).Want(http.StatusCreated).Into(&rule)

	live := follow(t, b.as("admin"), nil, "geofence_event")
	told := func(trigger string) func() bool {
		return func() bool {
			for _, row := range live.Layers["geofence_event"].Rows {
				if row.Values["trigger"] == fmt.Sprintf("%q", trigger) && strings.Contains(row.Values["moving"], "巡查一组") {
					return true
				}
			}
			return false
		}
	}
	begun := func() bool { return number(t, a.DB, `SELECT count(*) FROM geofence_rule WHERE begun`) == 1 }
	eventually(t, "the rule to begin", begun)
	move(119.6099)
	until(t, live, "the entry", told("enter"))
	eventually(t, "the report", func() bool {
		return number(t, a.DB, `SELECT count(*) FROM report WHERE source = 'geofence' AND title = '巡查一组进入禁飞区'`) == 1
	})
	a.stop() // the other goes on, from who is inside
	b.exec(`UPDATE position SET source_time = clock_timestamp(), geom = ST_Point(119.6108, 29.705, 4326) WHERE id = ` + unit)
	until(t, live, "the leave", told("leave"))
	// A change may be told a moment before other connections see it: PostgreSQL writes its log first.
	eventually(t, "one entry and one leave", func() bool { return number(t, b.DB, `SELECT count(*) FROM geofence_event`) == 2 })

	// Whoever saw another revision changes nothing.
	admin = b.as("admin")
	path := fmt.Sprintf("/api/geofences/%d", rule.ID)
	admin.Do(http.MethodPut, path, body(map[string]any{"revision": 7})).WantError(http.StatusConflict, "conflict", "revision", "stale_revision")
	admin.Do(http.MethodPut, path, body(map[string]any{"revision": 1, "enabled": false})).Want(http.StatusOK)
	admin.Do(http.MethodDelete, path, nil).Want(http.StatusNoContent)
	admin.Do(http.MethodDelete, path, nil).WantError(http.StatusNotFound, "not_found", "")
}
