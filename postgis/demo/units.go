package demo

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/postgis/copyin"
)

// crew is a unit before it is written. Its place in crews plus one is its id.
type crew struct {
	code, name, nameEN, kind, department string
	town                                 string   // code of the town it belongs to, "" for the whole county
	skills                               []string // large classes
	at, station                          orb.Point
	seen                                 time.Duration // age of its position; negative: it shares none
	status                               string
	moves                                []statusMove
}

type statusMove struct {
	at     time.Time
	status string
}

var (
	patrolSkills = []string{"06", "07", "08", "09", "10"}
	repairSkills = []string{"01", "02", "03", "06"}
)

// crews are the units of the county: patrols by town, and crews for the whole county.
func (c *county) crews(now time.Time) []crew {
	list := []crew{
		{code: "P01", name: "巡查1组", nameEN: "Patrol 1", town: "330122003"}, {code: "P02", name: "巡查2组", nameEN: "Patrol 2", town: "330122003"},
		{code: "P03", name: "巡查3组", nameEN: "Patrol 3", town: "330122003"}, {code: "P04", name: "巡查4组", nameEN: "Patrol 4", town: "330122004"},
		{code: "P05", name: "巡查5组", nameEN: "Patrol 5", town: "330122004"}, {code: "P06", name: "巡查6组", nameEN: "Patrol 6", town: "330122005"},
		{code: "P07", name: "巡查7组", nameEN: "Patrol 7", town: "330122004"}, {code: "P08", name: "巡查8组", nameEN: "Patrol 8", town: "330122102"},
		{code: "P09", name: "巡查9组", nameEN: "Patrol 9", town: "330122109"}, {code: "P10", name: "巡查10组", nameEN: "Patrol 10", town: "330122113"},
		{code: "P11", name: "巡查11组", nameEN: "Patrol 11", town: "330122101"}, {code: "P12", name: "巡查12组", nameEN: "Patrol 12", town: "330122003"},
		{code: "G01", name: "网格员 叶建国", nameEN: "Grid worker Ye", kind: "grid_worker", department: "governance", town: "330122110"},
		{code: "G02", name: "网格员 方晓燕", nameEN: "Grid worker Fang", kind: "grid_worker", department: "governance", town: "330122112"},
		{code: "G03", name: "网格员 钟志强", nameEN: "Grid worker Zhong", kind: "grid_worker", department: "governance", town: "330122201"},
		{code: "M01", name: "市政抢修1班", nameEN: "Municipal repair 1", skills: repairSkills}, {code: "M02", name: "市政抢修2班", nameEN: "Municipal repair 2", skills: repairSkills},
		{code: "S01", name: "环卫机动1队", nameEN: "Sanitation 1", skills: []string{"03", "06"}}, {code: "S02", name: "环卫机动2队", nameEN: "Sanitation 2", skills: []string{"03", "06"}},
		{code: "T01", name: "交警铁骑1组", nameEN: "Traffic police 1", department: "police", skills: []string{"02", "09", "10"}},
		{code: "T02", name: "交警铁骑2组", nameEN: "Traffic police 2", department: "police", skills: []string{"02", "09", "10"}},
		{code: "F01", name: "消防救援城南站", nameEN: "Fire rescue Chengnan", department: "emergency", skills: []string{"01", "09", "10"}},
		{code: "F02", name: "消防救援分水站", nameEN: "Fire rescue Fenshui", department: "emergency", skills: []string{"01", "09", "10"}},
		{code: "W01", name: "水利巡堤队", nameEN: "Embankment watch", department: "water", skills: []string{"01", "06"}},
		{code: "D01", name: "无人机1组", nameEN: "Drone crew 1", kind: "drone_crew", department: "urban", skills: []string{"06", "08"}},
		{code: "D02", name: "无人机2组", nameEN: "Drone crew 2", kind: "drone_crew", department: "urban", skills: []string{"06", "08"}},
	}
	r := dice(c.seed, "units")
	for i := range list {
		u := &list[i]
		if u.kind == "" {
			u.kind = "team"
		}
		if u.department == "" {
			u.department = "urban"
		}
		if u.skills == nil {
			u.skills = patrolSkills
		}
		home := u.town
		if home == "" {
			home = pick(r, []string{"330122003", "330122004", "330122004", "330122005"})
		}
		if u.code == "F02" {
			home = "330122109"
		}
		u.at = c.streetIn(r, home)
		u.station = u.at
		u.seen = time.Duration(r.IntN(50)+2) * time.Second
		u.status = "available"
		u.moves = []statusMove{{now.Add(-time.Duration(200+r.IntN(90)) * time.Minute), "available"}}
	}
	// Not all is well: the recommendation has reasons to give.
	for i := range list {
		switch list[i].code {
		case "G03", "M02":
			list[i].status, list[i].seen = "off_duty", -1
			list[i].moves = []statusMove{{now.Add(-7 * time.Hour), "off_duty"}}
		case "P03":
			list[i].seen = 26 * time.Minute
		}
	}
	return list
}

