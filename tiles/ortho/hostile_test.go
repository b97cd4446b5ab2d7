package ortho

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/realdata"
)

// tag is one entry of a directory.
type tag struct {
	id, kind     uint16
	count, value uint32
}

// tiffOf writes a classic TIFF of one directory, which names another at next, and so much behind it.
func tiffOf(next uint32, behind int, tags ...tag) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("II*\x00")
	put(uint32(8))
	put(uint16(len(tags)))
	for _, t := range tags {
		put(t)
	}
	put(next)
	b.Write(make([]byte, behind))
	return b.Bytes()
}

// Tags that lie are not believed: the file is refused before any program opens it, in no time and without memory for what it claims.
func TestTagsThatLie(t *testing.T) {
	t.Parallel()
	sound := func(change ...tag) []tag {
		all := []tag{{256, 4, 1, 64}, {257, 4, 1, 64}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1}, {273, 4, 1, 200}, {277, 3, 1, 1}, {278, 4, 1, 64}, {279, 4, 1, 4096}}
		for _, c := range change {
			for i := range all {
				if all[i].id == c.id {
					all[i] = c
				}
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a circle of directories":              {tiffOf(8, 5000, sound()...), "capture_not_a_geotiff"},
		"a directory behind the end":           {tiffOf(math.MaxUint32, 5000, sound()...), "capture_truncated"},
		"four thousand million strips":         {tiffOf(0, 5000, sound(tag{273, 4, math.MaxUint32, 200})...), "capture_not_a_geotiff"},
		"strips of four thousand million each": {tiffOf(0, 5000, sound(tag{279, 4, 1, math.MaxUint32})...), "capture_truncated"},
		"a strip that begins behind the end":   {tiffOf(0, 5000, sound(tag{273, 4, 1, math.MaxUint32 - 10})...), "capture_truncated"},
		"no width":                             {tiffOf(0, 5000, sound(tag{256, 4, 1, 0})...), "capture_not_a_geotiff"},
		"a width of another kind":              {tiffOf(0, 5000, sound(tag{256, 12, 1, 64})...), "capture_not_a_geotiff"},
		"65,535 bands":                         {tiffOf(0, 5000, sound(tag{277, 3, 1, math.MaxUint16})...), "raster_bands"},
		"a side of four thousand million":      {tiffOf(0, 5000, sound(tag{256, 4, 1, math.MaxUint32})...), ""},
		"rows of no height":                    {tiffOf(0, 5000, sound(tag{278, 4, 1, 0})...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.tif")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := Gate(t.Context(), path, "", 0, DefaultLimits)
			runtime.ReadMemStats(&after)
			code := layers.ErrorCode(err)
			if err == nil || code != layers.CodeInvalid && code != layers.CodeTooLarge || c.want != "" && reason(err) != c.want {
				t.Errorf("%q, want %q: %v", reason(err), c.want, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("%d MB for a file of %d bytes", used>>20, len(c.file))
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Every raster of the real data becomes a picture of which tiles are served, or is refused for a reason that people can do something about.
func TestRealRasters(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	if testing.Short() {
		t.Skip("large files")
	}
	var files []string
	for _, pattern := range []string{"drone/*/*.tif", "drone/*/*/*.tif", "drone/*/*.tiff"} {
		found, err := filepath.Glob(filepath.Join(realdata.Path(t, "drone"), strings.TrimPrefix(pattern, "drone/")))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("real data is not here: no raster")
	}
	for _, path := range files {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Gate(t.Context(), path, "", 0, DefaultLimits)
			if err != nil {
				if layers.ErrorCode(err) != layers.CodeInvalid || hints[reason(err)] == "" {
					t.Errorf("%d bytes: %v", info.Size(), err)
				}
				return
			}
			dir := t.TempDir()
			if l.Kind != KindOrtho {
				if _, err := MakeHeights(t.Context(), path, l, "dsm", Options{Dir: dir, Spare: 1}); err != nil {
					t.Error(err)
				}
				return
			}
			m, err := Make(t.Context(), path, l, Options{Dir: dir, Spare: 1})
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Footprint) == 0 || m.MaxZoom < m.MinZoom || Area(m.Footprint) <= 0 {
				t.Errorf("%+v", m)
			}
		})
	}
}
