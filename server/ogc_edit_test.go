package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/incident"
	"wanglou/server"
)

// registry is camera.Registry over the world's layer.
type registry struct {
	w  *world
	mu sync.Mutex
	// before runs ahead of a change, as somebody else who is faster.
	before func()
}

func (r *registry) Create(ctx context.Context, c *camera.Camera) (*camera.Camera, error) {
	if !auth.ActorFrom(ctx).Scope.May(auth.ActionManageCameras) {
		return nil, layers.Errorf(layers.CodeForbidden, "no")
	}
	made := *c
	made.ID, made.Status = 100, camera.Unknown
	if err := made.Validate(); err != nil {
		return nil, err
	}
	r.put(&made)
	return &made, nil
}

func (r *registry) Replace(ctx context.Context, seen, c *camera.Camera) (*camera.Camera, error) {
	if err := r.check(ctx, seen); err != nil {
		return nil, err
	}
	r.put(c)
	return c, nil
}

func (r *registry) Delete(ctx context.Context, seen *camera.Camera) error {
	if err := r.check(ctx, seen); err != nil {
		return err
	}
	r.w.put(layers.Change{Layer: "camera", Kind: layers.Delete, Feature: &layers.Feature{ID: seen.ID}})
	return nil
}

func (r *registry) put(c *camera.Camera) {
	r.w.put(upsert("camera", c.ID, c.Point, map[string]any{"name": c.Name, "device_id": c.DeviceID, "area_path": "c.t1", "status": "unknown"}))
}

func (r *registry) check(ctx context.Context, seen *camera.Camera) error {
	if !auth.ActorFrom(ctx).Scope.May(auth.ActionManageCameras) {
		return layers.Errorf(layers.CodeForbidden, "no")
	}
	r.mu.Lock()
	before := r.before
	r.mu.Unlock()
	if before != nil {
		before()
	}
	f := r.w.replica.Get("camera", seen.ID)
	if f == nil || f.Values[0] != seen.Name || f.Geometry.(orb.Point) != seen.Point {
		return &layers.Error{Code: layers.CodeConflict, Reason: "stale_revision", Msg: "changed since"}
	}
	return nil
}

const geoJSON, mergePatch = "application/geo+json", "application/merge-patch+json"

