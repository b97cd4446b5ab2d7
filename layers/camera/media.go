package camera

import (
	"net/url"
	"strconv"
	"strings"

	"wanglou/layers"
)

// MediaServer is the address under which another server (MediaMTX, go2rtc, ZLMediaKit) plays each camera by RTSP, with places for what tells cameras apart:
//
//	rtsp://10.8.0.9:8554/{device_id}/{stream}
//
// {id} is the camera's number here, {device_id} its code of GB/T 28181, {stream} main or sub. The zero value is none: cameras are asked themselves.
type MediaServer struct {
	template string
	device   bool // cameras without a code are not there
	streams  bool // there are small pictures
}

// ParseMediaServer reads a template: CodeInvalid for what is no address of RTSP, or is the same for all cameras.
func ParseMediaServer(template string) (MediaServer, error) {
	m := MediaServer{template: template, device: strings.Contains(template, "{device_id}"), streams: strings.Contains(template, "{stream}")}
	if template == "" {
		return m, nil
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(template, "rtsp://"), "rtsps://"), "/")
	u, err := url.Parse(m.fill(1, "00000000000000000000", MainStream))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "rtsp" && u.Scheme != "rtsps":
		return MediaServer{}, layers.Invalid("--media-server", "not_an_address", "a media server is an address like rtsp://10.8.0.9:8554/{device_id}")
	case strings.ContainsAny(host, "{}"):
		return MediaServer{}, layers.Invalid("--media-server", "not_supported", "the host of the media server is one for all cameras")
	case !m.device && !strings.Contains(template, "{id}"):
		return MediaServer{}, layers.Invalid("--media-server", "required", "the address says by {id} or {device_id} which camera is meant")
	case strings.ContainsAny(m.fill(1, "0", MainStream), "{}"):
		return MediaServer{}, layers.Invalid("--media-server", "unknown_value", "places in the address are {id}, {device_id} and {stream}")
	}
	return m, nil
}

func (m MediaServer) fill(id int64, device string, kind StreamKind) string {
	return strings.NewReplacer("{id}", strconv.FormatInt(id, 10), "{device_id}", device, "{stream}", string(kind)).Replace(m.template)
}

// Has reports whether the media server plays a camera of that code.
func (m MediaServer) Has(device string) bool { return m.template != "" && (!m.device || device != "") }

// Through turns s to the media server, where that has the camera: neither the camera nor the device that it hangs on is asked then.
func (m MediaServer) Through(s *Stream, device string) {
	if !m.Has(device) {
		return
	}
	s.URL, s.Sub, s.Device, s.Channel = m.fill(s.CameraID, device, MainStream), "", "", ""
	s.Turns = false
	if m.streams {
		s.Sub = m.fill(s.CameraID, device, SubStream)
	}
}
