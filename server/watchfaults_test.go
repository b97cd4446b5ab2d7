package server_test

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"

	"wanglou/layers/camera"
	"wanglou/server/rtsp"
	"wanglou/server/servertest"
)

// fakeCamera plays a film at an address, "" for any, until stop; it returns its address.
func fakeCamera(t *testing.T, at string, s *rtsp.Server, film []byte) (address string, stop context.CancelFunc) {
	t.Helper()
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() { _ = s.Serve(ctx, l) }()
	go func() { _ = s.Loop(ctx, film, 25, nil) }()
	return l.Addr().String(), stop
}

// watched reads one live picture.
type watched struct {
	t    *testing.T
	conn *websocket.Conn
}

// state reads on until the camera is told not to play, and returns why.
func (w watched) state() string {
	w.t.Helper()
	for {
		kind, b, err := w.conn.Read(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		var news struct{ Type, Reason string }
		if kind == websocket.MessageText && json.Unmarshal(b, &news) == nil && news.Type == "state" {
			return news.Reason
		}
	}
}

// Whatever a camera does, who watches it is told what is wrong, in a word that the console has, and sees it again when it is right again.
func TestCameraFaults(t *testing.T) {
	t.Parallel()
	w, log := newWatched(t, film("\x4d"))
	viewer := w.as("viewer")
	watch := func(id int64) watched {
		conn, _, err := w.watch(viewer, "/api/cameras/"+string(rune('0'+id))+"/live")
		if err != nil {
			t.Fatal(err)
		}
		return watched{t, conn}
	}
	move := func(id int64, address string) {
		log.mu.Lock()
		defer log.mu.Unlock()
		log.byID[id], log.area[id] = camera.Stream{CameraID: id, URL: address}, "c.t1"
	}
	t.Run("a wrong password", func(t *testing.T) {
		address, _ := fakeCamera(t, "", &rtsp.Server{User: url.UserPassword("admin", "right")}, film("\x4d"))
		move(5, "rtsp://admin:wrong@"+address+"/1")
		v := watch(5)
		if got := v.state(); got != "bad_password" {
			t.Errorf("told %s", got)
		}
		move(5, "rtsp://admin:right@"+address+"/1") // somebody corrects it
		if codec := codecOf(t, v.conn); codec != "avc1.4D001F" {
			t.Error(codec)
		}
	})
	t.Run("garbage", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write([]byte(strings.Repeat("\xff\x00garbage\n", 100)))
				_ = conn.Close()
			}
		}()
		move(6, "rtsp://"+l.Addr().String()+"/1")
		if got := watch(6).state(); got != "no_video" {
			t.Errorf("told %s", got)
		}
	})
	t.Run("it dies, and moves to another address", func(t *testing.T) {
		address, stop := fakeCamera(t, "", &rtsp.Server{}, film("\x4d"))
		move(7, "rtsp://"+address+"/1")
		v := watch(7)
		codecOf(t, v.conn)
		stop()
		if got := v.state(); got != "unreachable" {
			t.Errorf("told %s", got)
		}
		other, _ := fakeCamera(t, "", &rtsp.Server{}, film("\x42"))
		move(7, "rtsp://"+other+"/1")
		if codec := codecOf(t, v.conn); codec != "avc1.42001F" {
			t.Errorf("at its new address: %s", codec)
		}
	})
	t.Run("it changes its codec", func(t *testing.T) {
		h265 := encoded(t, "x265")
		address, stop := fakeCamera(t, "", &rtsp.Server{}, film("\x4d"))
		move(8, "rtsp://"+address+"/1")
		v := watch(8)
		codecOf(t, v.conn)
		stop()
		v.state()
		_, _ = fakeCamera(t, address, &rtsp.Server{H265: true}, h265)
		if codec := codecOf(t, v.conn); !strings.HasPrefix(codec, "hev1.") {
			t.Errorf("afterwards: %s", codec)
		}
	})
	t.Run("it changes its codec in the midst of a session", func(t *testing.T) {
		camera := &rtsp.Server{}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = camera.Serve(t.Context(), l) }()
		first, change := context.WithCancel(t.Context())
		defer change()
		h264, h265 := encoded(t, "x264"), encoded(t, "x265")
		go func() {
			_ = camera.Loop(first, h264, 25, nil)
			camera.Turn()
			_ = camera.Loop(t.Context(), h265, 25, nil)
		}()
		move(3, "rtsp://"+l.Addr().String()+"/1")
		v, asH264 := watch(3), func() watched {
			conn, _, err := w.watch(viewer, "/api/cameras/3/live?codec=h264")
			if err != nil {
				t.Fatal(err)
			}
			return watched{t, conn}
		}()
		var begun begunHLS
		viewer.Do("POST", "/api/cameras/3/hls", nil).Want(201).Into(&begun)
		playlist := func() string { return string(viewer.Get(begun.Playlist).Want(200).Body) }
		if codec := codecOf(t, v.conn); !strings.HasPrefix(codec, "avc1.") || strings.Contains(playlist(), "DISCONTINUITY\n") {
			t.Errorf("at first: %s, %s", codec, playlist())
		}
		codecOf(t, asH264.conn)
		change()
		// By the websocket nothing is broken off: up to a key picture of the new codec come pictures of the old one, and from it on none.
		last := "avc1"
		for n := 0; n < 30; {
			kind, b, err := v.conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if kind != websocket.MessageBinary {
				t.Fatalf("told %s", b)
			}
			named := 16 + int(b[2])<<8 + int(b[3])
			if b[1] == 1 {
				last, _, _ = strings.Cut(string(b[16:named]), ".")
			}
			if last == "hev1" {
				n++
			} else if strings.HasPrefix(string(b[named:]), "\x00\x00\x00\x01\x02\x01") {
				t.Fatal("a picture of H.265 is passed off as one of H.264")
			}
		}
		eventually(t, "the pieces are broken off, with a head of their own", func() bool {
			list := playlist()
			_, after, broken := strings.Cut(list, "#EXT-X-DISCONTINUITY\n")
			return broken && strings.Contains(after, "#EXT-X-MAP")
		})
		// Who asked for H.264 is told that it is begun anew, and sees H.264 again.
		if got := asH264.state(); got == "" {
			t.Error("told nothing")
		}
		if codec := codecOf(t, asH264.conn); !strings.HasPrefix(codec, "avc1.") {
			t.Error(codec)
		}
		viewer.Do("DELETE", begun.Place, nil).Want(204)
	})
	t.Run("its address points elsewhere", func(t *testing.T) {
		for _, inside := range []string{"rtsp://169.254.169.254/latest", "rtsp://10.0.0.1:5432/", "rtsp://[::1]:8554/1", "rtsp://0.0.0.0:5432/", "rtsp://[::ffff:10.0.0.1]/1"} {
			move(9, inside)
			viewer.Do("POST", "/api/cameras/9/hls", nil).WantError(404, "not_found", "", "refused_address")
			viewer.Get("/api/cameras/9/snapshot").WantError(404, "not_found", "", "refused_address")
			eventually(t, "the pull ends", func() bool { began, ended, _ := log.log("live"); return began-ended == 6 }) // of those above
		}
	})
}

