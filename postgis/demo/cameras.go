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

	"wanglou/postgis/copyin"
)

// camerasAtScaleOne is how many cameras the county has; seed --scale multiplies it.
const camerasAtScaleOne = 2000

// department owns cameras and units. industry is digits 9 and 10 of a GB/T 28181 code: which network the camera is on.
type department struct{ code, name, nameEN, industry string }

var departments = []department{
	{"police", "公安局", "Public Security Bureau", "00"},
	{"traffic", "交通运输局", "Transport Bureau", "04"},
	{"urban", "综合行政执法局（城管）", "Urban Management Bureau", "08"},
	{"water", "林业水利局", "Forestry and Water Bureau", "09"},
	{"emergency", "应急管理局", "Emergency Management Bureau", "03"},
	{"ecology", "生态环境分局", "Ecology and Environment Branch", "09"},
	{"education", "教育局", "Education Bureau", "11"},
	{"governance", "社会治理中心", "Social Governance Centre", "03"},
}

// cameraSpot is a place where cameras are put up.
type cameraSpot struct {
	at     orb.Point
	look   float64 // degrees clockwise from north
	name   string
	owners []string // departments, the likelier ones more often
	rangeM float64
	height float64
	fov    float64
}

// spots collects the places of every kind, with the share of all cameras that stands at each kind.
func (c *county) spots() (kinds [][]cameraSpot, share []float64) {
	traffic := []string{"police", "police", "traffic", "traffic", "urban"}
	streets := []string{"police", "police", "police", "urban", "education"}
	highway := []string{"traffic", "traffic", "traffic", "police"}
	var crossing, street, road, rural, river, hill, works []cameraSpot
	for _, t := range c.lattices {
		for i := range t.node {
			for j := range t.node[i] {
				if !t.ok[i][j] || t.village >= 0 {
					continue
				}
				first, second := c.crossingNames(t, i, j)
				at := t.node[i][j]
				name := first + "与" + second + "路口"
				if first == "" || second == "" {
					name = c.villageAt(at) + "路口"
				}
				n := 0
				t.around([2]int{i, j}, func(e edge, to [2]int) {
					next := t.node[to[0]][to[1]]
					rank := roadRank[t.street[e].kind]
					s := cameraSpot{at: add(between(at, next, 12/distance(at, next)), scale(left(unit(sub(next, at))), 8)), look: bearing(at, next), name: name,
						owners: traffic, rangeM: 90, height: 6.5, fov: 68}
					if n++; n == 1 || rank <= roadRank["tertiary"] {
						crossing = append(crossing, s)
					}
					mid := between(at, next, 0.5)
					street = append(street, cameraSpot{at: add(mid, scale(left(unit(sub(next, at))), 7)), look: bearing(at, next), name: c.villageAt(mid),
						owners: streets, rangeM: 60, height: 4.5, fov: 84})
					if inAny(estates, mid) {
						works = append(works, cameraSpot{at: add(mid, scale(left(unit(sub(next, at))), 9)), look: bearing(next, at), name: c.villageAt(mid) + "厂区",
							owners: []string{"ecology", "emergency"}, rangeM: 120, height: 9, fov: 90})
					}
				})
			}
		}
	}
	for _, r := range c.roads {
		if roadRank[r.kind] > roadRank["secondary"] || r.kind == "rail" || r.name == "" {
			continue
		}
		for d, total := 150.0, length(r.line); d < total; d += 260 {
			at, dir := along(r.line, d)
			road = append(road, cameraSpot{at: add(at, scale(left(dir), 12)), look: bearing(orb.Point{}, dir), name: fmt.Sprintf("%sK%d+%03.0f", r.name, int(d/1000), math.Mod(d, 1000)),
				owners: highway, rangeM: 180, height: 8, fov: 48})
		}
	}
	for _, v := range c.villages {
		if v.community {
			continue
		}
		for k, place := range []string{"村口", "村委会", "文化礼堂", "桥头"} {
			at := add(v.seat, rotate(orb.Point{60 + 45*float64(k), 0}, v.built.turn*math.Pi/180+float64(k)*2.2))
			rural = append(rural, cameraSpot{at: at, look: bearing(at, v.seat), name: v.name + place, owners: streets, rangeM: 70, height: 4.5, fov: 84})
		}
	}
	for _, rv := range rivers {
		ls := smooth(rv.line, 2)
		for d, total := 400.0, length(ls); d < total; d += 650 {
			at, dir := along(ls, d)
			for _, side := range []struct {
				name string
				sign float64
			}{{"左岸", 1}, {"右岸", -1}} {
				p := add(at, scale(left(dir), side.sign*(rv.halfAt(d/total)+28)))
				river = append(river, cameraSpot{at: p, look: bearing(p, at), name: fmt.Sprintf("%sK%02d+%03.0f%s", rv.name, int(d/1000), math.Mod(d, 1000), side.name),
					owners: []string{"water", "water", "emergency"}, rangeM: 450, height: 10, fov: 70})
			}
		}
	}
	r := dice(c.seed, "lookouts")
	for range 4000 {
		i := r.IntN(c.grid.size())
		if c.in[i] && c.low[i] > 1200 {
			hill = append(hill, cameraSpot{at: c.grid.scattered(i), look: r.Float64() * 360, name: c.villageAt(c.grid.center(i)) + "瞭望点",
				owners: []string{"emergency", "water"}, rangeM: 3000, height: 25, fov: 55})
		}
	}
	kinds = [][]cameraSpot{crossing, street, road, rural, river, hill, works}
	for k := range kinds {
		kinds[k] = slices.DeleteFunc(kinds[k], func(s cameraSpot) bool { return !inside(c.outline, s.at) })
	}
	return kinds, []float64{0.36, 0.27, 0.11, 0.16, 0.05, 0.02, 0.03}
}

