package camera

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
)

// FileRow is a row of a file of cameras. What the file does not give stays as it is: see Has.
type FileRow struct {
	Row       int
	Camera    // ID is 0 where the file does not say it; of Status, AreaPath and Source nothing is read
	Tilt      *float64
	StreamSub string
	Parent    string // code of the device that it hangs on, "" for nothing
	System    crs.System
	Presets   Presets
	Known     bool // it is one of a catalogue: new without a place, or on what nobody knows, is no error
	has       map[string]bool
}

// Has reports whether the file gives a column.
func (r *FileRow) Has(column string) bool { return r.has[column] }

// File is a file of cameras that was read, and what is wrong with its rows whatever the registry holds.
type File struct {
	Rows  []FileRow
	Found FileImport
}

// Files brings and gives the registry as a file. Callers are told by their context: the action is auth.ActionManageCameras, and each camera has to stand in their areas, before and after.
type Files interface {
	// Import enters and changes all of f, or nothing where it is dry or something is wrong.
	Import(ctx context.Context, f *File, dry bool) (*FileImport, error)
	// Export gives all cameras of the caller's areas, without the addresses of their streams: these may hold passwords. It is audited.
	Export(ctx context.Context) ([]FileRow, error)
}

// fileColumns are the columns of a file, as it is exported: all but crs, stream_url and stream_sub.
var fileColumns = []string{"id", "device_id", "name", "department", "lon", "lat", "height_m", "azimuth_deg", "tilt_deg", "fov_deg", "range_m", "parent", "presets"}

var cameraColumns = map[string]string{
	"id": "id", "序号": "id", "device_id": "device_id", "gb_id": "device_id", "国标编码": "device_id", "设备编码": "device_id", "name": "name", "名称": "name", "摄像机名称": "name", "设备名称": "name",
	"department": "department", "部门": "department", "所属部门": "department", "lon": "lon", "lng": "lon", "longitude": "lon", "经度": "lon", "lat": "lat", "latitude": "lat", "纬度": "lat",
	"crs": "crs", "coordinate_system": "crs", "坐标系": "crs", "height_m": "height_m", "高度": "height_m", "azimuth_deg": "azimuth_deg", "方位角": "azimuth_deg", "朝向": "azimuth_deg",
	"tilt_deg": "tilt_deg", "俯仰角": "tilt_deg", "fov_deg": "fov_deg", "视场角": "fov_deg", "range_m": "range_m", "可视距离": "range_m", "stream_url": "stream_url", "主码流": "stream_url",
	"stream_sub": "stream_sub", "子码流": "stream_sub", "parent": "parent", "上级": "parent", "上级编号": "parent", "上级编码": "parent", "presets": "presets", "预置位": "presets",
}

