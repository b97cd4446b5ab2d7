package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/layers/incident"
	"wanglou/server/ogc"
)

// editors are the layers that the OGC API can change, each by the service that the console uses.
func editors(o Options) map[string]ogc.Editor {
	all := map[string]ogc.Editor{"incident": &incidentEditor{o.Incidents, o.Replica}}
	if o.Cameras != nil {
		all["camera"] = &cameraEditor{o.Cameras, o.Replica}
	}
	return all
}

// cameraEditor keeps the registry of cameras.
type cameraEditor struct {
	registry camera.Registry
	replica  *layers.Replica
}

func (*cameraEditor) Methods() []string {
	return []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

func (e *cameraEditor) Create(ctx context.Context, d *ogc.Draft) (int64, error) {
	c := draftedCamera(d)
	if err := d.Err(); err != nil {
		return 0, err
	}
	made, err := e.registry.Create(ctx, c)
	if err != nil {
		return 0, err
	}
	return made.ID, nil
}

func (e *cameraEditor) Change(ctx context.Context, was *layers.Feature, d *ogc.Draft) (bool, error) {
	seen, c := e.seen(was), draftedCamera(d)
	if err := d.Err(); err != nil {
		return false, err
	}
	if c.ID = seen.ID; camera.SameEntry(seen, c) {
		return false, nil
	}
	_, err := e.registry.Replace(ctx, seen, c)
	return err == nil, err
}

func (e *cameraEditor) Delete(ctx context.Context, was *layers.Feature) error {
	return e.registry.Delete(ctx, e.seen(was))
}

func draftedCamera(d *ogc.Draft) *camera.Camera {
	return &camera.Camera{
		DeviceID: d.Text("device_id"), Name: strings.TrimSpace(d.Text("name")), Department: d.Text("department"), Point: d.Point(),
		Height: d.Number("height_m"), Azimuth: d.Number("azimuth_deg"), FOV: d.Number("fov_deg"), Range: d.Number("range_m"),
	}
}

// seen is the camera of a published feature.
func (e *cameraEditor) seen(f *layers.Feature) *camera.Camera {
	l := e.replica.Layer("camera")
	c := &camera.Camera{ID: f.ID, DeviceID: valueOf[string](l, f, "device_id"), Name: valueOf[string](l, f, "name"), Department: valueOf[string](l, f, "department")}
	c.Point, _ = f.Geometry.(orb.Point)
	for name, into := range map[string]**float64{"height_m": &c.Height, "azimuth_deg": &c.Azimuth, "fov_deg": &c.FOV, "range_m": &c.Range} {
		if i := l.Index(name); i >= 0 {
			if v, ok := f.Values[i].(float64); ok {
				*into = &v
			}
		}
	}
	return c
}

// incidentEditor files cases, and moves them from state to state. A case is never replaced or deleted.
type incidentEditor struct {
	service incident.Service
	replica *layers.Replica
}

func (*incidentEditor) Methods() []string { return []string{http.MethodPost, http.MethodPatch} }

func (e *incidentEditor) Create(ctx context.Context, d *ogc.Draft) (int64, error) {
	in := &incident.Incident{
		Title: strings.TrimSpace(d.Text("title")), Description: d.Text("description"), Category: d.Text("category"), Severity: incident.Severity(d.Integer("severity")),
		Address: d.Text("address"), Point: d.Point(),
	}
	if err := d.Err(); err != nil {
		return 0, err
	}
	made, err := e.service.Create(ctx, in, "")
	if err != nil {
		return 0, err
	}
	return made.ID, nil
}

// Change takes the move that leads to the state of the draft, with the property "reason" where the move needs one.
func (e *incidentEditor) Change(ctx context.Context, was *layers.Feature, d *ogc.Draft) (bool, error) {
	l := e.replica.Layer("incident")
	from := incident.State(valueOf[string](l, was, "state"))
	to, reason := incident.State(d.Text("state")), d.Text("reason")
	if err := d.Err(); err != nil {
		return false, err
	}
	if to == from {
		return false, nil
	}
	m, ok := from.Toward(to)
	if !ok {
		impossible := layers.Invalid("state", "impossible_move", "nobody can make a case that is %s be %.40q", from, to)
		impossible.Params = map[string]string{"move": string(to), "state": string(from)}
		return false, impossible
	}
	_, err := e.service.Move(ctx, was.ID, m, reason, valueOf[int64](l, was, "revision"))
	return err == nil, err
}

func (*incidentEditor) Delete(context.Context, *layers.Feature) error {
	return layers.Errorf(layers.CodeForbidden, "cases are not deleted")
}

// valueOf returns a feature's value of a column, the type's zero where it has none.
func valueOf[T any](l *layers.Layer, f *layers.Feature, column string) (v T) {
	if i := l.Index(column); i >= 0 {
		v, _ = f.Values[i].(T)
	}
	return v
}