// crossingNames returns the names of the two streets at a crossing, "" for streets without.
func (c *county) crossingNames(t *lattice, i, j int) (u, v string) {
	for _, e := range []edge{{i, j, true}, {i, j - 1, true}} {
		if s, ok := t.street[e]; ok && u == "" {
			u = s.name
		}
	}
	for _, e := range []edge{{i, j, false}, {i - 1, j, false}} {
		if s, ok := t.street[e]; ok && v == "" {
			v = s.name
		}
	}
	if u == v {
		return u, ""
	}
	return u, v
}

// villageAt names the village whose territory holds p.
func (c *county) villageAt(p orb.Point) string {
	if i := c.grid.at(p); i >= 0 && c.ter.village[i] >= 0 {
		return c.villages[c.ter.village[i]].name
	}
	return countyName
}

// camera is one generated row.
type camera struct {
	cameraSpot
	deviceID, owner, status string
	since                   time.Time
}

// cameras puts up n cameras: every spot of a kind once, then more of them beside.
func (c *county) cameras(n int, now time.Time) []camera {
	r := dice(c.seed, "cameras")
	kinds, share := c.spots()
	industry, serial, named := map[string]string{}, map[string]int{}, map[string]int{}
	for _, d := range departments {
		industry[d.code] = d.industry
	}
	var out []camera
	for k, spots := range kinds {
		want := int(float64(n) * share[k])
		if k == len(kinds)-1 { // with what rounding has left
			want = n - len(out)
		}
		order := r.Perm(len(spots))
		for i := range want {
			s := spots[order[i%len(order)]]
			if round := i / len(order); round > 0 {
				if beside := add(s.at, orb.Point{spread(r, 0, 35), spread(r, 0, 35)}); inside(c.outline, beside) {
					s.at = beside
				}
				s.look = math.Mod(s.look+90*float64(round%4)+spread(r, 0, 20)+360, 360)
			}
			cam := camera{cameraSpot: s, owner: pick(r, s.owners)}
			code := industry[cam.owner]
			serial[code]++
			cam.deviceID = fmt.Sprintf("%s00%s132%d%06d", CountyCode, code, 0, serial[code])
			named[s.name]++
			cam.name = fmt.Sprintf("%s%02d号", s.name, named[s.name])
			cam.status, cam.since = c.cameraStatus(r, s.at, now)
			out = append(out, cam)
		}
	}
	return out
}

// cameraStatus lets 94 % be online. Failures come in clusters, as switches and power do.
func (c *county) cameraStatus(r *rand.Rand, p orb.Point, now time.Time) (string, time.Time) {
	trouble := noise{seed: c.seed + 31, scale: 1800}.at(p, 2)
	fail := 0.034
	if trouble > 0.66 {
		fail = 0.16
	}
	switch d := r.Float64(); {
	case d < fail:
		return "offline", now.Add(-time.Duration(math.Pow(r.Float64(), 3)*9*24*float64(time.Hour)) - 2*time.Minute)
	case d < fail+0.006:
		return "fault", now.Add(-time.Duration(r.Float64() * 30 * float64(time.Hour)))
	case d < fail+0.009:
		return "unknown", now.Add(-20 * 24 * time.Hour)
	}
	return "online", now.Add(-time.Duration(r.Float64() * 40 * 24 * float64(time.Hour)))
}

// writeCameras stores n cameras. The areas have to stand.
func (c *county) writeCameras(ctx context.Context, tx pgx.Tx, n int, now time.Time) error {
	cams := c.cameras(n, now)
	r := dice(c.seed, "camera heights")
	_, err := tx.Exec(ctx, `CREATE TEMP TABLE demo_camera (n int, device_id text, name text, department text, status text, status_since timestamptz,
		height_m real, azimuth_deg real, fov_deg real, range_m real, geom geometry(Point, 4326)) ON COMMIT DROP`)
	if err != nil {
		return err
	}
	row := func(i int) []any {
		m := cams[i]
		return []any{i, m.deviceID, m.name, m.owner, m.status, m.since, math.Round(spread(r, m.height, 1.2)*10) / 10, math.Mod(math.Round(m.look), 360), m.fov, m.rangeM, orb.Geometry(toWorld(m.at))}
	}
	columns := []string{"n", "device_id", "name", "department", "status", "status_since", "height_m", "azimuth_deg", "fov_deg", "range_m", "geom"}
	if _, err := copyin.Rows(ctx, tx, "demo_camera", columns, copyin.All(len(cams), row)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO camera (device_id, name, department, area_path, status, status_since, height_m, azimuth_deg, fov_deg, range_m, source, source_id, geom)
		SELECT device_id, name, department, area_path_at(geom), status, status_since, height_m, azimuth_deg, fov_deg, range_m, 'demo', n::text, geom
		FROM demo_camera ORDER BY n`)
	return err
}
