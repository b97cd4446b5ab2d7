package postgis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// past returns the history of db, followed.
func past(t *testing.T, db *postgis.DB) *postgis.History {
	t.Helper()
	h := postgis.NewHistory(db, postgis.Publication, postgistest.Log(t))
	if err := h.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// clock returns the database's time.
func clock(t *testing.T, db *postgis.DB) (now time.Time) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	return now
}

// picture is what a snapshot shows, for comparison: every row as text.
func picture(s layers.Snapshot) map[string]string {
	out := map[string]string{}
	for _, l := range s.Layers {
		for _, f := range s.Features[l.Name] {
			out[fmt.Sprintf("%s/%d", l.Name, f.ID)] = fmt.Sprint(f.Values, f.Geometry)
		}
	}
	return out
}

func differ(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %s is %q, want %q", what, k, got[k], v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %s should not be there", what, k)
		}
	}
}

// pictureNow reads the whole publication as a follower sees it.
func pictureNow(t *testing.T, db *postgis.DB) map[string]string {
	t.Helper()
	r := layers.NewReplica(layers.ReplicaOptions{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- postgis.NewFollower(db, postgis.Publication, postgistest.Log(t)).Run(ctx, r) }()
	eventually(t, "a snapshot", func(context.Context) bool { return r.Status().State == layers.SourceLive })
	stop()
	<-ended
	s := layers.Snapshot{Layers: r.Layers(), Features: map[string][]*layers.Feature{}}
	for _, l := range s.Layers {
		_, s.Features[l.Name], _ = r.Read(l.Name)
	}
	return picture(s)
}

func TestEveryPastStateCanBeAskedFor(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	random := rand.New(rand.NewPCG(7, 7))
	type moment struct {
		at   time.Time
		want map[string]string
	}
	var moments []moment
	// Asked for now, the past is what stands in the tables; asked again later, it must be the same.
	note := func() {
		at := clock(t, db)
		s, err := h.At(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		moments = append(moments, moment{at, picture(s)})
	}
	steps := []string{
		`INSERT INTO camera (name, geom) SELECT 'c' || n, ST_Point(119 + n / 1000.0, 29, 4326) FROM generate_series(1, 40) n`,
		`UPDATE camera SET status = 'offline' WHERE id % 3 = $n`,
		`UPDATE camera SET stream_url = 'rtsp://secret' WHERE id % 2 = 0`, // not published: no state of the map
		`UPDATE camera SET geom = ST_Point(120, 29 + id / 1000.0, 4326) WHERE id % 5 = $n`,
		`DELETE FROM camera WHERE id % 7 = $n`,
		`INSERT INTO camera (name, geom) SELECT 'more', ST_Point(119.5, 29.5, 4326) FROM generate_series(1, 3)`,
		`INSERT INTO incident (title, category, severity, state, geom) SELECT 'i' || n, '09012', 1 + n % 3, 'filed', ST_Point(119.6, 29.7, 4326) FROM generate_series(1, 5) n`,
		`UPDATE incident SET state = CASE WHEN id % 2 = $n THEN 'closed' ELSE 'handling' END`,
		`UPDATE incident SET state = 'filed' WHERE state = 'closed' AND id % 3 = 0`, // back into the publication's row filter
		`TRUNCATE report CASCADE`, // what refers to it is not published
		`INSERT INTO report (channel, title, geom) VALUES ('hotline', 'r', ST_Point(119.6, 29.7, 4326))`,
	}
	note()
	for range 3 {
		for _, s := range steps {
			run(t, db, strings.ReplaceAll(s, "$n", fmt.Sprint(random.IntN(3))))
			if random.IntN(3) == 0 {
				note()
			}
		}
		// Several changes of one row in one transaction are one state.
		if err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
			for i := range 3 {
				if _, err := tx.Exec(t.Context(), `UPDATE camera SET name = $1 WHERE id % 4 = 1`, fmt.Sprint("name ", i)); err != nil {
					return err
				}
			}
			_, err := tx.Exec(t.Context(), `DELETE FROM camera WHERE id % 11 = 1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		note()
	}
	differ(t, "the present", moments[len(moments)-1].want, pictureNow(t, db))
	for i, m := range moments {
		s, err := h.At(t.Context(), m.at)
		if err != nil {
			t.Fatal(err)
		}
		differ(t, fmt.Sprintf("moment %d", i), picture(s), m.want)
	}
	// Running forward from any moment, by any steps, ends where a load of the end does.
	for range 20 {
		i := random.IntN(len(moments))
		r := layers.NewReplica(layers.ReplicaOptions{})
		s, err := h.At(t.Context(), moments[i].at)
		if err != nil {
			t.Fatal(err)
		}
		s.Position.Epoch = "past.1"
		r.Load(s)
		for j := i + 1; j < len(moments); j++ {
			if random.IntN(2) == 0 && j < len(moments)-1 {
				continue
			}
			c, err := h.Changes(t.Context(), moments[i].at, moments[j].at)
			if err != nil {
				t.Fatal(err)
			}
			r.Apply(c)
			i = j
			got := layers.Snapshot{Layers: r.Layers(), Features: map[string][]*layers.Feature{}}
			for _, l := range got.Layers {
				_, got.Features[l.Name], _ = r.Read(l.Name)
			}
			differ(t, fmt.Sprintf("forward to %d", j), picture(got), moments[j].want)
		}
		if t.Failed() {
			return
		}
	}
}

// A transaction that began first and came last must not lose the row's state.
func TestTransactionsThatOverlapKeepTheLastState(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	run(t, db, `INSERT INTO camera (name, geom) SELECT 'c' || n, ST_Point(119, 29, 4326) FROM generate_series(1, 2) n`)
	slow, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Rollback(context.Background())
	if _, err := slow.Exec(t.Context(), `UPDATE camera SET name = 'slow' WHERE name = 'c1'`); err != nil {
		t.Fatal(err)
	}
	run(t, db, `UPDATE camera SET name = 'quick' WHERE name = 'c2'`)
	if _, err := slow.Exec(t.Context(), `DELETE FROM camera WHERE name = 'quick'`); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := clock(t, db)
	s, err := h.At(t.Context(), end)
	if err != nil {
		t.Fatal(err)
	}
	if fs := s.Features["camera"]; len(fs) != 1 || fs[0].Values[1] != "slow" {
		t.Errorf("cameras at the end: %v", picture(s))
	}
	// Forward from the beginning: the deleted row goes.
	from, _, err := h.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Changes(t.Context(), from, end)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[layers.ChangeKind]int{}
	for _, ch := range c.Changes {
		kinds[ch.Kind]++
	}
	if kinds[layers.Upsert] != 1 || kinds[layers.Delete] != 1 {
		t.Errorf("changes %+v, want one row and one gone", c.Changes)
	}
}

// Tables, columns and their order change while the past is kept.
func TestHistoryTakesUpChangesOfTheSchema(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	run(t, db, `CREATE TABLE hydrant (id bigint PRIMARY KEY, pressure real, _x json, geom geometry(Point, 4326))`)
	run(t, db, `INSERT INTO hydrant VALUES (1, 3.2, '{"a":1}', ST_Point(119, 29, 4326))`)
	run(t, db, `ALTER PUBLICATION wanglou ADD TABLE hydrant`)
	if err := h.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := clock(t, db)
	run(t, db, `UPDATE hydrant SET pressure = 1.5`)
	run(t, db, `ALTER TABLE hydrant ADD COLUMN name text DEFAULT 'H', ALTER COLUMN pressure TYPE double precision`)
	if err := h.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, db, `UPDATE hydrant SET name = 'north'`)
	at := func(m time.Time) map[string]string {
		s, err := h.At(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return picture(s)
	}
	differ(t, "before", at(first), map[string]string{"hydrant/1": `[3.2 {"a":1} <nil>] [119 29]`})
	differ(t, "after", at(clock(t, db)), map[string]string{"hydrant/1": `[1.5 {"a":1} north] [119 29]`})
	run(t, db, `ALTER PUBLICATION wanglou DROP TABLE hydrant`)
	if err := h.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, db, `UPDATE hydrant SET name = 'nobody sees it'`)
	if got := at(clock(t, db)); len(got) != 0 {
		t.Errorf("an unpublished table is shown: %v", got)
	}
	var n int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM history.hydrant`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d states are kept, %v; want the 2 of when it was published", n, err)
	}
}

func TestOldMonthsGoAndTheBeginningMoves(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	run(t, db, `UPDATE history.layer SET begins = now() - interval '1 year'`)
	run(t, db, `SELECT history.make_month('camera', now() - interval '4 months')`)
	run(t, db, `INSERT INTO history.camera (id, name, _valid, _gone)
		SELECT n, 'old', tstzrange(now() - interval '5 months', now() - interval '4 months'), true FROM generate_series(1, 3) n`)
	run(t, db, `INSERT INTO history.camera (id, name, _valid, _gone) VALUES (9, 'recent', tstzrange(now() - interval '5 months', now() - interval '1 minute'), true)`)
	four := clock(t, db).AddDate(0, 0, -125)
	s, err := h.At(t.Context(), four)
	if err != nil || len(s.Features["camera"]) != 4 {
		t.Fatalf("four months ago there were %d cameras, %v", len(s.Features["camera"]), err)
	}
	run(t, db, `UPDATE history.layer SET keep = '60 days' WHERE layer = 'camera'`)
	if err := h.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.At(t.Context(), four); layers.ErrorCode(err) != layers.CodeInvalid || !contains(err, "nothing is known of before") {
		t.Errorf("At before the horizon = %v", err)
	}
	s, err = h.At(t.Context(), clock(t, db).AddDate(0, 0, -20))
	if err != nil || len(s.Features["camera"]) != 1 {
		t.Errorf("twenty days ago there were %d cameras, %v", len(s.Features["camera"]), err)
	}
}

// A replay of the past ends in the picture of the present, with jumps on the way.
func TestReplayEndsInThePresent(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	begin := clock(t, db)
	run(t, db, `INSERT INTO camera (name, geom) SELECT 'c' || n, ST_Point(119 + n / 1000.0, 29, 4326) FROM generate_series(1, 50) n`)
	for i := range 20 {
		run(t, db, `UPDATE camera SET status = CASE WHEN random() < 0.5 THEN 'offline' ELSE 'online' END, name = $1 WHERE id % 5 = $2`, fmt.Sprint(i), i%5)
	}
	run(t, db, `DELETE FROM camera WHERE id % 9 = 0`)
	end := clock(t, db)
	want := pictureNow(t, db)

	replay := layers.NewReplay(h, begin)
	r := layers.NewReplica(layers.ReplicaOptions{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- replay.Run(ctx, r) }()
	eventually(t, "the beginning", func(context.Context) bool { return r.Status().State == layers.SourceLive })
	if n := r.Len("camera"); n != 0 {
		t.Errorf("%d cameras at the beginning", n)
	}
	replay.Jump(end)
	eventually(t, "the end", func(context.Context) bool {
		return r.Position().Version == layers.MomentVersion(end.UTC().Truncate(time.Microsecond))
	})
	replay.Jump(begin.Add(end.Sub(begin) / 2))
	if err := replay.Play(layers.MaxReplaySpeed); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the present", func(context.Context) bool { return replay.State().Ended })
	got := layers.Snapshot{Layers: r.Layers(), Features: map[string][]*layers.Feature{}}
	for _, l := range got.Layers {
		_, got.Features[l.Name], _ = r.Read(l.Name)
	}
	differ(t, "the end of the replay", picture(got), want)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

// Old tracks are thinned without a gap: at every moment there is a place, the first of its step, and what was gone stays gone.
func TestOldTracksAreThinned(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	h := past(t, db)
	run(t, db, `UPDATE history.layer SET begins = now() - interval '1 year'`)
	// Ten minutes of a place a second, eight days ago; of one unit with a pause of a minute in which it was not there.
	run(t, db, `INSERT INTO history.position (id, source_time, geom, _valid, _gone)
		SELECT u, at, ST_Point(119 + s / 1000.0, 29, 4326), tstzrange(at, at + interval '1 second'), u = 2 AND s = 299
		FROM generate_series(0, 599) s, generate_series(1, 2) u, LATERAL (SELECT date_bin('1 hour', now(), 'epoch') - interval '8 days' + s * interval '1 second' AS at) a
		WHERE NOT (u = 2 AND s BETWEEN 300 AND 359)`)
	count := func() (n, spanned int) {
		if err := db.Pool.QueryRow(t.Context(), `SELECT count(*), sum(extract(epoch FROM upper(_valid) - lower(_valid)))::int FROM history.position`).Scan(&n, &spanned); err != nil {
			t.Fatal(err)
		}
		return n, spanned
	}
	_, before := count()
	for range 2 { // the second time finds nothing to do
		if err := h.Thin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, spanned := count(); n != 20+18 || spanned != before {
		t.Errorf("%d states over %d s, want 38 over %d s", n, spanned, before)
	}
	start := clock(t, db).UTC().Truncate(time.Hour).AddDate(0, 0, -8)
	for after, want := range map[time.Duration]int{0: 2, 45 * time.Second: 2, 299 * time.Second: 2, 330 * time.Second: 1, 599 * time.Second: 2, 601 * time.Second: 0} {
		s, err := h.At(t.Context(), start.Add(after+time.Millisecond))
		if err != nil || len(s.Features["position"]) != want {
			t.Errorf("after %v there are %d units, %v; want %d", after, len(s.Features["position"]), err, want)
		}
	}
	thinned, err := h.Thinned(t.Context())
	if err != nil || len(thinned) != 1 || thinned[0].Layer != "position" || thinned[0].StepS != 30 || time.Since(thinned[0].Before) < 7*24*time.Hour {
		t.Errorf("%+v, %v", thinned, err)
	}
}
