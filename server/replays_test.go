package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wanglou/layers"
	"wanglou/layers/layerstest"
	"wanglou/server"
	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
)

// yesterday is when the recorder's past begins.
var yesterday = time.Date(2026, 4, 30, 8, 0, 0, 0, time.UTC)

// past is a recorder in which a camera stands from yesterday on, is renamed after an hour, and a second of another town comes with that.
func past() *layerstest.Recorder {
	r := layerstest.NewRecorder(cameraLayer())
	r.Commit(yesterday, cameraAt(1, "old", "c.t1", 119.7, 29.8))
	r.Commit(yesterday.Add(time.Hour), cameraAt(1, "new", "c.t1", 119.7, 29.8), cameraAt(2, "other town", "c.t2", 119.9, 29.9))
	r.Until = yesterday.Add(24 * time.Hour)
	return r
}

func withPast(o *server.Options) {
	o.Past = past()
	tiles := o.Tiles
	o.NewTiles = func(*layers.Replica) server.TileSet { return tiles }
}

type replayBody struct {
	ID      string
	At      time.Time
	Speed   float64
	Playing bool
	Ended   bool
	Mine    bool
	Walls   bool
}

func begin(t *testing.T, c *servertest.Client, at time.Time) (r replayBody) {
	t.Helper()
	c.Do(http.MethodPost, "/api/replays", map[string]any{"at": at}).Want(http.StatusCreated).Into(&r)
	return r
}

func TestThePastIsReadByTheSameRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPast)
	duty := w.as("duty")
	r := begin(t, duty, yesterday.Add(time.Minute))
	if !r.Mine || r.Playing || !r.At.Equal(yesterday.Add(time.Minute)) {
		t.Errorf("a new replay is %+v", r)
	}
	name := func(c *servertest.Client) string {
		var f struct{ Properties struct{ Name string } }
		c.Get("/api/layers/camera/features/1?replay=" + r.ID).Want(http.StatusOK).Into(&f)
		return f.Properties.Name
	}
	if got := name(duty); got != "old" {
		t.Errorf("camera 1 was %q", got)
	}
	duty.Do(http.MethodPut, "/api/replays/"+r.ID, map[string]any{"at": yesterday.Add(2 * time.Hour)}).Want(http.StatusOK)
	eventually(t, "the jump", func() bool { return name(duty) == "new" })
	// Rights are those of now, for the past too.
	town := w.as("town")
	if got := name(town); got != "new" {
		t.Errorf("the town's user sees %q", got)
	}
	town.Get("/api/layers/camera/features/2?replay="+r.ID).WantError(http.StatusNotFound, "not_found", "")
	duty.Get("/api/layers/camera/features/2?replay=" + r.ID).Want(http.StatusOK)
	duty.Get("/api/layers/camera/features/1").WantError(http.StatusNotFound, "not_found", "") // the present has no camera
	duty.Get("/api/layers/camera/features?bbox=119,29,120,30&replay=" + r.ID).Want(http.StatusOK)
	duty.Get("/api/catalog?replay=" + r.ID).Want(http.StatusOK)
	duty.Get("/tiles/camera.json?replay=" + r.ID).Want(http.StatusOK)
	duty.Get("/tiles/camera/1/1/0?replay=nobody").WantError(http.StatusNotFound, "not_found", "")
}

func TestWhoMovesAReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPast)
	duty, town, admin := w.as("duty"), w.as("town"), w.as("admin")
	r := begin(t, duty, yesterday)
	path := "/api/replays/" + r.ID
	town.Get(path).Want(http.StatusOK)
	town.Do(http.MethodPut, path, map[string]any{"playing": true}).WantError(http.StatusForbidden, "forbidden", "")
	town.Do(http.MethodDelete, path, nil).WantError(http.StatusForbidden, "forbidden", "")
	w.as("unit").Do(http.MethodPost, "/api/replays", map[string]any{"at": yesterday}).WantError(http.StatusForbidden, "forbidden", "")
	var moved replayBody
	admin.Do(http.MethodPut, path, map[string]any{"speed": 60, "playing": true}).Want(http.StatusOK).Into(&moved)
	if !moved.Playing || moved.Speed != 60 || moved.Mine {
		t.Errorf("after play it is %+v", moved)
	}
	duty.Do(http.MethodPut, path, map[string]any{"step_s": -60}).Want(http.StatusOK).Into(&moved)
	if moved.Playing || !moved.At.Equal(yesterday) {
		t.Errorf("after a step to before the history it is %+v, not paused where that begins", moved)
	}
	for _, bad := range []struct {
		body  map[string]any
		field string
	}{
		{map[string]any{"speed": 0}, "speed"}, {map[string]any{"speed": 601}, "speed"}, {map[string]any{"at": yesterday.Add(-time.Hour)}, "at"},
		{map[string]any{"step_s": 1e12}, "step_s"}, {map[string]any{"step_s": -1e12}, "step_s"},
	} {
		duty.Do(http.MethodPut, path, bad.body).WantError(http.StatusBadRequest, "invalid", bad.field)
	}
	w.as("viewer").Do(http.MethodPost, "/api/replays", map[string]any{"at": yesterday, "walls": true}).WantError(http.StatusForbidden, "forbidden", "walls", "role")
	duty.Do(http.MethodPost, "/api/replays", map[string]any{"at": yesterday.Add(-time.Hour)}).WantError(http.StatusBadRequest, "invalid", "at")
	duty.Do(http.MethodPost, "/api/replays", map[string]any{}).WantError(http.StatusBadRequest, "invalid", "at")
	begin(t, duty, yesterday)
	duty.Do(http.MethodPost, "/api/replays", map[string]any{"at": yesterday}).WantError(http.StatusTooManyRequests, "rate_limited", "")
	duty.Do(http.MethodDelete, path, nil).Want(http.StatusNoContent)
	eventually(t, "the replay to be gone", func() bool { return duty.Get(path).Status == http.StatusNotFound })
	var list struct {
		From, Until time.Time
		Items       []replayBody
	}
	duty.Get("/api/replays").Want(http.StatusOK).Into(&list)
	if len(list.Items) != 1 || !list.From.Equal(yesterday) || !list.Until.Equal(yesterday.Add(24*time.Hour)) {
		t.Errorf("replays: %+v", list)
	}
}

