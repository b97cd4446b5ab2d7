package live

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares a frame with the file that stands for it. The console's tests read the same files.
func golden(t *testing.T, name string, frame []byte) {
	t.Helper()
	if !json.Valid(frame) {
		t.Fatalf("%s is not JSON: %s", name, frame)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(frame, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(want), frame) {
		t.Errorf("%s:\n got %s\nwant %s", name, frame, want)
	}
}

// goldenBulk compares a binary frame with the file that stands for it, beside the JSON frame that says the same.
func goldenBulk(t *testing.T, name string, frame []byte) {
	t.Helper()
	if !isBulk(frame) || len(frame)%8 != 0 {
		t.Fatalf("%s is no bulk frame: %q", name, frame)
	}
	path := filepath.Join("testdata", name+".bin")
	if *update {
		if err := os.WriteFile(path, frame, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, frame) {
		t.Errorf("%s:\n got %q\nwant %q", name, frame, want)
	}
}

// cameras is a layer as the catalogue has it, with a column of every type.
var cameras = layers.NewLayer(layers.Layer{
	Name: "camera", Geometry: layers.GeometryPoint, Delivery: layers.DeliverTiles, MaxZoom: 14,
	Columns: []layers.Column{
		{Name: "name", Type: layers.ColumnText}, {Name: "area_path", Type: layers.ColumnText}, {Name: "status", Type: layers.ColumnText},
		{Name: "status_since", Type: layers.ColumnTime}, {Name: "height_m", Type: layers.ColumnFloat}, {Name: "channels", Type: layers.ColumnInt},
		{Name: "turns", Type: layers.ColumnBool}, {Name: "tags", Type: layers.ColumnStrings}, {Name: "details", Type: layers.ColumnJSON},
	},
})

func camera(id int64, status string, lon, lat float64) *layers.Feature {
	p := orb.Point{lon, lat}
	f := &layers.Feature{ID: id, Geometry: p, Bound: p.Bound(), Values: []any{
		"城南路口 \"" + strconv.FormatInt(id, 10) + "\"", "330122.330122001", status, moment, 6.5, int64(2), true, []string{"球机", "4K"}, `{"owner":"交警大队"}`,
	}}
	if id%2 == 0 { // as empty as rows get
		for i := 3; i < len(f.Values); i++ {
			f.Values[i] = nil
		}
	}
	return f
}

var (
	moment = time.Date(2026, 5, 1, 8, 30, 15, 250e6, time.FixedZone("", 8*3600))
	here   = layers.Position{Epoch: "7312345678901234567.1", Version: 0x1a2b3c}
	later  = layers.Position{Epoch: here.Epoch, Version: 0x1a2b48}
	town   = (&auth.User{ID: 7, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122.330122001"}}).Scope()
)

func viewOf(geometry bool, columns ...string) view {
	return view{layer: "camera", geometry: geometry, columns: strings.Join(columns, ","), class: town.Class()}
}

func all(t *testing.T, v view) []int {
	t.Helper()
	columns, err := v.indices(cameras)
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// townSees is what the town sees of the cameras in a view.
func townSees(t *testing.T, v view) selector {
	t.Helper()
	s, err := v.selector(town, cameras, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	golden(t, "hello", appendHello(nil, "FZ2K3M4N5P6Q7R8S9T", "0.1.0", moment, here, 5*time.Second))
	golden(t, "hello-connecting", appendHello(nil, "FZ2K3M4N5P6Q7R8S9T", "0.1.0", moment, layers.Position{}, 5*time.Second))
	golden(t, "heartbeat", appendHeartbeat(nil, moment, here, layers.SourceStatus{State: layers.SourceLive, Since: moment.Add(-time.Hour), Heard: moment.Add(-time.Second)}, nil, ""))
	golden(t, "heartbeat-walls", appendHeartbeat(nil, moment, here, layers.SourceStatus{State: layers.SourceLive, Since: moment.Add(-time.Hour), Heard: moment.Add(-time.Second)}, nil, "k3xw7"))
	golden(t, "heartbeat-lost", appendHeartbeat(nil, moment, here, layers.SourceStatus{State: layers.SourceLost, Since: moment, Heard: moment.Add(-7 * time.Second)}, nil, ""))
	golden(t, "heartbeat-connecting", appendHeartbeat(nil, moment, layers.Position{}, layers.SourceStatus{State: layers.SourceConnecting, Since: moment}, nil, ""))
	golden(t, "heartbeat-replay", appendHeartbeat(nil, moment, here, layers.SourceStatus{State: layers.SourceLive, Since: moment, Heard: moment},
		layers.NewReplay(nil, moment.Add(-24*time.Hour)), "k3xw7"))
	golden(t, "error", appendError(nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_layer", Msg: "there is no such layer"}, "camra"))

	rows := []*layers.Feature{camera(1, "online", 119.6840001, 29.7900002), camera(2, "offline", 119.7, 29.8)}
	for name, v := range map[string]view{"snapshot-state": viewOf(false), "snapshot-geometry": viewOf(true), "snapshot-columns": viewOf(false, "status", "status_since")} {
		golden(t, name, newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
		v.binary = true
		goldenBulk(t, name, newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
	}
	golden(t, "snapshot-empty", newSnapshot(viewOf(true), townSees(t, viewOf(true)), all(t, viewOf(true)), nil, here).frame(0))

	gone := camera(3, "fault", 119.69, 29.79)
	moved := camera(1, "online", 119.71, 29.81)
	d := layers.Diff{Layer: cameras, Position: later, Set: []*layers.Feature{moved, camera(2, "online", 119.7, 29.8)}, Gone: []*layers.Feature{gone},
		Touched: []*layers.Feature{rows[0], moved, gone}}
	for name, v := range map[string]view{"diff-state": viewOf(false), "diff-geometry": viewOf(true), "diff-columns": viewOf(false, "status", "status_since")} {
		golden(t, name, newDiff(v, townSees(t, v), all(t, v), here, d).frame(0))
		v.binary = true
		goldenBulk(t, name, newDiff(v, townSees(t, v), all(t, v), here, d).frame(0))
	}
	golden(t, "diff-empty", newDiff(viewOf(true), townSees(t, viewOf(true)), all(t, viewOf(true)), here, layers.Diff{Layer: cameras, Position: later}).frame(0))
	d.Touched = nil
	for i := range int64(300) {
		d.Touched = append(d.Touched, camera(i, "online", 119+float64(i)/40, 29.5))
	}
	golden(t, "diff-all-tiles", newDiff(viewOf(false, "status"), townSees(t, viewOf(false, "status")), all(t, viewOf(false, "status")), here, layers.Diff{Layer: cameras, Position: later, Touched: d.Touched}).frame(0))
}

func TestLongContentsComeInParts(t *testing.T) {
	t.Parallel()
	var rows []*layers.Feature
	for i := range int64(20_000) {
		rows = append(rows, camera(i+1, "online", 119.6, 29.8))
	}
	v := viewOf(false)
	c := newSnapshot(v, townSees(t, v), all(t, v), rows, here)
	if c.parts() < 3 {
		t.Fatalf("%d rows in %d parts", len(rows), c.parts())
	}
	seen := int64(0)
	for part := range c.parts() {
		var f struct {
			Token string
			Part  int
			More  bool
			IDs   []int64
		}
		b := c.frame(part)
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		if len(b) > partBytes*5/4 {
			t.Errorf("part %d has %d bytes", part, len(b))
		}
		if f.Part != part || f.More != (part < c.parts()-1) {
			t.Errorf("part %d says part %d, more %v", part, f.Part, f.More)
		}
		for _, id := range f.IDs {
			if seen++; id != seen {
				t.Fatalf("row %d has id %d", seen, id)
			}
		}
	}
	if seen != int64(len(rows)) {
		t.Errorf("%d of %d rows", seen, len(rows))
	}

	// A diff's token moves on with its last part alone: a client that hears less than all starts from where it was.
	diff := newDiff(v, townSees(t, v), all(t, v), here, layers.Diff{Layer: cameras, Position: later, Set: rows, Gone: []*layers.Feature{camera(99_999, "online", 119, 29)}})
	for part := range diff.parts() {
		var f struct {
			Token   string
			Removed []int64
		}
		if err := json.Unmarshal(diff.frame(part), &f); err != nil {
			t.Fatal(err)
		}
		want := v.token(here)
		if part == diff.parts()-1 {
			want = v.token(later)
		}
		if f.Token != want {
			t.Errorf("part %d has token %s, want %s", part, f.Token, want)
		}
		if (len(f.Removed) > 0) != (part == 0) {
			t.Errorf("part %d removes %v", part, f.Removed)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	v := viewOf(true)
	if got, ok := v.parse(v.token(here)); !ok || got != here {
		t.Errorf("%v, %v", got, ok)
	}
	for name, other := range map[string]view{
		"geometry": viewOf(false), "columns": viewOf(true, "status"), "layer": {layer: "unit", geometry: true, class: v.class}, "rights": {layer: "camera", geometry: true, class: "*"},
	} {
		if _, ok := v.parse(other.token(here)); ok {
			t.Errorf("a token of another %s was taken", name)
		}
	}
	for _, s := range []string{"", "/", "a/b", here.Token(), "//" + v.fingerprint(), "x/zz/" + v.fingerprint(), strings.Repeat("/", 1000)} {
		if p, ok := v.parse(s); ok {
			t.Errorf("%q was taken for %v", s, p)
		}
	}
}

func TestRowsOutsideTheScopeAreNotTold(t *testing.T) {
	t.Parallel()
	foreign := camera(5, "online", 119.7, 29.8)
	foreign.Values[1] = "330122.330122002"
	near := camera(7, "online", 119.7, 29.8)
	near.Values[1] = "330122.3301220012" // not below, though it begins alike
	nowhere := camera(9, "online", 119.7, 29.8)
	nowhere.Values[1] = nil
	hidden := []*layers.Feature{foreign, near, nowhere}
	for _, v := range []view{viewOf(true), viewOf(false)} {
		if c := newSnapshot(v, townSees(t, v), all(t, v), hidden, here); len(c.rows) > 0 {
			t.Errorf("a snapshot shows %d foreign rows", len(c.rows))
		}
		c := newDiff(v, townSees(t, v), all(t, v), here, layers.Diff{Layer: cameras, Position: later, Set: hidden, Gone: hidden, Touched: hidden})
		if !c.empty() {
			t.Errorf("a diff tells of foreign rows: %s", c.frame(0))
		}
	}
	// One that left is removed without a word about where it is now.
	left := camera(5, "online", 119.7, 29.8)
	v := viewOf(true)
	c := newDiff(v, townSees(t, v), all(t, v), here, layers.Diff{Layer: cameras, Position: later, Set: []*layers.Feature{foreign}, Gone: []*layers.Feature{left, left}})
	if len(c.rows) != 0 || fmt.Sprint(c.removed) != "[5]" {
		t.Errorf("rows %v, removed %v", c.rows, c.removed)
	}
}

// Every way to write a column: codes for words that repeat, numbers, JSON for the rest; shapes that are no points.
func TestBulkEncodings(t *testing.T) {
	t.Parallel()
	var rows []*layers.Feature
	for i := range int64(8) {
		f := camera(2*i+1, []string{"online", "offline"}[i%2], 119.6+float64(i)/7, -29.8)
		f.Values[0], f.Values[4] = strconv.FormatInt(i, 10), float64(i)/3
		rows = append(rows, f)
	}
	rows[3].Geometry = nil
	v := viewOf(true)
	golden(t, "snapshot-words", newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
	v.binary = true
	goldenBulk(t, "snapshot-words", newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
	rows[3].Geometry = orb.LineString{{119, 29}, {120, 30}}
	v.binary = false
	golden(t, "snapshot-lines", newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
	v.binary = true
	goldenBulk(t, "snapshot-lines", newSnapshot(v, townSees(t, v), all(t, v), rows, here).frame(0))
}

// The two forms of a frame of many rows, without and with permessage-deflate's compression: bytes are for all rows.
func BenchmarkFrames(b *testing.B) {
	var rows []*layers.Feature
	for i := range int64(100_000) {
		f := camera(2*i+1, []string{"online", "online", "online", "offline", "fault"}[i%5], 118.9+float64(i%997)/1000, 29.3+float64(i%773)/1000)
		f.Values[3] = moment.Add(-time.Duration(i*i%86_400) * time.Second)
		rows = append(rows, f)
	}
	columns := []string{"name", "status", "status_since", "height_m", "channels"}
	for _, binary := range []bool{false, true} {
		v := viewOf(true, columns...)
		v.binary = binary
		b.Run(map[bool]string{false: "json", true: "binary"}[binary], func(b *testing.B) {
			c := newSnapshot(v, selector{scope: town, layer: cameras}, []int{0, 2, 3, 4, 5}, rows, here)
			plain, packed := 0, 0
			for b.Loop() {
				plain = 0
				for part := range c.parts() {
					plain += len(c.frame(part))
				}
				c.frames = make([][]byte, c.parts())
			}
			for part := range c.parts() {
				var out bytes.Buffer
				w, err := flate.NewWriter(&out, flate.BestSpeed)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := w.Write(c.frame(part)); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				packed += out.Len()
				if dir := os.Getenv("WANGLOU_FRAMES"); dir != "" { // for the console's own measure
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%t-%03d", binary, part)), c.frame(part), 0o644); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(plain)/1e6, "MB")
			b.ReportMetric(float64(packed)/1e6, "MB-deflated")
		})
	}
}
