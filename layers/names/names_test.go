package names

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wanglou/layers/words"
)

func everywhere(string) bool { return true }
func all(int64) bool         { return true }

func TestFind(t *testing.T) {
	t.Parallel()
	x := New(0, slices.Values([]Thing{
		{ID: 1, Texts: []string{"迎春南路路口", "33012200001320000001"}},
		{ID: 2, Texts: []string{"春江路"}},
		{ID: 3, Texts: []string{"滨江公园 East Gate"}},
		{ID: 4, Texts: []string{"重阳桥"}},
		{ID: 5, Texts: []string{"绿云3号楼"}},
		{ID: 6, Texts: []string{"西安路（东）口", "Xi'an Road"}},
		{ID: 7, Texts: []string{"占用消防通道", "20260501-00007"}},
		{ID: 8, Texts: []string{"ABC１２３", ""}},
	}))
	for question, want := range map[string][]int64{
		"迎春南路路口":               {1},
		"路":                    {2, 1, 6},
		"迎春":                   {1},
		"春":                    {2, 1},
		"春江":                   {2},
		"迎春 路口":                {1},
		"路口 迎春":                {1},
		"迎春nl":                 {1},
		"ycnl":                 {1},
		"YCNL":                 {1},
		"yingchun":             {1},
		"yingcnl":              {1},
		"chunnan":              {1},
		"chunn":                {1},
		"cj":                   {2},
		"chunjiang":            {2},
		"chunjianglu":          {2},
		"chun":                 {2, 1},
		"chongyang":            {4},
		"zhongyang":            {4},
		"zhyq":                 {4},
		"cyq":                  {4},
		"lvyun":                {5},
		"lüyun":                {5},
		"ly3hl":                {5},
		"3hl":                  {5},
		"xianlu":               {6},
		"xaldk":                {6},
		"xian":                 {6},
		"east gate":            {3},
		"gate":                 {3},
		"at":                   nil, // in the middle of a word
		"33012200001320000001": {1},
		"3301":                 {1},
		"0001":                 {1},
		"20260501-00007":       {7},
		"00007":                {7},
		"abc123":               {8},
		"ＡＢＣ":                  {8},
		"":                     nil,
		"%":                    nil,
		"南春":                   nil,
		"春路":                   nil,
	} {
		var got []int64
		for _, h := range x.Find(Parse(question), 10, everywhere, all) {
			got = append(got, h.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %d, want %d", question, got, want)
		}
	}
}

func TestFindOnlyWhatOneMaySee(t *testing.T) {
	t.Parallel()
	x := New(0, slices.Values([]Thing{{ID: 1, Area: "c.t1", Texts: []string{"城南路"}}, {ID: 2, Area: "c.t2", Texts: []string{"城南路"}}, {ID: 3, Area: "c.t1", Texts: []string{"城南路"}}}))
	got := x.Find(Parse("城南"), 10, func(path string) bool { return path == "c.t1" }, func(id int64) bool {
		if id == 2 {
			t.Error("asked about a thing of an area that is out of sight")
		}
		return id != 3
	})
	if len(got) != 1 || got[0].ID != 1 {
		t.Error(got)
	}
}

// plain finds the same by looking at everything.
func plain(things map[int64]Thing, q Query, limit int) []int64 {
	type hit struct {
		match Match
		e     entry
	}
	var hits []hit
	for _, thing := range things {
		best := hit{match: InsideSpelled + 1}
		for _, text := range thing.Texts {
			text = words.Fold(text)
			h := hit{match: InsideSpelled + 1, e: entry{text: text, id: thing.ID, rank: thing.Rank}}
			switch s := []rune(text); {
			case text == "" || q.Empty():
			case text == q.text:
				h.match = Whole
			case strings.HasPrefix(text, q.text):
				h.match = Begin
			case len(q.parts) > 1:
				if !slices.ContainsFunc(q.parts, func(p part) bool { return !p.literal(text) && !p.spelled(s) }) {
					h.match = Inside
				}
			case q.parts[0].typed && hanWithin(s) && readings().read(q.parts[0].text, s): // signs around it are nothing to spell
				h.match = BeginSpelled
			case q.parts[0].literal(text):
				h.match = Inside
			case q.parts[0].spelled(s):
				h.match = InsideSpelled
			}
			if cmp.Or(cmp.Compare(h.match, best.match), compare(&h.e, &best.e)) < 0 {
				best = h
			}
		}
		if best.match <= InsideSpelled {
			hits = append(hits, best)
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.match, b.match), compare(&a.e, &b.e)) })
	var ids []int64
	for _, h := range hits[:min(limit, len(hits))] {
		ids = append(ids, h.e.id)
	}
	return ids
}

