package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"wanglou/server/gb28181/recorder"
	"wanglou/server/servertest"
)

// pattern plays a test pattern of ffmpeg's until the test ends.
func pattern(t testing.TB) *recorder.Pictures {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15", "-c:v", "libx264", "-preset", "ultrafast",
		"-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "30", "-x264-params", "aud=1:repeat-headers=1", "-f", "h264", "pipe:1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no ffmpeg:", err)
	}
	p := &recorder.Pictures{}
	go func() { _ = p.Feed(out); _ = cmd.Wait() }()
	return p
}

// watching is a websocket that plays a camera.
func watching(t testing.TB, c *servertest.Client, id int64) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(c.Base, "http", "ws", 1)+fmt.Sprintf("/api/cameras/%d/live", id), &websocket.DialOptions{HTTPHeader: c.Cookies()})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(8 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// picture waits for a picture, a key picture where it is meant.
func picture(t testing.TB, conn *websocket.Conn, key bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if kind == websocket.MessageBinary && (!key || b[1]&1 == 1 && strings.Contains(string(b[:40]), "avc1.")) {
			return
		}
	}
}

// state waits until it is told why the camera does not play.
func state(t testing.TB, conn *websocket.Conn, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if kind == websocket.MessageText && strings.Contains(string(b), `"`+want+`"`) {
			return
		}
	}
}

// The whole way of a device's picture: it registers, tells of its camera, and whoever may watches it; why it ends is said.
func TestDevicePictures(t *testing.T) {
	t.Parallel()
	pictures := pattern(t)
	n := serve(t, county(t), func(c *ServeCmd) {
		c.Cameras = []string{"127.0.0.1/32"}
		c.SIP = SIPFlags{Listen: "127.0.0.1:0", ID: "33012200002000000001", Password: "geheim"}
	})
	const channel, fixed = "33012200001310009999", "33012200001310009998"
	const item = "</DeviceID><Name>新桥</Name><Status>ON</Status><Longitude>119.68</Longitude><Latitude>29.79</Latitude>"
	r := &recorder.Recorder{ID: "33012200001180000009", Password: "geheim", Server: n.Config.SIP.ID, Pictures: pictures, Controls: make(chan string, 4),
		Channels: []string{"<Item><DeviceID>" + channel + item + "</Item>", "<Item><DeviceID>" + fixed + item + "<Info><PTZType>3</PTZType></Info></Item>"}}
	if err := r.Dial(t.Context(), "udp", n.signals.conns.Addr().String()); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if code, err := r.Register(t.Context(), 3600); code != 200 || err != nil {
		t.Fatal(code, err)
	}
	var id int64
	eventually(t, "the camera to be in the registry", func() bool {
		return n.DB.Pool.QueryRow(t.Context(), `SELECT id FROM camera WHERE device_id = $1`, channel).Scan(&id) == nil && n.Replica.Get("camera", id) != nil
	})
	duty := n.as("duty")
	began := time.Now()
	first := watching(t, duty, id)
	var hello struct{ Type, User string }
	if err := wsjson.Read(t.Context(), first, &hello); err != nil || hello.Type != "hello" || hello.User != "duty" {
		t.Fatal(hello, err)
	}
	picture(t, first, true)
	cold := time.Since(began)
	began = time.Now()
	picture(t, watching(t, duty, id), true)
	t.Logf("first picture after %v, of the second viewer after %v; %+v", cold, time.Since(began), n.signals.server.Stats())
	if plays := n.signals.server.Stats().Plays; plays != 1 || r.Playing() != 1 {
		t.Errorf("%d pulls, %d calls for two who watch", plays, r.Playing())
	}
	duty.Get(fmt.Sprintf("/api/cameras/%d/snapshot", id)).Want(200)

	// It turns, and the server stops it; the other one says that it is fixed.
	var is struct{ Turns bool }
	if duty.Get(fmt.Sprintf("/api/cameras/%d/control", id)).Want(200).Into(&is); !is.Turns {
		t.Error("a camera of a recorder does not turn")
	}
	var still int64
	if err := n.DB.Pool.QueryRow(t.Context(), `SELECT id FROM camera WHERE device_id = $1`, fixed).Scan(&still); err != nil {
		t.Fatal(err)
	}
	if duty.Get(fmt.Sprintf("/api/cameras/%d/control", still)).Want(200).Into(&is); is.Turns {
		t.Error("a camera turns that is fixed")
	}
	duty.Do("POST", fmt.Sprintf("/api/cameras/%d/control", id), map[string]any{"command": "move", "pan": 1, "for_ms": 200}).Want(204)
	for _, want := range []string{"A50F0101FF0000B5", "A50F0100000000B5"} {
		if told := <-r.Controls; !strings.Contains(told, "<PTZCmd>"+want+"<") {
			t.Errorf("it was told %s, want %s", told, want)
		}
	}

	if err := r.HangUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	state(t, first, "device_ended")
	r.SSRC.Store(703001718) // another one than it is asked for
	picture(t, first, true)
	r.Refuse.Store(486)
	if err := r.HangUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	state(t, first, "device_busy")
	if code, err := r.Register(t.Context(), 0); code != 200 || err != nil {
		t.Fatal(code, err)
	}
	state(t, first, "device_away")
}
