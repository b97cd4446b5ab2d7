package postgis_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/postgis"
)

var _ camera.Registry = (*postgis.Cameras)(nil)

// adminOfWest acts for an administrator of the western town alone.
func adminOfWest(t testing.TB) context.Context {
	u := &auth.User{Login: "west-admin", Name: "西镇管理", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{west}}
	return auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})
}

// wantRefusal is wantError with the field.
func wantRefusal(t *testing.T, what string, err error, code layers.Code, field, reason string) {
	t.Helper()
	var e *layers.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field || e.Reason != reason {
		t.Errorf("%s: %v; want %s of %q: %s", what, err, code, field, reason)
	}
}

func TestCameraRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	registry := postgis.NewCameras(w.db)
	admin := w.as(t, "admin")
	in := &camera.Camera{Name: " 迎春路口 ", DeviceID: "33012200001320000001", Department: "zf", Height: new(6.1), Azimuth: new(45.0), StreamURL: "rtsp://u:secret@10.0.0.1/1", Point: inVillage,
		Status: camera.Online, AreaPath: east, Source: "somebody"} // what is not the caller's to give is not taken
	made, err := registry.Create(admin, in)
	if err != nil {
		t.Fatal(err)
	}
	if made.ID == 0 || made.Name != "迎春路口" || made.AreaPath != village || made.Status != camera.Unknown || made.Source != "registry" || made.Point != inVillage || made.FOV != nil || float32(*made.Height) != 6.1 {
		t.Errorf("made %+v", made)
	}

	next := *made
	next.Name, next.Height, next.FOV, next.Point, next.StreamURL = "春江路口", nil, new(90.0), inWest, ""
	moved, err := registry.Replace(admin, made, &next)
	if err != nil {
		t.Fatal(err)
	}
	if moved.Name != "春江路口" || moved.Height != nil || *moved.FOV != 90 || moved.AreaPath != west || moved.DeviceID != in.DeviceID {
		t.Errorf("moved %+v", moved)
	}
	if url := queryOne[string](t, w, `SELECT stream_url FROM camera`); url != in.StreamURL {
		t.Errorf("the stream is now %q", url)
	}
	// A probe that changes the status takes nobody's entry away; another correction does.
	w.exec(t, `UPDATE camera SET status = 'online'`)
	if _, err := registry.Replace(admin, made, &next); layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("who saw the first entry: %v", err)
	}
	if kept, err := registry.Replace(admin, moved, moved); err != nil || kept.Status != camera.Online {
		t.Errorf("the same again: %+v, %v", kept, err)
	}

	refused := func(name string, ctx context.Context, change func(*camera.Camera), code layers.Code, field, reason string) {
		t.Helper()
		c := *in
		c.DeviceID = ""
		change(&c)
		_, err := registry.Create(ctx, &c)
		wantRefusal(t, name, err, code, field, reason)
	}
	refused("no name", admin, func(c *camera.Camera) { c.Name = " " }, layers.CodeInvalid, "name", "required")
	refused("a taken device", admin, func(c *camera.Camera) { c.DeviceID = in.DeviceID }, layers.CodeInvalid, "device_id", "already_exists")
	refused("abroad", admin, func(c *camera.Camera) { c.Point = abroad }, layers.CodeInvalid, "point", "outside_county")
	refused("another town", adminOfWest(t), func(c *camera.Camera) { c.Point = inEast }, layers.CodeForbidden, "", "outside_areas")
	refused("a duty officer", w.as(t, "duty"), func(*camera.Camera) {}, layers.CodeForbidden, "", "role")
	_, err = registry.Replace(adminOfWest(t), moved, &camera.Camera{Name: "x", Point: inEast})
	wantRefusal(t, "moved out of the town", err, layers.CodeForbidden, "", "outside_areas")
	far := *moved
	far.Point = inEast
	if moved, err = registry.Replace(admin, moved, &far); err != nil {
		t.Fatal(err)
	}
	_, err = registry.Replace(adminOfWest(t), moved, moved)
	wantRefusal(t, "a camera of another town", err, layers.CodeNotFound, "", "")
	wantRefusal(t, "struck off by a duty officer", registry.Delete(w.as(t, "duty"), moved), layers.CodeForbidden, "", "role")
	wantRefusal(t, "struck off by who saw another", registry.Delete(admin, made), layers.CodeConflict, "", "stale_revision")
	if err := registry.Delete(admin, moved); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "struck off twice", registry.Delete(admin, moved), layers.CodeNotFound, "", "")

	entries, err := w.users.AuditLog(admin, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Action)
		for _, v := range e.Details {
			if s, ok := v.(string); ok && strings.Contains(s, "secret") {
				t.Errorf("the audit log tells a password: %+v", e)
			}
		}
	}
	slices.Reverse(actions)
	if want := []string{"camera.create", "camera.replace", "camera.replace", "camera.replace", "camera.delete"}; !slices.Equal(actions, want) {
		t.Errorf("audit %v, want %v", actions, want)
	}
}

// Of many who correct the same entry at once, having seen the same, one wins, and the others are told.
func TestCameraCorrectedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	registry := postgis.NewCameras(w.db)
	made, err := registry.Create(w.as(t, "admin"), &camera.Camera{Name: "one", Point: inWest})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			next := *made
			next.Name = strings.Repeat("x", i+1)
			next.Point = orb.Point{inWest[0] + float64(i)/1e4, inWest[1]}
			_, errs[i] = registry.Replace(w.as(t, "admin"), made, &next)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch layers.ErrorCode(err) {
		case "":
			won++
		case layers.CodeConflict:
		default:
			t.Errorf("%v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d corrections were taken", won)
	}
}
