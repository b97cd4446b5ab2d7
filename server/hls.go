package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/hls"
	"wanglou/server/video"
)

const (
	hlsRoute = "/api/cameras/:id/hls"
	// hlsPieces is asked for several times a second by each who watches.
	hlsPieces = hlsRoute + "/:session/:piece"
	hlsList   = "index.m3u8"
	hlsQuiet  = 20 * time.Second // without a request whoever watches has left
)

// hlsSessions are the pictures that are fetched in pieces.
type hlsSessions struct {
	shelf *hls.Shelf

	mu   sync.Mutex
	byID map[string]*hlsSession
}

// hlsSession is one of them: whose it is, and how it is ended.
type hlsSession struct {
	camera   int64
	peer     string
	seat     *hls.Seat
	quiet    *time.Timer
	end      context.CancelFunc
	pictures atomic.Int64
}

// createHLS begins to play a camera in pieces, until nobody fetches any, the session is taken back, or its user may not watch any more.
func (s *Server) createHLS(c echo.Context) error {
	w, err := s.watchingAt(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	user := auth.ActorFrom(ctx).User
	if wait, ok := s.whepByUser.take(strconv.FormatInt(user.ID, 10)); !ok {
		return tooOften("pictures", wait)
	}
	if err := s.begin(ctx, w, "live"); err != nil {
		return stillError(err)
	}
	first, err := firstOf(ctx, w.viewer)
	var seat *hls.Seat
	if err == nil {
		seat, err = s.hls.shelf.Sit(w.viewer.Pull(), func() (*video.Viewer, error) { return s.viewerOf(ctx, w) })
	}
	if err != nil {
		s.leave(ctx, w)
		return stillError(err)
	}
	w.viewer.Sit() // its place is counted; pictures come by the pieces
	id := newPlace()
	playing, end := context.WithCancel(context.WithoutCancel(ctx))
	session := &hlsSession{camera: w.viewing.CameraID, peer: w.peer.Session, seat: seat, end: end, quiet: time.AfterFunc(hlsQuiet, end)}
	s.hls.mu.Lock()
	s.hls.byID[id] = session
	s.hls.mu.Unlock()
	s.watchers.Go(func() {
		s.keepAsking(playing, w, end)
		s.hls.mu.Lock()
		delete(s.hls.byID, id)
		s.hls.mu.Unlock()
		session.quiet.Stop()
		seat.Close()
		w.viewing.Frames = session.pictures.Load()
		s.leave(playing, w)
	})
	place := "/api/cameras/" + strconv.FormatInt(w.viewing.CameraID, 10) + "/hls/" + id
	return c.JSON(http.StatusCreated, map[string]any{"place": place, "playlist": place + "/" + hlsList, "codec": first.Codec, "masks": append(camera.Masks{}, w.stream.Masks...)})
}

// hlsSessionAt returns a session of the one who asks.
func (s *Server) hlsSessionAt(c echo.Context) (*hlsSession, error) {
	id, err := pathID(c)
	if err != nil {
		return nil, err
	}
	peer, err := s.peerOf(c)
	if err != nil {
		return nil, err
	}
	s.hls.mu.Lock()
	found := s.hls.byID[c.Param("session")]
	s.hls.mu.Unlock()
	if found == nil || found.camera != id || found.peer != peer.Session {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such picture")
	}
	return found, nil
}

// getHLS answers with the playlist or a piece, as soon as it is there.
func (s *Server) getHLS(c echo.Context) error {
	session, err := s.hlsSessionAt(c)
	if err != nil {
		return err
	}
	session.quiet.Reset(hlsQuiet)
	ctx, name := c.Request().Context(), c.Param("piece")
	if name == hlsList {
		segment, err := hlsNumber(c, "_HLS_msn")
		if err != nil {
			return err
		}
		part, err := hlsNumber(c, "_HLS_part")
		if err != nil {
			return err
		}
		list, err := session.seat.List(ctx, segment, part)
		if err != nil {
			return hlsError(err)
		}
		return c.Blob(http.StatusOK, "application/vnd.apple.mpegurl", list)
	}
	parts, pictures, err := session.seat.Piece(ctx, name)
	if err != nil {
		return hlsError(err)
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "video/mp4")
	h.Set(echo.HeaderContentLength, strconv.Itoa(size))
	c.Response().WriteHeader(http.StatusOK)
	for _, p := range parts {
		if _, err := c.Response().Write(p); err != nil {
			return nil //nolint:nilerr // he is gone
		}
	}
	session.pictures.Add(int64(pictures))
	return nil
}

// hlsNumber reads a number that a player asks with; -1 where it does not.
func hlsNumber(c echo.Context, name string) (int, error) {
	text := c.QueryParam(name)
	if text == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<30 {
		return 0, layers.Invalid(name, "not_a_value", "%.20q is no number of a piece", text)
	}
	return n, nil
}

// hlsError tells why a piece is not there: it never was or is not any more, or the camera does not play now.
func hlsError(err error) error {
	switch {
	case errors.Is(err, hls.ErrNone), errors.Is(err, context.Canceled): // who asked is gone, or the picture is
		return layers.Errorf(layers.CodeNotFound, "there is no such piece")
	case errors.Is(err, hls.ErrLate):
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "no_picture", Msg: "the camera sends no picture now"}
	}
	return stillError(err)
}

// deleteHLS ends a picture that the same session began.
func (s *Server) deleteHLS(c echo.Context) error {
	found, err := s.hlsSessionAt(c)
	if err != nil {
		return err
	}
	found.end()
	return c.NoContent(http.StatusNoContent)
}
