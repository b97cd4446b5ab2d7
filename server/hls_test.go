package server_test

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/paulmach/orb"

	"wanglou/layers/camera"
	"wanglou/server/rtsp"
)

// encoded is a film of a test pattern of so many pictures a second; it is skipped where there is no ffmpeg.
func encoded(t *testing.T, encoder string) []byte {
	t.Helper()
	params := "aud=1:repeat-headers=1:scenecut=0"
	format := "h264"
	if encoder == "x265" {
		params, format = "aud=1:repeat-headers=1:log-level=error", "hevc"
	}
	b, err := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=426x240:rate=25:duration=2", "-c:v", "lib"+encoder, "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "25", "-"+encoder+"-params", params, "-f", format, "pipe:1").Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	return b
}

// serveH265 plays a film of H.265 at its own pace until the test ends.
func serveH265(t *testing.T, film []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rtsp.Server{H265: true}
	go func() { _ = s.Serve(t.Context(), l) }()
	go func() { _ = s.Loop(t.Context(), film, 25, nil) }()
	return "rtsp://" + l.Addr().String() + "/1"
}

func (s *streams) add(id int64, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id], s.area[id] = camera.Stream{CameraID: id, URL: url}, "c.t1"
}

type begunHLS struct {
	Place, Playlist, Codec string
	Masks                  camera.Masks
}

// A browser fetches the camera's pieces: ffmpeg finds nothing wrong with them. Beginning and end are in the audit log, and nobody else fetches them.
func TestHLS(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, encoded(t, "x264"))
	viewer := w.as("viewer")
	var begun begunHLS
	viewer.Do("POST", "/api/cameras/1/hls", nil).Want(201).Into(&begun)
	place := begun.Place
	if begun.Playlist != place+"/index.m3u8" || !strings.HasPrefix(begun.Codec, "avc1.") || len(begun.Masks) != 0 || !strings.HasPrefix(place, "/api/cameras/1/hls/") {
		t.Fatalf("%+v %s", begun, place)
	}
	list := viewer.Get(begun.Playlist + "?_HLS_msn=1&_HLS_part=1").Want(200)
	if h := list.Header; h.Get("Content-Type") != "application/vnd.apple.mpegurl" || h.Get("Cache-Control") != "no-store" || !bytes.HasPrefix(list.Body, []byte("#EXTM3U\n")) {
		t.Errorf("%v %s", h, list.Body)
	}
	film := viewer.Get(place + "/" + regexp.MustCompile(`head-\d+\.mp4`).FindString(string(list.Body))).Want(200).Body
	segment := viewer.Get(place + "/" + regexp.MustCompile(`(?m)^\d+\.m4s`).FindString(string(list.Body))).Want(200)
	if h := segment.Header; h.Get("Content-Type") != "video/mp4" || h.Get("Content-Encoding") != "" {
		t.Errorf("%v", h)
	}
	check := exec.CommandContext(t.Context(), "ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of", "csv=p=0", "pipe:0")
	check.Stdin = bytes.NewReader(append(film, segment.Body...))
	if out, err := check.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "426,240,1") && !strings.HasPrefix(string(out), "426,240,2") {
		t.Errorf("%s %v", out, err)
	}
	w.as("duty").Get(begun.Playlist).WantError(404, "not_found", "")
	viewer.Get(strings.Replace(begun.Playlist, "cameras/1/", "cameras/2/", 1)).WantError(404, "not_found", "")
	viewer.Get(place+"/x.mp4").WantError(404, "not_found", "")
	viewer.Get(begun.Playlist+"?_HLS_msn=9999").WantError(404, "not_found", "")
	viewer.Get(begun.Playlist+"?_HLS_msn=x").WantError(400, "invalid", "_HLS_msn", "not_a_value")
	w.as("duty").Do("DELETE", place, nil).WantError(404, "not_found", "")
	viewer.Do("DELETE", place, nil).Want(204)
	eventually(t, "the end is in the audit log", func() bool { began, ended, n := log.log("live"); return began == 1 && ended == 1 && n >= 10 })
	viewer.Get(begun.Playlist).WantError(404, "not_found", "")
}

