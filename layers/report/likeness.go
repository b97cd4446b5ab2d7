package report

import (
	"cmp"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wanglou/layers/words"
)

// How like two reports are, and what follows from it. The score is place × (0.45 category + 0.35 words + 0.2 time), each between 0 and 1: things in
// two places are two things, whatever is said of them; at one place all three speak.
const (
	Reach     = 300.0          // metres from which on nothing is near
	Near      = 20.0           // metres up to which people mean the same place
	Window    = 72 * time.Hour // between two reports of one thing
	AtOnce    = time.Hour      // up to which they tell of the same moment
	Proposed  = 0.25           // score from which on a person is asked
	Automatic = 0.8            // score from which on nobody needs to be asked; by mistake it is parted again
)

const (
	weightCategory = 0.45
	weightWords    = 0.35
	weightTime     = 0.2
	sameClass      = 0.4 // two categories of one large class
	noCategory     = 0.3 // nobody has chosen one yet
)

// Reason codes of a likeness.
const (
	ReasonDistance     = "distance"      // m
	ReasonOverlap      = "overlap"       // percent of the smaller outline
	ReasonSameCategory = "same_category" //
	ReasonSameClass    = "same_class"    //
	ReasonWords        = "words"         // percent; Words: those shared
	ReasonTime         = "time"          // minutes
)

// Reason is one thing that speaks for two being the same.
type Reason struct {
	Code   string             `json:"code"`
	Params map[string]float64 `json:"params,omitempty"`
	Words  []string           `json:"words,omitempty"`
}

// Subject is what a report or a case tells of.
type Subject struct {
	Point    *orb.Point // EPSG:4326; nil: only an outline is known
	Category string     // code of the dictionary, "" for none
	Text     string     // title and description
	At       time.Time
}

// Known is a report of an open case, or the case itself with ReportID 0.
type Known struct {
	Subject
	IncidentID int64
	ReportID   int64
	Overlap    float64 // share of the smaller outline that both cover; 0 where one has none
}

// Candidate is a case that a report may tell of, by the most alike of its reports.
type Candidate struct {
	IncidentID int64    `json:"incident_id"`
	ReportID   int64    `json:"report_id,omitempty"`
	Score      float64  `json:"score"` // 0 to 1
	Automatic  bool     `json:"automatic"`
	Reasons    []Reason `json:"reasons"`
}

// Rank returns the cases that s may tell of, the most alike first, at most limit. It looks at nothing but its arguments; linear in known.
func Rank(s Subject, known []Known, limit int) []Candidate {
	said := wordsOf(s.Text)
	best := map[int64]Candidate{}
	for i := range known {
		c := compare(s, said, &known[i])
		if had, ok := best[c.IncidentID]; c.Score >= Proposed && (!ok || c.Score > had.Score) {
			best[c.IncidentID] = c
		}
	}
	out := make([]Candidate, 0, len(best))
	for _, c := range best {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.IncidentID, b.IncidentID))
	})
	return out[:min(limit, len(out))]
}

func compare(s Subject, said map[string]struct{}, k *Known) Candidate {
	c := Candidate{IncidentID: k.IncidentID, ReportID: k.ReportID}
	place := 0.0
	because := func(code string, params map[string]float64, shared ...string) {
		c.Reasons = append(c.Reasons, Reason{Code: code, Params: params, Words: shared})
	}
	if s.Point != nil && k.Point != nil {
		d := geo.DistanceHaversine(*s.Point, *k.Point)
		if place = falling(d, Near, Reach); place > 0 {
			because(ReasonDistance, map[string]float64{"m": math.Round(d)})
		}
	}
	if k.Overlap > 0 {
		place = max(place, min(1, 2*k.Overlap)) // half of the smaller one is as good as the same place
		because(ReasonOverlap, map[string]float64{"percent": math.Round(100 * k.Overlap)})
	}
	apart := s.At.Sub(k.At).Abs()
	when := falling(apart.Hours(), AtOnce.Hours(), Window.Hours())
	if place == 0 || when == 0 {
		return Candidate{IncidentID: k.IncidentID, ReportID: k.ReportID}
	}
	category := likeCategory(s.Category, k.Category)
	switch category {
	case 1:
		because(ReasonSameCategory, nil)
	case sameClass:
		because(ReasonSameClass, nil)
	}
	share, shared := likeWords(said, wordsOf(k.Text))
	if share > 0 {
		because(ReasonWords, map[string]float64{"percent": math.Round(100 * share)}, shared...)
	}
	because(ReasonTime, map[string]float64{"minutes": math.Floor(apart.Minutes())})
	c.Score = place * (weightCategory*category + weightWords*share + weightTime*when)
	c.Automatic = c.Score >= Automatic && category == 1
	return c
}

// falling is 1 up to full, 0 from none on, and a straight line between.
func falling(x, full, none float64) float64 {
	return min(1, max(0, (none-x)/(none-full)))
}

func likeCategory(a, b string) float64 {
	switch {
	case a == "" || b == "":
		return noCategory
	case a == b:
		return 1
	case len(a) >= 2 && len(b) >= 2 && a[:2] == b[:2]:
		return sameClass
	}
	return 0
}

// mostShared is how many shared words a reason names.
const mostShared = 6

// likeWords returns the share of the shorter text's words that the other has too. Texts of fewer than three words say little: they count as three.
func likeWords(a, b map[string]struct{}) (share float64, shared []string) {
	if len(a) > len(b) {
		a, b = b, a
	}
	for w := range a {
		if _, both := b[w]; both {
			shared = append(shared, w)
		}
	}
	share = float64(len(shared)) / float64(max(3, len(a)))
	slices.Sort(shared)
	return share, shared[:min(mostShared, len(shared))]
}

// wordsOf returns what a text is compared by. A single character says nothing.
func wordsOf(text string) map[string]struct{} {
	out := map[string]struct{}{}
	for _, term := range words.Terms(text) {
		if r, size := utf8.DecodeRuneInString(term); size < len(term) || !words.IsHan(r) {
			out[term] = struct{}{}
		}
	}
	return out
}
