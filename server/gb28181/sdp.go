package gb28181

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const maxSDP = 8 << 10 // bytes

// offer is what a device is asked to send, where to, and by which number its packets are known.
func offer(platform string, at netip.AddrPort, tcp bool, ssrc uint32) []byte {
	family, profile, setup := "IP4", "RTP/AVP", ""
	if at.Addr().Is6() {
		family = "IP6"
	}
	if tcp {
		profile, setup = "TCP/RTP/AVP", "a=setup:passive\r\na=connection:new\r\n"
	}
	return fmt.Appendf(nil, "v=0\r\no=%s 0 0 IN %s %s\r\ns=Play\r\nc=IN %s %s\r\nt=0 0\r\nm=video %d %s 96\r\na=recvonly\r\na=rtpmap:96 PS/90000\r\n%sy=%010d\r\nf=v/////a///\r\n",
		platform, family, at.Addr(), family, at.Addr(), at.Port(), profile, setup, ssrc)
}

// answer is what a device says that it will send.
type answer struct {
	host    netip.Addr // invalid: not said
	ssrc    uint32     // 0: not said
	refused bool       // it has no video, or in no form that was offered
}

// parseAnswer reads a device's answer. Devices leave out what they think is known, and write y= as they like.
func parseAnswer(body []byte) answer {
	var out answer
	if len(body) > maxSDP {
		return answer{refused: true}
	}
	video, within, named, ps := false, false, false, false
	for line := range strings.Lines(string(body)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		switch f := strings.Fields(value); name {
		case "m":
			within = len(f) >= 2 && f[0] == "video"
			if within {
				video = f[1] != "0"
			}
		case "c":
			if len(f) == 3 && (within || !out.host.IsValid()) {
				if a, err := netip.ParseAddr(f[2]); err == nil && !a.IsUnspecified() {
					out.host = a.Unmap()
				}
			}
		case "a":
			if of, is := strings.CutPrefix(value, "rtpmap:"); is && within {
				named = true
				ps = ps || strings.Contains(strings.ToUpper(of), " PS/") || strings.Contains(strings.ToUpper(of), " MP2P/")
			}
		case "y":
			if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
				out.ssrc = uint32(n)
			}
		}
	}
	out.refused = !video || named && !ps
	return out
}
