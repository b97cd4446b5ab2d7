package nal

import (
	"bytes"
	"testing"
)

// Real sets of ffmpeg's encoders, and what they say.
func TestGeometry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h265 bool
		unit string
		want Geometry
		ok   bool
	}{
		"H.264":      {false, "\x67\x42\xc0\x1f\xd9\x00\x50\x05\xbb\x01\x6a\x02\x02\x02\x80\x00\x00\x03\x00\x80\x00\x00\x19\x07\x8c\x19\x20", Geometry{1280, 720, 1, 8, 8}, true},
		"cut off":    {false, "\x67\x42\xc0\x1f\xd9", Geometry{}, false},
		"no set":     {false, "\x65\x88\x84", Geometry{}, false},
		"of another": {true, "\x67\x42\xc0\x1f\xd9\x00\x50\x05\xbb\x01", Geometry{}, false},
		"nothing":    {true, "", Geometry{}, false},
	} {
		if got, ok := ReadGeometry(c.h265, []byte(c.unit)); ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v %v", name, got, ok)
		}
	}
}

func FuzzGeometry(f *testing.F) {
	f.Add([]byte("\x67\x42\xc0\x1f\xd9\x00\x50\x05\xbb\x01\x6a\x02\x02\x02\x80\x00\x00\x03\x00\x80\x00\x00\x19\x07\x8c\x19\x20"), false)
	f.Add([]byte("\x67\x64\x00\x1f\xff\xff\xff\xff\xff\xff"), false)
	f.Add([]byte("\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x3f\xa0\x0d\x08\x0f\x16\x59\x59\xa4\x93\x2b\x9a\x02"), true)
	f.Fuzz(func(t *testing.T, b []byte, h265 bool) {
		if g, ok := ReadGeometry(h265, b); ok && (g.Width < 1 || g.Width > maxSide || g.Height < 1 || g.Height > maxSide || g.Chroma > 3 || g.Luma < 8 || g.Colour < 8) {
			t.Errorf("%+v", g)
		}
		Level265(b)
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x65\x88\x00\x00\x00\x01\x09\xf0"), false)
	f.Add([]byte("\x00\x00\x00\x01\x46\x01\x50\x00\x00\x01\x26\x01\x88\x00\x00\x00\x01\x46\x01"), true)
	f.Fuzz(func(t *testing.T, b []byte, h265 bool) {
		read := 0
		_ = Read(bytes.NewReader(b), h265, func(p []byte) {
			read += len(p)
			build := Builder{H265: h265}
			for _, n := range Split(p) {
				build.Add(n)
			}
			build.Finish()
			if u := build.Take(); u != nil && len(u.Data) > MaxData {
				t.Errorf("a picture of %d bytes", len(u.Data))
			}
		})
		if read > len(b) {
			t.Errorf("%d bytes of %d", read, len(b))
		}
	})
}
