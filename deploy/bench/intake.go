package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"wanglou/postgis"
)

const (
	reportRate    = 50 // a second
	reportSeconds = 20
	reportOpen    = 2000 // cases that are open already
	manyReports   = 1_000_000
	candidateAsks = 400
)

// seedCounty is the least of a county that reports need: its area and a dictionary.
const seedCounty = `
INSERT INTO area (code, path, level, name, name_en, geom) VALUES ('330122', '330122', 'county', '桐庐县', 'Tonglu', ST_Multi(ST_MakeEnvelope(119, 29.4, 120.3, 30.3, 4326)));
INSERT INTO category (standard, kind, code, class, name) SELECT 'gbt47678.5-2026', 'item', code, '市容环境', code FROM unnest('{06001,06010,06013,06042,09009,09012}'::text[]) code;`

// seedCases makes open cases with $2 reports each, told of in the clusters of the other benches within the $1 last days.
const seedCases = `
WITH made AS (
	INSERT INTO incident (number, title, category, severity, state, source, area_path, created_at, geom)
	SELECT 'B' || g.i, (ARRAY['路面塌陷 井盖破损','垃圾箱满溢','消防通道被占用','机动车乱停放','私搭乱建棚屋','暴露垃圾成堆'])[1 + g.i % 6] || ' ' || g.i,
		(ARRAY['06013','06042','09012','09009','06001','06010'])[1 + g.i % 6], 1 + g.i % 3, 'filed', 'hotline', '330122', now() - g.v * $2::float8 * interval '1 day', ` + somewhere + `
	FROM (SELECT i, random() AS u, random() AS v FROM generate_series(1, $1::int) i) g JOIN cluster c ON c.i = g.i % 200
	RETURNING id, title, category, created_at, area_path, geom
), logged AS (
	INSERT INTO incident_log (incident_id, source_time, receive_time, actor_name, move, to_state) SELECT id, created_at, created_at, 'bench', 'create', 'filed' FROM made
)
INSERT INTO report (channel, incident_id, category, title, description, state, reporter_phone, receive_time, area_path, geom)
SELECT 'hotline', m.id, m.category, m.title, '居民来电反映，请尽快处理', 'attached', '138' || (random() * 1e8)::int, m.created_at + n * interval '3 minutes', m.area_path,
	ST_Translate(m.geom, (random() - 0.5) * 0.001, (random() - 0.5) * 0.001)
FROM made m, generate_series(1, $3::int) n;`

// seedIntake fills a database with a county and open cases of so many days, each with so many reports.
func seedIntake(ctx context.Context, db *postgis.DB, cases, days, reports int) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, step := range []struct {
		sql  string
		args []any
	}{{"SELECT setseed(0.42)", nil}, {seedClusters, nil}, {seedCounty, nil}, {seedCases, []any{cases, days, reports}}, {"ANALYZE", nil}} {
		if len(step.args) == 0 {
			_, err = conn.Conn().PgConn().Exec(ctx, step.sql).ReadAll()
		} else {
			_, err = conn.Exec(ctx, step.sql, step.args...)
		}
		if err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}

// serveIntake starts a server over a county that [seedIntake] filled. end stops it and lets its database go.
func (e *env) serveIntake(ctx context.Context, cases, days, reports int) (db *postgis.DB, srv *server, end func() error, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if err = seedIntake(ctx, db, cases, days, reports); err == nil {
		srv, err = e.serve(ctx, db, address)
	}
	if err != nil {
		db.Close()
		return nil, nil, nil, err
	}
	return db, srv, func() error { defer db.Close(); return srv.stop() }, nil
}

// post sends JSON as the signed-in account, and reads the answer.
func (s *server) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// report measures how long it takes from telling of something until it stands in the queue of a console: the request, its comparison with what is open, the commit, the live
// stream. Every report opens a case of its own.
var report = bench{figures: []string{"report-p50", "report-p99"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, srv, end, err := e.serveIntake(ctx, reportOpen, 1, 2)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	ctx, cancel := context.WithTimeout(ctx, 4*reportSeconds*time.Second)
	defer cancel()

	var seen sync.Map // id → time.Time
	reading, stop := context.WithCancel(ctx)
	defer stop()
	subscribed := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- readLayer(reading, srv, "incident", subscribed, func(id int64) { seen.LoadOrStore(id, time.Now()) })
	}()
	select {
	case <-subscribed:
	case err := <-failed:
		return nil, err
	}
	total := reportRate * reportSeconds
	sent, ids, bare, err := sendReports(ctx, db, srv, total)
	if err != nil {
		return nil, err
	}
	ours := make([]float64, total)
	for i, id := range ids {
		var at any
		for ok := false; !ok; {
			if at, ok = seen.Load(id); !ok {
				if err := pause(ctx, 10*time.Millisecond); err != nil {
					return nil, fmt.Errorf("case %d did not come to the queue: %w", id, err)
				}
			}
		}
		ours[i] = float64(at.(time.Time).Sub(sent[i])) / float64(time.Millisecond)
	}
	for _, p := range []struct {
		name string
		of   float64
	}{{"report-p50", 0.5}, {"report-p99", 0.99}} {
		v := percentile(ours, p.of)
		figures = append(figures, figure{name: p.name, value: v, unit: "ms", ratio: v / percentile(bare, p.of), against: "two-bare-inserts"})
	}
	return figures, nil
}}

