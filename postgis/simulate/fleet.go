package simulate

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers/task"
	"wanglou/layers/unit"
	"wanglou/postgis"
)

// vehicle is a unit on the plane.
type vehicle struct {
	id      int64
	kind    string
	area    string
	status  unit.Status
	at      orb.Point // metres
	heading float64   // degrees clockwise from north
	speed   float64   // m/s
	way     []leg     // what is left of the way; empty: it stands
	top     float64   // m/s, of the vehicle and the occasion
	bound   int64     // task it drives to, 0 for a patrol
	pause   time.Time // until when it stands between patrols
	known   bool      // it has a place
	driven  time.Time // last time it was moved
	sent    time.Time // last time its position was told
	patrols int64
}

// task that is being worked on, with the place of its case.
type job struct {
	id, incident, unit, revision int64
	unitName                     string
	state                        task.State
	since                        time.Time
	severity                     int
	category                     string
	at                           orb.Point // degrees
}

const (
	maxUnits     = 500 // whose positions are simulated
	movingPeriod = 2 * time.Second
	restPeriod   = 30 * time.Second // of a device that does not move
	bicycle      = 18 / 3.6         // grid workers ride electric ones
	urgent       = 1.25             // times the usual speed to a case of severity 1
	patrol       = 0.75
	acceleration = 1.6 // m/s²
)

// stepFleet moves the units for the time that has passed and tells their positions, as devices do: often while they move, seldom while they rest.
func (s *simulation) stepFleet(ctx context.Context, now time.Time) error {
	if err := s.loadUnits(ctx); err != nil {
		return err
	}
	jobs, err := s.jobs(ctx)
	if err != nil {
		return err
	}
	bound := map[int64]*job{}
	for i := range jobs {
		if j := &jobs[i]; j.state == task.Responding {
			bound[j.unit] = j
		}
	}
	var send []*vehicle
	for _, v := range s.fleet {
		if v.status == unit.OffDuty {
			continue
		}
		s.aim(v, bound[v.id], now)
		if !v.driven.IsZero() {
			v.drive(min(now.Sub(v.driven), 5*time.Second).Seconds() * s.o.Speed)
		}
		v.driven = now
		period := restPeriod
		if v.speed > 0 {
			period = movingPeriod
		}
		if v.known && now.Sub(v.sent) >= period-tick/2 {
			v.sent = now
			send = append(send, v)
		}
	}
	return s.tell(ctx, now, send)
}

// loadUnits learns of new units, and what each is doing now.
func (s *simulation) loadUnits(ctx context.Context) error {
	rows, err := s.db.Pool.Query(ctx, `SELECT u.id, u.kind, u.status, coalesce(u.area_path, ''), ST_X(p.geom), ST_Y(p.geom)
		FROM unit u LEFT JOIN position p ON p.id = u.id ORDER BY u.id LIMIT $1`, maxUnits)
	if err != nil {
		return err
	}
	var id int64
	var kind, area string
	var status unit.Status
	var lon, lat *float64
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &status, &area, &lon, &lat}, func() error {
		v := s.fleet[id]
		if v == nil {
			v = &vehicle{id: id, kind: kind, area: area}
			if lon != nil && lat != nil {
				v.at, v.known = s.roads.plane(orb.Point{*lon, *lat}), true
			}
			s.fleet[id] = v
		}
		if v.status != status {
			v.status, v.way, v.speed = status, nil, 0
		}
		return nil
	})
	return err
}