// ReadFile reads a file of cameras (readTable).
func ReadFile(r io.Reader) (*File, error) {
	records, err := readTable(r, cameraColumns)
	if err != nil {
		return nil, err
	}
	f := &File{Found: FileImport{Rows: len(records), Errors: []RowError{}}}
	seen := map[string]bool{}
	for _, each := range records {
		row := FileRow{Row: each.row, has: map[string]bool{}}
		for column := range each.fields {
			row.has[column] = true
		}
		f.read(&row, each, seen)
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}

// read reads one row, and notes what is wrong with it.
func (f *File) read(row *FileRow, r record, seen map[string]bool) {
	number := func(column string) *float64 {
		text := r.get(column)
		if text == "" {
			return nil
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			f.Found.Wrong(row.Row, column, "not_a_number", text)
			return nil
		}
		return &v
	}
	if text := r.get("id"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			f.Found.Wrong(row.Row, "id", "not_a_number", text)
		}
		row.ID = id
	}
	row.DeviceID, row.Name, row.Department, row.Parent = uncell(r.get("device_id")), uncell(r.get("name")), uncell(r.get("department")), uncell(r.get("parent"))
	row.StreamURL, row.StreamSub = r.get("stream_url"), r.get("stream_sub")
	row.Height, row.Azimuth, row.Tilt, row.FOV, row.Range = number("height_m"), number("azimuth_deg"), number("tilt_deg"), number("fov_deg"), number("range_m")
	row.System = crs.WGS84
	if text := r.get("crs"); text != "" {
		system, _, err := crs.Parse(text)
		if err != nil || system == "" {
			f.Found.Wrong(row.Row, "crs", "unknown_crs", text)
		}
		row.System = system
	}
	lon, lat := number("lon"), number("lat")
	row.has["point"] = lon != nil && lat != nil
	switch {
	case row.has["point"]:
		row.Point = crs.ToWGS84(row.System, orb.Point{*lon, *lat})
		f.check(row, layers.ValidatePoint("lon", orb.Point{*lon, *lat}), r.get("lon")+" "+r.get("lat"))
	case r.get("lon")+r.get("lat") != "" && lon == nil && r.get("lon") == "":
		f.Found.Wrong(row.Row, "lon", "required", "")
	case r.get("lon")+r.get("lat") != "" && lat == nil && r.get("lat") == "":
		f.Found.Wrong(row.Row, "lat", "required", "")
	}
	var err error
	if row.Presets, err = readPresets(r.get("presets")); err != nil {
		f.Found.Wrong(row.Row, "presets", "bad_presets", r.get("presets"))
	} else if err = row.Presets.Validate(); err != nil {
		f.Found.Wrong(row.Row, "presets", of(err).Reason, r.get("presets"))
	}
	f.rules(row)
	for _, key := range []string{"id " + r.get("id"), "device_id " + row.DeviceID} {
		if column, value, _ := strings.Cut(key, " "); value != "" {
			if seen[key] {
				f.Found.Wrong(row.Row, column, "twice", value)
			}
			seen[key] = true
		}
	}
}

// rules notes what the registry refuses of any camera. What an address holds is not told: it may be a password.
func (f *File) rules(row *FileRow) {
	f.check(row, layers.Line("name", &row.Name, MaxName, row.has["name"]), row.Name)
	f.check(row, layers.Line("department", &row.Department, 100, false), row.Department)
	f.check(row, layers.Line("parent", &row.Parent, 100, false), row.Parent)
	for _, a := range []struct{ column, address string }{{"stream_url", row.StreamURL}, {"stream_sub", row.StreamSub}} {
		if a.address != "" && !streamAddress(a.address) {
			f.Found.Wrong(row.Row, a.column, "not_an_address", "")
		}
	}
	if row.Tilt != nil && !(*row.Tilt >= -90 && *row.Tilt <= 90) {
		f.Found.Wrong(row.Row, "tilt_deg", "out_of_range", strconv.FormatFloat(*row.Tilt, 'f', -1, 64))
	}
	c := row.Camera // the name and the place are looked at above, and may not be in the file
	c.Name, c.Status, c.Point = "x", Unknown, orb.Point{1, 1}
	if err := c.Validate(); err != nil {
		value := row.DeviceID
		for column, v := range map[string]*float64{"height_m": c.Height, "azimuth_deg": c.Azimuth, "fov_deg": c.FOV, "range_m": c.Range} {
			if column == of(err).Field && v != nil {
				value = strconv.FormatFloat(*v, 'f', -1, 64)
			}
		}
		f.check(row, err, value)
	}
}

// of returns what a check has said.
func of(err error) *layers.Error {
	e := &layers.Error{Reason: "not_a_value"}
	errors.As(err, &e)
	return e
}

func (f *File) check(row *FileRow, err error, value string) { f.Found.wrongBy(row.Row, err, value) }

// streamAddress reports whether an address is one that cameras are asked at.
func streamAddress(s string) bool {
	bare, _, _ := SplitAddress(s)
	u, err := url.Parse(bare)
	if err != nil || u.Host == "" || len(s) > 2000 {
		return false
	}
	switch u.Scheme {
	case "rtsp", "rtsps", "http", "https":
		return true
	}
	return false
}

