package rtsp

import (
	"encoding/base64"
	"strings"
)

// media is the video of a description.
type media struct {
	codec   string // h264, h265
	control string
	params  [][]byte // SPS, PPS (VPS) that it tells beforehand
}

// parseSDP returns the first video that can be shown.
func parseSDP(sdp string) (media, error) {
	var m media
	video, any := false, false
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if video && m.codec != "" {
				return m, nil
			}
			video = strings.HasPrefix(line, "m=video")
			any = any || video
			m = media{}
		case !video:
		case strings.HasPrefix(line, "a=rtpmap:"):
			switch upper := strings.ToUpper(line); {
			case strings.Contains(upper, " H264/"):
				m.codec = "h264"
			case strings.Contains(upper, " H265/"):
				m.codec = "h265"
			}
		case strings.HasPrefix(line, "a=control:"):
			m.control = strings.TrimPrefix(line, "a=control:")
		case strings.HasPrefix(line, "a=fmtp:"):
			_, list, _ := strings.Cut(line, " ")
			for part := range strings.SplitSeq(list, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				switch strings.ToLower(name) {
				case "sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps":
					for set := range strings.SplitSeq(value, ",") {
						if b, err := base64.StdEncoding.DecodeString(set); err == nil && len(b) > 3 && len(m.params) < 8 {
							m.params = append(m.params, b)
						}
					}
				}
			}
		}
	}
	switch {
	case !any:
		return m, ErrNoVideo
	case m.codec == "":
		return m, ErrCodec
	}
	return m, nil
}
