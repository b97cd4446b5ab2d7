package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/gb28181"
	"wanglou/server/strictjson"
)

// turning are the cameras that move, each with what will stop it, and who told each camera something last.
type turning struct {
	mu   sync.Mutex
	byID map[int64]*time.Timer
	told map[int64]teller
}

// teller is who told a camera something.
type teller struct {
	User int64     `json:"user_id"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// tells is how long somebody counts as the one who turns a camera, after what he told it last.
const tells = 10 * time.Second

// note keeps who tells a camera something. Those who have gone are forgotten.
func (t *turning) note(id int64, by teller) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.told, func(_ int64, old teller) bool { return by.At.Sub(old.At) > tells })
	t.told[id] = by
}

// by is who turns a camera; nil: nobody does.
func (t *turning) by(id int64, now time.Time) *teller {
	t.mu.Lock()
	defer t.mu.Unlock()
	if by, ok := t.told[id]; ok && now.Sub(by.At) <= tells {
		return &by
	}
	return nil
}

// moves reports whether a camera moves, as far as is known here.
func (t *turning) moves(id int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id] != nil
}

// stopAfter has a camera stopped after a while, unless it is told something else before; 0 is never.
func (t *turning) stopAfter(id int64, after time.Duration, stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := t.byID[id]; last != nil {
		last.Stop()
		delete(t.byID, id)
	}
	if after <= 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(after, func() {
		t.mu.Lock()
		mine := t.byID[id] == timer
		if mine {
			delete(t.byID, id)
		}
		t.mu.Unlock()
		if mine {
			stop()
		}
	})
	t.byID[id] = timer
}

// getControl tells whether a camera can be turned, and who does so now.
func (s *Server) getControl(c echo.Context) error {
	_, stream, err := s.streamAt(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Turns bool    `json:"turns"`
		By    *teller `json:"by,omitempty"`
	}{stream.Turns, s.turning.by(stream.CameraID, s.now())})
}

// controlCamera turns a camera, or has it go to a preset, by the device that it hangs on. A camera that moves is stopped by the server: no lost packet lets it turn on and on.
func (s *Server) controlCamera(c echo.Context) error {
	service, stream, err := s.streamAt(c)
	if err != nil {
		return err
	}
	var in struct {
		Command camera.Command `json:"command"`
		Pan     float64        `json:"pan"`
		Tilt    float64        `json:"tilt"`
		Zoom    float64        `json:"zoom"`
		ForMS   int64          `json:"for_ms"`
		Preset  int            `json:"preset"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.ForMS < 0 || in.ForMS > camera.MostMove.Milliseconds() {
		return layers.Invalid("for_ms", "out_of_range", "a camera moves for at most %d ms", camera.MostMove.Milliseconds())
	}
	control := camera.Control{Command: in.Command, Pan: in.Pan, Tilt: in.Tilt, Zoom: in.Zoom, For: time.Duration(in.ForMS) * time.Millisecond, Preset: in.Preset}
	if err := control.Validate(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	user := auth.ActorFrom(ctx).User
	stops := control.Command == camera.Stop && s.turning.moves(stream.CameraID) // which nobody has to wait for
	if wait, ok := s.controlByUser.take(strconv.FormatInt(user.ID, 10)); !ok && !stops {
		return tooOften("controls", wait)
	}
	if stream.Channel == "" {
		return &layers.Error{Code: layers.CodeNotFound, Reason: "no_control", Msg: "the camera hangs on no device that can be told to turn it"}
	}
	if s.devices == nil { // another node hears it, or none
		return deviceError(gb28181.ErrAway)
	}
	if err := service.Controlled(ctx, stream.CameraID, &control); err != nil {
		return err // nobody turns a camera unseen
	}
	s.turning.note(stream.CameraID, teller{user.ID, user.Name, s.now()})
	refused := s.devices.Control(ctx, stream.Device, stream.Channel, control)
	if refused != nil && (control.Command != camera.Move || errors.Is(refused, gb28181.ErrAway)) {
		return deviceError(refused)
	}
	after := time.Duration(0)
	if control.Command == camera.Move {
		if after = control.For; after == 0 {
			after = camera.UsualMove
		}
	}
	if refused != nil {
		after = time.Millisecond // it may have heard it, and its answer is what was lost
	}
	s.turning.stopAfter(stream.CameraID, after, func() {
		ctx := context.WithoutCancel(ctx)
		for range 3 { // a packet may be lost
			if err := s.devices.Control(ctx, stream.Device, stream.Channel, camera.Control{Command: camera.Stop}); err == nil || errors.Is(err, gb28181.ErrAway) {
				return
			}
		}
		s.log.Warn("a camera was told to turn, and cannot be told to stop", "camera", stream.CameraID)
	})
	if refused != nil {
		return deviceError(refused)
	}
	return c.NoContent(http.StatusNoContent)
}

// deviceError tells why a device was told or asked in vain.
func deviceError(err error) error {
	if errors.Is(err, gb28181.ErrAway) {
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "device_away", Msg: "the device is not registered", Err: err}
	}
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "device_silent", Msg: "the device does not answer", Err: err}
}

// askDevice asks a device what it is and how it is, now.
func (s *Server) askDevice(c echo.Context) error {
	if s.signals == nil {
		return layers.Errorf(layers.CodeNotFound, "this server hears no devices")
	}
	ctx := c.Request().Context()
	found, err := s.signals.Devices(ctx) // those that the caller sees
	if err != nil {
		return err
	}
	for i := range found {
		if found[i].ID != c.Param("device") {
			continue
		}
		if wait, ok := s.controlByUser.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
			return tooOften("controls", wait)
		}
		if s.devices == nil { // another node hears it
			return deviceError(gb28181.ErrAway)
		}
		about, err := s.devices.Ask(ctx, found[i].ID)
		if err != nil {
			return deviceError(err)
		}
		return c.JSON(http.StatusOK, about)
	}
	return layers.Errorf(layers.CodeNotFound, "there is no such device")
}
