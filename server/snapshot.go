package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/still"
	"wanglou/server/video"
)

// firstPicture is how long is waited for a camera's first picture.
const firstPicture = 6 * time.Second

// getSnapshot answers with a still of a camera as a JPEG, masks and watermark burnt in; Age is how old it is. It is watching, and audited as such.
func (s *Server) getSnapshot(c echo.Context) error {
	service, stream, err := s.streamAt(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	picture, err := s.stills.Of(ctx, stream.Of(camera.SubStream), func(ctx context.Context) (*still.Key, error) { return s.keyPicture(ctx, stream) })
	if err != nil {
		return stillError(err)
	}
	now := s.now()
	b, err := picture.JPEG(stream.Masks, fmt.Sprintf("%s  %sZ", auth.ActorFrom(ctx).User.Login, now.UTC().Format(time.DateTime)))
	if err != nil {
		return stillError(err)
	}
	if err := service.Watched(ctx, camera.Viewing{CameraID: stream.CameraID, Kind: "still", From: now}); err != nil {
		return err // nobody watches unseen
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store") // the next look is one more line in the audit log
	h.Set("Age", fmt.Sprint(max(0, int(now.Sub(picture.Came)/time.Second))))
	h.Set("Last-Modified", picture.Came.UTC().Format(http.TimeFormat))
	return c.Blob(http.StatusOK, "image/jpeg", b)
}

// keyPicture waits for the newest key picture of a camera, of its small stream where there is one: at once where somebody watches that already.
func (s *Server) keyPicture(asked context.Context, stream *camera.Stream) (*still.Key, error) {
	viewer, err := s.bareViewer(asked, stream, camera.SubStream) // masks are burnt into every answer
	if err != nil {
		return nil, err
	}
	defer viewer.Close()
	f, err := firstOf(asked, viewer)
	if err != nil {
		return nil, err
	}
	return &still.Key{Data: f.Data, Codec: f.Codec, Came: f.Came}, nil
}

// firstOf waits for the newest key picture of a camera.
func firstOf(asked context.Context, viewer *video.Viewer) (*video.Frame, error) {
	ctx, cancel := context.WithTimeout(asked, firstPicture)
	defer cancel()
	for {
		f, broken, err := viewer.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case broken != nil:
			return nil, broken
		case f.Key:
			return f, nil
		}
	}
}

// stillError tells why there is no picture, never of an address.
func stillError(err error) error {
	code, reason := layers.CodeNotFound, watchReason(err)
	switch {
	case errors.Is(err, still.ErrBusy):
		code, reason = layers.CodeUnavailable, "too_many_stills"
	case errors.Is(err, video.ErrTooManyStreams), errors.Is(err, video.ErrTooManyViewers), errors.Is(err, errTooManyMasked):
		code = layers.CodeUnavailable
	case errors.Is(err, still.ErrDecoder):
		reason = "no_decoder"
	case errors.Is(err, still.ErrPicture):
		reason = "bad_picture"
	}
	return &layers.Error{Code: code, Reason: reason, Msg: "there is no picture of this camera now"}
}
