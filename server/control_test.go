package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/camera"
	"wanglou/server"
	"wanglou/server/gb28181"
	"wanglou/server/gb28181/manscdp"
	"wanglou/server/servertest"
)

// told implements server.Devices for one recorder.
type told struct {
	mu    sync.Mutex
	all   []camera.Control
	at    []time.Time
	fails error
}

func (d *told) Play(context.Context, string, string) (*gb28181.Play, error) {
	return nil, gb28181.ErrAway
}
func (d *told) Stats() gb28181.Stats       { return gb28181.Stats{} }
func (d *told) Platform() gb28181.Platform { return gb28181.Platform{} }

func (d *told) Control(_ context.Context, device, channel string, c camera.Control) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if device != recorderID || channel != channelID {
		return gb28181.ErrAway
	}
	d.all, d.at = append(d.all, c), append(d.at, time.Now())
	return d.fails
}

func (d *told) Ask(_ context.Context, device string) (*manscdp.About, error) {
	if device != recorderID {
		return nil, gb28181.ErrNoAnswer
	}
	return &manscdp.About{Name: "城南", Channels: 64, Status: "OK"}, nil
}

func (d *told) commands() (out []camera.Command) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.all {
		out = append(out, c.Command)
	}
	return out
}

const (
	recorderID = "34020000001180000001"
	channelID  = "34020000001310000001"
)

// devicesOf implements camera.Signals as far as devices are listed.
type devicesOf struct{ camera.Signals }

func (devicesOf) Devices(context.Context) ([]camera.Device, error) {
	return []camera.Device{{ID: recorderID}, {ID: "34020000001180000002"}}, nil
}

// A camera of a device turns for who may send, is in the audit log, and is stopped by the server; others are told why not.
func TestControl(t *testing.T) {
	t.Parallel()
	log := &streams{area: map[int64]string{1: "c.t1", 2: "c.t2", 3: "c.t1"}, byID: map[int64]camera.Stream{
		1: {CameraID: 1, Device: recorderID, Channel: channelID, Turns: true}, 2: {CameraID: 2, Device: recorderID, Channel: channelID}, 3: {CameraID: 3, URL: "rtsp://10.0.0.1/1"}}}
	devices := &told{}
	w := newWorld(t, func(o *server.Options) { o.Streams, o.Devices, o.Signals = log, devices, devicesOf{} })
	for id, area := range log.area {
		w.put(upsert("camera", id, orb.Point{119.6, 29.8}, map[string]any{"name": "x", "area_path": area, "status": "online"}))
	}
	w.start()
	town := w.as("town")
	post := func(path string, body map[string]any) *servertest.Response { return town.Do("POST", path, body) }
	get := func(as *servertest.Client, id string) (is struct {
		Turns bool
		By    *struct{ Name string }
	}) {
		as.Get("/api/cameras/" + id + "/control").Want(200).Into(&is)
		return is
	}
	if is := get(town, "1"); !is.Turns || is.By != nil {
		t.Errorf("before: %+v", is)
	}
	post("/api/cameras/1/control", map[string]any{"command": "move", "pan": -0.5, "for_ms": 300}).Want(204)
	if is := get(w.as("viewer"), "1"); !is.Turns || is.By == nil || is.By.Name == "" {
		t.Errorf("who turns it: %+v", is)
	}
	if is := get(town, "3"); is.Turns || is.By != nil {
		t.Errorf("one without a device: %+v", is)
	}
	eventually(t, "it is stopped", func() bool { c := devices.commands(); return len(c) == 2 && c[1] == camera.Stop })
	devices.mu.Lock()
	if d := devices.at[1].Sub(devices.at[0]); d < 300*time.Millisecond {
		t.Errorf("stopped after %v", d)
	}
	devices.mu.Unlock()
	// What is told meanwhile takes the place of the stop.
	post("/api/cameras/1/control", map[string]any{"command": "move", "zoom": 1, "for_ms": 10_000}).Want(204)
	post("/api/cameras/1/control", map[string]any{"command": "preset_go", "preset": 3}).Want(204)
	if c := devices.commands(); len(c) != 4 || c[3] != camera.PresetGo {
		t.Errorf("told %v", c)
	}
	log.mu.Lock()
	if len(log.told) != 3 || log.told[0].Pan != -0.5 || log.told[2].Preset != 3 {
		t.Errorf("the audit log has %+v", log.told)
	}
	log.mu.Unlock()
	post("/api/cameras/1/control", map[string]any{"command": "move"}).WantError(400, "invalid", "pan", "required")
	post("/api/cameras/1/control", map[string]any{"command": "move", "pan": 1, "for_ms": 60_000}).WantError(400, "invalid", "for_ms", "out_of_range")
	post("/api/cameras/1/control", map[string]any{"command": "preset_set", "preset": 256}).WantError(400, "invalid", "preset", "out_of_range")
	post("/api/cameras/2/control", map[string]any{"command": "stop"}).WantError(404, "not_found", "")
	post("/api/cameras/3/control", map[string]any{"command": "stop"}).WantError(404, "not_found", "", "no_control")
	w.as("viewer").Do("POST", "/api/cameras/1/control", map[string]any{"command": "stop"}).WantError(403, "forbidden", "")
	devices.mu.Lock()
	devices.fails = gb28181.ErrNoAnswer
	devices.mu.Unlock()
	post("/api/cameras/1/control", map[string]any{"command": "stop"}).WantError(503, "unavailable", "", "device_silent")

	// A move whose answer was lost may have been heard: it is stopped at once.
	before := len(devices.commands())
	post("/api/cameras/1/control", map[string]any{"command": "move", "pan": 1, "for_ms": 10_000}).WantError(503, "unavailable", "", "device_silent")
	eventually(t, "it is stopped all the same", func() bool { c := devices.commands(); return len(c) >= before+4 && c[len(c)-1] == camera.Stop })

	// Who has told too much waits, but not with what stops a camera.
	devices.mu.Lock()
	devices.fails = nil
	devices.mu.Unlock()
	limited := 0
	for range 60 {
		if r := post("/api/cameras/1/control", map[string]any{"command": "move", "tilt": 1, "for_ms": 10_000}); r.Status == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("sixty moves at once were taken")
	}
	post("/api/cameras/1/control", map[string]any{"command": "stop"}).Want(204)

	var about manscdp.About
	admin := w.as("admin")
	admin.Get("/api/gb28181/devices/" + recorderID + "/about").Want(200).Into(&about)
	if about.Name != "城南" || about.Channels != 64 {
		t.Errorf("%+v", about)
	}
	admin.Get("/api/gb28181/devices/34020000001180000002/about").WantError(503, "unavailable", "", "device_silent")
	admin.Get("/api/gb28181/devices/34020000001180000009/about").WantError(404, "not_found", "")
	town.Get("/api/gb28181/devices/"+recorderID+"/about").WantError(403, "forbidden", "")
}
