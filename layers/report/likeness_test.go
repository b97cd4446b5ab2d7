package report

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// east returns a point so many metres east of the market square.
func east(metres float64) *orb.Point { return &orb.Point{119.69 + metres/96_560, 29.8} }

func TestLikeness(t *testing.T) {
	t.Parallel()
	leak := Subject{Point: east(0), Category: "06013", Text: "滨江路路面塌陷，井盖破损", At: noon}
	cases := []struct {
		name      string
		known     Known
		least     float64 // of the score
		most      float64
		automatic bool
		reasons   []string
	}{
		{"the same again", Known{Subject: Subject{east(8), "06013", "路面塌陷 井盖破损", noon.Add(-20 * time.Minute)}}, 0.9, 1, true,
			[]string{ReasonDistance, ReasonSameCategory, ReasonWords, ReasonTime}},
		{"other words at the same place", Known{Subject: Subject{east(10), "06013", "车子过不去", noon}}, 0.6, 0.7, false, []string{ReasonDistance, ReasonSameCategory, ReasonTime}},
		{"another class", Known{Subject: Subject{east(10), "09012", "消防通道被占", noon}}, 0.15, Proposed, false, []string{ReasonDistance, ReasonTime}},
		{"the same class", Known{Subject: Subject{east(10), "06042", "路面塌陷", noon}}, 0.5, 0.75, false, []string{ReasonDistance, ReasonSameClass, ReasonWords, ReasonTime}},
		{"no category yet", Known{Subject: Subject{east(0), "", "路面塌陷", noon}}, 0.5, 0.7, false, []string{ReasonDistance, ReasonWords, ReasonTime}},
		{"too far", Known{Subject: Subject{east(320), "06013", "滨江路路面塌陷", noon}}, 0, 0, false, nil},
		{"last week", Known{Subject: Subject{east(0), "06013", "滨江路路面塌陷", noon.Add(-8 * 24 * time.Hour)}}, 0, 0, false, nil},
		{"later than this one", Known{Subject: Subject{east(0), "06013", "滨江路路面塌陷", noon.Add(time.Minute)}}, 0.8, 1, true,
			[]string{ReasonDistance, ReasonSameCategory, ReasonWords, ReasonTime}},
		{"outlines alone", Known{Subject: Subject{nil, "06013", "", noon}, Overlap: 0.6}, 0.6, 0.7, false, []string{ReasonOverlap, ReasonSameCategory, ReasonTime}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := compare(leak, wordsOf(leak.Text), &tc.known)
			var codes []string
			for _, r := range c.Reasons {
				codes = append(codes, r.Code)
			}
			if c.Score < tc.least || c.Score > tc.most || c.Automatic != tc.automatic || !slices.Equal(codes, tc.reasons) {
				t.Errorf("score %.3f, automatic %v, reasons %q; want %.2f to %.2f, %v, %q", c.Score, c.Automatic, codes, tc.least, tc.most, tc.automatic, tc.reasons)
			}
		})
	}
}

func TestRankByCase(t *testing.T) {
	t.Parallel()
	s := Subject{Point: east(0), Category: "06013", Text: "路面塌陷", At: noon}
	got := Rank(s, []Known{
		{Subject: Subject{east(200), "06013", "路面塌陷", noon}, IncidentID: 1},
		{Subject: Subject{east(5), "06013", "路面塌陷", noon}, IncidentID: 1, ReportID: 11},
		{Subject: Subject{east(60), "06013", "路面塌陷", noon}, IncidentID: 2, ReportID: 21},
		{Subject: Subject{east(500), "06013", "路面塌陷", noon}, IncidentID: 3},
		{Subject: Subject{east(5), "06013", "路面塌陷", noon}, IncidentID: 4, ReportID: 41},
	}, 2)
	if len(got) != 2 || got[0].IncidentID != 1 || got[0].ReportID != 11 || got[1].IncidentID != 4 {
		t.Errorf("got %+v", got)
	}
}

func TestWordsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                {},
		"，。 !":            {},
		"路":               {},
		"路面塌陷":            {"路面", "面塌", "塌陷"},
		"PM2.5超标":         {"pm2.5", "超标"},
		"浙A车牌 call 12345": {"a", "车牌", "call", "12345"},
		"路 路面":            {"路面"},
	} {
		if got := slices.Sorted(maps.Keys(wordsOf(text))); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Likeness does not depend on who came first, stays between 0 and 1, and never grows with distance or with time between.
func TestLikenessIsFair(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.SampledFrom([]rune("路面塌陷井盖破损漏水ab1 ，")))
	category := rapid.SampledFrom([]string{"", "06013", "06042", "09012"})
	rapid.Check(t, func(t *rapid.T) {
		metres, minutes := rapid.Float64Range(0, 400).Draw(t, "metres"), rapid.IntRange(0, 80*60).Draw(t, "minutes")
		a := Subject{Point: east(0), Category: category.Draw(t, "category"), Text: text.Draw(t, "text"), At: noon}
		b := Subject{Point: east(metres), Category: category.Draw(t, "category"), Text: text.Draw(t, "text"), At: noon.Add(time.Duration(minutes) * time.Minute)}
		of := func(a, b Subject) Candidate { return compare(a, wordsOf(a.Text), &Known{Subject: b}) }
		c := of(a, b)
		if back := of(b, a); math.Abs(c.Score-back.Score) > 1e-9 || c.Automatic != back.Automatic || !reflect.DeepEqual(c.Reasons, back.Reasons) {
			t.Fatalf("one way %+v, the other %+v", c, back)
		}
		if c.Score < 0 || c.Score > 1 || (c.Score > 0) != (len(c.Reasons) > 0) {
			t.Fatalf("%+v", c)
		}
		farther, later := b, b
		farther.Point, later.At = east(metres+rapid.Float64Range(0, 300).Draw(t, "more metres")), b.At.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "more minutes"))*time.Minute)
		if of(a, farther).Score > c.Score+1e-9 || of(a, later).Score > c.Score+1e-9 {
			t.Fatal("farther or later is more alike")
		}
	})
}
