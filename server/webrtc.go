package server

import (
	"context"
	"crypto/rand"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/whep"
)

const sdpType = "application/sdp"

// whepSessions are the pictures that are carried by WebRTC.
type whepSessions struct {
	gate *whep.Gate // nil: none are

	mu   sync.Mutex
	byID map[string]whepSession
}

// whepSession is one of them: whose it is, and how it is ended.
type whepSession struct {
	camera int64
	peer   string
	end    context.CancelFunc
}

func (w *whepSessions) put(id string, s whepSession) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[id] = s
}

func (w *whepSessions) get(id string) (whepSession, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.byID[id]
	return s, ok
}

func (w *whepSessions) drop(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID, id)
}

// createWHEP answers an offer and plays the camera by WebRTC, until the browser leaves or takes it back, or its user may not watch any more.
func (s *Server) createWHEP(c echo.Context) error {
	w, err := s.watchingAt(c)
	if err != nil {
		return err
	}
	if s.whep.gate == nil {
		return &layers.Error{Code: layers.CodeNotFound, Reason: "no_webrtc", Msg: "this server sends no pictures by WebRTC"}
	}
	ctx := c.Request().Context()
	if wait, ok := s.whepByUser.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
		return tooOften("pictures", wait)
	}
	if kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); err != nil || kind != sdpType {
		return layers.Invalid("Content-Type", "wrong_type", "an offer is %s", sdpType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, whep.MaxOffer+1))
	if err != nil {
		return err
	}
	offer, err := whep.ReadOffer(body)
	if err != nil {
		return err
	}
	if err := s.begin(ctx, w, "live"); err != nil {
		return stillError(err)
	}
	first, err := firstOf(ctx, w.viewer)
	var session *whep.Session
	var answer string
	if err != nil {
		err = stillError(err)
	} else {
		session, answer, err = s.whep.gate.Answer(offer, first)
	}
	if err != nil {
		s.leave(ctx, w)
		return err
	}
	id := newPlace()
	playing, end := context.WithCancel(context.WithoutCancel(ctx)) // the answer is the end of the request, not of the picture
	s.whep.put(id, whepSession{camera: w.viewing.CameraID, peer: w.peer.Session, end: end})
	s.watchers.Go(func() {
		defer s.leave(playing, w)
		defer session.Close()
		defer s.whep.drop(id)
		defer end()
		go s.keepAsking(playing, w, end)
		err := session.Play(playing, first, w.viewer, &w.viewing.Frames)
		s.log.Debug("a picture by WebRTC has ended", "camera", w.viewing.CameraID, "err", err)
	})
	h := c.Response().Header()
	h.Set("Location", "/api/cameras/"+strconv.FormatInt(w.viewing.CameraID, 10)+"/whep/"+id)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusCreated, sdpType, []byte(answer))
}

// newPlace is the name of a picture that is carried by HTTP: nobody guesses it.
func newPlace() string { return rand.Text() }

// deleteWHEP ends a picture that the same session began.
func (s *Server) deleteWHEP(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	peer, err := s.peerOf(c)
	if err != nil {
		return err
	}
	found, ok := s.whep.get(c.Param("session"))
	if !ok || found.camera != id || found.peer != peer.Session {
		return layers.Errorf(layers.CodeNotFound, "there is no such picture")
	}
	found.end()
	return c.NoContent(http.StatusNoContent)
}

// waitForWatchers waits until the leaving of all who watched is in the audit log, or ctx ends.
func (s *Server) waitForWatchers(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		s.watchers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.log.Warn("not everybody who watched has left in time", "err", ctx.Err())
	}
}
