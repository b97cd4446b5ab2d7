package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/paulmach/orb"
	"github.com/pion/webrtc/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server"
	"wanglou/server/reach"
	"wanglou/server/rtsp"
	"wanglou/server/servertest"
	"wanglou/server/whep"
)

// streams implements camera.Streams.
type streams struct {
	mu   sync.Mutex
	byID map[int64]camera.Stream
	area map[int64]string
	seen []camera.Viewing
	told []camera.Control // what cameras were told to do
}

func (s *streams) Playable(context.Context, []int64) (map[int64]bool, error) { return nil, nil }

func (s *streams) Stream(ctx context.Context, id int64) (*camera.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, ok := s.byID[id]
	if scope := auth.ActorFrom(ctx).Scope; !ok || !scope.InArea(s.area[id]) {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such camera")
	}
	return &out, nil
}

func (s *streams) Watched(_ context.Context, w camera.Viewing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, w)
	return nil
}

func (s *streams) Controlled(_ context.Context, _ int64, c *camera.Control) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, *c)
	return nil
}

func (s *streams) SetMasks(_ context.Context, id int64, m camera.Masks, _ *camera.Masks) error {
	s.mask(id, m)
	return nil
}

func (s *streams) mask(id int64, m camera.Masks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := s.byID[id]
	stream.Masks = m
	s.byID[id] = stream
}

// log tells how many looks of a kind began, ended, and with how many pictures.
func (s *streams) log(kind string) (began, ended int, pictures int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.seen {
		switch {
		case w.Kind != kind:
		case w.To.IsZero():
			began++
		default:
			ended++
			pictures += w.Frames
		}
	}
	return began, ended, pictures
}

// film is a picture and nine that differ little, as a camera of a profile sends them; no decoder would show them.
func film(profile string) []byte {
	return []byte("\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67" + profile + "\x00\x1f\xac\x00\x00\x00\x01\x68\xee\x3c\x80\x00\x00\x00\x01\x65\x88" + strings.Repeat("\x84", 3000) +
		strings.Repeat("\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x41\x9a"+strings.Repeat("\x55", 400), 9))
}

// serveFilm plays a film on loopback until the test ends and returns its address.
func serveFilm(t *testing.T, film []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rtsp.Server{}
	go func() { _ = s.Serve(t.Context(), l) }()
	go func() { _ = s.Loop(t.Context(), film, 100, nil) }()
	return "rtsp://" + l.Addr().String() + "/1"
}

// masks hide the triangle at the top of a picture.
var masks = camera.Masks{{orb.Point{0, 0}, orb.Point{0.5, 0}, orb.Point{0.5, 0.5}}}

// newWatched returns a running world with four cameras: 1 has two streams, 2 stands in another town, 3 has none, 4 does not answer.
func newWatched(t *testing.T, main []byte) (*world, *streams) {
	t.Helper()
	s := &streams{area: map[int64]string{1: "c.t1", 2: "c.t2", 3: "c.t1", 4: "c.t1"}}
	address := serveFilm(t, main)
	s.byID = map[int64]camera.Stream{
		1: {CameraID: 1, URL: address, Sub: serveFilm(t, film("\x42"))},
		2: {CameraID: 2, URL: address}, 3: {CameraID: 3}, 4: {CameraID: 4, URL: "rtsp://10.255.255.1/1"},
	}
	gate, err := whep.Open("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *server.Options) {
		o.Streams, o.Cameranet, o.WHEP, o.Transcodes, o.Masked = s, reach.Ranges{netip.MustParsePrefix("127.0.0.0/8")}, gate, 1, 1
	})
	for id, area := range s.area {
		w.put(upsert("camera", id, orb.Point{119.6, 29.8}, map[string]any{"name": fmt.Sprint(id), "area_path": area, "status": "online"}))
	}
	t.Cleanup(func() { _ = gate.Close() })
	w.start()
	return w, s
}

