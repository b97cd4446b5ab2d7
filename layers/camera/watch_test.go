package camera

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

func TestWatch(t *testing.T) {
	t.Parallel()
	type look struct {
		second int
		origin Origin
		sight  Sight
		want   Status
	}
	probe := func(second int, s Sight, want Status) look { return look{second, FromProbe, s, want} }
	for name, looks := range map[string][]look{
		"the first answer counts":      {probe(0, SeenOK, Online)},
		"one lost packet is nothing":   {probe(0, SeenOK, Online), probe(60, NoAnswer, Online), probe(63, SeenOK, Online), probe(120, NoAnswer, Online)},
		"two in a row are an outage":   {probe(0, SeenOK, Online), probe(60, NoAnswer, Online), probe(63, NoAnswer, Offline)},
		"never seen, and down":         {probe(0, NoAnswer, ""), probe(3, NoAnswer, Offline)},
		"a wrong password is a fault":  {probe(0, WrongPassword, ""), probe(3, WrongPassword, Fault)},
		"bad in two ways is down too":  {probe(0, SeenOK, Online), probe(60, Garbage, Online), probe(63, NoAnswer, Offline)},
		"another way, when it is sure": {probe(0, NoAnswer, ""), probe(3, NoAnswer, Offline), probe(60, NoStream, Offline), probe(120, NoStream, Fault)},
		"up after a minute":            {probe(0, NoAnswer, ""), probe(3, NoAnswer, Offline), probe(60, SeenOK, Offline), probe(119, SeenOK, Offline), probe(120, SeenOK, Online)},
		"a fall begins the wait anew":  {probe(0, NoAnswer, ""), probe(3, NoAnswer, Offline), probe(60, SeenOK, Offline), probe(119, NoAnswer, Offline), probe(180, SeenOK, Offline), probe(239, SeenOK, Offline), probe(240, SeenOK, Online)},
		"longer after a second fall": {probe(0, NoAnswer, ""), probe(3, NoAnswer, Offline), probe(60, SeenOK, Offline), probe(70, NoAnswer, Offline), probe(73, NoAnswer, Offline),
			probe(100, SeenOK, Offline), probe(219, SeenOK, Offline), probe(220, SeenOK, Online)},
		"an older look is late":         {probe(60, SeenOK, Online), probe(0, NoAnswer, Online), probe(1, NoAnswer, Online)},
		"a picture is better than both": {{0, FromFrame, SeenOK, Online}, probe(10, NoAnswer, Online), probe(20, NoAnswer, Online), probe(31, NoAnswer, Online), probe(34, NoAnswer, Offline)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w Watch
			for _, l := range looks {
				was := w.Status
				changed := w.Observe(Observation{At: noon.Add(time.Duration(l.second) * time.Second), Origin: l.origin, Sight: l.sight}, &Usual)
				if w.Status != l.want || changed != (was != w.Status) {
					t.Fatalf("after %d s: %q, changed %v; want %q", l.second, w.Status, changed, l.want)
				}
			}
		})
	}
}

func TestSinceIsTheFirstBadLook(t *testing.T) {
	t.Parallel()
	var w Watch
	w.Observe(Observation{At: noon, Sight: SeenOK}, &Usual)
	w.Observe(Observation{At: noon.Add(time.Minute), Sight: NoAnswer}, &Usual)
	if !w.Suspect(&Usual) {
		t.Error("nobody looks again soon")
	}
	w.Observe(Observation{At: noon.Add(63 * time.Second), Sight: NoAnswer}, &Usual)
	if w.Since != noon.Add(time.Minute) || w.Suspect(&Usual) {
		t.Errorf("since %v", w.Since)
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	var told, asked, never Watch
	told.Observe(Observation{At: noon, Origin: FromKeepAlive, Sight: SeenOK}, &Usual)
	asked.Observe(Observation{At: noon, Origin: FromProbe, Sight: SeenOK}, &Usual)
	if told.Quiet(noon.Add(179*time.Second), &Usual) || !told.Quiet(noon.Add(180*time.Second), &Usual) || told.Status != Offline || told.Since != noon {
		t.Errorf("three keep-alives did not come: %+v", told)
	}
	if asked.Quiet(noon.Add(9*time.Minute), &Usual) || !asked.Quiet(noon.Add(10*time.Minute), &Usual) || asked.Status != Unknown {
		t.Errorf("nobody looked: %+v", asked)
	}
	if never.Quiet(noon, &Usual) {
		t.Error("nobody has seen it")
	}
}

// looks draws what is seen of one camera at growing moments.
func looks(t *rapid.T) (out []Observation) {
	at := noon
	for range rapid.IntRange(1, 200).Draw(t, "looks") {
		at = at.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "seconds")) * time.Second)
		s := SeenOK
		if rapid.Bool().Draw(t, "bad") {
			s = rapid.SampledFrom(Sights[1:]).Draw(t, "sight")
		}
		out = append(out, Observation{At: at, Origin: FromProbe, Sight: s})
	}
	return out
}

// Patience never costs a detection: whenever a rule that lets a camera rise at its first answer has it down, ours has it down too, and nobody rings oftener.
func TestPatienceDetectsNoLater(t *testing.T) {
	t.Parallel()
	hasty := Usual
	hasty.Hold, hasty.HoldMost = 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var ours, theirs Watch
		rings, theirRings := 0, 0
		for _, o := range looks(t) {
			was, theirWas := ours.down(), theirs.down()
			ours.Observe(o, &Usual)
			theirs.Observe(o, &hasty)
			if ours.down() != was {
				rings++
			}
			if theirs.down() != theirWas {
				theirRings++
			}
			if theirs.down() && !ours.down() {
				t.Fatalf("at %v the hasty rule has it down, ours has it %s", o.At, ours.Status)
			}
			if ours.Status == Online && o.Sight == SeenOK && !ours.LastOK.Equal(o.At) {
				t.Fatal("an answer was not taken note of")
			}
		}
		if rings > theirRings {
			t.Fatalf("%d rings instead of %d", rings, theirRings)
		}
	})
}

// A camera that stays as it is is told as it is, whatever was before.
func TestWhatLastsIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var w Watch
		seen := looks(t)
		for _, o := range seen {
			w.Observe(o, &Usual)
		}
		last := rapid.SampledFrom(Sights).Draw(t, "last")
		at := seen[len(seen)-1].At
		for range 70 {
			at = at.Add(time.Minute)
			w.Observe(Observation{At: at, Origin: FromProbe, Sight: last}, &Usual)
		}
		if w.Status != last.Status() {
			t.Fatalf("%s for 70 minutes, and %s", last, w.Status)
		}
	})
}
