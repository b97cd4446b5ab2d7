package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/postgis/copyin"
)

// forestFrom is where fields end and forest begins: metres beyond the edge of the valley's floor.
const forestFrom = 60.0

// writeBasemap fills the basemap tables. The areas have to stand.
func (c *county) writeBasemap(ctx context.Context, tx pgx.Tx) error {
	steps := []struct {
		table   string
		columns []string
		n       int
		row     func(i int) []any
	}{
		{"basemap_road", []string{"kind", "name", "name_en", "rank", "geom"}, len(c.roads), func(i int) []any {
			r := c.roads[i]
			return []any{r.kind, orNull(r.name), englishWay(r.name), roadRank[r.kind], world(r.line)}
		}},
		{"basemap_building", []string{"height_m", "geom"}, len(c.buildings), func(i int) []any {
			b := c.buildings[i]
			return []any{float64(int(b.height*10)) / 10, world(b.footprint)}
		}},
	}
	for _, s := range steps {
		if _, err := copyin.Rows(ctx, tx, s.table, s.columns, copyin.All(s.n, s.row)); err != nil {
			return err
		}
	}
	if err := c.writeWater(ctx, tx); err != nil {
		return err
	}
	if err := c.writeLanduse(ctx, tx); err != nil {
		return err
	}
	return c.writePlaces(ctx, tx)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// writeWater cuts what flows in twice: a tributary ends at the bank of its river.
func (c *county) writeWater(ctx context.Context, tx pgx.Tx) error {
	row := func(i int) []any {
		w := c.waters[i]
		return []any{w.kind, orNull(w.name), englishWay(w.name), world(w.geom)}
	}
	if _, err := copyin.Rows(ctx, tx, "basemap_water", []string{"kind", "name", "name_en", "geom"}, copyin.All(len(c.waters), row)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE basemap_water w SET geom = ST_Difference(w.geom, r.geom) FROM basemap_water r
		WHERE (w.kind = 'stream' OR w.kind = 'river' AND ST_Dimension(w.geom) = 2) AND r.kind = 'river' AND ST_Dimension(r.geom) = 2
		  AND r.id < w.id AND ST_Intersects(w.geom, r.geom);
		DELETE FROM basemap_water WHERE ST_IsEmpty(geom)`)
	return err
}

// writeLanduse draws mountains and valley floors between their contour lines, and the built-up ground, which is cut out of them.
func (c *county) writeLanduse(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `CREATE TEMP TABLE demo_contour (kind text, geom geometry) ON COMMIT DROP;
		CREATE TEMP TABLE demo_block (kind text, settlement int, geom geometry) ON COMMIT DROP`); err != nil {
		return err
	}
	below := make([]float64, len(c.low))
	for i, v := range c.low {
		below[i] = -v
	}
	var lines [][]any
	for _, r := range c.grid.contours(c.low, forestFrom) {
		lines = append(lines, []any{"forest", world(orb.LineString(r))})
	}
	for _, r := range c.grid.contours(below, -forestFrom) {
		lines = append(lines, []any{"farmland", world(orb.LineString(r))})
	}
	if _, err := copyin.Rows(ctx, tx, "demo_contour", []string{"kind", "geom"}, copyin.All(len(lines), func(i int) []any { return lines[i] })); err != nil {
		return err
	}
	block := func(i int) []any {
		b := c.blocks[i]
		ring := orb.Ring(append(b.corner[:], b.corner[0]))
		return []any{b.kind, b.group, world(orb.Polygon{ring})}
	}
	if _, err := copyin.Rows(ctx, tx, "demo_block", []string{"kind", "settlement", "geom"}, copyin.All(len(c.blocks), block)); err != nil {
		return err
	}
	for _, statement := range strings.Split(landuseSQL, ";\n") {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("landuse: %w", err)
		}
	}
	return nil
}

const landuseSQL = `
CREATE TEMP TABLE demo_built ON COMMIT DROP AS SELECT kind, ST_Union(geom) AS geom FROM demo_block GROUP BY kind, settlement;
CREATE INDEX ON demo_built USING gist (geom);
INSERT INTO basemap_landuse (kind, geom)
SELECT kind, part.geom FROM (
  SELECT kind, (ST_Dump(ST_Intersection(ST_BuildArea(ST_Collect(l.geom)), a.geom))).geom
  FROM demo_contour l, area a WHERE a.level = 'county' AND a.code = '` + CountyCode + `' GROUP BY kind, a.geom) part
WHERE ST_Dimension(part.geom) = 2 AND ST_Area(part.geom::geography) > 8000;
UPDATE basemap_landuse l SET geom = ST_Difference(l.geom, b.geom)
FROM (SELECT l.id, ST_Union(b.geom) AS geom FROM basemap_landuse l JOIN demo_built b ON ST_Intersects(l.geom, b.geom) GROUP BY l.id) b
WHERE b.id = l.id;
DELETE FROM basemap_landuse WHERE ST_IsEmpty(geom);
INSERT INTO basemap_landuse (kind, geom) SELECT kind, geom FROM demo_built ORDER BY kind, ST_XMin(geom), ST_YMin(geom)`

// writePlaces writes the names: county and towns at their seats, villages, communities as suburbs, a few sights.
func (c *county) writePlaces(ctx context.Context, tx pgx.Tx) error {
	type named struct {
		kind, name, en string
		rank           int
		at             orb.Point
	}
	places := []named{{"county", countyName, "Tonglu County", 4, seat(119.6930, 29.8010)}}
	for i, t := range towns {
		places = append(places, named{"town", c.townNames[i].name, english(c.townNames[i].name), 5, t.seat})
	}
	for _, v := range c.villages {
		kind := "village"
		if v.community {
			kind = "suburb"
		}
		places = append(places, named{kind, v.name, v.nameEN, 6, v.seat})
	}
	for _, s := range sights {
		places = append(places, named{"neighbourhood", s.name, s.en, 7, s.at})
	}
	row := func(i int) []any {
		p := places[i]
		return []any{p.kind, p.name, p.en, p.rank, orb.Geometry(toWorld(p.at))}
	}
	_, err := copyin.Rows(ctx, tx, "basemap_place", []string{"kind", "name", "name_en", "rank", "geom"}, copyin.All(len(places), row))
	return err
}

// sights are places that people name when they call.
var sights = []struct {
	name, en string
	at       orb.Point
}{
	{"桐君山", "Tongjun Hill", seat(119.6930, 29.8255)}, {"大奇山国家森林公园", "Daqishan National Forest Park", seat(119.7080, 29.7500)},
	{"瑶琳仙境", "Yaolin Cave", seat(119.5450, 29.9080)}, {"严子陵钓台", "Yan Ziling Terrace", seat(119.6310, 29.6700)},
	{"桐庐站", "Tonglu Railway Station", station}, {"富春江大坝", "Fuchunjiang Dam", seat(119.6410, 29.7045)},
	{"深澳古村", "Shen'ao Old Village", seat(119.8150, 29.8270)}, {"芦茨湾", "Luci Bay", seat(119.6390, 29.6790)},
}
