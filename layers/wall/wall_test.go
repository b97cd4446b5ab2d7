package wall

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

var t0 = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

func scene(name string, dwell int) Scene {
	return Scene{Name: name, View: View{Camera: Camera{Center: orb.Point{119.7, 29.8}, Zoom: 12}}, DwellS: dwell}
}

func sample(dwells ...int) *Wall {
	w := &Wall{Name: "大厅", Layout: Layout{Rows: 2, Columns: 3, Width: 1920, Height: 1080, GapX: 20, GapY: 10}, State: State{Since: t0, RulesSince: t0}}
	for i, d := range dwells {
		w.Playlist = append(w.Playlist, scene(fmt.Sprint(i), d))
	}
	return w
}

func part(row, column, rows, columns int) Part {
	return Part{Row: row, Column: column, Rows: rows, Columns: columns, View: scene("", 0).View}
}

func TestLayout(t *testing.T) {
	w := sample()
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if width, height := w.Layout.Size(); width != 3*1920+40 || height != 2*1080+10 {
		t.Errorf("%d × %d", width, height)
	}
	if x, y := w.Layout.Origin(2, 3); x != 2*1940 || y != 1090 {
		t.Errorf("%d, %d", x, y)
	}
	mm := Layout{GapX: 3.5, Unit: "mm", PitchMM: 1.25}
	if x, _ := mm.Gap(); x != 3 {
		t.Errorf("3.5 mm of 1.25 mm pixels are %d", x)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		change        func(w *Wall)
		field, reason string
	}{
		{func(w *Wall) { w.Name = " " }, "name", "required"},
		{func(w *Wall) { w.Layout.Rows = 0 }, "layout.rows", "out_of_range"},
		{func(w *Wall) { w.Layout.Rows, w.Layout.Columns = 16, 16 }, "layout.columns", "out_of_range"},
		{func(w *Wall) { w.Layout.Unit = "mm" }, "layout.pitch_mm", "out_of_range"},
		{func(w *Wall) { w.Layout.GapX = -1 }, "layout.gap_x", "out_of_range"},
		{func(w *Wall) { w.AreaPath = "../x" }, "area_path", "bad_area_path"},
		{func(w *Wall) { w.Playlist[1].Zoom = 30 }, "playlist.1.zoom", "out_of_range"},
		{func(w *Wall) { w.Playlist[0].DwellS = 1 }, "playlist.0.dwell_s", "out_of_range"},
		{func(w *Wall) { w.Playlist[0].Severity = 4 }, "playlist.0.severity", "out_of_range"},
		{func(w *Wall) { w.Playlist[0].Begins = "08:00" }, "playlist.0.ends", "not_a_value"},
		{func(w *Wall) { w.Playlist[0].Begins, w.Playlist[0].Ends = "8:00", "18:00" }, "playlist.0.begins", "not_a_value"},
		{func(w *Wall) { w.Playlist[0].Begins, w.Playlist[0].Ends = "08:00", "24:00" }, "playlist.0.ends", "not_a_value"},
		{func(w *Wall) { w.Playlist[1].Parts = []Part{part(1, 1, 1, 1), part(2, 3, 1, 2)} }, "playlist.1.parts.1.row", "out_of_range"},
		{func(w *Wall) { w.Playlist[1].Parts = []Part{part(1, 1, 2, 2), part(2, 2, 1, 1)} }, "playlist.1.parts.1.row", "taken"},
		{func(w *Wall) { w.Playlist[1].Parts = []Part{part(0, 1, 1, 1)} }, "playlist.1.parts.0.row", "out_of_range"},
		{func(w *Wall) {
			w.Playlist[1].Parts = []Part{{Row: 1, Column: 1, Rows: 1, Columns: 1, Cameras: []int64{0}}}
		}, "playlist.1.parts.0.cameras", "not_a_value"},
		{func(w *Wall) { w.Playlist[1].Parts = []Part{{Row: 1, Column: 1, Rows: 1, Columns: 1}} }, "playlist.1.parts.0.zoom", "out_of_range"},
		{func(w *Wall) { w.Rules = []Rule{{Severity: 4, Zoom: 15}} }, "rules.0.severity", "out_of_range"},
	} {
		w := sample(10, 20)
		c.change(w)
		err := w.Validate()
		var e *layers.Error
		if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason {
			t.Errorf("%v; want %s of %s", err, c.reason, c.field)
		}
	}
}

