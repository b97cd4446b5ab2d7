package wall

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Case is an open case that may jump in.
type Case struct {
	ID       int64
	Severity int
	AreaPath string
	At       orb.Point // EPSG:4326
	Created  time.Time
}

// Shown is what a wall shows from Since on. All screens compute the camera's way there from From and Since, by the server's clock.
type Shown struct {
	Scene    Scene     `json:"scene"`
	Entry    int       `json:"entry"` // of the playlist; -1 for what is not from it
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`    // when the playlist goes on; zero where it does not
	From     *Camera   `json:"from"`     // nil: nothing moves
	Incident int64     `json:"incident"` // that jumped in; 0 for none
}

// Home is what a wall without any scene shows: the middle of the county, which screens know.
var Home = Scene{View: View{Hidden: []string{}}, Theme: "dark", Lang: "zh"}

// Position returns the entry of the playlist at a moment, and since when it is that. It is a function of the document and of time
// alone: nobody turns pages, and who comes late comes to the same page.
func (w *Wall) Position(now time.Time) (entry int, since time.Time) {
	n := len(w.Playlist)
	if n == 0 {
		return -1, w.State.Since
	}
	entry, since = min(max(w.State.Entry, 0), n-1), w.State.Since
	if w.State.Held || n == 1 || now.Before(since) {
		return entry, since
	}
	entries, since := w.rotation(now)
	if len(entries) == 1 {
		return entries[0], since
	}
	var cycle time.Duration
	for _, e := range entries {
		cycle += w.dwell(e)
	}
	since = since.Add(now.Sub(since) / cycle * cycle) // whole rounds
	k := 0
	for now.Sub(since) >= w.dwell(entries[k]) {
		since = since.Add(w.dwell(entries[k]))
		k = (k + 1) % len(entries)
	}
	return entries[k], since
}

func (w *Wall) dwell(entry int) time.Duration {
	return max(MinDwell, time.Duration(w.Playlist[entry].DwellS)*time.Second) // a document of other hands ends no loop late
}

// At returns what the wall shows at a moment, given the open cases that it may show.
func (w *Wall) At(now time.Time, cases []Case) Shown {
	under := w.under(now)
	c, rule := w.jump(cases)
	if c == nil {
		return under
	}
	from := under.Scene.Camera
	scene := under.Scene
	scene.Name, scene.FollowUnit, scene.Severity, scene.Parts = "", 0, 0, nil // the whole wall shows it
	scene.Center, scene.Zoom, scene.Picture = c.At, rule.Zoom, ""
	scene.Elevation = 0 // its ground is drawn flat: how high it is there nobody knows
	scene.Hidden = append(slices.DeleteFunc(slices.Clone(scene.Hidden), func(h string) bool { return h == "incident" || h == "terrain" }), "terrain")
	return Shown{Scene: scene, Entry: -1, Since: c.Created.Add(Lead), From: &from, Incident: c.ID}
}

// under is what stands under the cases that jump in.
func (w *Wall) under(now time.Time) Shown {
	if w.State.Shown != nil {
		return Shown{Scene: *w.State.Shown, Entry: -1, Since: w.State.Since, From: w.State.From}
	}
	entry, since := w.Position(now)
	if entry < 0 {
		return Shown{Scene: Home, Entry: -1, Since: since}
	}
	s := Shown{Scene: w.Playlist[entry], Entry: entry, Since: since}
	switch {
	case since.Equal(w.State.Since):
		s.From = w.State.From
	default:
		if before, _ := w.Position(since.Add(-1)); before >= 0 {
			s.From = &w.Playlist[before].Camera
		}
	}
	if w.State.Held || len(w.Playlist) < 2 {
		return s
	}
	_, turn := w.turns(now)
	if len(w.dueAt(now)) > 1 || !w.due(entry, now) {
		s.Until = since.Add(w.dwell(entry))
	}
	if !turn.IsZero() && (s.Until.IsZero() || turn.Before(s.Until)) {
		s.Until = turn
	}
	return s
}

// jump returns the case that jumps in: the gravest, of these the latest.
func (w *Wall) jump(cases []Case) (found *Case, by Rule) {
	for i := range cases {
		c := &cases[i]
		if c.Created.Before(w.State.RulesSince) || slices.Contains(w.State.Acknowledged, c.ID) {
			continue
		}
		if found != nil && cmp.Or(cmp.Compare(c.Severity, found.Severity), found.Created.Compare(c.Created), cmp.Compare(found.ID, c.ID)) >= 0 {
			continue
		}
		for _, r := range w.Rules {
			if c.Severity <= r.Severity && within(c.AreaPath, w.AreaPath) && within(c.AreaPath, r.AreaPath) {
				found, by = c, r
				break
			}
		}
	}
	return found, by
}

// within reports whether an area is another one or below it; "" holds all.
func within(path, of string) bool {
	return of == "" || path == of || strings.HasPrefix(path, of+".")
}
