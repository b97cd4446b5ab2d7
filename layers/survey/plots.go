package survey

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// PlotLayer is a kind of polygons that candidates are held against.
type PlotLayer string

const (
	Zones           PlotLayer = "zone"            // where nothing may be built, and why
	Permits         PlotLayer = "permit"          // what may stand there, and when
	LawfulBuildings PlotLayer = "lawful_building" // what stands there by right
)

// PlotLayers lists all of them.
var PlotLayers = []PlotLayer{Zones, Permits, LawfulBuildings}

// ZoneKinds are the kinds of zones.
var ZoneKinds = []string{"farmland", "river_bank", "red_line", "other"}

// Limits of plots that come from outside.
const (
	MaxPlotBytes = 64 << 20 // of a file
	MaxPlotRows  = 200_000
	MaxPlotPage  = 200
	MaxPairRules = 500
)

// Plot is one polygon that candidates are held against. Whose permit it is, is not told.
type Plot struct {
	ID        int64      `json:"id"`
	Name      string     `json:"name"` // of a zone; a permit's number; of a lawful building its id in its source
	Kind      string     `json:"kind,omitempty"`
	Reason    string     `json:"reason,omitempty"` // what is told of a candidate in the zone
	Weight    float64    `json:"weight,omitempty"` // how much earlier it is reviewed, 1 to 10
	Height    *float64   `json:"height_m,omitempty"`
	ValidFrom string     `json:"valid_from,omitempty"` // day, of a permit
	ValidTo   string     `json:"valid_to,omitempty"`
	Source    string     `json:"source,omitempty"`
	Area      float64    `json:"area_m2"` // geodesic
	AreaPath  string     `json:"area_path,omitempty"`
	Bbox      [4]float64 `json:"bbox"`
	Open      int        `json:"open"` // open detections of the caller's areas that touch it
	Revision  int64      `json:"revision"`
}

// PlotPage is some plots of a layer, by id.
type PlotPage struct {
	Items []*Plot `json:"items"`
	Total int     `json:"total"` // of those that were asked for
}

// PlotQuery asks for a page.
type PlotQuery struct {
	Text  string // in name or source
	After int64  // id
	Limit int
}

// PlotChange is what people change of a plot: all of a zone, of the others height and days.
type PlotChange struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Reason    string   `json:"reason"`
	Weight    float64  `json:"weight"`
	Height    *float64 `json:"height_m"`
	ValidFrom string   `json:"valid_from"`
	ValidTo   string   `json:"valid_to"`
	Outline   Outline  `json:"outline"` // of a zone that is drawn; nil: as it is
	Revision  int64    `json:"revision"`
}

// PlotShape is a plot with its outline.
type PlotShape struct {
	*Plot
	Outline Outline `json:"outline"`
}

// Drawn is the source of zones that were drawn by hand.
const Drawn = "drawn"

// Validate tidies a change and reports the first wrong field: CodeInvalid.
func (c *PlotChange) Validate(layer PlotLayer) error {
	c.Name, c.Reason = strings.TrimSpace(c.Name), strings.TrimSpace(c.Reason)
	switch {
	case c.Height != nil && !(*c.Height > 0 && *c.Height <= 1000):
		return layers.Invalid("height_m", "out_of_range", "%g m is not over 0 and at most 1000", *c.Height)
	case layer != Zones && (c.Name != "" || c.Kind != "" || c.Reason != "" || c.Weight != 0):
		return layers.Invalid("name", "not_allowed", "only zones have a name, a kind, a reason and a weight")
	case layer != Permits && (c.ValidFrom != "" || c.ValidTo != ""):
		return layers.Invalid("valid_from", "not_allowed", "only permits have days")
	case layer == Zones && c.Height != nil:
		return layers.Invalid("height_m", "not_allowed", "a zone has no height")
	case layer != Zones && c.Outline != nil:
		return layers.Invalid("outline", "not_allowed", "only zones are drawn")
	case len(c.Outline) > 0:
		if err := validDrawn(orb.MultiPolygon(c.Outline)); err != nil {
			return err
		}
	}
	if layer == Permits {
		return validDays(c.ValidFrom, c.ValidTo)
	}
	if layer != Zones {
		return nil
	}
	return validZone(c.Name, c.Kind, c.Reason, c.Weight)
}