func point(name string, lon, lat float64) string {
	return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{"name":%q}}`, lon, lat, name)
}

// /conf/create-replace-delete, /conf/update, /conf/optimistic-locking-etags: made, read, replaced, patched, deleted, each change by who saw the last one.
func TestOGCEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin")
	r := admin.Do(http.MethodPost, itemsPath, point("一号", 119.68, 29.79), "Content-Type", geoJSON).Want(http.StatusCreated)
	at := strings.TrimPrefix(r.Header.Get("Location"), w.url)
	if at != itemsPath+"/100" {
		t.Fatalf("Location %q", r.Header.Get("Location"))
	}
	first := r.Header.Get("ETag")
	got := admin.Get(at).Want(http.StatusOK)
	if first == "" || got.Header.Get("ETag") != first {
		t.Errorf("ETag %q, read %q", first, got.Header.Get("ETag"))
	}
	// What was read may be sent back as it is, and changes nothing.
	admin.Do(http.MethodPut, at, string(got.Body), "Content-Type", geoJSON, "If-Match", first).Want(http.StatusNoContent)
	admin.Get(at, "If-None-Match", first).Want(http.StatusNotModified)

	second := admin.Do(http.MethodPut, at, point("二号", 119.7, 29.8), "Content-Type", geoJSON, "If-Match", first).Want(http.StatusNoContent).Header.Get("ETag")
	if p := items(t, admin, itemsPath); len(p.Features) != 1 || p.Features[0].Geometry.Coordinates[0] != 119.7 || second == first {
		t.Errorf("after PUT: %+v, ETag %s", p, second)
	}
	// A patch leaves what it does not name; a body in another system is read in it.
	third := admin.Do(http.MethodPatch, at, `{"properties":{"name":"三号"}}`, "Content-Type", mergePatch, "If-Match", `"other", `+second).Want(http.StatusNoContent).Header.Get("ETag")
	f := w.replica.Get("camera", 100)
	if f.Values[0] != "三号" || f.Geometry.(orb.Point) != (orb.Point{119.7, 29.8}) {
		t.Errorf("after PATCH: %v", f)
	}
	fourth := admin.Do(http.MethodPatch, at, `{"geometry":{"type":"Point","coordinates":[29.9,119.6]}}`, "Content-Type", mergePatch, "If-Match", third,
		"Content-Crs", "<http://www.opengis.net/def/crs/EPSG/0/4490>").Want(http.StatusNoContent).Header.Get("ETag")
	if p := w.replica.Get("camera", 100).Geometry.(orb.Point); p != (orb.Point{119.6, 29.9}) {
		t.Errorf("in CGCS2000: %v", p)
	}

	admin.Do(http.MethodPut, at, point("x", 119.7, 29.8), "Content-Type", geoJSON).WantError(http.StatusPreconditionRequired, "precondition_required", "If-Match")
	admin.Do(http.MethodDelete, at, nil).WantError(http.StatusPreconditionRequired, "precondition_required", "If-Match")
	for _, held := range []string{first, `W/` + fourth, `""`} {
		admin.Do(http.MethodPut, at, point("x", 119.7, 29.8), "Content-Type", geoJSON, "If-Match", held).WantError(http.StatusPreconditionFailed, "precondition_failed", "If-Match")
		admin.Do(http.MethodPatch, at, `{}`, "Content-Type", mergePatch, "If-Match", held).WantError(http.StatusPreconditionFailed, "precondition_failed", "If-Match")
		admin.Do(http.MethodDelete, at, nil, "If-Match", held).WantError(http.StatusPreconditionFailed, "precondition_failed", "If-Match")
	}
	admin.Do(http.MethodDelete, at, nil, "If-Match", fourth).Want(http.StatusNoContent)
	admin.Get(at).WantError(http.StatusNotFound, "not_found", "")
	admin.Do(http.MethodDelete, at, nil, "If-Match", "*").WantError(http.StatusNotFound, "not_found", "")
}

// Somebody who commits between our look and our change wins, and we are told.
func TestOGCEditLosesARace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.before = func() { w.put(cameraAt(1, "somebody else's", "c.t1", 119.68, 29.79)) }
	w.put(cameraAt(1, "mine", "c.t1", 119.68, 29.79))
	admin := w.as("admin")
	tag := admin.Get(itemsPath + "/1").Want(http.StatusOK).Header.Get("ETag")
	admin.Do(http.MethodPut, itemsPath+"/1", point("x", 119.7, 29.8), "Content-Type", geoJSON, "If-Match", tag).WantError(http.StatusPreconditionFailed, "precondition_failed", "If-Match")
}

func TestOGCEditRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "一号", "c.t1", 119.68, 29.79), cameraAt(2, "二号", "c.t2", 119.68, 29.79))
	admin := w.as("admin")
	for name, c := range map[string]struct{ body, field string }{
		"no JSON":           {`{`, ""},
		"no feature":        {`{"type":"Point","properties":{}}`, "type"},
		"unknown member":    {`{"type":"Feature","geom":null}`, "geom"},
		"no geometry":       {`{"type":"Feature","geometry":null,"properties":{"name":"x"}}`, "geometry"},
		"a line":            {`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{"name":"x"}}`, "geometry"},
		"one number":        {`{"type":"Feature","geometry":{"type":"Point","coordinates":[1]},"properties":{"name":"x"}}`, "geometry.coordinates"},
		"swapped":           {`{"type":"Feature","geometry":{"type":"Point","coordinates":[29.8,119.7]},"properties":{"name":"x"}}`, "geometry.coordinates"},
		"unknown property":  {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"name":"x","nme":1}}`, "nme"},
		"repeated property": {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"name":"x","name":"y"}}`, "properties.name"},
		"wrong type":        {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"name":1}}`, "name"},
		"the system's":      {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"name":"x","status":"online"}}`, "status"},
		"the domain's rule": {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"name":" "}}`, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			admin.Do(http.MethodPost, itemsPath, c.body, "Content-Type", geoJSON).WantError(http.StatusBadRequest, "invalid", c.field)
		})
	}
	admin.Do(http.MethodPost, itemsPath, point("x", 119.7, 29.8), "Content-Type", "text/plain").WantError(http.StatusBadRequest, "invalid", "")
	admin.Do(http.MethodPatch, itemsPath+"/1", point("x", 119.7, 29.8), "Content-Type", geoJSON, "If-Match", "*").WantError(http.StatusBadRequest, "invalid", "")
	admin.Do(http.MethodPut, itemsPath+"/1", strings.Replace(point("x", 119.7, 29.8), `"type"`, `"id":2,"type"`, 1), "Content-Type", geoJSON, "If-Match", "*").WantError(http.StatusBadRequest, "invalid", "id")
	admin.Do(http.MethodPost, itemsPath, point("x", 119.7, 29.8), "Content-Type", geoJSON, "Content-Crs", "<EPSG:99999>").WantError(http.StatusBadRequest, "invalid", "Content-Crs")
	admin.Do(http.MethodPost, itemsPath+"?nothing=1", point("x", 119.7, 29.8), "Content-Type", geoJSON).WantError(http.StatusBadRequest, "invalid", "nothing")

	// What a collection does not take is told, with what it takes.
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodPost, "/ogc/collections/area/items", "GET, HEAD, OPTIONS"},
		{http.MethodDelete, "/ogc/collections/area/items/1", "GET, HEAD, OPTIONS"},
		{http.MethodPut, "/ogc/collections/incident/items/1", "GET, HEAD, OPTIONS, PATCH"},
		{http.MethodDelete, "/ogc/collections/incident/items/1", "GET, HEAD, OPTIONS, PATCH"},
	} {
		r := admin.Do(c.method, c.path, `{}`, "Content-Type", geoJSON, "If-Match", "*")
		r.WantError(http.StatusMethodNotAllowed, "invalid", "", "method_not_allowed")
		if r.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: Allow %q", c.method, c.path, r.Header.Get("Allow"))
		}
	}
	for path, allow := range map[string]string{itemsPath: "GET, HEAD, OPTIONS, POST", itemsPath + "/1": "GET, HEAD, OPTIONS, PUT, PATCH, DELETE", "/ogc/collections/area/items": "GET, HEAD, OPTIONS"} {
		if got := admin.Do(http.MethodOptions, path, nil).Want(http.StatusNoContent).Header.Get("Allow"); got != allow {
			t.Errorf("OPTIONS %s: %q", path, got)
		}
	}
	// What another town has is not there.
	town := w.as("town")
	town.Do(http.MethodPatch, itemsPath+"/2", `{}`, "Content-Type", mergePatch, "If-Match", "*").WantError(http.StatusNotFound, "not_found", "")
	town.Do(http.MethodPatch, itemsPath+"/1", `{"properties":{"name":"x"}}`, "Content-Type", mergePatch, "If-Match", "*").WantError(http.StatusForbidden, "forbidden", "")
}

