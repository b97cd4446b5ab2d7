package whep

import (
	"strings"
	"testing"

	"wanglou/layers"
)

// chromium is an offer as Chromium makes it, shortened.
const chromium = "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 103 104 107 108 109 114\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=candidate:1 1 udp 2113937151 10.1.2.3 22 typ host generation 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\na=setup:actpass\r\na=mid:0\r\n" +
	"a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n" +
	"a=rtpmap:96 VP8/90000\r\na=rtpmap:103 H264/90000\r\na=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" +
	"a=rtpmap:104 rtx/90000\r\na=fmtp:104 apt=103\r\na=rtpmap:107 H264/90000\r\na=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=64001f\r\n" +
	"a=rtpmap:108 H264/90000\r\na=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f\r\n" +
	"a=rtpmap:109 H264/90000\r\na=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f\r\n" +
	"a=rtpmap:114 H265/90000\r\na=fmtp:114 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"

func TestReadOffer(t *testing.T) {
	t.Parallel()
	o, err := ReadOffer([]byte(chromium))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(o.sdp, "10.1.2.3") {
		t.Error("the browser's own address is left")
	}
	for name, want := range map[string]uint8{"avc1.42001F": 103, "avc1.42E01F": 103, "avc1.4D401F": 109, "avc1.640028": 108, "avc1.58001F": 103, "avc1": 103, "hev1.1.6.L93.B0": 114} {
		if c, err := o.codec(name); err != nil || uint8(c.PayloadType) != want {
			t.Errorf("%s: %d %v, want %d", name, c.PayloadType, err, want)
		}
	}
	for what, body := range map[string]string{
		"no description": "hello",
		"too long":       strings.Repeat("x", MaxOffer+1),
		"not one video":  chromium + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
		"not received":   strings.Replace(chromium, "recvonly", "sendonly", 1),
		"incomplete":     strings.Replace(chromium, "a=fingerprint", "a=x", 1),
	} {
		var e *layers.Error
		if _, err := ReadOffer([]byte(body)); !asError(err, &e) || e.Reason != "bad_offer" || e.Field != "offer" {
			t.Errorf("%s: %v", what, err)
		}
	}
	o, err = ReadOffer([]byte(strings.ReplaceAll(chromium, "H265/", "AV1/")))
	if err != nil {
		t.Fatal(err)
	}
	var e *layers.Error
	if _, err := o.codec("hvc1.1.6.L93.B0"); !asError(err, &e) || e.Reason != "codec_not_offered" || !strings.Contains(e.Msg, "H.265") {
		t.Errorf("%v", err)
	}
}

// Whatever is offered is read or refused, and what is read is answered or refused: nothing breaks.
func FuzzOffer(f *testing.F) {
	f.Add(chromium)
	f.Add(strings.ReplaceAll(chromium, "\r\n", "\n"))
	f.Add(strings.Replace(chromium, "UDP/TLS/RTP/SAVPF", "", 1))
	f.Add(strings.Replace(chromium, "sha-256 7B:8B", "sha-256 zz", 1))
	f.Add(strings.Replace(chromium, "profile-level-id=4d001f", "profile-level-id=", 1))
	f.Add(strings.Replace(chromium, "a=mid:0\r\n", "", 1))
	f.Add("v=0\r\nm=video 9 x 999\r\na=recvonly\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=fingerprint:c\r\na=rtpmap:999 H264/90000\r\n")
	gate := open(f)
	f.Fuzz(func(t *testing.T, body string) {
		o, err := ReadOffer([]byte(body))
		if err != nil {
			return
		}
		s, answer, err := gate.Answer(o, picture(0))
		if err != nil {
			return
		}
		defer s.Close()
		if !strings.Contains(answer, "m=video") {
			t.Errorf("answered with %q", answer)
		}
	})
}