func TestPosition(t *testing.T) {
	for _, c := range []struct {
		after        time.Duration
		entry, since int
	}{
		{-time.Second, 0, 0}, {0, 0, 0}, {9 * time.Second, 0, 0}, {10 * time.Second, 1, 10}, {29 * time.Second, 1, 10}, {30 * time.Second, 2, 30}, {60 * time.Second, 0, 60},
		{time.Hour, 0, 3600}, {time.Hour + 15*time.Second, 1, 3610},
	} {
		entry, since := sample(10, 20, 30).Position(t0.Add(c.after))
		if entry != c.entry || since.Sub(t0) != time.Duration(c.since)*time.Second {
			t.Errorf("after %v: entry %d since %v; want %d since %ds", c.after, entry, since.Sub(t0), c.entry, c.since)
		}
	}
	held := sample(10, 20)
	held.State.Held, held.State.Entry = true, 1
	if entry, _ := held.Position(t0.Add(time.Hour)); entry != 1 {
		t.Errorf("a held wall goes on to %d", entry)
	}
	if entry, _ := sample().Position(t0); entry != -1 {
		t.Errorf("an empty playlist has entry %d", entry)
	}
}

// Whoever comes at whatever time, by whatever steps, finds the same page, and its time holds him.
func TestPositionIsOfTimeAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sample(rapid.SliceOfN(rapid.IntRange(5, 60), 1, 6).Draw(t, "dwells")...)
		w.State.Entry = rapid.IntRange(0, len(w.Playlist)-1).Draw(t, "entry")
		now := t0.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "now")))
		entry, since := w.Position(now)
		if len(w.Playlist) > 1 && (since.After(now) || now.Sub(since) >= w.dwell(entry)) {
			t.Fatalf("at %v it is entry %d since %v, which stays %v", now, entry, since, w.dwell(entry))
		}
		w.State.Entry, w.State.Since = entry, since // as an update leaves it
		later := now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later")))
		again, _ := w.Position(later)
		fresh := sample()
		fresh.Playlist, fresh.State = w.Playlist, w.State
		if straight, _ := fresh.Position(later); straight != again {
			t.Fatalf("%d and %d", again, straight)
		}
	})
}

