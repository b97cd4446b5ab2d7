package fence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

var begin = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// zones is a list of fences.
type zones []Zone

func (z *zones) Near(b orb.Bound, visit func(Zone)) {
	for _, one := range *z {
		if one.Shape.Bound().Intersects(b) {
			visit(one)
		}
	}
}

func (z *zones) Zone(id int64) (Zone, bool) {
	for _, one := range *z {
		if one.ID == id {
			return one, true
		}
	}
	return Zone{}, false
}

// square is a fence about 1,110 m from south to north and 960 m from west to east.
func square(id int64, west float64) Zone {
	return Zone{ID: id, Name: fmt.Sprintf("F%d", id), Area: "330122.001", Shape: orb.Bound{Min: orb.Point{west, 30}, Max: orb.Point{west + 0.01, 30.01}}.ToPolygon()}
}

// at is a fix s seconds after begin, metres east of the western edge of square(…, 120).
func at(s int, metres float64) Fix {
	return Fix{ID: 7, Name: "U7", Area: "330122.002", Point: orb.Point{120 + metres/96_486, 30.005}, Time: begin.Add(time.Duration(s) * time.Second)}
}

func told(o Outcome) string {
	var b []string
	for _, e := range o.Events {
		b = append(b, fmt.Sprintf("%s F%d %d", e.Trigger, e.FenceID, int(e.Time.Sub(begin).Seconds())))
	}
	return strings.Join(b, ", ")
}

