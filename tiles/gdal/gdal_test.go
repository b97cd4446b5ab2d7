package gdal

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
)

func needGDAL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("gdal_translate"); err != nil {
		t.Skip("GDAL is not installed")
	}
}

// create makes a GeoTIFF.
func create(t *testing.T, args ...string) string {
	t.Helper()
	needGDAL(t)
	path := filepath.Join(t.TempDir(), "a.tif")
	if _, err := Run(t.Context(), "gdal_create", append(append([]string{"-q", "-of", "GTiff"}, args...), path), Options{}); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInfo(t *testing.T) {
	t.Parallel()
	path := create(t, "-outsize", "40", "30", "-bands", "4", "-ot", "UInt16", "-a_srs", "EPSG:4549", "-a_ullr", "500000", "3300000", "500020", "3299985", "-a_nodata", "0",
		"-co", "COMPRESS=LZW", "-mo", "TIFFTAG_DATETIME=2024:05:06 07:08:09")
	r, err := Info(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if r.Width != 40 || r.Height != 30 || len(r.Bands) != 4 || r.Bands[0].Type != "UInt16" || r.EPSG != 4549 || r.Compression != "LZW" || !r.HasNoData() || *r.Bands[0].NoData != 0 {
		t.Errorf("%+v", r)
	}
	if want := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC); !r.TakenAt.Equal(want) {
		t.Errorf("taken at %v", r.TakenAt)
	}
	if r.Transform == nil || r.Transform[1] != 0.5 || len(r.Corners) != 5 {
		t.Errorf("%v %v", r.Transform, r.Corners)
	}
}

func TestAVRTIsNoGeoTIFF(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	path := filepath.Join(t.TempDir(), "a.tif")
	vrt := `<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>`
	if err := os.WriteFile(path, []byte(vrt), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Info(t.Context(), path)
	var e *layers.Error
	if !errors.As(err, &e) || e.Reason != "gdal_failed" || strings.Contains(e.Params["said"], filepath.Dir(path)) {
		t.Errorf("%v", err)
	}
}

func TestRunRefusesFilesThatAreNone(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	if _, err := Run(t.Context(), "gdalinfo", []string{"/vsicurl/http://127.0.0.1/a.tif"}, Options{}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Error(err)
	}
}

func TestCancelEndsTheProgram(t *testing.T) {
	t.Parallel()
	path := create(t, "-outsize", "30000", "30000", "-bands", "3", "-co", "SPARSE_OK=YES", "-co", "TILED=YES")
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "b.tif")
	_, err := Run(ctx, "gdal_translate", append([]string{"-co", "COMPRESS=DEFLATE"}, append(Input(path), out)...), Options{Progress: func(float64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestASmallDiskIsTold(t *testing.T) {
	t.Parallel()
	path := create(t, "-outsize", "2000", "2000", "-bands", "3", "-burn", "7")
	_, err := Run(t.Context(), "gdal_translate", append([]string{"-q"}, append(Input(path), filepath.Join(t.TempDir(), "b.tif"))...), Options{MaxFile: 1 << 20})
	if layers.ErrorCode(err) != layers.CodeTooLarge && layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("%v", err)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"Input file size is 20000, 20000\n0...10...20...":                0.275,
		"0...10...20...30...40...50...60...70...80...90...100 - done.\n": 1,
		"0..": 0.05,
	} {
		for _, size := range []int{1, 3, 100} {
			var got []float64
			m := &meter{tell: func(f float64) { got = append(got, f) }}
			for part := range slices.Chunk([]byte(text), size) {
				_, _ = m.Write(part)
			}
			if len(got) == 0 || !slices.IsSorted(got) {
				t.Errorf("%q in parts of %d: %v", text, size, got)
			} else if last := got[len(got)-1]; last < want-0.03 || last > want+0.03 {
				t.Errorf("%q in parts of %d: %v, want %v", text, size, last, want)
			}
		}
	}
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"size":[1,2],"bands":[{"type":"Byte","noDataValue":"nan"}],"metadata":{"":{"A":1}}}`))
	f.Add([]byte(`{"metadata":{"":[],"xml:XMP":["<x/>"]},"wgs84Extent":{"coordinates":[[]]}}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = parseInfo(b) })
}