// watch opens a live picture.
func (w *world) watch(c *servertest.Client, path string) (*websocket.Conn, int, error) {
	conn, res, err := websocket.Dial(w.t.Context(), w.url+path, &websocket.DialOptions{HTTPHeader: c.Cookies()})
	status := 0
	if res != nil {
		status = res.StatusCode
	}
	if err == nil {
		w.t.Cleanup(func() { _ = conn.CloseNow() })
		conn.SetReadLimit(1 << 20)
	}
	return conn, status, err
}

// codecOf reads until the first key picture.
func codecOf(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	for {
		kind, b, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kind == websocket.MessageBinary && b[1] == 1 {
			return string(b[16 : 16+int(b[2])<<8+int(b[3])])
		}
	}
}

// The big and the small picture of a camera are two pulls; who may not watch gets neither.
func TestWatchStreams(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d"))
	viewer := w.as("viewer")
	for query, want := range map[string]string{"": "avc1.4D001F", "?stream=main": "avc1.4D001F", "?stream=sub": "avc1.42001F"} {
		conn, _, err := w.watch(viewer, "/api/cameras/1/live"+query)
		if err != nil {
			t.Fatal(err)
		}
		if got := codecOf(t, conn); got != want {
			t.Errorf("%q plays %s, want %s", query, got, want)
		}
		_ = conn.CloseNow()
	}
	for path, status := range map[string]int{"/api/cameras/1/live?stream=third": 400, "/api/cameras/2/live": 404, "/api/cameras/3/live": 404, "/api/cameras/9/live": 404} {
		if _, got, err := w.watch(viewer, path); err == nil || got != status {
			t.Errorf("%s: %d %v, want %d", path, got, err, status)
		}
	}
	if _, got, _ := w.watch(w.as("unit"), "/api/cameras/1/live"); got != 403 {
		t.Errorf("a unit gets %d", got)
	}
	conn, _, err := w.watch(viewer, "/api/cameras/4/live")
	if err != nil {
		t.Fatal(err)
	}
	var news struct{ Type, Reason string }
	for news.Type != "state" {
		_, b, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &news); err != nil {
			t.Fatal(err)
		}
	}
	if news.Reason != "refused_address" {
		t.Errorf("told %+v", news)
	}
	_ = conn.CloseNow()
	eventually(t, "all have left in the audit log", func() bool { began, ended, n := log.log("live"); return began == 4 && ended == 4 && n >= 3 })
}

// A still of the small picture: a JPEG with its age, in the audit log as a look.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "color=red:size=1280x720:rate=25:duration=0.4", "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-x264-params", "aud=1:repeat-headers=1", "-f", "h264", "pipe:1")
	real, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	w, log := newWatched(t, real)
	log.mu.Lock()
	whole := log.byID[1]
	whole.Sub, whole.Masks = "", masks
	log.byID[1] = whole
	log.byID[5], log.area[5] = camera.Stream{CameraID: 5, URL: serveFilm(t, film("\x4d"))}, "c.t1"
	log.mu.Unlock()
	viewer := w.as("viewer")
	got := viewer.Get("/api/cameras/1/snapshot").Want(200)
	picture, err := jpeg.Decode(bytes.NewReader(got.Body))
	if err != nil || got.Header.Get("Content-Type") != "image/jpeg" || got.Header.Get("Age") != "0" || !strings.Contains(got.Header.Get("Cache-Control"), "no-store") {
		t.Fatalf("%v %v", err, got.Header)
	}
	if size := picture.Bounds().Size(); size.X != 640 || size.Y != 360 {
		t.Errorf("%v", size)
	}
	for _, at := range []struct {
		x, y   int
		masked bool
	}{{300, 5, true}, {100, 350, false}} { // the mask is the triangle at the top
		if r, _, _, _ := picture.At(at.x, at.y).RGBA(); (r < 0x6000) != at.masked {
			t.Errorf("at %d, %d red is %x", at.x, at.y, r)
		}
	}
	if began, _, _ := log.log("still"); began != 1 {
		t.Errorf("%d looks in the audit log", began)
	}
	viewer.Get("/api/cameras/2/snapshot").WantError(404, "not_found", "")
	viewer.Get("/api/cameras/3/snapshot").WantError(404, "not_found", "", "no_stream")
	viewer.Get("/api/cameras/4/snapshot").WantError(404, "not_found", "", "refused_address")
	viewer.Get("/api/cameras/5/snapshot").WantError(404, "not_found", "", "bad_picture")
	w.as("unit").Get("/api/cameras/1/snapshot").WantError(403, "forbidden", "")
	if began, _, _ := log.log("still"); began != 1 {
		t.Errorf("%d looks in the audit log, those that saw nothing too", began)
	}
}

