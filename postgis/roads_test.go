package postgis_test

import (
	"log/slog"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/unit"
	"wanglou/postgis"
)

// Where roads are loaded units are measured by them; a change of the basemap makes the network anew, and what stays is not read again.
func TestRecommendByRoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roads := postgis.NewRoads(w.db, slog.New(slog.DiscardHandler))
	if ways := roads.Ways(inWest, []orb.Point{inWest}); len(ways) != 1 || ways[0].By {
		t.Errorf("before they are loaded: %+v", ways)
	}
	first, err := roads.Load(t.Context(), -1)
	if err != nil {
		t.Fatal(err)
	}
	w.units.UseRoads(roads)
	in := w.create(t, inWest)
	// A unit 500 m to the east, and a road to it that goes around by the north.
	w.exec(t, `INSERT INTO position (id, source_time, geom) VALUES (1, now(), ST_Point($1, $2, 4326)) ON CONFLICT (id) DO UPDATE SET source_time = now(), receive_time = now(), geom = excluded.geom`, inWest[0]+0.00517, inWest[1])
	w.exec(t, `UPDATE unit SET status = 'available' WHERE id = 1`)
	of := func() unit.Recommendation {
		t.Helper()
		got, err := w.units.Recommend(w.as(t, "duty"), in.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Items {
			if r.Unit.ID == 1 {
				if (got.Basis == unit.Road) != (r.Method == unit.MethodRoad) {
					t.Errorf("basis %s of %s", got.Basis, r.Method)
				}
				return r
			}
		}
		t.Fatal("the unit is not there")
		return unit.Recommendation{}
	}
	if r := of(); r.Method != unit.MethodStraight || r.Distance < 490 || r.Distance > 510 {
		t.Errorf("without roads: %+v", r)
	}
	x, y := inWest[0], inWest[1]
	if n, err := postgis.ReplaceRoads(t.Context(), w.db, func(yield func(postgis.BasemapRoad, error) bool) {
		yield(postgis.BasemapRoad{Kind: "tertiary", Name: "环路", NameEN: "Ring Road", Rank: 5, Line: orb.LineString{{x, y}, {x, y + 0.01}, {x + 0.00517, y + 0.01}, {x + 0.00517, y}}}, nil)
	}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	var name, english string
	if err := w.db.Pool.QueryRow(t.Context(), `SELECT name, name_en FROM basemap_road`).Scan(&name, &english); err != nil || name != "环路" || english != "Ring Road" {
		t.Errorf("it is called %q, %q, %v", name, english, err)
	}
	second, err := roads.Load(t.Context(), first)
	if err != nil || second == first {
		t.Fatalf("version %d after %d, %v", second, first, err)
	}
	if r := of(); r.Method != unit.MethodRoad || r.Distance < 2690 || r.Distance > 2740 || r.ETA < 260 || r.ETA > 280 {
		t.Errorf("by road: %+v", r)
	}
	if again, err := roads.Load(t.Context(), second); err != nil || again != second {
		t.Errorf("version %d after %d, %v", again, second, err)
	}
	w.exec(t, `TRUNCATE basemap_road`)
	if _, err := roads.Load(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if r := of(); r.Method != unit.MethodStraight {
		t.Errorf("after the roads are gone: %+v", r)
	}
}
