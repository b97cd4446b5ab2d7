package camera

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// town is a power area with two switches; the first has two recorders of four cameras each, the second one of four: cameras 1–4, 5–8, 9–12; 13 hangs on nothing.
func town() (map[int64]Parent, []Child) {
	parents := map[int64]Parent{
		1: {1, Power, "城南", 0}, 2: {2, Switch, "一", 1}, 3: {3, Switch, "二", 1},
		21: {21, Recorder, "甲", 2}, 22: {22, Recorder, "乙", 2}, 31: {31, Recorder, "丙", 3},
	}
	var cameras []Child
	for i := range int64(12) {
		cameras = append(cameras, Child{ID: i + 1, ParentID: []int64{21, 22, 31}[i/4]})
	}
	return parents, append(cameras, Child{ID: 13})
}

func fall(cameras []Child, at time.Time, ids ...int64) {
	for _, id := range ids {
		cameras[id-1].Down, cameras[id-1].Since = true, at
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	type want struct {
		parent int64
		down   []int64
	}
	for name, c := range map[string]struct {
		fell map[int][]int64 // seconds
		want []want
	}{
		"one":                                {map[int][]int64{0: {1}}, []want{{0, []int64{1}}}},
		"two of four are two":                {map[int][]int64{0: {1, 2}}, []want{{0, []int64{1}}, {0, []int64{2}}}},
		"three of four are their recorder":   {map[int][]int64{0: {1}, 60: {2, 3}}, []want{{21, []int64{1, 2, 3}}}},
		"not when hours lie in between":      {map[int][]int64{0: {1}, 9000: {2, 3}}, []want{{0, []int64{1}}, {0, []int64{2}}, {0, []int64{3}}}},
		"one that was down before stays one": {map[int][]int64{-9000: {4}, 0: {1, 2, 3}}, []want{{21, []int64{1, 2, 3}}, {0, []int64{4}}}},
		"both recorders are the switch":      {map[int][]int64{0: {1, 2, 3, 4}, 30: {5, 6, 7, 8, 13}}, []want{{2, []int64{1, 2, 3, 4, 5, 6, 7, 8}}, {0, []int64{13}}}},
		"everything is the power":            {map[int][]int64{0: {1, 2, 3, 4, 9, 10, 11, 12}, 30: {5, 6, 7, 8}}, []want{{1, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}}},
		"a recorder is not its switch":       {map[int][]int64{0: {9, 10, 11, 12}}, []want{{31, []int64{9, 10, 11, 12}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parents, cameras := town()
			for second, ids := range c.fell {
				fall(cameras, noon.Add(time.Duration(second)*time.Second), ids...)
			}
			now, over := UsualGrouping.Group(nil, parents, cameras)
			if len(over) > 0 || len(now) != len(c.want) {
				t.Fatalf("%+v, over %+v; want %v", now, over, c.want)
			}
			for i, w := range c.want {
				if now[i].ParentID != w.parent || !slices.Equal(now[i].Down, w.down) || now[i].Peak != len(w.down) {
					t.Errorf("%+v, want %v", now[i], w)
				}
			}
		})
	}
}

func TestTheyComeBackOneByOne(t *testing.T) {
	t.Parallel()
	g := &UsualGrouping
	parents, cameras := town()
	fall(cameras, noon, 1)
	open, _ := g.Group(nil, parents, cameras)
	if g.Due(&open[0], true, noon.Add(time.Second)) || !g.Due(&open[0], true, noon.Add(90*time.Second)) || !g.Due(&open[0], false, noon) {
		t.Error("the first camera's outage is told at the wrong time")
	}
	fall(cameras, noon.Add(20*time.Second), 2, 3, 4)
	open, over := g.Group(open, parents, cameras)
	if len(open) != 1 || open[0].ParentID != 21 || len(over) != 1 || !g.Due(&open[0], true, noon.Add(20*time.Second)) {
		t.Fatalf("open %+v, over %+v", open, over)
	}
	open[0].ID, open[0].Told = 7, true
	for i := range 3 {
		cameras[i].Down = false
		open, over = g.Group(open, parents, cameras)
		if len(open) != 1 || open[0].ID != 7 || len(open[0].Down) != 3-i || open[0].Peak != 4 || len(over) > 0 {
			t.Fatalf("after %d: open %+v, over %+v", i+1, open, over)
		}
	}
	fall(cameras, noon.Add(time.Hour), 2) // again, before the last one was up
	if open, _ = g.Group(open, parents, cameras); len(open) != 1 || len(open[0].Down) != 2 {
		t.Fatalf("%+v", open)
	}
	cameras[1].Down, cameras[3].Down = false, false
	if open, over = g.Group(open, parents, cameras); len(open) > 0 || len(over) != 1 || over[0].ID != 7 {
		t.Fatalf("open %+v, over %+v", open, over)
	}
}

// Whatever happens: every camera that is down is in exactly one outage, no other is, and the same question twice has the same answer.
func TestEveryFallenCameraHasOneOutage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parents, cameras := town()
		if rapid.Bool().Draw(t, "ring") {
			parents[1] = Parent{1, Power, "城南", 31}
		}
		var open []Outage
		at := noon
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			at = at.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
			for i := range cameras {
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					cameras[i].Down = false
				case 1:
					if !cameras[i].Down {
						cameras[i].Down, cameras[i].Since = true, at
					}
				}
			}
			open, _ = UsualGrouping.Group(open, parents, cameras)
			again, over := UsualGrouping.Group(open, parents, cameras)
			if len(over) > 0 || len(again) != len(open) {
				t.Fatalf("%+v became %+v, over %+v", open, again, over)
			}
			count := map[int64]int{}
			for _, o := range open {
				for _, id := range o.Down {
					count[id]++
				}
			}
			for _, c := range cameras {
				want := 0
				if c.Down {
					want = 1
				}
				if count[c.ID] != want {
					t.Fatalf("camera %d, down %v, is in %d outages: %+v", c.ID, c.Down, count[c.ID], open)
				}
			}
		}
	})
}