// Two hundred who come and go leave no goroutine behind, and each is in the audit log twice. It runs alone, so that the goroutines are its own.
func TestWatchersLeaveNothing(t *testing.T) { //nolint:paralleltest // see above
	w, log := newWatched(t, film("\x4d"))
	viewer := w.as("viewer")
	come := func(n int) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				conn, _, err := w.watch(viewer, "/api/cameras/1/live"+[]string{"", "?stream=sub"}[i%2])
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.CloseNow() //nolint:errcheck // some go without a word
				for range 1 + i%7 {
					if _, _, err := conn.Read(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
				if i%3 == 0 {
					_ = conn.Close(websocket.StatusNormalClosure, "")
				}
			})
		}
		all.Wait()
	}
	stay, _, err := w.watch(viewer, "/api/cameras/1/live") // so that the pulls are there before and after
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			if _, _, err := stay.Read(t.Context()); err != nil {
				return
			}
		}
	}()
	come(8)
	watching := regexp.MustCompile(`watchCamera|keepAsking|sendPictures|websocket\.\(\*Conn\)`)
	stacks := func() (n int) {
		b := make([]byte, 8<<20)
		for _, g := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
			if watching.MatchString(g) {
				n++
			}
		}
		return n
	}
	left := func(of int) func() bool { return func() bool { _, ended, _ := log.log("live"); return ended == of } }
	eventually(t, "the first have left", left(8))
	before := stacks()
	for range 4 {
		come(50)
	}
	eventually(t, "all have left", left(208))
	eventually(t, "their goroutines have ended", func() bool { return stacks() <= before })
}

// browser is a client of WebRTC, with its offer.
func browser(t *testing.T) (*webrtc.PeerConnection, string) {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	conn, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := conn.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(conn)
	if err := conn.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return conn, conn.LocalDescription().SDP
}

const sdpHeader = "application/sdp"