func TestFixes(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fixes []Fix
		want  string
	}{
		{"outside", []Fix{at(0, -100), at(10, -50)}, ""},
		{"in and out", []Fix{at(0, -100), at(10, 100), at(20, -100)}, "enter F1 10, leave F1 20"},
		{"first seen inside", []Fix{at(0, 100)}, "enter F1 0"},
		{"at the edge within the margin", []Fix{at(0, 10), at(10, -10), at(20, 10), at(30, -25)}, "enter F1 0"},
		{"beyond the margin", []Fix{at(0, 10), at(10, -10), at(20, -35)}, "enter F1 0, leave F1 20"},
		{"a late fix", []Fix{at(0, -100), at(20, 100), at(10, -100), at(20, -100)}, "enter F1 20"},
		{"a jump that was an error", []Fix{at(0, -5000), at(1, 100), at(2, -5000)}, ""},
		{"an error inside does not end the stay", []Fix{at(0, 100), at(1, -5000), at(2, 110)}, "enter F1 0"},
		{"a jump that is confirmed", []Fix{at(0, -5000), at(1, 100), at(2, 110)}, "enter F1 1"},
		{"two errors", []Fix{at(0, -5000), at(1, 100), at(2, 9000), at(3, -5000)}, ""},
		{"far, but in enough time", []Fix{at(0, -5000), at(80, 100)}, "enter F1 80"},
		{"a clock far ahead", []Fix{at(0, -100), at(100_000, 100), at(10, -90)}, ""},
		{"from one fence into the next", []Fix{at(0, 900), at(20, 1000)}, "enter F1 0, leave F1 20, enter F2 20"},
		{"a stay", []Fix{at(0, 100), at(59, 120), at(61, 100), at(200, 100)}, "enter F1 0, dwell F1 60"},
		{"two stays", []Fix{at(0, 100), at(70, 100), at(80, -100), at(90, 100), at(160, 100)}, "enter F1 0, dwell F1 60, leave F1 80, enter F1 90, dwell F1 150"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := &Rule{ID: 1, Triggers: Triggers, DwellS: 60, MarginM: 30}
			e := NewEvaluator(r, &zones{square(1, 120), square(2, 120.0102)}, nil)
			var o Outcome
			for _, f := range tc.fixes {
				e.Fix(f, begin.Add(1000*time.Second), false, &o)
			}
			if got := told(o); got != tc.want {
				t.Errorf("told %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTellsOnlyWhatTheRuleAsksFor(t *testing.T) {
	t.Parallel()
	e := NewEvaluator(&Rule{Triggers: []Trigger{Leave}}, &zones{square(1, 120)}, nil)
	var o Outcome
	for _, f := range []Fix{at(0, 100), at(10, -100)} {
		e.Fix(f, begin.Add(time.Hour), false, &o)
	}
	if told(o) != "leave F1 10" || !o.Events[0].Since.Equal(begin) {
		t.Errorf("told %q since %s", told(o), o.Events[0].Since)
	}
	if o.Events[0].AreaPath != "330122" {
		t.Errorf("area %q, want the one that holds both", o.Events[0].AreaPath)
	}
}

func TestBeginsQuietlyAndGoesOn(t *testing.T) {
	t.Parallel()
	r := &Rule{ID: 3, Triggers: Triggers, DwellS: 60}
	var o Outcome
	NewEvaluator(r, &zones{square(1, 120)}, nil).Fix(at(0, 100), begin, true, &o)
	if len(o.Events) != 0 || len(o.Put) != 1 {
		t.Fatalf("a rule that begins told %q and kept %d stays", told(o), len(o.Put))
	}
	next := NewEvaluator(r, &zones{square(1, 120)}, o.Put) // another process
	o = Outcome{}
	next.Fix(at(70, 100), begin.Add(time.Hour), false, &o)
	next.Fix(at(80, -100), begin.Add(time.Hour), false, &o)
	if got, want := told(o), "dwell F1 60, leave F1 80"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	if len(o.Ended) != 1 || !o.Ended[0].Since.Equal(begin) {
		t.Errorf("ended %v", o.Ended)
	}
}

func TestTick(t *testing.T) {
	t.Parallel()
	e := NewEvaluator(&Rule{Triggers: Triggers, DwellS: 60}, &zones{square(1, 120)}, nil)
	var o Outcome
	e.Fix(at(0, 100), begin, false, &o)
	for _, s := range []int{59, 60, 61} {
		e.Tick(begin.Add(time.Duration(s)*time.Second), &o)
	}
	if got, want := told(o), "enter F1 0, dwell F1 60"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	silent := NewEvaluator(&Rule{Triggers: Triggers, DwellS: 300}, &zones{square(1, 120)}, nil)
	o = Outcome{}
	silent.Fix(at(0, 100), begin, false, &o)
	silent.Tick(begin.Add(301*time.Second), &o)
	if got, want := told(o), "enter F1 0"; got != want {
		t.Errorf("of a silent device it told %q, want %q", got, want)
	}
}

func TestWhatIsGoneDidNotLeave(t *testing.T) {
	t.Parallel()
	z := &zones{square(1, 120)}
	e := NewEvaluator(&Rule{Triggers: Triggers}, z, nil)
	var o Outcome
	e.Fix(at(0, 100), begin, false, &o)
	e.Gone(7, &o)
	e.Fix(at(10, 100), begin, false, &o)
	*z = nil
	e.Fix(at(20, 100), begin, false, &o)
	if got, want := told(o), "enter F1 0, enter F1 10"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	if len(o.Put) != 2 || len(o.Ended) != 2 {
		t.Errorf("%d stays began and %d ended, want 2 and 2", len(o.Put), len(o.Ended))
	}
}

// TestEntersAndLeavesAlternate: whatever is sent, of one thing at one fence enter and leave take turns, a dwell lies between them, and time goes forward.
func TestEntersAndLeavesAlternate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := NewEvaluator(&Rule{Triggers: Triggers, DwellS: 30, MarginM: rapid.Float64Range(0, 100).Draw(t, "margin")}, &zones{square(1, 120), square(2, 120.005)}, nil)
		var o Outcome
		for range rapid.IntRange(1, 60).Draw(t, "fixes") {
			e.Fix(at(rapid.IntRange(0, 600).Draw(t, "s"), rapid.Float64Range(-3000, 3000).Draw(t, "metres")), begin.Add(time.Hour), false, &o)
		}
		inside, last := map[int64]bool{}, time.Time{}
		for _, ev := range o.Events {
			if want := ev.Trigger != Enter; inside[ev.FenceID] != want {
				t.Fatalf("%s of F%d while inside is %t", ev.Trigger, ev.FenceID, !want)
			}
			inside[ev.FenceID] = ev.Trigger != Leave
			if ev.Trigger != Dwell && ev.Time.Before(last) {
				t.Fatalf("time goes back at %s", told(o))
			}
			last = ev.Time
		}
		began := len(o.Put) - len(slices.DeleteFunc(slices.Clone(o.Put), func(s Stay) bool { return !s.Dwelt }))
		open := 0
		for _, is := range inside {
			if is {
				open++
			}
		}
		if began-len(o.Ended) != open {
			t.Fatalf("%d stays began, %d ended, %d are open", began, len(o.Ended), open)
		}
	})
}