// CatalogFile takes the entries of a GB/T 28181 catalogue that device has told as a file of cameras.
func CatalogFile(device string, entries []DeviceChannel) *File {
	f := &File{Found: FileImport{Rows: len(entries), Errors: []RowError{}}}
	seen := map[string]bool{}
	for i, e := range entries {
		if !e.Camera {
			f.Found.Left++
			continue
		}
		row := FileRow{Row: i + 1, Camera: Camera{DeviceID: e.ID, Name: e.Name}, Parent: e.Parent, System: crs.WGS84, Known: true, has: map[string]bool{"device_id": true, "name": true, "parent": true, "point": e.Point != nil}}
		if row.Parent == "" && e.ID != device {
			row.Parent = device
		}
		if e.Point != nil {
			row.Point = *e.Point
		}
		if seen[e.ID] {
			f.Found.Wrong(row.Row, "device_id", "twice", e.ID)
		}
		seen[e.ID] = true
		f.Rows = append(f.Rows, row)
	}
	return f
}

// A preset of a cell is number|name|azimuth|tilt|field of view; the last two may be left out. Presets are parted by ";". "|", ";" and "\" of a name stand behind a "\".
func readPresets(text string) (Presets, error) {
	if strings.HasPrefix(text, "[") {
		var out Presets
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&out); err != nil {
			return nil, err
		}
		return out, nil
	}
	var (
		out   Presets
		parts = []string{""}
	)
	end := func() error {
		if len(parts) == 1 && strings.TrimSpace(parts[0]) == "" {
			parts = []string{""}
			return nil
		}
		p, err := preset(parts)
		out, parts = append(out, p), []string{""}
		return err
	}
	escaped := false
	for _, c := range text {
		last := &parts[len(parts)-1]
		switch {
		case escaped:
			*last += string(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '|':
			parts = append(parts, "")
		case c == ';', c == '；':
			if err := end(); err != nil {
				return nil, err
			}
		default:
			*last += string(c)
		}
	}
	return out, end()
}

var errPreset = errors.New("a preset is number|name|azimuth|tilt|field of view")

func preset(parts []string) (p Preset, err error) {
	if len(parts) < 3 || len(parts) > 5 {
		return p, errPreset
	}
	if p.Number, err = strconv.Atoi(strings.TrimSpace(parts[0])); err != nil {
		return p, err
	}
	p.Name = parts[1]
	if p.Azimuth, err = strconv.ParseFloat(strings.TrimSpace(parts[2]), 64); err != nil {
		return p, err
	}
	for i, to := range []**float64{&p.Tilt, &p.FOV} {
		if len(parts) <= 3+i || strings.TrimSpace(parts[3+i]) == "" {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(parts[3+i]), 64)
		if err != nil {
			return p, err
		}
		*to = &v
	}
	return p, nil
}

func writePresets(presets Presets) string {
	escape := strings.NewReplacer(`\`, `\\`, "|", `\|`, ";", `\;`, "；", `\；`)
	all := make([]string, 0, len(presets))
	for _, p := range presets {
		all = append(all, strings.TrimRight(strings.Join([]string{strconv.Itoa(p.Number), escape.Replace(p.Name), degrees(&p.Azimuth), degrees(p.Tilt), degrees(p.FOV)}, "|"), "|"))
	}
	return strings.Join(all, ";")
}

// degrees writes a number as exactly as it is kept, nothing where there is none.
func degrees(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 32)
}

// WriteFile writes cameras as CSV that ReadFile reads, with a mark for spreadsheets that it is UTF-8.
func WriteFile(w io.Writer, rows []FileRow) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	_ = c.Write(fileColumns) // the writer keeps its first error
	exact := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for i := range rows {
		r := &rows[i]
		_ = c.Write([]string{strconv.FormatInt(r.ID, 10), r.DeviceID, Cell(r.Name), Cell(r.Department), exact(r.Point[0]), exact(r.Point[1]), degrees(r.Height), degrees(r.Azimuth), degrees(r.Tilt),
			degrees(r.FOV), degrees(r.Range), Cell(r.Parent), writePresets(r.Presets)})
	}
	c.Flush()
	return c.Error()
}

const formulas = "=+-@\t\r" // what spreadsheets take for the beginning of one

// Cell keeps a text from being a formula of a spreadsheet.
func Cell(s string) string {
	if s != "" && strings.ContainsRune(formulas, rune(s[0])) {
		return "'" + s
	}
	return s
}

// uncell undoes Cell.
func uncell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formulas, rune(s[1])) {
		return s[1:]
	}
	return s
}