// jobs returns the open tasks.
func (s *simulation) jobs(ctx context.Context) ([]job, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT t.id, t.incident_id, t.unit_id, t.revision, u.name, t.state,
			coalesce(t.on_scene_at, t.responding_at, t.acknowledged_at, t.dispatched_at), i.severity, i.category, ST_X(i.geom), ST_Y(i.geom)
		FROM task t JOIN unit u ON u.id = t.unit_id JOIN incident i ON i.id = t.incident_id WHERE t.ended_at IS NULL ORDER BY t.id LIMIT $1`, 2*maxUnits)
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (j job, err error) {
		err = row.Scan(&j.id, &j.incident, &j.unit, &j.revision, &j.unitName, &j.state, &j.since, &j.severity, &j.category, &j.at[0], &j.at[1])
		return j, err
	})
	return out, postgis.Wrap(err)
}

// aim gives a vehicle its way: to the case that it responds to, or round its area while nobody needs it.
func (s *simulation) aim(v *vehicle, to *job, now time.Time) {
	if !v.known { // comes on duty for the first time
		v.at, v.known = s.roads.somewhere(s.dice("home", v.id, 0), v.area, orb.Point{}, math.Inf(1))
		return // there is none in a database without roads
	}
	switch {
	case to != nil && v.bound != to.id:
		v.bound, v.way = to.id, s.roads.route(v.at, s.roads.plane(to.at))
		v.limit(1)
		if to.severity == 1 {
			v.limit(urgent)
		}
	case to == nil && v.status != unit.Available:
		v.way, v.speed = nil, 0 // waits for its crew, or works
	case to == nil && len(v.way) == 0:
		r := s.dice("patrol", v.id, v.patrols)
		if v.pause.IsZero() { // has just come to rest
			v.pause = now.Add(time.Duration(r.Float64() * float64(5*time.Minute) / s.o.Speed))
		}
		if now.Before(v.pause) {
			return
		}
		v.patrols++
		v.pause, v.bound = time.Time{}, 0
		if goal, ok := s.roads.somewhere(r, v.area, v.at, 4000); ok {
			v.way = s.roads.route(v.at, goal)
			v.limit(patrol)
		}
	}
}

// limit sets the highest speed: of the vehicle, times what the occasion makes of it.
func (v *vehicle) limit(factor float64) {
	v.top = 25 * factor
	if v.kind == "grid_worker" {
		v.top = bicycle
	}
	for i := range v.way {
		v.way[i].speed *= factor
	}
}

// drive moves the vehicle along its way for so many seconds: it speeds up and slows down as cars do, and stands at the end.
func (v *vehicle) drive(seconds float64) {
	for seconds > 0 && len(v.way) > 0 {
		dt := min(seconds, 1)
		seconds -= dt
		v.speed = min(v.speed+acceleration*dt, v.way[0].speed, v.top, math.Sqrt(2*acceleration*v.left())+0.5)
		for d := v.speed * dt; d > 0 && len(v.way) > 0; {
			to := v.way[0].to
			l := metres(v.at, to)
			if l > 1 {
				v.heading = math.Mod(math.Atan2(to[0]-v.at[0], to[1]-v.at[1])*180/math.Pi+360, 360)
			}
			if l > d {
				v.at = orb.Point{v.at[0] + (to[0]-v.at[0])*d/l, v.at[1] + (to[1]-v.at[1])*d/l}
				break
			}
			v.at, v.way = to, v.way[1:]
			d -= l
		}
	}
	if len(v.way) == 0 {
		v.speed = 0
	}
}

// left is how far it is to the end, as far as braking needs to know.
func (v *vehicle) left() float64 {
	sum, at := 0.0, v.at
	for _, l := range v.way {
		if sum += metres(at, l.to); sum > 200 {
			break
		}
		at = l.to
	}
	return sum
}

// arrived reports whether the vehicle is at the place of the task.
func (v *vehicle) arrived(taskID int64) bool { return v.bound == taskID && len(v.way) == 0 }

// tell writes positions as an outside system does: one statement for all.
func (s *simulation) tell(ctx context.Context, now time.Time, of []*vehicle) error {
	if len(of) == 0 {
		return nil
	}
	n := len(of)
	ids, lon, lat := make([]int64, n), make([]float64, n), make([]float64, n)
	heading, speed := make([]float32, n), make([]float32, n)
	for i, v := range of {
		p := s.roads.world(v.at)
		ids[i], lon[i], lat[i], heading[i], speed[i] = v.id, p[0], p[1], float32(math.Round(v.heading)), float32(math.Round(v.speed*10)/10)
	}
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO position AS p (id, area_path, kind, heading_deg, speed_mps, source_time, receive_time, geom)
		SELECT u.id, u.area_path, u.kind, v.heading, v.speed, $6, now(), ST_SetSRID(ST_MakePoint(v.lon, v.lat), 4326)
		FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::real[], $5::real[]) v (id, lon, lat, heading, speed) JOIN unit u ON u.id = v.id
		ORDER BY u.id
		ON CONFLICT (id) DO UPDATE SET heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
			source_time = excluded.source_time, receive_time = excluded.receive_time, geom = excluded.geom`, ids, lon, lat, heading, speed, now)
	if err == nil {
		s.done.Fixes += n
	}
	return err
}

// stepShifts lets a unit go off duty, or come back, now and then. Most are there.
func (s *simulation) stepShifts(ctx context.Context, now time.Time) error {
	if !s.shifts.due(now, s.every(25*time.Minute)) {
		return nil
	}
	var free, off []int64
	for id := int64(1); id <= maxUnits; id++ { // in order, so that equal seeds choose alike
		switch v := s.fleet[id]; {
		case v == nil || s.staffed[id]:
		case v.status == unit.OffDuty:
			off = append(off, id)
		case v.status == unit.Available:
			free = append(free, id)
		}
	}
	from, to, of := unit.Available, unit.OffDuty, free
	if len(off) > 0 && (len(off)*8 > len(s.fleet) || s.shifts.IntN(2) == 0) {
		from, to, of = unit.OffDuty, unit.Available, off
	}
	if len(of) < 1 {
		return nil
	}
	// A unit that is being dispatched at this moment is no longer in the status that we saw.
	_, err := s.db.Pool.Exec(ctx, `UPDATE unit SET status = $3 WHERE id = $1 AND status = $2
		AND NOT EXISTS (SELECT FROM task WHERE unit_id = $1 AND ended_at IS NULL)`, pick(s.shifts.Rand, of), from, to)
	return err
}