// A browser gets the camera's pictures by WebRTC, from the key picture on; it ends them, and both are in the audit log.
func TestWHEP(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d"))
	viewer := w.as("viewer")
	conn, offer := browser(t)
	track := make(chan *webrtc.TrackRemote, 1)
	conn.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { track <- r })
	got := viewer.Do("POST", "/api/cameras/1/whep?stream=sub", offer, "Content-Type", sdpHeader).Want(201)
	place := got.Header.Get("Location")
	answer := string(got.Body)
	if got.Header.Get("Content-Type") != sdpHeader || !strings.HasPrefix(place, "/api/cameras/1/whep/") || !strings.Contains(answer, "a=ice-lite") || strings.Contains(answer, "srflx") {
		t.Fatalf("%v\n%s", got.Header, answer)
	}
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	r := <-track
	if r.Codec().MimeType != webrtc.MimeTypeH264 {
		t.Errorf("codec %s", r.Codec().MimeType)
	}
	var key, pictures, live int // those that were there already follow each other at once
	var stamp uint32
	for n := 0; live < 30; n++ {
		p, _, err := r.ReadRTP()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && (len(p.Payload) < 8 || p.Payload[0]&31 != 24 || p.Payload[3] != 0x67 || p.Payload[4] != 0x42) {
			t.Errorf("the first packet begins with % x, not with the parameters of the small picture", p.Payload[:min(8, len(p.Payload))])
		}
		if p.Payload[0]&31 == 28 && p.Payload[1] == 0x85 {
			key++
		}
		if p.Marker {
			pictures++
			switch passed := p.Timestamp - stamp; {
			case passed == 900:
				live++
			case pictures > 1 && (passed != 90 || live > 0):
				t.Errorf("picture %d is %d after the one before", pictures, passed)
			}
			stamp = p.Timestamp
		}
	}
	if key < 3 {
		t.Errorf("%d key pictures", key)
	}
	w.as("duty").Do("DELETE", place, nil).WantError(404, "not_found", "")
	viewer.Do("DELETE", strings.Replace(place, "cameras/1/", "cameras/2/", 1), nil).WantError(404, "not_found", "")
	viewer.Do("DELETE", place, nil).Want(204)
	eventually(t, "the end is in the audit log", func() bool { began, ended, n := log.log("live"); return began == 1 && ended == 1 && n >= 30 })
	viewer.Do("DELETE", place, nil).WantError(404, "not_found", "")
	for {
		if _, _, err := r.ReadRTP(); errors.Is(err, io.EOF) {
			break // closed from there
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWHEPRefused(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d"))
	viewer := w.as("viewer")
	_, offer := browser(t)
	post := func(path, body string) *servertest.Response {
		return viewer.Do("POST", path, body, "Content-Type", sdpHeader)
	}
	w.as("unit").Do("POST", "/api/cameras/1/whep", offer, "Content-Type", sdpHeader).WantError(403, "forbidden", "")
	post("/api/cameras/2/whep", offer).WantError(404, "not_found", "")
	post("/api/cameras/3/whep", offer).WantError(404, "not_found", "", "no_stream")
	post("/api/cameras/4/whep", offer).WantError(404, "not_found", "", "refused_address")
	post("/api/cameras/1/whep?stream=x", offer).WantError(400, "invalid", "stream", "unknown_value")
	viewer.Do("POST", "/api/cameras/1/whep", offer, "Content-Type", "text/plain").WantError(400, "invalid", "Content-Type", "wrong_type")
	post("/api/cameras/1/whep", strings.Repeat("a=x\r\n", 40_000)).WantError(413, "too_large", "")
	for what, body := range map[string]string{
		"no description": "\x00\xff",
		"no video":       "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
		"sends":          strings.ReplaceAll(offer, "a=recvonly", "a=sendrecv"),
		"without a key":  strings.ReplaceAll(offer, "a=ice-pwd", "a=x"),
	} {
		t.Log(what)
		post("/api/cameras/1/whep", body).WantError(400, "invalid", "offer", "bad_offer")
	}
	post("/api/cameras/1/whep", strings.ReplaceAll(offer, "H264/", "VP8/")).WantError(400, "invalid", "offer", "codec_not_offered")
	eventually(t, "nobody watches", func() bool { began, ended, _ := log.log("live"); return began == ended })
	none := newWorld(t, func(o *server.Options) { o.Streams = log })
	none.as("viewer").Do("POST", "/api/cameras/1/whep", offer, "Content-Type", sdpHeader).WantError(404, "not_found", "", "no_webrtc")
	log.mask(1, masks)
	var in struct{ Masks camera.Masks }
	viewer.Get("/api/cameras/1/masks").Want(200).Into(&in)
	if len(in.Masks) != 1 || !slices.Equal(in.Masks[0], log.byID[1].Masks[0]) {
		t.Errorf("masks %v", in.Masks)
	}
	viewer.Get("/api/cameras/2/masks").WantError(404, "not_found", "")
}

// realFilm is what a camera of a colour sends.
func realFilm(t *testing.T, colour string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "color="+colour+":size=640x360:rate=25:duration=0.4", "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-x264-params", "aud=1:repeat-headers=1", "-f", "h264", "pipe:1")
	film, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	return film
}

// brightnessOf decodes a key picture and returns how bright it is in the middle of the upper half and of the lower one.
func brightnessOf(t *testing.T, key []byte) (upper, lower byte) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "h264", "-i", "pipe:0", "-frames:v", "1", "-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1")
	cmd.Stdin = bytes.NewReader(key)
	out, err := cmd.Output()
	if err != nil || len(out) != 256 {
		t.Fatalf("%d bytes: %v", len(out), err)
	}
	return out[4*16+8], out[12*16+8]
}

