package whep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"wanglou/layers"
	"wanglou/server/video/nal"
)

// MaxOffer is how long an offer may be, bytes. Browsers' have some thousand.
const MaxOffer = 64 << 10

const maxLines = 1000

// Offer is what a browser would take, checked: one video that it only receives.
type Offer struct {
	sdp    string // without the browser's own addresses: nobody is called by them
	codecs []webrtc.RTPCodecParameters
}

// ReadOffer reads an offer; CodeInvalid of the field offer.
func ReadOffer(b []byte) (*Offer, error) {
	bad := func(format string, args ...any) (*Offer, error) {
		return nil, layers.Invalid("offer", "bad_offer", format, args...)
	}
	if len(b) > MaxOffer {
		return bad("an offer has at most %d bytes", MaxOffer)
	}
	if strings.Count(string(b), "\n") > maxLines {
		return bad("an offer has at most %d lines", maxLines)
	}
	var d sdp.SessionDescription
	if err := d.Unmarshal(b); err != nil {
		return bad("the offer is not a session description")
	}
	if len(d.MediaDescriptions) != 1 || d.MediaDescriptions[0].MediaName.Media != "video" {
		return bad("the offer has to be for one video and nothing else")
	}
	m := d.MediaDescriptions[0]
	if _, receives := m.Attribute("recvonly"); !receives {
		return bad("the offer has to be recvonly: nothing is taken here")
	}
	for _, name := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		of, ok := m.Attribute(name)
		if !ok {
			of, ok = d.Attribute(name)
		}
		if !ok || of == "" {
			return bad("the offer has no %s", name)
		}
	}
	for _, list := range []*[]sdp.Attribute{&d.Attributes, &m.Attributes} {
		*list = slices.DeleteFunc(*list, func(a sdp.Attribute) bool { return a.Key == "candidate" || a.Key == "end-of-candidates" })
	}
	whole, err := d.Marshal()
	if err != nil {
		return bad("the offer is not a session description")
	}
	return &Offer{sdp: string(whole), codecs: codecsOf(m)}, nil
}

// codecsOf lists the H.264 and H.265 that a video takes.
func codecsOf(m *sdp.MediaDescription) []webrtc.RTPCodecParameters {
	var out []webrtc.RTPCodecParameters
	for _, format := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			continue
		}
		c := webrtc.RTPCodecParameters{PayloadType: webrtc.PayloadType(pt)}
		c.ClockRate = clockRate
		c.RTCPFeedback = []webrtc.RTCPFeedback{{Type: "nack"}}
		for _, a := range m.Attributes {
			of, value, _ := strings.Cut(a.Value, " ")
			if of != format {
				continue
			}
			switch a.Key {
			case "rtpmap":
				switch strings.ToUpper(value) {
				case "H264/90000":
					c.MimeType = webrtc.MimeTypeH264
				case "H265/90000":
					c.MimeType = webrtc.MimeTypeH265
				}
			case "fmtp":
				c.SDPFmtpLine = value
			}
		}
		if c.MimeType != "" {
			out = append(out, c)
		}
	}
	return out
}

// parameter returns one of a codec's format parameters, in small letters.
func parameter(c webrtc.RTPCodecParameters, name string) string {
	for part := range strings.SplitSeq(c.SDPFmtpLine, ";") {
		if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(key, name) {
			return strings.ToLower(strings.TrimSpace(value))
		}
	}
	return ""
}

// codec returns which of the offered codecs carries a camera's pictures, whose codec is named as WebCodecs name it. Of H.264 the camera's own profile comes first, then any: decoders read
// the profile in the stream. CodeInvalid where the browser takes none.
func (o *Offer) codec(name string) (webrtc.RTPCodecParameters, error) {
	best, at := webrtc.RTPCodecParameters{}, 0
	for _, c := range o.codecs {
		score := 0
		switch {
		case nal.IsH265(name):
			if c.MimeType == webrtc.MimeTypeH265 {
				score = 1
			}
		case c.MimeType == webrtc.MimeTypeH264 && parameter(c, "packetization-mode") == "1":
			score = 1
			// avc1.4D401F: the profile is the first two digits.
			if profile := parameter(c, "profile-level-id"); len(profile) == 6 && len(name) == 11 && strings.EqualFold(profile[:2], name[5:7]) {
				score = 2
			}
		}
		if score > at {
			best, at = c, score
		}
	}
	if at == 0 {
		kind := "H.264"
		if nal.IsH265(name) {
			kind = "H.265"
		}
		return best, layers.Invalid("offer", "codec_not_offered", "the camera sends %s, which the offer does not take", kind)
	}
	return best, nil
}

func (o *Offer) String() string { return fmt.Sprintf("an offer with %d codecs", len(o.codecs)) } // its keys are in no log
