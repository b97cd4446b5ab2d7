package camera

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/crs"
	"wanglou/layers/realdata"
)

func number(v float64) *float64 { return &v }

func TestReadFile(t *testing.T) {
	t.Parallel()
	f, err := ReadFile(strings.NewReader("国标编码,名称,部门,经度,纬度,坐标系,方位角,俯仰角,视场角,主码流,上级,预置位\n" +
		"34020000001310000001,'=东门,城管,119.7,29.8,gcj02,90,-12.5,60,rtsp://u:p@10.8.0.9/1,R1,1|大门|90|-5|40;2|街口 \\| 东|270\n,,,,,,,,,,,\n"))
	if err != nil || len(f.Rows) != 1 || len(f.Found.Errors) != 0 {
		t.Fatalf("%+v %v", f, err)
	}
	r := f.Rows[0]
	if r.DeviceID != "34020000001310000001" || r.Name != "=东门" || *r.Tilt != -12.5 || r.Parent != "R1" || r.Point != crs.ToWGS84(crs.GCJ02, orb.Point{119.7, 29.8}) || r.Has("height_m") || !r.Has("point") {
		t.Errorf("%+v", r)
	}
	if want := (Presets{{1, "大门", 90, number(-5), number(40)}, {2, "街口 | 东", 270, nil, nil}}); !r.Presets.Equal(want) {
		t.Errorf("%+v", r.Presets)
	}
	// GeoJSON: the place is the point, presets are as the API has them, and an id of 20 digits that was written as a number stays exact.
	f, err = ReadFile(strings.NewReader(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[119.7,29.8]},
		"properties":{"device_id":34020000001310000001,"name":"东门","height_m":null,"presets":[{"number":3,"name":"大门","azimuth_deg":12.5}]}}]}`))
	if err != nil || len(f.Rows) != 1 || len(f.Found.Errors) != 0 {
		t.Fatalf("%+v %v", f, err)
	}
	if r := f.Rows[0]; r.DeviceID != "34020000001310000001" || r.Point != (orb.Point{119.7, 29.8}) || !r.Has("height_m") || r.Height != nil || !r.Presets.Equal(Presets{{3, "大门", 12.5, nil, nil}}) {
		t.Errorf("%+v", r)
	}
}

// Each thing that is wrong is told with its row, its field and why; of an address, which may hold a password, nothing else.
func TestReadFileTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const head = "id,device_id,name,lon,lat,crs,height_m,azimuth_deg,tilt_deg,fov_deg,range_m,stream_url,presets\n"
	for line, want := range map[string]string{
		"x,,a,119,29,,,,,,,,":                           "id:not_a_number:x",
		",123,a,119,29,,,,,,,,":                         "device_id:bad_device_id:123",
		",,,119,29,,,,,,,,":                             "name:required:",
		",,a,119,,,,,,,,,":                              "lat:required:",
		",,a,,29,,,,,,,,":                               "lon:required:",
		",,a,29,119,,,,,,,,":                            "lon:swapped_coordinates:29 119",
		",,a,119,29,mars,,,,,,,":                        "crs:unknown_crs:mars",
		",,a,119,29,,tall,,,,,,":                        "height_m:not_a_number:tall",
		",,a,119,29,,,360,,,,,":                         "azimuth_deg:out_of_range:360",
		",,a,119,29,,,,91,,,,":                          "tilt_deg:out_of_range:91",
		",,a,119,29,,,,,0,,,":                           "fov_deg:out_of_range:0",
		",,a,119,29,,,,,,-1,,":                          "range_m:out_of_range:-1",
		",,a,119,29,,,,,,,file:///etc/passwd,":          "stream_url:not_an_address:",
		",,a,119,29,,,,,,,ftp://admin:secret@10.0.0.1,": "stream_url:not_an_address:",
		",,a,119,29,,,,,,,,1|大门":                        "presets:bad_presets:1|大门",
		",,a,119,29,,,,,,,,0|大门|90":                     "presets:out_of_range:0|大门|90",
		",,a,119,29,,,,,,,,1|a|90;1|b|90":               "presets:already_exists:1|a|90;1|b|90",
	} {
		f, err := ReadFile(strings.NewReader(head + line + "\n"))
		if err != nil || len(f.Found.Errors) != 1 {
			t.Errorf("%s: %+v %v", line, f, err)
			continue
		}
		if e := f.Found.Errors[0]; e.Row != 1 || e.Field+":"+e.Reason+":"+e.Value != want {
			t.Errorf("%s: %+v, want %s", line, e, want)
		}
	}
	f, err := ReadFile(strings.NewReader("device_id,name\n34020000001310000001,a\n34020000001310000001,b\n"))
	if err != nil || len(f.Found.Errors) != 1 || f.Found.Errors[0] != (RowError{2, "device_id", "twice", "34020000001310000001"}) {
		t.Errorf("%+v %v", f, err)
	}
	if _, err := ReadFile(strings.NewReader("")); reason(err) != "no_rows" {
		t.Error(err)
	}
}

// What is exported is read as it was, whatever characters stand in it.
func TestWriteFile(t *testing.T) {
	t.Parallel()
	rows := []FileRow{
		{Camera: Camera{ID: 7, DeviceID: "34020000001310000001", Name: "=1+1, \"x\"", Department: "-a", Point: orb.Point{119.123456789012, 29.8}, Height: number(float64(float32(3.3))), Azimuth: number(0)}, Tilt: number(-12.5), Parent: "#4",
			Presets: Presets{{1, `a|b;c\d；`, 90, nil, number(40)}, {255, "=x", 359.5, number(-1), nil}}},
		{Camera: Camera{ID: 8, Name: "b", Point: orb.Point{119, 29}}},
	}
	var text strings.Builder
	if err := WriteFile(&text, rows); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(strings.NewReader(text.String()))
	if err != nil || len(f.Rows) != 2 || len(f.Found.Errors) != 0 {
		t.Fatalf("%+v %v\n%s", f, err, text.String())
	}
	for i := range rows {
		is, was := &f.Rows[i], &rows[i]
		if !SameEntry(&is.Camera, &was.Camera) || is.Parent != was.Parent || !SameDegrees(is.Tilt, was.Tilt) || !is.Presets.Equal(was.Presets) {
			t.Errorf("%+v, want %+v", is, was)
		}
	}
}

func TestCatalogFile(t *testing.T) {
	t.Parallel()
	at := orb.Point{119.7, 29.8}
	const device, group = "34020000001180000001", "34020000002160000001"
	f := CatalogFile(device, []DeviceChannel{{ID: group, Name: "组"}, {ID: "34020000001310000001", Name: "东门", Camera: true, Point: &at}, {ID: "34020000001310000002", Name: "西门", Camera: true, Parent: group}})
	if len(f.Rows) != 2 || f.Found.Rows != 3 || f.Found.Left != 1 || f.Rows[0].Parent != device || f.Rows[1].Parent != group || f.Rows[1].Has("point") || !f.Rows[0].Has("point") {
		t.Errorf("%+v", f)
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add("device_id,name,lon,lat,presets\n34020000001310000001,a,119,29,1|a|90|-5|40;2|b|1\n")
	f.Add(`{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[119.7,29.8]},"properties":{"名称":"x","presets":[{"number":1,"name":"a","azimuth_deg":1}]}}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		file, err := ReadFile(strings.NewReader(s))
		if err != nil || len(file.Found.Errors) > 0 {
			return
		}
		// What was read without a complaint can be written, and is read again as the same.
		var text strings.Builder
		if err := WriteFile(&text, file.Rows); err != nil {
			t.Fatal(err)
		}
		again, err := ReadFile(strings.NewReader(text.String()))
		if err != nil || len(again.Rows) != len(file.Rows) {
			t.Fatalf("%d rows became %+v %v", len(file.Rows), again, err)
		}
		for i := range file.Rows {
			if is, was := again.Rows[i], file.Rows[i]; was.Name != "" && was.Name != is.Name || !is.Presets.Equal(was.Presets) {
				t.Fatalf("%+v became %+v", was, is)
			}
		}
	})
}

// The traffic cameras of ten American states, as a table: all are read, and what is wrong of them is told. None is dialled.
func TestReadFileOfRealCameras(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(realdata.Path(t, "cameras/USA.json"))
	if err != nil {
		t.Fatal(err)
	}
	var states map[string]map[string][]struct {
		Description, Direction, URL string
		Latitude, Longitude         float64
	}
	if err := json.Unmarshal(b, &states); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"name", "department", "longitude", "latitude", "stream_url"}) // the writer keeps its first error
	n := 0
	for state, cities := range states {
		for city, cameras := range cities {
			for _, c := range cameras {
				_ = w.Write([]string{city + ": " + c.Description, state, fmt.Sprint(c.Longitude), fmt.Sprint(c.Latitude), c.URL})
				n++
			}
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(strings.NewReader(text.String()))
	if err != nil || n != 7029 || len(f.Rows) != n || len(f.Found.Errors) != 0 {
		t.Errorf("%d of %d rows: %+v %v", len(f.Rows), n, f.Found, err)
	}
}