func TestAReplayEndsInThePresent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPast)
	duty := w.as("duty")
	r := begin(t, duty, yesterday.Add(24*time.Hour-time.Second))
	duty.Do(http.MethodPut, "/api/replays/"+r.ID, map[string]any{"speed": 600, "playing": true}).Want(http.StatusOK)
	eventually(t, "the present", func() bool {
		duty.Get("/api/replays/" + r.ID).Want(http.StatusOK).Into(&r)
		return r.Ended && !r.Playing && r.At.Equal(yesterday.Add(24*time.Hour))
	})
}

func TestWithoutAPast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as("duty").Get("/api/replays").WantError(http.StatusServiceUnavailable, "unavailable", "")
}

func TestAWebsocketOfNoReplayIsToldByItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPast)
	duty := w.as("duty")
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/live?replay=gone", &websocket.DialOptions{HTTPHeader: duty.Cookies()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != 4404 {
		t.Errorf("closed with %v, want 4404", err)
	}
}

func TestTheTimelineCountsStretches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	duty := w.as("duty")
	var b struct{ Items []struct{ Count, Urgent int } }
	duty.Get("/api/timeline?from=2026-05-01T00:00:00Z&until=2026-05-01T12:00:00%2B08:00&stretches=3").Want(http.StatusOK).Into(&b)
	if len(b.Items) != 3 || b.Items[0].Urgent != 1 {
		t.Errorf("timeline %+v", b)
	}
	for query, field := range map[string]string{
		"until=2026-05-01T00:00:00Z": "from", "from=2026-05-01T00:00:00Z": "until", "from=today&until=2026-05-01T00:00:00Z": "from",
		"from=2026-05-02T00:00:00Z&until=2026-05-01T00:00:00Z": "until", "from=2020-05-02T00:00:00Z&until=2026-05-01T00:00:00Z": "until",
		"from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z&stretches=0": "stretches",
	} {
		duty.Get("/api/timeline?"+query).WantError(http.StatusBadRequest, "invalid", field)
	}
}

// eventually asks until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// Walls are told by heartbeats which replay they show, those of the present and those of replays, until it is taken from them or over.
func TestWallsAreSentToAReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withPast)
	w.start()
	duty := w.as("duty")
	first, second := begin(t, duty, yesterday), begin(t, duty, yesterday)
	told := func(path string) func(want string) {
		c, err := livetest.Dial(t.Context(), duty.Base+path, duty.Cookies())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Cut)
		return func(want string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := c.Until(ctx, func() bool { return c.Heartbeat.Walls == want }); err != nil {
				t.Fatalf("%s was not told of %q: %v", path, want, err)
			}
		}
	}
	present, past := told("/live"), told("/live?replay="+first.ID)
	show := func(r replayBody, walls bool) {
		t.Helper()
		var now replayBody
		duty.Do(http.MethodPut, "/api/replays/"+r.ID, map[string]any{"walls": walls}).Want(http.StatusOK).Into(&now)
		if now.Walls != walls {
			t.Errorf("walls show it: %v, want %v", now.Walls, walls)
		}
	}
	show(first, true)
	present(first.ID)
	past(first.ID)
	show(second, true)
	present(second.ID)
	past(second.ID)
	show(first, false) // which they do not show
	show(second, false)
	present("")
	show(second, true)
	present(second.ID)
	duty.Do(http.MethodDelete, "/api/replays/"+second.ID, nil).Want(http.StatusNoContent)
	present("")
}

// A review tells cases as every other route does.
func TestReviewHasCasesWithTheirPoints(t *testing.T) {
	t.Parallel()
	c := newWorld(t).as("duty")
	const span = "/api/review?from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z"
	var got struct {
		Items []struct {
			Incident struct {
				ID    int64
				Point []float64
			}
			StateThen string `json:"state_then"`
			Log       []any
		}
	}
	c.Get(span).Want(http.StatusOK).Into(&got)
	if len(got.Items) != 1 || got.Items[0].Incident.ID == 0 || len(got.Items[0].Incident.Point) != 2 || got.Items[0].StateThen == "" || got.Items[0].Log == nil {
		t.Errorf("%+v", got)
	}
	c.Get("/api/review?from=2026-05-01T00:00:00Z").WantError(http.StatusBadRequest, "invalid", "until", "required")
	c.Get("/api/review?until=2026-05-01T00:00:00Z&from=2026-05-02T00:00:00Z").WantError(http.StatusBadRequest, "invalid", "until", "out_of_range")
}