func TestCommon(t *testing.T) {
	for _, tc := range [][3]string{
		{"330122.001", "330122.001.003", "330122.001"}, {"330122.001", "330122.002", "330122"}, {"330122.001", "330122.0011", "330122"},
		{"330122", "330123", ""}, {"", "330122", ""}, {"330122", "", ""}, {Unscoped, "330122", "330122"}, {"330122", Unscoped, "330122"}, {Unscoped, Unscoped, ""}, {"a.b", "a.b", "a.b"},
	} {
		if got := common(tc[0], tc[1]); got != tc[2] {
			t.Errorf("common(%q, %q) = %q, want %q", tc[0], tc[1], got, tc[2])
		}
	}
}

type catalogue map[string]*layers.Layer

func (c catalogue) Layer(name string) *layers.Layer { return c[name] }

func TestValidate(t *testing.T) {
	c := catalogue{
		"position": layers.NewLayer(layers.Layer{Name: "position", Geometry: layers.GeometryPoint, Columns: []layers.Column{{Name: "kind", Type: layers.ColumnText}}}),
		"area":     layers.NewLayer(layers.Layer{Name: "area", Geometry: layers.GeometryPolygon, Columns: []layers.Column{{Name: "level", Type: layers.ColumnText}}}),
	}
	for _, tc := range []struct {
		name, want string
		change     func(*Rule)
	}{
		{"good", "", func(*Rule) {}},
		{"no name", "name/required", func(r *Rule) { r.Name = "  " }},
		{"long name", "name/too_long", func(r *Rule) { r.Name = strings.Repeat("围", maxName+1) }},
		{"no layer", "moving_layer/required", func(r *Rule) { r.MovingLayer = "" }},
		{"unknown layer", "fence_layer/unknown_layer", func(r *Rule) { r.FenceLayer = "moon" }},
		{"polygons do not move", "moving_layer/not_points", func(r *Rule) { r.MovingLayer = "area" }},
		{"points are no fences", "fence_layer/not_polygons", func(r *Rule) { r.FenceLayer = "position" }},
		{"filter of the wrong layer", "moving_filter/unknown_property", func(r *Rule) { r.MovingFilter = "level = 'town'" }},
		{"no filter at all", "fence_filter/filter_syntax", func(r *Rule) { r.FenceFilter = "level = = 3" }},
		{"no triggers", "triggers/required", func(r *Rule) { r.Triggers = nil }},
		{"unknown trigger", "triggers/not_a_value", func(r *Rule) { r.Triggers = []Trigger{"jump"} }},
		{"no dwell time", "dwell_s/required", func(r *Rule) { r.DwellS = 0 }},
		{"short dwell", "dwell_s/out_of_range", func(r *Rule) { r.DwellS = 9 }},
		{"negative margin", "margin_m/out_of_range", func(r *Rule) { r.MarginM = -1 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &Rule{Name: " 无人机禁飞 ", MovingLayer: "position", MovingFilter: "kind='team'", FenceLayer: "area", Triggers: []Trigger{Dwell, Enter}, DwellS: 60, MarginM: 20}
			tc.change(r)
			got, err := "", r.Validate(c)
			if e := (*layers.Error)(nil); errors.As(err, &e) {
				got = e.Field + "/" + e.Reason
			}
			if got != tc.want {
				t.Fatalf("Validate: %v (%s), want %s", err, got, tc.want)
			}
			if err == nil && (r.Name != "无人机禁飞" || !slices.Equal(r.Triggers, []Trigger{Enter, Dwell})) {
				t.Errorf("tidied to %+v", r)
			}
		})
	}
}

func BenchmarkFix(b *testing.B) {
	e := NewEvaluator(&Rule{Triggers: Triggers, MarginM: 20}, &zones{square(1, 120)}, nil)
	var o Outcome
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Fix(at(i, float64(100+i%50)), begin.Add(time.Duration(i)*time.Second), false, &o)
	}
}
