package camera

import (
	"errors"
	"net/url"
	"testing"

	"wanglou/layers"
)

func TestMediaServer(t *testing.T) {
	t.Parallel()
	const code = "33012200001310000017"
	for _, c := range []struct {
		template, reason string
		device           string
		want             Stream
	}{
		{"", "", code, Stream{CameraID: 7, URL: "rtsp://camera/1", Sub: "rtsp://camera/2", Device: "d", Channel: "c"}},
		{"rtsp://10.8.0.9:8554/{device_id}", "", code, Stream{CameraID: 7, URL: "rtsp://10.8.0.9:8554/" + code}},
		{"rtsp://10.8.0.9:8554/{device_id}", "", "", Stream{CameraID: 7, URL: "rtsp://camera/1", Sub: "rtsp://camera/2", Device: "d", Channel: "c"}},
		{"rtsps://u:p@zlm/live/{id}?vhost={stream}", "", "", Stream{CameraID: 7, URL: "rtsps://u:p@zlm/live/7?vhost=main", Sub: "rtsps://u:p@zlm/live/7?vhost=sub"}},
		{"http://10.8.0.9/{id}", "not_an_address", "", Stream{}},
		{"rtsp:///{id}", "not_an_address", "", Stream{}},
		{"rtsp://{device_id}.lan/{id}", "not_supported", "", Stream{}},
		{"rtsp://10.8.0.9/live", "required", "", Stream{}},
		{"rtsp://10.8.0.9/{id}/{name}", "unknown_value", "", Stream{}},
	} {
		m, err := ParseMediaServer(c.template)
		var e *layers.Error
		if errors.As(err, &e); c.reason != "" {
			if e == nil || e.Code != layers.CodeInvalid || e.Reason != c.reason {
				t.Errorf("%q: %v, want %s", c.template, err, c.reason)
			}
			continue
		}
		got := Stream{CameraID: 7, URL: "rtsp://camera/1", Sub: "rtsp://camera/2", Device: "d", Channel: "c"}
		if m.Through(&got, c.device); err != nil || got.URL != c.want.URL || got.Sub != c.want.Sub || got.Device != c.want.Device || got.Channel != c.want.Channel {
			t.Errorf("%q: %+v, %v; want %+v", c.template, got, err, c.want)
		}
	}
}

func FuzzParseMediaServer(f *testing.F) {
	f.Add("rtsp://10.8.0.9:8554/{device_id}/{stream}", "34020000001310000001")
	f.Add("rtsps://u:p@media/{id}?x={id}", "")
	f.Fuzz(func(t *testing.T, template, device string) {
		m, err := ParseMediaServer(template)
		if err != nil || template == "" {
			return
		}
		s := Stream{CameraID: 7, URL: "rtsp://camera/1"}
		m.Through(&s, "34020000001310000001")
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "rtsp" && u.Scheme != "rtsps" || u.Host == "" {
			t.Fatalf("%q became %q: %v", template, s.URL, err)
		}
		// Whatever a camera is called, it is asked of the one media server.
		other := Stream{CameraID: 8}
		m.Through(&other, device)
		if v, err := url.Parse(other.URL); other.URL != "" && err == nil && v.Host != u.Host {
			t.Fatalf("%q is of another host than %q", other.URL, s.URL)
		}
	})
}

func FuzzSplitAddress(f *testing.F) {
	f.Add("rtsp://admin:p@ss/w:rd@10.8.0.9:554/1")
	f.Add("http://10.8.0.9/snap@2x.jpg")
	f.Fuzz(func(t *testing.T, address string) {
		bare, login, found := SplitAddress(address)
		if !found && (bare != address || login != Login{}) {
			t.Fatalf("%q became %q", address, bare)
		}
		if len(bare) > len(address) {
			t.Fatalf("%q became %q", address, bare)
		}
		// What was taken out is put back as the same; only an address that still looks as if it had one is left as it is.
		if _, _, more := SplitAddress(bare); found && !more && login != (Login{}) {
			if again, same, _ := SplitAddress(JoinAddress(bare, login)); again != bare || same != login {
				t.Fatalf("%q: %q and %q %q became %q and %q %q", address, bare, login.User, login.Password, again, same.User, same.Password)
			}
		}
	})
}
