package server

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/gb28181"
	"wanglou/server/gb28181/manscdp"
	"wanglou/server/live"
	"wanglou/server/mpegps"
	"wanglou/server/reach"
	"wanglou/server/rtsp"
	"wanglou/server/strictjson"
	"wanglou/server/transcode"
	"wanglou/server/video"
	"wanglou/server/video/fmp4"
	"wanglou/server/video/nal"
)

const (
	watchWrite   = 10 * time.Second // for one picture: who takes longer is gone
	watchRecheck = 10 * time.Second // whether the viewer still may
)

// keptStreams returns the service, or CodeNotFound where there are no pictures.
func (s *Server) keptStreams() (camera.Streams, error) {
	if s.streams == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no pictures")
	}
	return s.streams, nil
}

// getMasks tells the parts of a camera's picture that are covered.
func (s *Server) getMasks(c echo.Context) error {
	_, stream, err := s.streamAt(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"masks": append(camera.Masks{}, stream.Masks...), "transcodes": s.maskedBudget})
}

func (s *Server) setMasks(c echo.Context) error {
	service, id, err := storedAt(c, s.keptStreams)
	if err != nil {
		return err
	}
	var in struct {
		Masks camera.Masks  `json:"masks"`
		Seen  *camera.Masks `json:"seen"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := service.SetMasks(c.Request().Context(), id, in.Masks, in.Seen); err != nil {
		return err
	}
	s.maskBell.ring()
	return c.NoContent(http.StatusNoContent)
}

// watchNews is what the websocket says beside pictures.
type watchNews struct {
	Type   string       `json:"type"`             // hello, state, end
	Masks  camera.Masks `json:"masks,omitempty"`  // of hello
	User   string       `json:"user,omitempty"`   // of hello: for the watermark
	Reason string       `json:"reason,omitempty"` // of state and end
}

// streamAt returns the stream of the route's camera, which the caller may watch and to which there is a way.
func (s *Server) streamAt(c echo.Context) (camera.Streams, *camera.Stream, error) {
	service, id, err := storedAt(c, s.keptStreams)
	if err != nil {
		return nil, nil, err
	}
	stream, err := service.Stream(c.Request().Context(), id)
	if err == nil && !stream.Playable() {
		err = &layers.Error{Code: layers.CodeNotFound, Reason: "no_stream", Msg: "the registry has no address of a stream, and no device tells of the camera"}
	}
	return service, stream, err
}

// viewerOf joins what of a camera may leave the server: its stream as it comes, or in H.264 where that is asked for, or, where it has masks, with these burnt in.
func (s *Server) viewerOf(ctx context.Context, w *watching) (*video.Viewer, error) {
	switch {
	case len(w.stream.Masks) > 0:
		return s.maskedViewer(ctx, w.stream) // in H.264
	case w.h264:
		return s.h264Viewer(ctx, w.stream, w.kind)
	}
	return s.bareViewer(ctx, w.stream, w.kind)
}

// pullOf names a camera's stream: the small one where it is meant and there is one.
func pullOf(stream *camera.Stream, kind camera.StreamKind) video.Pull {
	return video.Pull{Camera: stream.CameraID, Sub: kind == camera.SubStream && stream.Sub != ""}
}

// bareViewer joins the pull of a camera's stream as it comes. A pull may outlive who began it.
func (s *Server) bareViewer(ctx context.Context, stream *camera.Stream, kind camera.StreamKind) (*video.Viewer, error) {
	asked := context.WithoutCancel(ctx)
	return s.video.Watch(pullOf(stream, kind), func(ctx context.Context) (video.Source, error) {
		return s.openCamera(asked, ctx, stream.CameraID, kind)
	})
}

// h264Viewer joins the pull of a camera's stream in H.264, which takes its pictures from the other one.
func (s *Server) h264Viewer(ctx context.Context, stream *camera.Stream, kind camera.StreamKind) (*video.Viewer, error) {
	asked, pull := context.WithoutCancel(ctx), pullOf(stream, kind)
	pull.H264 = true
	return s.video.Watch(pull, func(ctx context.Context) (video.Source, error) {
		viewer, err := s.bareViewer(asked, stream, kind)
		if err != nil {
			return nil, err
		}
		return s.transcodes.H264(ctx, sourceOf(ctx, viewer))
	})
}

// watching is one who watches a camera, by whichever way.
type watching struct {
	service camera.Streams
	stream  *camera.Stream
	kind    camera.StreamKind
	h264    bool // whatever the camera sends
	peer    live.Peer
	viewing camera.Viewing
	viewer  *video.Viewer
	anew    atomic.Bool // he was sent away, and may come back at once
}

// watchingAt reads who wants to watch which stream of which camera, and that he may.
func (s *Server) watchingAt(c echo.Context) (*watching, error) {
	w := &watching{kind: camera.StreamKind(c.QueryParam("stream"))}
	var err error
	if w.service, w.stream, err = s.streamAt(c); err != nil {
		return nil, err
	}
	switch w.kind {
	case "", camera.MainStream, camera.SubStream:
	default:
		return nil, layers.Invalid("stream", "unknown_value", "%q is not a stream: main or sub", w.kind)
	}
	switch codec := c.QueryParam("codec"); codec {
	case "":
	case "h264":
		w.h264 = true
	default:
		return nil, layers.Invalid("codec", "unknown_value", "%.20q is not a codec that can be asked for: h264", codec)
	}
	w.peer, err = s.peerOf(c)
	w.viewing.CameraID = w.stream.CameraID
	return w, err
}

// begin joins the camera's pull and appends the beginning to the audit log: nobody watches unseen. Each that begins without an error has to leave.
func (s *Server) begin(ctx context.Context, w *watching, kind string) (err error) {
	if w.viewer, err = s.viewerOf(ctx, w); err != nil {
		return err
	}
	w.viewing.Kind, w.viewing.From = kind, s.now()
	if err := w.service.Watched(ctx, w.viewing); err != nil {
		w.viewer.Close()
		return err
	}
	return nil
}

// leave ends what begin began.
func (s *Server) leave(ctx context.Context, w *watching) {
	w.viewer.Close()
	w.viewing.To = s.now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := w.service.Watched(ctx, w.viewing); err != nil {
		s.log.Warn("the end of watching a camera is not in the audit log", "camera", w.viewing.CameraID, "err", err)
	}
}

// keepAsking asks again and again whether somebody still may watch, and sends him away when he may not, or when the camera has got masks or has none any more: what he was sent is another
// picture then. It returns when ctx ends.
func (s *Server) keepAsking(ctx context.Context, w *watching, away func()) {
	others := make(chan struct{})
	go func() {
		if s.untilMasks(ctx, ctx, w.viewing.CameraID, func(m camera.Masks) bool { return (len(m) > 0) != (len(w.stream.Masks) > 0) }) {
			close(others)
		}
	}()
	tick := time.NewTicker(watchRecheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-others:
			w.anew.Store(true)
			away()
			return
		case <-tick.C:
		}
		if !s.mayWatch(ctx, w.peer.Check, w.viewing.CameraID) {
			away()
			return
		}
	}
}

// watchCamera plays a camera to one viewer until he leaves, or may not watch any more. Both are in the audit log.
func (s *Server) watchCamera(c echo.Context) error {
	if err := identifyError(c); err != nil {
		return err
	}
	w, err := s.watchingAt(c)
	if err != nil {
		return err
	}
	s.watchers.Add(1)
	defer s.watchers.Done()
	conn, err := websocket.Accept(c.Response(), c.Request(), &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil //nolint:nilerr // the answer was written
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	ctx, cancel := context.WithCancel(conn.CloseRead(c.Request().Context()))
	defer cancel()
	switch err := s.begin(ctx, w, "live"); {
	case errors.Is(err, video.ErrTooManyStreams), errors.Is(err, video.ErrTooManyViewers), errors.Is(err, errTooManyMasked):
		_ = wsjson.Write(ctx, conn, watchNews{Type: "end", Reason: watchReason(err)})
		_ = conn.Close(websocket.StatusTryAgainLater, watchReason(err))
		return nil
	case err != nil:
		return nil //nolint:nilerr // the connection ends
	}
	defer s.leave(ctx, w)
	go s.keepAsking(ctx, w, func() {
		if w.anew.Load() {
			_ = conn.Close(websocket.StatusServiceRestart, watchReason(errMasksChanged))
		} else {
			_ = conn.Close(websocket.StatusPolicyViolation, "forbidden")
		}
		cancel()
	})
	user := auth.ActorFrom(ctx).User
	if err := wsjson.Write(ctx, conn, watchNews{Type: "hello", Masks: w.stream.Masks, User: user.Login}); err != nil {
		return nil //nolint:nilerr // he is gone
	}
	s.sendPictures(ctx, conn, w.viewer, &w.viewing)
	return nil
}

// mayWatch reports whether the viewer still has a session that may watch this camera. While nobody can tell he goes on.
func (s *Server) mayWatch(ctx context.Context, check func(context.Context) (*auth.Scope, error), id int64) bool {
	scope, err := check(ctx)
	if err != nil {
		return true
	}
	if scope == nil || !scope.May(auth.ActionWatch) {
		return false
	}
	l, f := s.replica.Layer(cameraLayer), s.replica.Get(cameraLayer, id)
	return l == nil || f == nil || scope.Sees(l, f)
}

func (s *Server) sendPictures(ctx context.Context, conn *websocket.Conn, viewer *video.Viewer, watch *camera.Viewing) {
	write := func(send func(ctx context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, watchWrite)
		defer cancel()
		return send(ctx)
	}
	var b []byte
	for {
		f, broken, err := viewer.Next(ctx)
		if err != nil {
			_ = conn.Close(websocket.StatusGoingAway, "")
			return
		}
		if f == nil {
			s.log.Debug("a camera does not play", "camera", watch.CameraID, "err", broken)
			err = write(func(ctx context.Context) error {
				return wsjson.Write(ctx, conn, watchNews{Type: "state", Reason: watchReason(broken)})
			})
		} else {
			b = appendPicture(b[:0], f)
			err = write(func(ctx context.Context) error { return conn.Write(ctx, websocket.MessageBinary, b) })
			watch.Frames++
		}
		if err != nil {
			return
		}
	}
}

// appendPicture writes a picture as docs/video.md describes it.
func appendPicture(b []byte, f *video.Frame) []byte {
	flags := byte(0)
	if f.Key {
		flags = 1
	}
	b = append(b, 1, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(len(f.Codec))) // #nosec G115 -- some letters
	b = binary.BigEndian.AppendUint32(b, f.Time)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Came.UnixMilli())) // #nosec G115 -- after 1970
	b = append(b, f.Codec...)
	return append(b, f.Data...)
}

// watchReason is what a viewer is told of an error: never an address.
func watchReason(err error) string {
	switch {
	case errors.Is(err, video.ErrTooManyStreams):
		return "too_many_streams"
	case errors.Is(err, video.ErrTooManyViewers):
		return "too_many_viewers"
	case errors.Is(err, errTooManyMasked):
		return "too_many_transcodes"
	case errors.Is(err, errMasksChanged):
		return "masks_changed"
	case errors.Is(err, transcode.ErrDecoder):
		return "no_decoder"
	case errors.Is(err, transcode.ErrPicture), errors.Is(err, transcode.ErrChanged), errors.Is(err, fmp4.ErrSets):
		return "bad_picture"
	case errors.Is(err, reach.ErrRefused):
		return "refused_address"
	case errors.Is(err, rtsp.ErrPassword):
		return "bad_password"
	case errors.Is(err, rtsp.ErrCodec), errors.Is(err, mpegps.ErrCodec):
		return "unsupported_codec"
	case errors.Is(err, transcode.ErrBudget):
		return "transcode_budget"
	case errors.Is(err, rtsp.ErrNoVideo), errors.Is(err, rtsp.ErrProtocol), errors.Is(err, gb28181.ErrNoVideo):
		return "no_video"
	case errors.Is(err, gb28181.ErrAway):
		return "device_away"
	case errors.Is(err, gb28181.ErrBusy):
		return "device_busy"
	case errors.Is(err, gb28181.ErrDenied):
		return "device_refuses"
	case errors.Is(err, gb28181.ErrEnded):
		return "device_ended"
	case errors.Is(err, gb28181.ErrNoMedia):
		return "no_media"
	case errors.Is(err, gb28181.ErrSSRC):
		return "wrong_ssrc"
	case errors.Is(err, gb28181.ErrNoPort):
		return "no_media_port"
	}
	return "unreachable"
}

// openCamera begins to play a camera: by the address that it has now, else by the device that it hangs on.
func (s *Server) openCamera(asked, ctx context.Context, id int64, kind camera.StreamKind) (video.Source, error) { //nolint:revive // who asked, and how long it may last
	stream, err := s.streams.Stream(asked, id)
	if err != nil {
		return nil, err
	}
	var played pictures
	switch {
	case stream.URL != "":
		played, err = rtsp.Open(ctx, rtsp.Options{URL: stream.Of(kind), Basic: s.cameraBasic, Dial: s.cameranet.Dial})
	case s.devices != nil:
		played, err = s.devices.Play(ctx, stream.Device, stream.Channel)
	default: // another node hears devices, or none does
		err = gb28181.ErrAway
	}
	if err != nil {
		return nil, fmt.Errorf("camera %d: %w", id, err)
	}
	return playing{played, s.now}, nil
}

// Devices are those that register by themselves: gb28181.Server.
type Devices interface {
	Play(ctx context.Context, device, channel string) (*gb28181.Play, error)
	Control(ctx context.Context, device, channel string, c camera.Control) error
	Ask(ctx context.Context, device string) (*manscdp.About, error)
	Stats() gb28181.Stats
	Platform() gb28181.Platform
}

// pictures come by RTSP, or from a device that was asked.
type pictures interface {
	Next() (*nal.Unit, error)
	Close() error
}

// playing is a stream as the hub wants it.
type playing struct {
	stream pictures
	now    func() time.Time
}

func (p playing) Next() (*video.Frame, error) {
	u, err := p.stream.Next()
	if err != nil {
		return nil, err
	}
	return &video.Frame{Data: u.Data, Key: u.Key, Codec: u.Codec, Time: u.Time, Came: p.now()}, nil
}

func (p playing) Close() error { return p.stream.Close() }
