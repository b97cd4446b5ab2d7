package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// countyInhabitants are those of the demo, illustrative like everything but outline and names; they are spread by where the buildings are.
const countyInhabitants = 450_000

// writeDutyGrids gives the unit grids of each village, about three neighbours at a time, to one duty grid, each grid worker the duty grids of its town
// in turn, and every area its inhabitants. Areas, buildings and units have to stand.
func writeDutyGrids(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(dutySQL, countyInhabitants)); err != nil {
		return fmt.Errorf("duty grids: %w", err)
	}
	return nil
}

const dutySQL = `
CREATE TEMP TABLE demo_duty ON COMMIT DROP AS
SELECT id, area_path, right(area_path, 12) || 'Z' || lpad((1 + ST_ClusterKMeans(ST_Centroid(geom), k) OVER (PARTITION BY area_path ORDER BY code))::text, 2, '0') AS duty
FROM (SELECT id, code, area_path, geom, ceil(count(*) OVER (PARTITION BY area_path) / 3.0)::int AS k FROM unit_grid) g;
INSERT INTO duty_grid (code, name, area_path)
SELECT DISTINCT ON (d.duty) d.duty, a.name || '第' || right(d.duty, 2)::int || '网格', d.area_path
FROM demo_duty d JOIN area a ON a.path = d.area_path ORDER BY d.duty;
UPDATE unit_grid u SET duty_grid_id = g.id FROM demo_duty d JOIN duty_grid g ON g.code = d.duty WHERE d.id = u.id;
UPDATE duty_grid g SET unit_id = (SELECT u.id FROM unit u WHERE u.kind = 'grid_worker' AND starts_with(g.area_path, u.area_path || '.') ORDER BY u.id LIMIT 1);
CREATE TEMP TABLE demo_room ON COMMIT DROP AS
SELECT a.path, sum(ST_Area(b.geom) * greatest(b.height_m, 3)) AS room
FROM area a JOIN basemap_building b ON ST_Contains(a.geom, ST_Centroid(b.geom)) WHERE a.level = 'village' GROUP BY a.path;
INSERT INTO inhabitants (area_id, count, as_of, source)
SELECT a.id, greatest(1, round(%d * sum(r.room) / (SELECT sum(room) FROM demo_room)))::int, date '2025-12-31', '示意'
FROM area a JOIN demo_room r ON r.path = a.path OR starts_with(r.path, a.path || '.') GROUP BY a.id`
