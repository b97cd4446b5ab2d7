package manscdp

import (
	"encoding/hex"
	"strings"

	"wanglou/layers/camera"
)

// PTZ writes what a camera is told to do, as the eight bytes of Annex A.3 of GB/T 28181-2016: a constant, version and a checksum of both, the address, what to do, how fast, and the sum of all.
func PTZ(c camera.Control) string {
	const first, address = 0xa5, 1
	b := [8]byte{first, 0, address}
	b[1] = (first>>4 + first&15) % 16 // version 0 in the upper half
	part := func(v, most float64) byte { return byte(max(v, -v)*most + 0.5) }
	switch c.Command {
	case camera.Move:
		if c.Pan > 0 {
			b[3] |= 1
		} else if c.Pan < 0 {
			b[3] |= 1 << 1
		}
		if c.Tilt < 0 {
			b[3] |= 1 << 2
		} else if c.Tilt > 0 {
			b[3] |= 1 << 3
		}
		if c.Zoom > 0 {
			b[3] |= 1 << 4
		} else if c.Zoom < 0 {
			b[3] |= 1 << 5
		}
		b[4], b[5], b[6] = part(c.Pan, 255), part(c.Tilt, 255), part(c.Zoom, 15)<<4
	case camera.Stop: // nothing is set
	case camera.PresetSet:
		b[3], b[5] = 0x81, byte(c.Preset) // #nosec G115 -- 1 to 255
	case camera.PresetGo:
		b[3], b[5] = 0x82, byte(c.Preset) // #nosec G115 -- as above
	case camera.PresetDelete:
		b[3], b[5] = 0x83, byte(c.Preset) // #nosec G115 -- as above
	}
	for _, v := range b[:7] {
		b[7] += v
	}
	return strings.ToUpper(hex.EncodeToString(b[:]))
}

// Control tells a device what its camera shall do.
func Control(sn, channel string, c camera.Control) []byte {
	return write("Control", DeviceControl, sn, channel, "<PTZCmd>"+PTZ(c)+"</PTZCmd>\r\n<Info>\r\n<ControlPriority>5</ControlPriority>\r\n</Info>\r\n")
}
