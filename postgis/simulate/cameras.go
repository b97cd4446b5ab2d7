package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/postgis/demo"
)

// cameraChances are when cameras fail, when a switch or a power line takes several at once, and when some come back.
type cameraChances struct{ fail, outage, recover chance }

func newCameraChances(seed uint64) cameraChances {
	return cameraChances{newChance(seed, "camera failures"), newChance(seed, "camera outages"), newChance(seed, "camera recoveries")}
}

const (
	failEvery   = 14 * time.Second // one camera, wherever; however many there are, the log must not grow faster
	outageEvery = 9 * time.Minute
	downShare   = 0.06  // of all cameras, around which the number of those that are down moves
	outageReach = 450.0 // metres around the switch
	maxOutage   = 24    // cameras on one switch
)

// stepCameras breaks and mends cameras, as the system that watches them would write it: one UPDATE each. The more are down, the more come back.
// Most failures are short and some last for days: of three that are down the one that failed last comes back.
func (s *simulation) stepCameras(ctx context.Context, now time.Time) error {
	for s.cameras.fail.due(now, s.every(failEvery)) {
		to := "offline"
		if s.cameras.fail.Float64() < 0.15 {
			to = "fault"
		}
		if err := s.setCameras(ctx, `UPDATE camera SET status = $1 WHERE status = 'online' AND id = (`+anyCamera(`status = 'online'`)+`)`, to, s.cameras.fail.Float64()); err != nil {
			return err
		}
	}
	for s.cameras.outage.due(now, s.every(outageEvery)) {
		if err := s.outage(ctx); err != nil {
			return err
		}
	}
	for s.cameras.recover.due(now, s.every(failEvery)) {
		if err := s.recoverCameras(ctx); err != nil {
			return err
		}
	}
	return nil
}

// anyCamera is the SQL for the id of one of the demo's cameras that meet a condition; $2, 0 to 1, says which. Ids are looked up by index,
// beginning at a random one: O(1), however many cameras there are.
func anyCamera(condition string) string {
	return `SELECT id FROM camera, (SELECT min(id) AS low, max(id) AS high FROM camera) b
		WHERE id >= b.low + ($2::float8 * (b.high - b.low))::bigint AND source = '` + demo.Source + `' AND ` + condition + ` ORDER BY id LIMIT 1`
}

func (s *simulation) setCameras(ctx context.Context, sql string, args ...any) error {
	tag, err := s.db.Pool.Exec(ctx, sql, args...)
	s.done.Cameras += int(tag.RowsAffected())
	return err
}

// outage takes down the cameras of one owner around a place, and tells the desk.
func (s *simulation) outage(ctx context.Context) error {
	r := s.cameras.outage.Rand
	var at orb.Point
	var n int
	// In one statement, so that they share the moment and come back together.
	err := s.db.Pool.QueryRow(ctx, `WITH middle AS (SELECT geom, department FROM camera WHERE id = (`+anyCamera(`status = 'online'`)+`)),
		hit AS (SELECT c.id FROM camera c, middle m WHERE c.status = 'online' AND c.source = '`+demo.Source+`' AND c.department = m.department
			AND c.geom && ST_Expand(m.geom, $1::float8 / 100000) ORDER BY c.geom <-> m.geom, c.id LIMIT $3),
		down AS (UPDATE camera SET status = 'offline' WHERE id IN (SELECT id FROM hit) RETURNING 1)
		SELECT count(*), (SELECT ST_X(geom) FROM middle), (SELECT ST_Y(geom) FROM middle) FROM down HAVING count(*) > 0`,
		outageReach*(0.4+0.6*r.Float64()), r.Float64(), maxOutage).Scan(&n, &at[0], &at[1])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	s.done.Cameras += n
	if n < 4 {
		return nil
	}
	return s.report(ctx, message{channel: "system", category: "01050", title: "摄像机批量离线", text: fmt.Sprintf("片区 %d 路摄像机同时离线，疑似交换机断电。", n), at: at})
}

// recoverCameras brings as many back as the share of those that are down asks for: one on average when it is the usual one. What went down at the same
// moment comes back together. O(cameras), by the database.
func (s *simulation) recoverCameras(ctx context.Context) error {
	r := s.cameras.recover.Rand
	var down, all float64
	if err := s.db.Pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE `+broken+`), count(*) FROM camera WHERE source = $1`, demo.Source).Scan(&down, &all); err != nil {
		return err
	}
	luck := r.Float64()
	for wanted := min(4, down/max(1, all*downShare)); wanted > luck; wanted-- {
		err := s.setCameras(ctx, `UPDATE camera SET status = 'online' WHERE `+broken+` AND source = $1 AND status_since = (SELECT max(status_since) FROM
			(SELECT status_since FROM camera WHERE `+broken+` AND source = $1 ORDER BY md5(id::text || $2) LIMIT 3) three)`, demo.Source, fmt.Sprint(r.Uint64()))
		if err != nil {
			return err
		}
	}
	return nil
}

// broken are the cameras that somebody mends; those that nobody asks stay unknown.
const broken = `status IN ('offline', 'fault')`