// maxDrawn is how many points are drawn by hand at most: more comes from files.
const maxDrawn = 5000

func validDrawn(outline orb.MultiPolygon) error {
	n := 0
	for _, p := range outline {
		for _, r := range p {
			n += len(r)
		}
	}
	if n > maxDrawn {
		return layers.Invalid("outline", "too_many", "%d points, at most %d", n, maxDrawn)
	}
	return validateOutline("outline", outline)
}

func validZone(name, kind, reason string, weight float64) error {
	switch {
	case name == "" || utf8.RuneCountInString(name) > 120:
		return layers.Invalid("name", "required", "a name of at most 120 characters is required")
	case !slices.Contains(ZoneKinds, kind):
		return layers.Invalid("kind", "unknown_value", "%q is none of %s", kind, strings.Join(ZoneKinds, ", "))
	case reason == "" || utf8.RuneCountInString(reason) > maxNote:
		return layers.Invalid("reason", "required", "a reason of at most %d characters is required", maxNote)
	case !(weight >= 1 && weight <= 10):
		return layers.Invalid("weight", "out_of_range", "%g is not 1 to 10", weight)
	}
	return nil
}

func validDays(from, to string) error {
	for field, day := range map[string]string{"valid_from": from, "valid_to": to} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return layers.Invalid(field, "not_a_time", "%q is no day like 2026-05-31", day)
		}
	}
	if from != "" && to != "" && to < from {
		return layers.Invalid("valid_to", "before_start", "the permit ends before it begins")
	}
	return nil
}

// PlotFile is a file of plots, and how it is read.
type PlotFile struct {
	Layer  PlotLayer
	Path   string // on this machine
	Source string // name of the origin: rows of the same source and id are changed
	CRS    string // "" believes the file
	// Of zones, where the file does not say it: for every row.
	Name, Kind, Reason string
	Weight             float64 // 0: what the file says, else the usual one

	ID        string // field that names a row in its source, "" for the row's content
	Repair    bool   // mend outlines that cross themselves
	SkipWrong bool   // leave wrong rows out
	Prune     bool   // delete what the source gave before and gives no more
	DryRun    bool   // read and check all of it, change nothing
}

// Validate tidies what is said of a file and reports the first wrong field: CodeInvalid.
func (f *PlotFile) Validate() error {
	for _, s := range []*string{&f.Source, &f.CRS, &f.Name, &f.Reason, &f.ID} {
		*s = strings.TrimSpace(*s)
	}
	switch {
	case !slices.Contains(PlotLayers, f.Layer):
		return layers.Errorf(layers.CodeNotFound, "there is no such layer")
	case f.Source == "" || utf8.RuneCountInString(f.Source) > 100:
		return layers.Invalid("source", "required", "the name of the origin is required, of at most 100 characters")
	case utf8.RuneCountInString(f.CRS) > 40 || utf8.RuneCountInString(f.ID) > 100:
		return layers.Invalid("crs", "too_long", "that is too long")
	case f.Layer != Zones && (f.Name != "" || f.Kind != "" || f.Reason != "" || f.Weight != 0):
		return layers.Invalid("kind", "not_allowed", "only zones have a name, a kind, a reason and a weight")
	case f.Layer == Permits && (f.ID != "" || f.Prune):
		return layers.Invalid("id", "not_allowed", "permits are recognised by their number")
	case f.Kind != "" && !slices.Contains(ZoneKinds, f.Kind):
		return layers.Invalid("kind", "unknown_value", "%q is none of %s", f.Kind, strings.Join(ZoneKinds, ", "))
	case utf8.RuneCountInString(f.Name) > 120:
		return layers.Invalid("name", "too_long", "a name has at most 120 characters")
	case utf8.RuneCountInString(f.Reason) > maxNote:
		return layers.Invalid("reason", "too_long", "a reason has at most %d characters", maxNote)
	case f.Weight != 0 && !(f.Weight >= 1 && f.Weight <= 10):
		return layers.Invalid("weight", "out_of_range", "%g is not 1 to 10", f.Weight)
	}
	return nil
}

