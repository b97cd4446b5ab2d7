package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/still"
	"wanglou/server/strictjson"
)

// keptEventSources returns the service, or CodeNotFound where no streams of events are held.
func (s *Server) keptEventSources() (alarm.Sources, error) {
	if s.eventSources == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server holds no streams of events")
	}
	return s.eventSources, nil
}

func (s *Server) listEventSources(c echo.Context) error {
	return listStored(c, s.keptEventSources, alarm.Sources.Sources)
}

func (s *Server) createEventSource(c echo.Context) error {
	return createStored(c, s.keptEventSources, alarm.Sources.Create)
}

func (s *Server) replaceEventSource(c echo.Context) error {
	return replaceStored(c, s.keptEventSources, alarm.Sources.Replace)
}

func (s *Server) deleteEventSource(c echo.Context) error {
	return ofStored(c, s.keptEventSources, alarm.Sources.Delete)
}

// tryEventSource connects to a source once: ok, or why not. One account tries a few times a minute: devices bar who tries often.
func (s *Server) tryEventSource(c echo.Context) error {
	service, id, err := storedAt(c, s.keptEventSources)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	target, err := service.Target(ctx, id)
	if err != nil {
		return err
	}
	if s.tryEvents == nil {
		return layers.Errorf(layers.CodeNotFound, "this server holds no streams of events")
	}
	if wait, ok := s.eventTrials.take(fmt.Sprint(auth.ActorFrom(ctx).User.ID)); !ok {
		return tooOften("event_trials", wait)
	}
	why := s.tryEvents(ctx, target)
	return c.JSON(http.StatusOK, struct {
		OK  bool   `json:"ok"`
		Why string `json:"why,omitempty"`
	}{why == "", why})
}

func (s *Server) listEventKinds(c echo.Context) error {
	return listStored(c, s.keptEventSources, alarm.Sources.Kinds)
}

func (s *Server) setEventKind(c echo.Context) error {
	service, err := s.keptEventSources()
	if err != nil {
		return err
	}
	var in struct {
		Protocol alarm.Protocol `json:"protocol"`
		Event    string         `json:"event"`
		Kind     string         `json:"kind"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := service.SetKind(c.Request().Context(), alarm.Kind{Protocol: in.Protocol, Event: in.Event, Kind: in.Kind}); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// Still returns a JPEG of a camera for the server's own use, with masks and the mark of an alarm burnt in; the actor of ctx is who watches, and that is audited.
func (s *Server) Still(ctx context.Context, cameraID int64) ([]byte, error) {
	service, err := s.keptStreams()
	if err != nil {
		return nil, err
	}
	stream, err := service.Stream(ctx, cameraID)
	if err != nil {
		return nil, err
	}
	if !stream.Playable() {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no way to the camera's stream")
	}
	picture, err := s.stills.Of(ctx, stream.Of(camera.SubStream), func(ctx context.Context) (*still.Key, error) { return s.keyPicture(ctx, stream) })
	if err != nil {
		return nil, stillError(err)
	}
	// A picture from long before shows something else than what was told of.
	if now := s.now(); now.Sub(picture.Came) > 2*still.Fresh {
		return nil, layers.Errorf(layers.CodeNotFound, "the newest picture is too old")
	}
	b, err := picture.JPEG(stream.Masks, "ALARM  "+picture.Came.UTC().Format("2006-01-02 15:04:05")+"Z")
	if err != nil {
		return nil, stillError(err)
	}
	return b, service.Watched(ctx, camera.Viewing{CameraID: cameraID, Kind: "alarm", From: s.now()})
}
