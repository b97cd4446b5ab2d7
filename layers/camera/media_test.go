package camera

import (
	"errors"
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