// PlotReport says what came of a file, or would come.
type PlotReport struct {
	Format    string            `json:"format"`
	CRS       string            `json:"crs"`
	Rows      int64             `json:"rows"`
	Wrong     int64             `json:"wrong"`
	Inserted  int64             `json:"inserted"`
	Updated   int64             `json:"updated"`
	Unchanged int64             `json:"unchanged"`
	Deleted   int64             `json:"deleted"`
	Repaired  int64             `json:"repaired"`
	Open      int64             `json:"open"` // open detections of which the grounds are other ones then
	Mapping   []string          `json:"mapping"`
	Unused    []string          `json:"unused"` // fields that go nowhere
	Errors    []PlotError       `json:"errors"` // of the first wrong rows
	Sample    []json.RawMessage `json:"sample"` // some of the outlines, GeoJSON; of a dry run
	DryRun    bool              `json:"dry_run"`
}

// PlotError is what is wrong with one row.
type PlotError struct {
	Row    int64             `json:"row"`
	Line   int64             `json:"line,omitempty"`
	Field  string            `json:"field,omitempty"`
	Reason string            `json:"reason"`
	Params map[string]string `json:"params,omitempty"`
}

// PairRule says how many persons a move needs in an area and below it; the longest path counts.
type PairRule struct {
	AreaPath string `json:"area_path"` // "" is everywhere
	Move     Move   `json:"move"`
	Persons  int    `json:"persons"` // 1 or 2
}

// PairRules are all of them. Version names what was read: whoever writes has to have seen the newest.
type PairRules struct {
	Rules   []PairRule `json:"rules"`
	Version string     `json:"version"`
}

// Judged are moves that are somebody's word: of these a rule can ask for two persons.
var Judged = []Move{MoveIssue, MoveDismiss, MoveConfirm, MoveRectify, MoveStillStands, MoveClear}

// Validate reports the first wrong field: CodeInvalid.
func (p *PairRules) Validate() error {
	if len(p.Rules) > MaxPairRules {
		return layers.Invalid("rules", "too_many", "there are at most %d rules", MaxPairRules)
	}
	seen := map[PairRule]bool{}
	for i, r := range p.Rules {
		field := "rules[" + strconv.Itoa(i) + "]."
		switch {
		case !slices.Contains(Judged, r.Move):
			return layers.Invalid(field+"move", "unknown_value", "%q is no move that is judged", r.Move)
		case r.Persons != 1 && r.Persons != 2:
			return layers.Invalid(field+"persons", "out_of_range", "one or two persons")
		}
		key := PairRule{AreaPath: r.AreaPath, Move: r.Move}
		if seen[key] {
			return layers.Invalid(field+"move", "already_exists", "the area has a rule for this move")
		}
		seen[key] = true
	}
	return nil
}

// Plots keeps what candidates are held against, and how many persons a verdict needs. Every method asks what the actor of ctx may do. Implemented by importer.Plots.
type Plots interface {
	// Plots returns a page of a layer, of the actor's areas.
	Plots(ctx context.Context, layer PlotLayer, q PlotQuery) (*PlotPage, error)
	// ImportPlots brings a file in, whole or not at all. CodeInvalid for what cannot be read and, unless it is a dry run, with "rows_refused"; CodeTooLarge; CodeConflict with "import_running".
	ImportPlots(ctx context.Context, f PlotFile) (*PlotReport, error)
	// Plot returns one with its outline.
	Plot(ctx context.Context, layer PlotLayer, id int64) (*PlotShape, error)
	// DrawZone adds a zone that was drawn by hand. CodeInvalid with "self_intersection", "outside_areas" or what else is wrong with its outline.
	DrawZone(ctx context.Context, c PlotChange) (*Plot, error)
	// ChangePlot changes a plot. CodeConflict with "stale_revision".
	ChangePlot(ctx context.Context, layer PlotLayer, id int64, c PlotChange) (*Plot, error)
	// DeletePlot deletes a plot. Open detections are told anew.
	DeletePlot(ctx context.Context, layer PlotLayer, id int64) error
	// PairRules returns the rules.
	PairRules(ctx context.Context) (*PairRules, error)
	// SetPairRules replaces them. CodeConflict with "stale_revision"; CodeForbidden for a rule outside of the actor's areas.
	SetPairRules(ctx context.Context, rules *PairRules) (*PairRules, error)
}