// streetIn returns a crossing of a town's streets.
func (c *county) streetIn(r *rand.Rand, townCode string) orb.Point {
	t := townOf(townCode)
	if c.crossings == nil {
		c.crossings = make([][]orb.Point, len(towns))
		for _, l := range c.lattices {
			for i := range l.node {
				for j, p := range l.node[i] {
					if cell := c.grid.at(p); l.ok[i][j] && l.village < 0 && c.ter.town[cell] >= 0 {
						c.crossings[c.ter.town[cell]] = append(c.crossings[c.ter.town[cell]], p)
					}
				}
			}
		}
	}
	if len(c.crossings[t]) == 0 {
		return towns[t].seat
	}
	return pick(r, c.crossings[t])
}

// writeUnits stores the units with their positions and the log of their statuses.
func (c *county) writeUnits(ctx context.Context, tx pgx.Tx, crews []crew, now time.Time) error {
	for i, u := range crews {
		path := CountyCode
		if u.town != "" {
			path += "." + u.town
		}
		last := u.moves[len(u.moves)-1]
		_, err := tx.Exec(ctx, `INSERT INTO unit (id, code, name, name_en, kind, department_id, skills, area_path, status, status_since) OVERRIDING SYSTEM VALUE
			VALUES ($1, $2, $3, $4, $5, (SELECT id FROM department WHERE code = $6), $7, $8, $9, $10)`,
			i+1, u.code, u.name, u.nameEN, u.kind, u.department, u.skills, path, last.status, last.at)
		if err != nil {
			return err
		}
		station := toWorld(u.station)
		if _, err := tx.Exec(ctx, `INSERT INTO unit_station (unit_id, geom) VALUES ($1, ST_SetSRID(ST_MakePoint($2, $3), 4326))`, i+1, station[0], station[1]); err != nil {
			return err
		}
		if u.seen < 0 {
			continue
		}
		at := toWorld(u.at)
		_, err = tx.Exec(ctx, `INSERT INTO position (id, area_path, kind, heading_deg, speed_mps, source_time, receive_time, geom)
			VALUES ($1, $2, $3, $4, $5, $6, $6, ST_SetSRID(ST_MakePoint($7, $8), 4326))`,
			i+1, path, u.kind, float64((i*67)%360), 0.0, now.Add(-u.seen), at[0], at[1])
		if err != nil {
			return err
		}
	}
	var rows [][]any
	for i, u := range crews {
		from := any("off_duty")
		for _, m := range u.moves {
			if from == m.status {
				from = "available" // the shift that ended
			}
			rows = append(rows, []any{i + 1, m.at, from, m.status})
			from = m.status
		}
	}
	if _, err := copyin.Rows(ctx, tx, "unit_log", []string{"unit_id", "receive_time", "from_status", "to_status"}, copyin.All(len(rows), func(i int) []any { return rows[i] })); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence('unit', 'id'), $1)`, len(crews))
	return err
}
