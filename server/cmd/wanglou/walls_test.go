package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"wanglou/layers/wall"
	"wanglou/server/servertest"
)

// wallScreen is a browser before a wall: what it was told last.
type wallScreen struct {
	t    *testing.T
	conn *websocket.Conn
	told wallTold // last
}

type wallTold struct {
	Type  string
	Wall  wall.Wall
	Shown wall.Shown
}

func watchWall(t *testing.T, c *servertest.Client, id int64, screen string) *wallScreen {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), fmt.Sprintf("%s/api/walls/%d/live?screen=%s", c.Base, id, screen), &websocket.DialOptions{HTTPHeader: c.Cookies()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return &wallScreen{t: t, conn: conn}
}

// until reads what the screen is told until it is so.
func (s *wallScreen) until(what string, so func(w *wall.Wall, shown *wall.Shown) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for {
		s.told = wallTold{}
		if err := wsjson.Read(ctx, s.conn, &s.told); err != nil {
			s.t.Fatalf("%s: %v; last told: %+v", what, err, s.told.Shown)
		}
		if s.told.Type == "state" && so(&s.told.Wall, &s.told.Shown) {
			return
		}
	}
}

// A wall through the server: screens at two nodes are told the same, whoever comes late or comes again too; cases jump in by rule, for who may see them, until they
// are acknowledged; who holds the wall is named and can be relieved; screens are heard.
func TestWallPlay(t *testing.T) {
	t.Parallel()
	url := county(t)
	a, b := serve(t, url), serve(t, url)
	duty := a.as("duty")
	towns := [2]string{"330122.330122003", "330122.330122004"}
	scene := func(name string, more map[string]any) map[string]any {
		m := map[string]any{"name": name, "center": []float64{119.69, 29.8}, "zoom": 12, "pitch": 0, "bearing": 0, "theme": "dark", "lang": "zh", "hidden": []string{}, "dwell_s": 600}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	parts := []map[string]any{{"row": 1, "column": 2, "rows": 1, "columns": 1, "center": []float64{119.6, 29.7}, "zoom": 15, "pitch": 0, "bearing": 0, "hidden": []string{}, "cameras": []int64{1, 2}}}
	body := map[string]any{
		"name": "大厅", "area_path": "", "layout": map[string]any{"rows": 1, "columns": 2, "width": 1920, "height": 1080, "gap_x": 8, "gap_y": 0, "unit": "mm", "pitch_mm": 1.25},
		"playlist": []any{scene("全县", map[string]any{"parts": parts}), scene("县城", map[string]any{"severity": 2})},
		"rules":    []any{map[string]any{"severity": 1, "area_path": towns[0], "zoom": 16}},
	}
	var made wall.Wall
	duty.Do(http.MethodPost, "/api/walls", body).Want(http.StatusCreated).Into(&made)
	path := fmt.Sprintf("/api/walls/%d", made.ID)
	command := func(c *servertest.Client, word string, more map[string]any) *servertest.Response {
		m := map[string]any{"command": word}
		for k, v := range more {
			m[k] = v
		}
		return c.Do(http.MethodPost, path+"/commands", m)
	}

	first := watchWall(t, a.as("viewer"), made.ID, "1,1")
	second := watchWall(t, b.as("viewer"), made.ID, "1,2")
	for _, s := range []*wallScreen{first, second} {
		s.until("the first scene, with its part", func(_ *wall.Wall, shown *wall.Shown) bool {
			p := shown.Scene.On(1, 2)
			return shown.Entry == 0 && shown.Incident == 0 && p != nil && len(p.Cameras) == 2
		})
	}

	// A case of another town does not jump in, one of the rule's does: at both nodes, and for who comes late.
	report := func(area, title string) (id int64) {
		err := a.DB.Pool.QueryRow(t.Context(), `INSERT INTO incident (title, category, severity, state, area_path, geom)
			VALUES ($2, '09012', 1, 'reported', $1, ST_Point(119.7, 29.7, 4326)) RETURNING id`, area, title).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	report(towns[1], "另一镇")
	jumped := report(towns[0], "堤坝破口")
	jumps := func(_ *wall.Wall, shown *wall.Shown) bool {
		return shown.Incident == jumped && shown.Scene.Zoom == 16 && len(shown.Scene.Parts) == 0
	}
	first.until("the case", jumps)
	second.until("the case, at the other node", jumps)
	since := first.told.Shown.Since
	late := watchWall(t, b.as("viewer"), made.ID, "1,1")
	late.until("the case, for who comes late", func(w *wall.Wall, shown *wall.Shown) bool { return jumps(w, shown) && shown.Since.Equal(since) })
	command(duty, "acknowledge", map[string]any{"incident": jumped}).Want(http.StatusOK)
	for _, s := range []*wallScreen{first, second, late} {
		s.until("the scene again", func(_ *wall.Wall, shown *wall.Shown) bool { return shown.Incident == 0 && shown.Entry == 0 })
	}

	// Who holds it is named; another takes it over first.
	command(duty, "hold", nil).Want(http.StatusOK)
	admin := b.as("admin")
	command(admin, "next", nil).WantError(http.StatusConflict, "conflict", "", "wall_held")
	command(admin, "take", nil).Want(http.StatusOK)
	command(admin, "next", nil).Want(http.StatusOK)
	first.until("the next scene, by another", func(w *wall.Wall, shown *wall.Shown) bool {
		return shown.Entry == 1 && shown.Scene.Severity == 2 && w.State.Held && w.State.By != "" && shown.From != nil
	})

	// A screen that drops and returns is told how it is now, and is heard.
	_ = second.conn.CloseNow()
	command(admin, "previous", nil).Want(http.StatusOK)
	again := watchWall(t, a.as("viewer"), made.ID, "1,2")
	again.until("the scene of now", func(_ *wall.Wall, shown *wall.Shown) bool { return shown.Entry == 0 })
	beat := map[string]any{"type": "beat", "frame_age_ms": 17, "width": 1920, "height": 1080, "version": "v1"}
	if err := wsjson.Write(t.Context(), again.conn, beat); err != nil {
		t.Fatal(err)
	}
	again.until("its sign of life", func(w *wall.Wall, _ *wall.Shown) bool {
		return len(w.Screens) == 1 && w.Screens[0].Column == 2 && w.Screens[0].FrameAgeMS == 17 && w.Screens[0].Version == "v1"
	})
}