// sockets is how many this process holds.
func sockets(t *testing.T) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc:", err)
	}
	for _, f := range all {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// A thousand watches that come and go, by each way, leave no goroutine, no socket and no memory behind, and each is in the audit log twice. It runs alone, so that all of these are its own.
func TestThousandWatchesLeaveNothing(t *testing.T) { //nolint:paralleltest // see above
	w, log := newWatched(t, encoded(t, "x264"))
	users := []*servertest.Client{w.as("viewer"), w.as("duty"), w.as("admin"), w.as("town")}
	_, offer := browser(t)
	ways := []func(c *servertest.Client, n int){
		func(c *servertest.Client, n int) {
			conn, _, err := w.watch(c, "/api/cameras/1/live"+[]string{"", "?stream=sub", "?codec=h264"}[n%3])
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.CloseNow() //nolint:errcheck // most go without a word
			for range 1 + n%4 {
				if _, _, err := conn.Read(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		},
		func(c *servertest.Client, n int) {
			var begun begunHLS
			c.Do("POST", "/api/cameras/1/hls", nil).Want(201).Into(&begun)
			c.Get(begun.Playlist).Want(200)
			c.Do("DELETE", begun.Place, nil).Want(204)
		},
		func(c *servertest.Client, n int) {
			if n%16 != 0 { // who never calls
				c.Do("DELETE", c.Do("POST", "/api/cameras/1/whep", offer, "Content-Type", sdpHeader).Want(201).Header.Get("Location"), nil).Want(204)
				return
			}
			conn, own := browser(t)
			defer conn.Close() //nolint:errcheck // it goes without a word
			came := make(chan struct{})
			conn.OnTrack(func(*webrtc.TrackRemote, *webrtc.RTPReceiver) { close(came) })
			answer := c.Do("POST", "/api/cameras/1/whep", own, "Content-Type", sdpHeader).Want(201)
			if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer.Body)}); err != nil {
				t.Error(err)
				return
			}
			<-came
			c.Do("DELETE", answer.Header.Get("Location"), nil).Want(204)
		},
	}
	// Of every 32 watches four are by HLS, four by WebRTC: each user may begin 64 of these at once.
	come := func(of *servertest.Client, from, to int) {
		for n := from; n < to; n++ {
			way := 0
			if n%8 == 6 {
				way = 1 + n/8%2
			}
			ways[way](of, n)
		}
	}
	all := func(each int) {
		var users4 sync.WaitGroup
		for _, u := range users {
			users4.Go(func() { come(u, 0, each) })
		}
		users4.Wait()
	}
	total := func(n int) func() bool {
		return func() bool { began, ended, _ := log.log("live"); return began == n && ended == n }
	}
	ours := regexp.MustCompile(`watchCamera|keepAsking|sendPictures|websocket\.\(\*Conn\)|wanglou/server/hls|wanglou/server/whep|pion/|rtsp\.\(\*|video\.\(\*Hub\)`)
	measure := func() (stacks, open int, heap uint64) {
		b := make([]byte, 16<<20)
		for _, g := range strings.Split(string(b[:runtime.Stack(b, true)]), "\n\n") {
			if ours.MatchString(g) {
				stacks++
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return stacks, sockets(t), m.HeapAlloc
	}
	stacks, _, _ := measure()
	all(16)
	eventually(t, "the first have left", total(64))
	var open int
	var heap uint64
	eventually(t, "their pulls have ended", func() bool { // some seconds after the last one
		var now int
		now, open, heap = measure()
		return now <= stacks
	})
	for range 2 {
		all(117)
	}
	eventually(t, "all have left", total(64+2*4*117))
	eventually(t, "nothing is left", func() bool {
		now, sockets, bytes := measure()
		t.Logf("%d goroutines of %d, %d sockets of %d, %d kB of heap of %d", now, stacks, sockets, open, bytes>>10, heap>>10)
		return now <= stacks && sockets <= open && bytes < heap+8<<20
	})
}