// However names came, were changed and went: the index finds what looking at each of them finds, in the same order.
func TestFindIsExact(t *testing.T) {
	t.Parallel()
	alphabet := []rune("城南路春江长重西安绿楼（ab3 ")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 7, -1)
		thing := rapid.Custom(func(t *rapid.T) Thing {
			return Thing{ID: rapid.Int64Range(1, 30).Draw(t, "id"), Rank: rapid.Uint8Range(0, 2).Draw(t, "rank"), Texts: rapid.SliceOfN(text, 0, 2).Draw(t, "texts")}
		})
		things := map[int64]Thing{}
		for _, one := range rapid.SliceOfN(thing, 0, 25).Draw(t, "first") {
			things[one.ID] = one
		}
		var first []Thing
		for _, one := range things {
			first = append(first, one)
		}
		x := New(len(first), slices.Values(first))
		for _, one := range rapid.SliceOfN(thing, 0, 15).Draw(t, "later") {
			if len(one.Texts) == 0 {
				x.Remove(one.ID)
				delete(things, one.ID)
				continue
			}
			x.Set(one)
			things[one.ID] = one
		}
		if rapid.Bool().Draw(t, "renewed") {
			x = x.Renewed()
		}
		for range 4 {
			question := rapid.OneOf(text, rapid.StringOfN(rapid.SampledFrom([]rune("cnljxachzgeuv3")), 1, 6, -1)).Draw(t, "question")
			q := Parse(question)
			limit := rapid.IntRange(1, 12).Draw(t, "limit")
			var got []int64
			for _, h := range x.Find(q, limit, everywhere, all) {
				got = append(got, h.ID)
			}
			if want := plain(things, q, limit); !slices.Equal(got, want) {
				t.Fatalf("%q finds %d, looking at everything %d\n%v", question, got, want, things)
			}
		}
	})
}

// A thing that came later is found by the best of its names, whichever was given first.
func TestBestNameOfWhatCameLater(t *testing.T) {
	t.Parallel()
	x := New(0, slices.Values([]Thing{}))
	x.Set(Thing{ID: 1, Texts: []string{"城城", "城"}})
	x.Set(Thing{ID: 2, Texts: []string{"城"}})
	if got := x.Find(Parse("c"), 1, everywhere, all); len(got) != 1 || got[0].ID != 1 || got[0].Size != len("城") {
		t.Error(got)
	}
}

// What is set as it was costs nothing: lists do not grow.
func TestSetOfTheSame(t *testing.T) {
	t.Parallel()
	one := Thing{ID: 1, Area: "c", Texts: []string{"城南路", "C１"}}
	x := New(0, slices.Values([]Thing{one}))
	x.Set(one)
	if len(x.entries) != 2 || x.dead != 0 {
		t.Errorf("%d entries, %d dead", len(x.entries), x.dead)
	}
	x.Set(Thing{ID: 1, Area: "c.t1", Texts: one.Texts})
	if x.dead != 2 || x.Len() != 1 {
		t.Errorf("moved to another area: %d dead, %d things", x.dead, x.Len())
	}
	x.Remove(1)
	if got := x.Find(Parse("城南"), 5, everywhere, all); got != nil || x.Len() != 0 {
		t.Error(got)
	}
}