// The reference of whoever takes reports in: a bare row of a case and of a report, in tables without indexes or followers.
const bareTables = `CREATE TABLE bare_incident (LIKE incident INCLUDING DEFAULTS); CREATE TABLE bare_report (LIKE report INCLUDING DEFAULTS)`

const bareInsert = `WITH i AS (INSERT INTO bare_incident (id, number, title, category, severity, state, source, address, created_at, updated_at, standard, description, revision, geom)
	VALUES ($1, 'n', 'x', '06013', 3, 'reported', 'hotline', '', now(), now(), '', '', 1, ST_SetSRID(ST_MakePoint(119.6, 29.8), 4326)) RETURNING id)
	INSERT INTO bare_report (id, channel, incident_id, category, title, description, state, address, reporter_name, reporter_phone, source, source_id, receive_time, answer)
	SELECT id, 'hotline', id, '06013', 'x', '', 'attached', '', '', '', '', '', now(), '' FROM i`

// sendReports tells of so many things, each at a place of its own, and beside each inserts a bare row of a case and of a report into tables without indexes or followers.
func sendReports(ctx context.Context, db *postgis.DB, srv *server, total int) (sent []time.Time, ids []int64, bare []float64, err error) {
	if _, err := db.Pool.Exec(ctx, bareTables); err != nil {
		return nil, nil, nil, err
	}
	const writers = 10
	sent, ids, bare = make([]time.Time, total), make([]int64, total), make([]float64, total)
	begin := time.Now()
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := w; i < total; i += writers {
				if err := pause(ctx, time.Until(begin.Add(time.Duration(i)*time.Second/reportRate))); err != nil {
					errs <- err
					return
				}
				sent[i] = time.Now()
				var out struct {
					Incident struct {
						ID int64 `json:"id"`
					} `json:"incident"`
				}
				err := srv.post(ctx, "/api/reports", map[string]any{"channel": "sensor", "title": fmt.Sprintf("水位报警 %d", i), "category": "06013",
					"point": []float64{119.1 + 0.03*float64(i%40), 29.5 + 0.03*float64(i/40)}}, &out)
				if err != nil {
					errs <- err
					return
				}
				ids[i] = out.Incident.ID
				before := time.Now()
				if _, err := db.Pool.Exec(ctx, bareInsert, i); err != nil {
					errs <- err
					return
				}
				bare[i] = float64(time.Since(before)) / float64(time.Millisecond)
			}
			errs <- nil
		}()
	}
	for range writers {
		err = errors.Join(err, <-errs)
	}
	return sent, ids, bare, err
}

// mergeCandidates measures how long it takes to find, among a million reports of open cases, those that tell of the same thing as what a call-taker types.
var mergeCandidates = bench{figures: []string{"merge-candidates"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, srv, end, err := e.serveIntake(ctx, manyReports/10, 90, 10)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	e.say("merge-candidates: a million reports stand")
	rows, err := db.Pool.Query(ctx, `SELECT ST_X(geom), ST_Y(geom) FROM report WHERE receive_time > now() - interval '2 days' ORDER BY md5(id::text) LIMIT $1`, candidateAsks)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var places [][2]float64
	for rows.Next() {
		var p [2]float64
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var ours, plain []float64
	found := 0
	for i, p := range places {
		var out struct {
			Items []struct{} `json:"items"`
		}
		began := time.Now()
		if err := srv.post(ctx, "/api/reports/candidates", map[string]any{"title": "路面塌陷，井盖破损", "category": "06013", "point": p[:]}, &out); err != nil {
			return nil, err
		}
		ours = append(ours, float64(time.Since(began))/float64(time.Millisecond))
		found += len(out.Items)
		if i%10 == 0 { // the same by distance alone
			began = time.Now()
			var n int
			err := db.Pool.QueryRow(ctx, `SELECT count(*) FROM report WHERE receive_time > now() - interval '3 days' AND ST_DWithin(geom::geography, ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, 300)`,
				p[0], p[1]).Scan(&n)
			if err != nil {
				return nil, err
			}
			plain = append(plain, float64(time.Since(began))/float64(time.Millisecond))
		}
	}
	if found == 0 {
		return nil, errors.New("nothing was found: the places are wrong")
	}
	e.say("merge-candidates: %d found for %d", found, len(places))
	v := percentile(ours, 0.99)
	return []figure{{name: "merge-candidates", value: v, unit: "ms", ratio: v / percentile(plain, 0.99), against: "st-dwithin"}}, nil
}}