// Scenes that have hours come at them, in the county's zone; what an operator chooses out of its hours is shown once.
func TestHours(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	w := sample(60, 60, 60, 60) // t0 is 16:00 there
	w.Zone = zone
	w.Playlist[1].Begins, w.Playlist[1].Ends = "08:00", "17:00"
	w.Playlist[2].Begins, w.Playlist[2].Ends = "17:00", "08:00" // over midnight
	w.Playlist[3].Begins, w.Playlist[3].Ends = "12:00", "12:01"
	at := func(clock string, seconds int) time.Time {
		now, err := time.ParseInLocation("2006-01-02 15:04", "2026-06-02 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		return now.Add(time.Duration(seconds) * time.Second)
	}
	for _, c := range []struct {
		now   time.Time
		entry int
		since time.Time
	}{
		{t0.Add(30 * time.Second), 0, t0}, {t0.Add(90 * time.Second), 1, t0.Add(time.Minute)}, {t0.Add(150 * time.Second), 0, t0.Add(2 * time.Minute)},
		{at("17:00", 0), 0, at("17:00", 0)}, {at("17:01", 1), 2, at("17:01", 0)}, {at("00:01", 30), 2, at("00:01", 0)}, {at("07:59", 59), 2, at("07:59", 0)},
		{at("08:00", 0), 0, at("08:00", 0)}, {at("08:01", 0), 1, at("08:01", 0)}, {at("12:00", 59), 0, at("12:00", 0)}, {at("12:01", 61), 1, at("12:02", 0)},
	} {
		entry, since := w.Position(c.now)
		if entry != c.entry || !since.Equal(c.since) {
			t.Errorf("at %v: entry %d since %v; want %d since %v", c.now.In(zone), entry, since.In(zone), c.entry, c.since)
		}
		if s := w.At(c.now, nil); s.Until.Before(c.now) || s.Until.Sub(c.now) > time.Minute {
			t.Errorf("at %v it goes on at %v", c.now.In(zone), s.Until)
		}
	}
	next := func(want int, now time.Time) {
		t.Helper()
		if err := w.Do(Command{Command: Next}, Operator{1, "王"}, nil, now); err != nil {
			t.Fatal(err)
		}
		if entry, _ := w.Position(now.Add(time.Second)); entry != want {
			t.Errorf("after next at %v it is entry %d, want %d", now.In(zone), entry, want)
		}
	}
	next(1, at("10:00", 5))
	next(0, at("10:00", 10)) // two and three have another time
	w.State.Entry, w.State.Since = 2, at("10:10", 0)
	for _, c := range []struct{ after, entry int }{{30, 2}, {61, 0}, {125, 1}} {
		if entry, _ := w.Position(at("10:10", c.after)); entry != c.entry {
			t.Errorf("%d s after the night's scene was chosen by day: entry %d, want %d", c.after, entry, c.entry)
		}
	}
	for i := range w.Playlist {
		w.Playlist[i].Begins, w.Playlist[i].Ends = "12:00", "12:01"
	}
	if due := w.dueAt(at("10:00", 0)); len(due) != 4 {
		t.Errorf("where it is the time of none, %v are shown", due)
	}
}

// A screen shows its part; a case that jumps in is shown by all.
func TestParts(t *testing.T) {
	w := sample(10, 20)
	w.Playlist[0].Parts = []Part{part(1, 2, 2, 2), {Row: 1, Column: 1, Rows: 1, Columns: 1, Cameras: []int64{3, 4}}}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	s := w.At(t0.Add(time.Second), nil).Scene
	for _, c := range []struct{ row, column, columns int }{{1, 1, 1}, {1, 2, 2}, {2, 3, 2}, {2, 1, 0}} {
		p := s.On(c.row, c.column)
		if (p == nil) != (c.columns == 0) || p != nil && p.Columns != c.columns {
			t.Errorf("screen %d,%d shows %+v", c.row, c.column, p)
		}
	}
	w.Rules = []Rule{{Severity: 1, Zoom: 15}}
	cases := []Case{{ID: 1, Severity: 1, At: orb.Point{119.6, 29.7}, Created: t0.Add(time.Second)}}
	if s := w.At(t0.Add(2*time.Second), cases).Scene; s.On(1, 1) != nil {
		t.Error("a case jumps in beside what the parts show")
	}
	show := scene("x", 10)
	show.Parts = []Part{part(3, 1, 1, 1)}
	if err := w.Do(Command{Command: Show, Scene: &show}, Operator{1, "王"}, nil, t0); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("a part outside of the wall: %v", err)
	}
}

