package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/postgis"
	"wanglou/postgis/demo"
)

// reportChances are when reports come in and, of each, what it is about.
type reportChances struct{ fresh, repeat chance }

func newReportChances(seed uint64) reportChances {
	return reportChances{newChance(seed, "reports"), newChance(seed, "repeats")}
}

// urgentMatters are rare, and two units go there.
var urgentMatters = []struct {
	category string
	titles   []string
	channels []string
}{
	{"01013", []string{"厂房冒烟报警", "仓库烟火报警"}, []string{"camera", "hotline"}},
	{"01067", []string{"江堤水位超警"}, []string{"sensor"}},
	{"10002", []string{"高压线缆坠地"}, []string{"hotline", "grid_worker"}},
}

// maxReceived is how many reports may wait for the desk. Beyond it nobody reports: a wall that runs for weeks is not flooded.
const maxReceived = 60

// message is one report before it is written.
type message struct {
	channel, category, title, text string
	at                             orb.Point // degrees
}

// stepReports lets people and machines tell what they see: more by day than by night, some of it a second time.
func (s *simulation) stepReports(ctx context.Context, now time.Time) error {
	if len(s.roads.driven) == 0 { // nowhere to tell of
		return nil
	}
	for s.reporting.fresh.due(now, time.Duration(float64(s.every(100*time.Second))/demo.Liveliness(now))) {
		if err := s.report(ctx, s.newMessage()); err != nil {
			return err
		}
	}
	for s.reporting.repeat.due(now, s.every(6*time.Minute)) {
		m, ok, err := s.repetition(ctx)
		if err != nil {
			return err
		}
		if ok {
			if err := s.report(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// newMessage draws a report: a matter, a channel, a place beside a road.
func (s *simulation) newMessage() message {
	r := s.reporting.fresh.Rand
	usual := demo.AnyMatter(r)
	m := message{channel: demo.AnyChannel(r), category: usual.Category, title: pick(r, usual.Titles)}
	if r.Float64() < 0.02 {
		u := pick(r, urgentMatters)
		m.channel, m.category, m.title = pick(r, u.channels), u.category, pick(r, u.titles)
	}
	at := s.roads.lively(r)
	m.at = s.roads.world(orb.Point{at[0] + 24*(r.Float64()-0.5), at[1] + 24*(r.Float64()-0.5)})
	return m
}

// repetition tells of an open case once more, from some steps away.
func (s *simulation) repetition(ctx context.Context) (m message, ok bool, err error) {
	r := s.reporting.repeat.Rand
	err = s.db.Pool.QueryRow(ctx, `SELECT category, title, ST_X(geom), ST_Y(geom) FROM incident WHERE closed_at IS NULL AND source <> 'console'
		AND created_at > now() - interval '30 minutes' ORDER BY severity, id LIMIT 1 OFFSET $1`, r.IntN(6)).Scan(&m.category, &m.title, &m.at[0], &m.at[1])
	if errors.Is(err, pgx.ErrNoRows) {
		return m, false, nil
	}
	m.channel = pick(r, []string{"hotline", "hotline", "citizen", "grid_worker"})
	m.at = orb.Point{m.at[0] + 0.0004*(r.Float64()-0.5), m.at[1] + 0.0004*(r.Float64()-0.5)}
	return m, true, err
}

// report stores a message as the system of its channel does. What lies outside of every area is of no matter here.
func (s *simulation) report(ctx context.Context, m message) error {
	s.reportSent++
	id := fmt.Sprintf("%s-%d", s.began.UTC().Format("20060102T150405.000"), s.reportSent)
	raw, err := json.Marshal(map[string]any{"channel": m.channel, "simulated": true})
	if err != nil {
		return err
	}
	var path *string
	if err := s.db.Pool.QueryRow(ctx, `SELECT area_path_at(ST_SetSRID(ST_MakePoint($1, $2), 4326))`, m.at[0], m.at[1]).Scan(&path); err != nil || path == nil {
		return err
	}
	title := m.title
	if village := s.names[*path]; !strings.HasPrefix(title, village) {
		title = village + title
	}
	tag, err := s.db.Pool.Exec(ctx, `INSERT INTO report (channel, category, title, description, address, source, source_id, source_time, area_path, raw, geom)
		SELECT $1, $2, $3, $4, $5, $6, $7, now() - interval '20 seconds', $8, $9, ST_SetSRID(ST_MakePoint($10, $11), 4326)
		WHERE (SELECT count(*) FROM report WHERE state = 'received') < $12`,
		m.channel, m.category, title, m.text, s.address(*path), demo.Simulated, id, *path, json.RawMessage(raw), m.at[0], m.at[1], maxReceived)
	if err == nil {
		s.done.Reports += int(tag.RowsAffected())
	}
	return err
}

// address is town and village.
func (s *simulation) address(path string) string {
	out := s.names[path]
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path, '.') {
		if path = path[:i]; strings.Contains(path, ".") { // not the county
			out = s.names[path] + out
		}
	}
	return out
}

func loadNames(ctx context.Context, db *postgis.DB) (map[string]string, error) {
	rows, err := db.Pool.Query(ctx, `SELECT path, name FROM area`)
	if err != nil {
		return nil, postgis.Wrap(err)
	}
	out := map[string]string{}
	var path, name string
	_, err = pgx.ForEachRow(rows, []any{&path, &name}, func() error { out[path] = name; return nil })
	return out, postgis.Wrap(err)
}
