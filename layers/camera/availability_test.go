package camera

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestUptimeIn(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }
	day := Span{at(0), at(24)}
	down := Change{at(6), Online, Offline}
	up := Change{at(9), Offline, Online}
	for name, c := range map[string]struct {
		entered     time.Time
		log         []Change
		now         Status
		maintenance []Span
		want        [3]float64 // hours online, expected, unknown
	}{
		"nothing happened":         {now: Online, want: [3]float64{24, 24, 0}},
		"nobody ever looked":       {now: Unknown, want: [3]float64{0, 0, 24}},
		"three hours down":         {log: []Change{down, up}, now: Online, want: [3]float64{21, 24, 0}},
		"down until the end":       {log: []Change{down}, now: Offline, want: [3]float64{6, 24, 0}},
		"repaired as announced":    {log: []Change{down, up}, now: Online, maintenance: []Span{{at(7), at(10)}, {at(8), at(9)}}, want: [3]float64{20, 21, 0}},
		"a window over everything": {log: []Change{down, up}, now: Online, maintenance: []Span{{at(-9), at(99)}}, want: [3]float64{0, 0, 0}},
		"entered at six":           {entered: at(6), log: []Change{{at(8), Unknown, Online}}, now: Online, want: [3]float64{16, 16, 2}},
		"before the span":          {log: []Change{{at(-5), Online, Fault}}, now: Fault, want: [3]float64{0, 24, 0}},
		"after the span":           {log: []Change{{at(30), Online, Fault}}, now: Fault, want: [3]float64{24, 24, 0}},
		"at its very beginning":    {log: []Change{{at(0), Online, Fault}, up}, now: Online, want: [3]float64{15, 24, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := UptimeIn(day, c.entered, c.log, c.now, c.maintenance)
			if got := [3]float64{u.Online.Hours(), u.Expected.Hours(), u.Unknown.Hours()}; got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// Months add up: what is computed of two halves is what is computed of the whole.
func TestUptimeAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		moment := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, name)) * time.Minute)
		}
		var log []Change
		at, status := noon, rapid.SampledFrom(Statuses).Draw(t, "first")
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "minutes")) * time.Minute)
			to := rapid.SampledFrom(Statuses).Draw(t, "to")
			log = append(log, Change{at, status, to})
			status = to
		}
		var maintenance []Span
		for range rapid.IntRange(0, 3).Draw(t, "windows") {
			from := moment("from")
			maintenance = append(maintenance, Span{from, from.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "long")) * time.Minute)})
		}
		end, middle := noon.Add(1000*time.Minute), moment("middle")
		whole := UptimeIn(Span{noon, end}, time.Time{}, log, status, maintenance)
		parts := UptimeIn(Span{noon, middle}, time.Time{}, log, status, maintenance)
		parts.Add(UptimeIn(Span{middle, end}, time.Time{}, log, status, maintenance))
		if whole != parts {
			t.Fatalf("%+v, in two parts %+v", whole, parts)
		}
		if whole.Online > whole.Expected || whole.Expected+whole.Unknown > 1000*time.Minute {
			t.Fatalf("%+v of 1000 minutes", whole)
		}
	})
}