func TestHLSRefused(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d")) // its parameter sets cannot be read
	viewer := w.as("viewer")
	w.as("unit").Do("POST", "/api/cameras/1/hls", nil).WantError(403, "forbidden", "")
	viewer.Do("POST", "/api/cameras/2/hls", nil).WantError(404, "not_found", "")
	viewer.Do("POST", "/api/cameras/3/hls", nil).WantError(404, "not_found", "", "no_stream")
	viewer.Do("POST", "/api/cameras/4/hls", nil).WantError(404, "not_found", "", "refused_address")
	viewer.Do("POST", "/api/cameras/1/hls?stream=x", nil).WantError(400, "invalid", "stream", "unknown_value")
	viewer.Do("POST", "/api/cameras/1/hls?codec=vp8", nil).WantError(400, "invalid", "codec", "unknown_value")
	var begun begunHLS
	viewer.Do("POST", "/api/cameras/1/hls", nil).Want(201).Into(&begun)
	viewer.Get(begun.Playlist).WantError(404, "not_found", "", "bad_picture")
	viewer.Do("DELETE", begun.Place, nil).Want(204)
	eventually(t, "nobody watches", func() bool { began, ended, _ := log.log("live"); return began == ended })
}

// H.265 plays as it comes; a browser that shows none gets H.264 by each way while the budget lasts, and is told when it is used up.
func TestH265(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d"))
	film := encoded(t, "x265")
	log.add(6, serveH265(t, film))
	log.add(7, serveH265(t, film))
	for id := int64(6); id < 8; id++ {
		w.put(upsert("camera", id, orb.Point{119.6, 29.8}, map[string]any{"name": "H.265", "area_path": "c.t1", "status": "online"}))
	}
	viewer := w.as("viewer")
	conn, _, err := w.watch(viewer, "/api/cameras/6/live")
	if err != nil {
		t.Fatal(err)
	}
	if codec := codecOf(t, conn); !strings.HasPrefix(codec, "hev1.1.") {
		t.Errorf("as it comes: %s", codec)
	}
	_ = conn.CloseNow()
	playing, _, err := w.watch(viewer, "/api/cameras/6/live?codec=h264")
	if err != nil {
		t.Fatal(err)
	}
	if codec := codecOf(t, playing); !strings.HasPrefix(codec, "avc1.") {
		t.Errorf("in H.264: %s", codec)
	}
	// The other ways take the same one.
	var begun begunHLS
	viewer.Do("POST", "/api/cameras/6/hls?codec=h264", nil).Want(201).Into(&begun)
	if !strings.HasPrefix(begun.Codec, "avc1.") {
		t.Errorf("by HLS: %s", begun.Codec)
	}
	_, offer := browser(t)
	without := strings.ReplaceAll(offer, "H265/", "VP8/")
	viewer.Do("POST", "/api/cameras/6/whep", without, "Content-Type", sdpHeader).WantError(400, "invalid", "offer", "codec_not_offered")
	viewer.Do("POST", "/api/cameras/6/whep?codec=h264", without, "Content-Type", sdpHeader).Want(201)
	viewer.Do("POST", "/api/cameras/7/hls?codec=h264", nil).WantError(404, "not_found", "", "transcode_budget")
	viewer.Do("POST", "/api/cameras/7/whep?codec=h264", without, "Content-Type", sdpHeader).WantError(404, "not_found", "", "transcode_budget")
	other, _, err := w.watch(viewer, "/api/cameras/7/live?codec=h264")
	if err != nil {
		t.Fatal(err)
	}
	for told := false; !told; {
		_, b, err := other.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told = bytes.Contains(b, []byte(`"transcode_budget"`))
	}
	// A camera of H.264 needs none of it.
	plain, _, err := w.watch(viewer, "/api/cameras/1/live?codec=h264")
	if err != nil {
		t.Fatal(err)
	}
	if codec := codecOf(t, plain); codec != "avc1.4D001F" {
		t.Errorf("H.264: %s", codec)
	}
	// When the first is let go of, the other begins by itself.
	_ = playing.Close(websocket.StatusNormalClosure, "")
	viewer.Do("DELETE", begun.Place, nil).Want(204)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		kind, _, err := other.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if kind == websocket.MessageBinary {
			break
		}
	}
}
