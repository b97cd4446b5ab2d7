package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"wanglou/server"
	"wanglou/server/live"
)

// A wall opens its scene with a token and no password: it reads what its user reads, does nothing, and is shut out when the token is revoked.
func TestKiosk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users}; o.Live.Recheck = 20 * time.Millisecond })
	w.start()
	w.put(cameraAt(1, "one", "c.t1", 119.6, 29.8), cameraAt(2, "two", "c.t2", 119.7, 29.8))
	town := w.as("town")
	var made struct {
		ID     int64
		Secret string
		Scene  string
	}
	town.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "大厅", "access": "kiosk", "scene": "/?display=wall&lang=zh"}).Want(http.StatusCreated).Into(&made)
	wall := w.nobody()
	var session struct {
		Scene   string
		Actions []string
		User    struct{ Login string }
	}
	wall.Do(http.MethodPost, "/api/session/kiosk", map[string]string{"token": made.Secret}).Want(http.StatusOK).Into(&session)
	if session.Scene != "/?display=wall&lang=zh" || session.User.Login != "town" || fmt.Sprint(session.Actions) != "[camera.watch read]" {
		t.Errorf("the wall's session is %+v", session)
	}
	var later struct{ Actions []string }
	for range 2 { // from the table, and from memory
		wall.Get("/api/session").Want(http.StatusOK).Into(&later)
		if fmt.Sprint(later.Actions) != "[camera.watch read]" {
			t.Errorf("later it may %v", later.Actions)
		}
		wall.Get("/tiles/camera/10/852/423").Want(http.StatusNoContent) // this world draws nothing
	}
	wall.Get("/api/layers/camera/features/1").Want(http.StatusOK)
	wall.Get("/api/layers/camera/features/2").WantError(http.StatusNotFound, "not_found", "")
	wall.Do(http.MethodPost, "/api/incidents", map[string]any{"title": "x", "category": "09012", "severity": 1, "point": []float64{119.6, 29.8}}).WantError(http.StatusForbidden, "forbidden", "")
	wall.Get("/api/tokens").WantError(http.StatusForbidden, "forbidden", "")
	wall.Get("/api/patrols").WantError(http.StatusNotFound, "not_found", "") // this world has none: it might look at them
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		wall.Do(method, "/api/patrols/1", nil).WantError(http.StatusForbidden, "forbidden", "")
	}
	wall.Do(http.MethodPost, "/api/patrols", map[string]any{"name": "x", "stops": []any{}}).WantError(http.StatusForbidden, "forbidden", "")

	// The secret is good for nothing else, and others open no wall.
	w.nobody().Get("/ogc", "Authorization", "Bearer "+made.Secret).WantError(http.StatusUnauthorized, "unauthorized", "", "wrong_token")
	w.nobody().Do(http.MethodPost, "/api/session/kiosk", map[string]string{"token": token(t, town)}).WantError(http.StatusUnauthorized, "unauthorized", "", "wrong_token")
	w.nobody().Do(http.MethodPost, "/api/session/kiosk", map[string]string{"token": "wl_made-up"}).WantError(http.StatusUnauthorized, "unauthorized", "")
	w.nobody().Do(http.MethodPost, "/api/session/kiosk", map[string]string{}).WantError(http.StatusBadRequest, "invalid", "token")

	picture := w.mustDial(wall)
	if err := picture.Subscribe(t.Context(), "camera", false); err != nil {
		t.Fatal(err)
	}
	town.Do(http.MethodDelete, fmt.Sprintf("/api/tokens/%d", made.ID), nil).Want(http.StatusNoContent)
	w.wantClose(picture, live.CloseNoSession)
	wall.Get("/api/session").WantError(http.StatusUnauthorized, "unauthorized", "")
	town.Get("/api/session").Want(http.StatusOK) // its own session goes on
}

// A browser that was a wall is a person's when he logs in, with all that he may.
func TestLogInWhereAWallWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
	var made struct{ Secret string }
	w.as("duty").Do(http.MethodPost, "/api/tokens", map[string]any{"name": "大厅", "access": "kiosk", "scene": "/?display=wall"}).Want(http.StatusCreated).Into(&made)
	browser := w.nobody()
	browser.Do(http.MethodPost, "/api/session/kiosk", map[string]string{"token": made.Secret}).Want(http.StatusOK)
	browser.Login("duty", "duty-password").Want(http.StatusOK)
	var session struct{ Actions []string }
	browser.Get("/api/session").Want(http.StatusOK).Into(&session)
	if len(session.Actions) < 4 {
		t.Errorf("he may %v", session.Actions)
	}
	// And the number of a wall's token is nobody's secret.
	w.nobody().Get("/ogc", "Authorization", "Bearer 1").WantError(http.StatusUnauthorized, "unauthorized", "")
}

// A wall that was dark for days goes on; a person's session does not.
func TestWallsAreNotIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
	duty := w.as("duty")
	var made struct{ Secret string }
	duty.Do(http.MethodPost, "/api/tokens", map[string]any{"name": "大厅", "access": "kiosk", "scene": "/?display=wall"}).Want(http.StatusCreated).Into(&made)
	wall := w.nobody()
	wall.Do(http.MethodPost, "/api/session/kiosk", map[string]string{"token": made.Secret}).Want(http.StatusOK)
	w.clock.Add(60 * time.Hour)
	wall.Get("/api/session").Want(http.StatusOK)
	duty.Get("/api/session").WantError(http.StatusUnauthorized, "unauthorized", "")
}