// keyOf reads until the next key picture, or the end, whose reason it returns.
func keyOf(t *testing.T, conn *websocket.Conn) (key []byte, reason string) {
	t.Helper()
	for {
		kind, b, err := conn.Read(t.Context())
		if err != nil {
			return nil, websocket.CloseStatus(err).String()
		}
		if kind == websocket.MessageBinary && b[1] == 1 {
			return b[16+int(b[2])<<8+int(b[3]):], ""
		}
		var news struct{ Type, Reason string }
		if kind == websocket.MessageText && json.Unmarshal(b, &news) == nil && news.Type == "end" {
			return nil, news.Reason
		}
	}
}

// What leaves the server of a camera with masks has them burnt in, for whoever asks, whichever stream he asks for; who watches when the camera gets masks is sent away, and gets the
// masked picture when he comes back. Beyond the budget it is said, and there are stills.
func TestWatchMasked(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, realFilm(t, "white"))
	upperHalf := camera.Masks{{orb.Point{0, 0}, orb.Point{1, 0}, orb.Point{1, 0.5}, orb.Point{0, 0.5}}}
	address := serveFilm(t, realFilm(t, "white"))
	log.mu.Lock()
	for id := int64(10); id < 12; id++ {
		log.byID[id], log.area[id] = camera.Stream{CameraID: id, URL: address}, "c.t1"
	}
	log.mu.Unlock()
	viewer, admin := w.as("viewer"), w.as("admin")
	watch := func(path string) *websocket.Conn {
		conn, _, err := w.watch(viewer, path)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	conn := watch("/api/cameras/10/live")
	key, reason := keyOf(t, conn)
	if upper, lower := brightnessOf(t, key); reason != "" || upper < 200 || lower < 200 {
		t.Fatalf("without masks: %d %d %s", upper, lower, reason)
	}
	admin.Do("PUT", "/api/cameras/10/masks", map[string]any{"masks": upperHalf}).Want(204)
	for reason == "" {
		_, reason = keyOf(t, conn)
	}
	if reason != websocket.StatusServiceRestart.String() {
		t.Errorf("sent away with %s", reason)
	}
	for _, path := range []string{"/api/cameras/10/live", "/api/cameras/10/live?stream=main", "/api/cameras/10/live?stream=sub"} {
		conn = watch(path)
		key, reason = keyOf(t, conn)
		if reason != "" {
			t.Fatal(path, reason)
		}
		if upper, lower := brightnessOf(t, key); upper > 24 || lower < 200 {
			t.Errorf("%s: %d above, %d below", path, upper, lower)
		}
	}
	// Other masks hold for who watches on.
	lowerHalf := camera.Masks{{orb.Point{0, 0.5}, orb.Point{1, 0.5}, orb.Point{1, 1}, orb.Point{0, 1}}}
	admin.Do("PUT", "/api/cameras/10/masks", map[string]any{"masks": lowerHalf}).Want(204)
	eventually(t, "the other masks are burnt in", func() bool {
		if key, reason = keyOf(t, conn); reason != "" {
			t.Fatal(reason)
		}
		upper, lower := brightnessOf(t, key)
		return upper > 200 && lower < 24
	})
	// One transcode is the budget here.
	log.mask(11, upperHalf)
	if _, reason = keyOf(t, watch("/api/cameras/11/live")); reason != "too_many_transcodes" {
		t.Errorf("a second camera: %s", reason)
	}
	picture, err := jpeg.Decode(bytes.NewReader(viewer.Get("/api/cameras/11/snapshot").Want(200).Body))
	if err != nil {
		t.Fatal(err)
	}
	above, _, _, _ := picture.At(300, 90).RGBA()
	if below, _, _, _ := picture.At(300, 300).RGBA(); above > 0x6000 || below < 0x6000 {
		t.Errorf("a still is %x above and %x below", above, below)
	}
	_, offer := browser(t)
	viewer.Do("POST", "/api/cameras/11/whep", offer, "Content-Type", "application/sdp").WantError(503, "unavailable", "", "too_many_transcodes")
}