// published is a service whose moves reach the replica.
type published struct {
	incident.Service
	w **world
}

func (p published) Move(ctx context.Context, id int64, m incident.Move, reason string, revision int64, _ ...incident.With) (*incident.Incident, error) {
	in, err := p.Service.Move(ctx, id, m, reason, revision)
	(*p.w).put(upsert("incident", id, orb.Point{119.68, 29.79}, map[string]any{"title": "占道", "area_path": "c.t1", "state": "filed", "revision": revision + 1})) // whatever it is now: it changed
	return in, err
}

// A case is filed and moved by the service that the console uses.
func TestOGCEditsCases(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, func(o *server.Options) { o.Incidents = published{o.Incidents, &w} })
	duty := w.as("duty")
	const path = "/ogc/collections/incident/items"
	w.put(upsert("incident", 7, orb.Point{119.68, 29.79}, map[string]any{"title": "占道", "area_path": "c.t1", "state": "filed", "revision": int64(3)}))
	duty.Do(http.MethodPost, path, `{"type":"Feature","geometry":{"type":"Point","coordinates":[119.68,29.79]},"properties":{"title":"占道","category":"09012","severity":2,"description":"两辆车"}}`, "Content-Type", geoJSON).Want(http.StatusCreated)
	in, _ := w.cases.args()[0].(incident.Incident)
	if in.Title != "占道" || in.Category != "09012" || in.Severity != 2 || in.Description != "两辆车" || in.Point != (orb.Point{119.68, 29.79}) {
		t.Fatalf("filed %+v", w.cases.args())
	}
	one := path + "/7"
	duty.Do(http.MethodPatch, one, `{"properties":{"state":"closed","reason":"自行处置"}}`, "Content-Type", mergePatch, "If-Match", "*").Want(http.StatusNoContent)
	if got := fmt.Sprint(w.cases.args()...); got != fmt.Sprint(int64(7), incident.MoveSelfHandle, "自行处置", int64(3)) {
		t.Errorf("moved by %s", got)
	}
	duty.Do(http.MethodPatch, one, `{"properties":{"state":"dispatched"}}`, "Content-Type", mergePatch, "If-Match", "*").WantError(http.StatusBadRequest, "invalid", "state", "impossible_move")
	duty.Do(http.MethodPatch, one, `{"properties":{"title":"x"}}`, "Content-Type", mergePatch, "If-Match", "*").WantError(http.StatusBadRequest, "invalid", "title", "system_value")
	w.as("viewer").Do(http.MethodPatch, one, `{"properties":{"state":"closed"}}`, "Content-Type", mergePatch, "If-Match", "*").WantError(http.StatusForbidden, "forbidden", "")
}