func TestJump(t *testing.T) {
	w := sample(10, 20)
	w.AreaPath = "c"
	w.Rules = []Rule{{Severity: 1, AreaPath: "c.t1", Zoom: 15}}
	at := func(id int64, severity int, area string, s int) Case {
		return Case{ID: id, Severity: severity, AreaPath: area, At: orb.Point{119.6, 29.7}, Created: t0.Add(time.Duration(s) * time.Second)}
	}
	for _, c := range []struct {
		cases []Case
		want  int64
	}{
		{nil, 0},
		{[]Case{at(1, 1, "c.t1.v2", 1)}, 1},
		{[]Case{at(1, 2, "c.t1", 1)}, 0},
		{[]Case{at(1, 1, "c.t10", 1)}, 0},
		{[]Case{at(1, 1, "c.t1", -1)}, 0}, // before there was the rule
		{[]Case{at(1, 1, "c.t1", 1), at(2, 1, "c.t1", 5)}, 2},
		{[]Case{at(9, 1, "c.t1", 1)}, 0}, // acknowledged
	} {
		w.State.Acknowledged = []int64{9}
		s := w.At(t0.Add(12*time.Second), c.cases)
		if s.Incident != c.want {
			t.Errorf("%v: %d jumps in, want %d", c.cases, s.Incident, c.want)
		}
		if onList := s.Entry >= 0; onList != (c.want == 0) {
			t.Errorf("%v: entry %d of the playlist while %d has jumped in", c.cases, s.Entry, s.Incident)
		}
		if c.want != 0 && (s.Scene.Zoom != 15 || s.Scene.Center != c.cases[0].At || s.From == nil) {
			t.Errorf("%+v", s)
		}
	}
	cases := []Case{at(1, 1, "c.t1", 1)}
	if err := w.Do(Command{Command: Acknowledge, Incident: 1}, Operator{2, "李"}, cases, t0.Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	if s := w.At(t0.Add(21*time.Second), cases); s.Incident != 0 || s.From == nil || s.From.Center != cases[0].At {
		t.Errorf("after it was acknowledged: %+v", s)
	}
}

// The camera leaves a unit from where the unit is, which the screens know.
func TestLeavingAUnit(t *testing.T) {
	cases := []Case{{ID: 1, Severity: 1, AreaPath: "c", At: orb.Point{119.6, 29.7}, Created: t0.Add(time.Second)}}
	for name, do := range map[string]func(w *Wall) Shown{
		"the playlist goes on": func(w *Wall) Shown { return w.At(t0.Add(15*time.Second), nil) },
		"next": func(w *Wall) Shown {
			if err := w.Do(Command{Command: Next}, Operator{1, "王"}, nil, t0.Add(time.Second)); err != nil {
				t.Error(err)
			}
			return w.At(t0.Add(2*time.Second), nil)
		},
		"a case jumps in": func(w *Wall) Shown {
			w.Rules = []Rule{{Severity: 1, Zoom: 15}}
			return w.At(t0.Add(2*time.Second), cases)
		},
	} {
		w := sample(10, 20)
		w.Playlist[0].FollowUnit = 7
		s := do(w)
		if s.From == nil || s.From.FollowUnit != 7 || s.Scene.FollowUnit != 0 {
			t.Errorf("%s: from %+v to %+v", name, s.From, s.Scene)
		}
	}
}

func TestCommands(t *testing.T) {
	wang, li := Operator{1, "王"}, Operator{2, "李"}
	w := sample(10, 20, 30)
	do := func(c string, by Operator, after int) error {
		s := scene("现场", 0)
		return w.Do(Command{Command: c, Scene: &s, Incident: 1}, by, nil, t0.Add(time.Duration(after)*time.Second))
	}
	must := func(c string, by Operator, after, entry int, holder string) {
		t.Helper()
		if err := do(c, by, after); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if got := w.At(t0.Add(time.Duration(after+1)*time.Second), nil); got.Entry != entry || w.State.By != holder {
			t.Fatalf("after %s the wall shows entry %d, held by %q; want %d by %q", c, got.Entry, w.State.By, entry, holder)
		}
	}
	must(Next, wang, 1, 1, "")
	must(Next, wang, 2, 2, "")
	must(Next, wang, 3, 0, "")
	must(Previous, wang, 4, 2, "")
	must(Hold, wang, 5, 2, "王")
	for _, c := range []string{Next, Previous, Hold, Release, Show} {
		var e *layers.Error
		if err := do(c, li, 6); !errors.As(err, &e) || e.Reason != "wall_held" || e.Params["name"] != "王" {
			t.Errorf("%s of a wall that another holds: %v", c, err)
		}
	}
	must(Next, wang, 6, 0, "王")
	must(Take, li, 300, 0, "李")
	must(Show, li, 301, -1, "李")
	must(Release, li, 302, 0, "")
	if err := w.Do(Command{Command: "dance"}, wang, nil, t0); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("%v", err)
	}
	empty := sample()
	var e *layers.Error
	if err := empty.Do(Command{Command: Next}, wang, nil, t0); !errors.As(err, &e) || e.Reason != "empty_playlist" {
		t.Errorf("%v", err)
	}
}
