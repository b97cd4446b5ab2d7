package postgis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/camera"
)

// underMaintenance is the SQL for: at $1 somebody works on the camera c, and said so before.
const underMaintenance = `EXISTS (SELECT FROM camera_maintenance m WHERE tstzrange(m.starts_at, m.ends_at) @> $1::timestamptz
	AND (m.camera_id = c.id OR m.department = c.department OR m.parent_id IN (SELECT a.parent_id FROM camera_ancestor a WHERE a.camera_id = c.id)))`

// Regroup implements camera.Watches. One node does it at a time; what two would do at once, the lock of the open outages puts in a row.
func (s *Watches) Regroup(ctx context.Context, now time.Time, g *camera.Grouping) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('camera outages'))`); err != nil {
			return err
		}
		parents, err := allParents(ctx, tx)
		if err != nil {
			return err
		}
		open, err := openOutages(ctx, tx)
		if err != nil {
			return err
		}
		// A camera under maintenance is down for nobody.
		children, err := collect(ctx, tx, func(row pgx.CollectableRow) (c camera.Child, err error) {
			return c, row.Scan(&c.ID, &c.ParentID, &c.Down, &c.Since)
		}, `SELECT c.id, coalesce(c.parent_id, 0), c.status IN ('offline', 'fault') AND NOT `+underMaintenance+`, c.status_since FROM camera c
			WHERE c.status IN ('offline', 'fault') OR c.parent_id IS NOT NULL ORDER BY c.id`, now)
		if err != nil {
			return err
		}
		next, over := g.Group(open, parents, children)
		b := &pgx.Batch{}
		for _, o := range over {
			b.Queue(`UPDATE camera_outage SET ended_at = $2 WHERE id = $1`, o.ID, now)
			b.Queue(`UPDATE camera_outage_member SET until = $2 WHERE outage_id = $1 AND until IS NULL`, o.ID, now)
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		hangs, since := map[int64]bool{}, map[int64]time.Time{}
		for _, c := range children {
			hangs[c.ID], since[c.ID] = c.ParentID != 0, c.Since
		}
		was := map[int64]camera.Outage{}
		for _, o := range open {
			was[o.ID] = o
		}
		for i := range next {
			if err := keepOutage(ctx, tx, g, &next[i], was[next[i].ID], parents, hangs, since, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// keepOutage stores what is new of one outage, and tells of it when it is time.
func keepOutage(ctx context.Context, tx pgx.Tx, g *camera.Grouping, o *camera.Outage, was camera.Outage, parents map[int64]camera.Parent, hangs map[int64]bool, since map[int64]time.Time, now time.Time) error {
	if o.ID == 0 {
		if err := tx.QueryRow(ctx, `INSERT INTO camera_outage (parent_id, since, peak) VALUES (nullif($1::bigint, 0), $2, $3) RETURNING id`, o.ParentID, o.Since, o.Peak).Scan(&o.ID); err != nil {
			return err
		}
	} else if o.Peak != was.Peak {
		if _, err := tx.Exec(ctx, `UPDATE camera_outage SET peak = $2 WHERE id = $1`, o.ID, o.Peak); err != nil {
			return err
		}
	}
	var fallen, up []int64
	var fell []time.Time
	for _, id := range o.Down {
		if _, known := slices.BinarySearch(was.Down, id); !known {
			fallen, fell = append(fallen, id), append(fell, since[id])
		}
	}
	for _, id := range was.Down {
		if _, still := slices.BinarySearch(o.Down, id); !still {
			up = append(up, id)
		}
	}
	if len(up) > 0 {
		if _, err := tx.Exec(ctx, `UPDATE camera_outage_member SET until = $3 WHERE outage_id = $1 AND camera_id = ANY ($2) AND until IS NULL`, o.ID, up, now); err != nil {
			return err
		}
	}
	if len(fallen) > 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO camera_outage_member (outage_id, camera_id, since) SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[])
			ON CONFLICT (outage_id, camera_id, since) DO UPDATE SET until = NULL`, o.ID, fallen, fell); err != nil {
			return err
		}
	}
	if len(o.Down) == 0 || !g.Due(o, hangs[o.Down[0]], now) {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE camera_outage SET told_at = $2 WHERE id = $1`, o.ID, now); err != nil || o.ParentID == 0 {
		return err
	}
	return proposeCase(ctx, tx, o, parents[o.ParentID])
}

var parentNames = map[camera.ParentKind]string{camera.Recorder: "录像机", camera.Switch: "交换机", camera.Power: "供电区"}

// proposeCase hands in one report for all cameras of an outage: whoever is on duty makes a case of it, or not.
func proposeCase(ctx context.Context, tx pgx.Tx, o *camera.Outage, p camera.Parent) error {
	title := fmt.Sprintf("%s“%.60s”疑似故障：%d 路摄像机离线", parentNames[p.Kind], p.Name, len(o.Down))
	_, err := tx.Exec(ctx, `INSERT INTO report (channel, title, category, source, source_id, source_time, area_path, geom)
		SELECT 'system', $2, '01050', 'camera_outage', $1::bigint::text, $3, c.area_path, c.geom
		FROM camera c, (SELECT ST_Centroid(ST_Collect(geom)) AS middle FROM camera WHERE id = ANY ($4)) m WHERE c.id = ANY ($4) ORDER BY c.geom <-> m.middle, c.id LIMIT 1
		ON CONFLICT DO NOTHING`, o.ID, title, o.Since, o.Down)
	return err
}

func allParents(ctx context.Context, tx pgx.Tx) (map[int64]camera.Parent, error) {
	all, err := collect(ctx, tx, func(row pgx.CollectableRow) (p camera.Parent, err error) {
		return p, row.Scan(&p.ID, &p.Kind, &p.Name, &p.ParentID)
	}, `SELECT id, kind, name, coalesce(parent_id, 0) FROM device_parent`)
	out := make(map[int64]camera.Parent, len(all))
	for _, p := range all {
		out[p.ID] = p
	}
	return out, err
}

func openOutages(ctx context.Context, tx pgx.Tx) ([]camera.Outage, error) {
	return collect(ctx, tx, func(row pgx.CollectableRow) (o camera.Outage, err error) {
		err = row.Scan(&o.ID, &o.ParentID, &o.Since, &o.Peak, &o.Told, &o.Down)
		return o, err
	}, `SELECT o.id, coalesce(o.parent_id, 0), o.since, o.peak, o.told_at IS NOT NULL, coalesce(array_agg(m.camera_id ORDER BY m.camera_id) FILTER (WHERE m.camera_id IS NOT NULL), '{}')
		FROM camera_outage o LEFT JOIN camera_outage_member m ON m.outage_id = o.id AND m.until IS NULL WHERE o.ended_at IS NULL GROUP BY o.id ORDER BY o.id`)
}
