package manscdp

import (
	"testing"

	"wanglou/layers/camera"
)

// The bytes of Annex A.3, with both checksums, written out by hand.
func TestPTZ(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is   camera.Control
		want string
	}{
		"left":            {camera.Control{Command: camera.Move, Pan: -31. / 255}, "A50F01021F0000D6"},
		"right, fastest":  {camera.Control{Command: camera.Move, Pan: 1}, "A50F0101FF0000B5"},
		"up":              {camera.Control{Command: camera.Move, Tilt: 200. / 255}, "A50F010800C80085"},
		"down and left":   {camera.Control{Command: camera.Move, Pan: -0.5, Tilt: -0.5}, "A50F0106808000BB"},
		"nearer":          {camera.Control{Command: camera.Move, Zoom: 1}, "A50F01100000F0B5"},
		"farther, slowly": {camera.Control{Command: camera.Move, Zoom: -1. / 15}, "A50F0120000010E5"},
		"stop":            {camera.Control{Command: camera.Stop}, "A50F0100000000B5"},
		"set a preset":    {camera.Control{Command: camera.PresetSet, Preset: 1}, "A50F018100010037"},
		"go to a preset":  {camera.Control{Command: camera.PresetGo, Preset: 255}, "A50F018200FF0036"},
		"delete a preset": {camera.Control{Command: camera.PresetDelete, Preset: 16}, "A50F018300100048"},
	} {
		if got := PTZ(c.is); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	const want = "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<Control>\r\n<CmdType>DeviceControl</CmdType>\r\n<SN>7</SN>\r\n<DeviceID>" + one +
		"</DeviceID>\r\n<PTZCmd>A50F0100000000B5</PTZCmd>\r\n<Info>\r\n<ControlPriority>5</ControlPriority>\r\n</Info>\r\n</Control>\r\n"
	if got := string(Control("7", one, camera.Control{Command: camera.Stop})); got != want {
		t.Errorf("%q", got)
	}
}
