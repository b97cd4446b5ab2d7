// Package marking is what people draw over the map: 标绘. A marking says by its kind what it means (a roadblock, the direction of an attack, a sector to be
// searched) and by its standing whether it is planned or there; it belongs to the drawing of a case, or to an area's own drawing. What is kept are the points that somebody set;
// whoever draws it makes the arrow or the curve out of them.
package marking

import (
	"context"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
)

// Limits of markings.
const (
	MaxInDrawing = 500 // shown of one drawing
	MaxPoints    = 200
	MaxLabel     = 40   // characters
	MaxNote      = 500  // characters
	MinSize      = 0.5  // times the usual
	MaxSize      = 3.0  // times the usual
	MaxRadiusM   = 20e3 // metres
	MaxSpanM     = 200e3
	MaxDone      = 5000 // that one looks back on at once
	MaxActs      = 200  // that are listed of one marking
)

// Shape is what the points of a marking are.
type Shape string

// The shapes.
const (
	Point Shape = "point" // one place
	Line  Shape = "line"  // a way: its first point is where it begins
	Area  Shape = "area"  // the corners of one area
)

// Kind is what a marking means. It decides how it is drawn.
type Kind string

// form is what the points of a kind are, and how many of a line there may be.
type form struct {
	shape Shape
	most  int
}

var forms = map[Kind]form{
	"command_post":     {Point, 1}, // 指挥部
	"staging":          {Point, 1}, // 集结点
	"roadblock":        {Point, 1}, // 封控点
	"evacuation_point": {Point, 1}, // 疏散点
	"medical":          {Point, 1}, // 医疗点
	"fire_engine":      {Point, 1}, // 消防车
	"water_source":     {Point, 1}, // 水源
	"supply":           {Point, 1}, // 物资点
	"helipad":          {Point, 1}, // 起降点
	"hazard":           {Point, 1}, // 危险源
	"casualty":         {Point, 1}, // 被困人员
	"text":             {Point, 1}, // 文字

	"line":             {Line, MaxPoints}, // 分界线
	"cordon":           {Line, MaxPoints}, // 警戒线
	"evacuation_route": {Line, MaxPoints}, // 疏散路线
	"approach_route":   {Line, MaxPoints}, // 进场路线: an arrow with a body along a curve
	"attack_arrow":     {Line, 20},        // 主攻方向: an arrow whose body narrows towards its head
	"straight_arrow":   {Line, 2},         // 直箭头

	"search_sector":   {Area, MaxPoints}, // 搜救区
	"hazard_area":     {Area, MaxPoints}, // 危险区
	"closed_area":     {Area, MaxPoints}, // 封控区
	"evacuation_area": {Area, MaxPoints}, // 疏散区
	"staging_area":    {Area, MaxPoints}, // 集结区
}

// Shape returns what the points of a kind are, "" for no kind.
func (k Kind) Shape() Shape { return forms[k].shape }

// Standing says whether a thing is there.
type Standing string

// The standings.
const (
	Planned Standing = "planned" // 计划
	Actual  Standing = "actual"  // 实际
)

// Content is what a person says of a marking.
type Content struct {
	Kind     Kind              `json:"kind"`
	Standing Standing          `json:"standing"`
	Label    string            `json:"label"`
	Note     string            `json:"note"`
	Rotation float64           `json:"rotation_deg"` // of a point's sign, clockwise from north
	Size     float64           `json:"size"`         // times the usual: of a sign, of a text, of the width of an arrow
	RadiusM  float64           `json:"radius_m"`     // around a point, 0 for none
	Locked   bool              `json:"locked"`       // nobody changes or removes it before it is unlocked
	Geometry *geojson.Geometry `json:"geometry"`     // the points that were set, EPSG:4326
}

// Validate tidies the content and reports the first wrong field: CodeInvalid. Whether an area crosses itself is PostGIS' question.
func (c *Content) Validate() error {
	f, known := forms[c.Kind]
	if !known {
		return layers.Invalid("kind", "unknown_value", "%q is not a kind of marking", c.Kind)
	}
	if c.Standing != Planned && c.Standing != Actual {
		return layers.Invalid("standing", "unknown_value", "%q is neither planned nor actual", c.Standing)
	}
	if err := layers.Line("label", &c.Label, MaxLabel, c.Kind == "text"); err != nil {
		return err
	}
	within := func(v, least, most float64) bool { return v >= least && v <= most } // not of NaN
	switch {
	case utf8.RuneCountInString(c.Note) > MaxNote:
		return layers.Invalid("note", "too_long", "a note has at most %d characters", MaxNote)
	case !within(c.Rotation, 0, 360):
		return layers.Invalid("rotation_deg", "out_of_range", "a direction is from 0 to 360 degrees")
	case !within(c.Size, MinSize, MaxSize):
		return layers.Invalid("size", "out_of_range", "a size is from %g to %g times the usual", MinSize, MaxSize)
	case !within(c.RadiusM, 0, MaxRadiusM):
		return layers.Invalid("radius_m", "out_of_range", "a radius is from 0 to %g m", MaxRadiusM)
	case f.shape != Point && (c.RadiusM != 0 || c.Rotation != 0):
		return layers.Invalid("radius_m", "out_of_range", "points alone have a radius and a direction")
	}
	return c.validatePoints(f)
}

// validatePoints asks whether the points are of the kind's shape, at places, apart from one another, and not too many.
func (c *Content) validatePoints(f form) error {
	const field = "geometry"
	var points []orb.Point
	var g orb.Geometry
	if c.Geometry != nil {
		g = c.Geometry.Geometry()
	}
	switch g := g.(type) {
	case nil:
		return layers.Invalid(field, "required", "the points are required")
	case orb.Point:
		points = []orb.Point{g}
	case orb.LineString:
		points = g
	case orb.Polygon:
		if len(g) != 1 {
			return layers.Invalid(field, "wrong_type", "an area has one ring")
		}
		points = g[0]
	}
	wants := map[Shape]string{Point: "Point", Line: "LineString", Area: "Polygon"}[f.shape]
	least, most := 1, f.most
	switch f.shape {
	case Line:
		least = 2
	case Area:
		least, most = 4, f.most+1
	}
	switch {
	case g.GeoJSONType() != wants:
		return layers.Invalid(field, "wrong_type", "a %s is a %s, not a %s", c.Kind, wants, g.GeoJSONType())
	case len(points) < least:
		return layers.Invalid(field, "too_few_points", "it has %d points, %d are the least", len(points), least)
	case len(points) > most:
		return layers.Invalid(field, "too_many_points", "it has %d points, at most %d are kept", len(points), most)
	case f.shape == Area && points[0] != points[len(points)-1]:
		return layers.Invalid(field, "open_ring", "a ring does not end where it begins")
	}
	for i, p := range points {
		if err := layers.ValidatePoint(field, p); err != nil {
			return err
		}
		if i > 0 && p == points[i-1] {
			return layers.Invalid(field, "same_point", "point %d is where the one before it is", i+1)
		}
	}
	if b := g.Bound(); math.Abs(b.Max[0]-b.Min[0]) > 180 || layers.Distance(b.Min, b.Max) > MaxSpanM {
		return layers.Invalid(field, "too_large", "it reaches over more than %g km", MaxSpanM/1000)
	}
	return nil
}

// Anchor is the place by which a marking without a case finds its area: the first point of a line, inside of an area its own first corner.
func (c *Content) Anchor() orb.Point {
	switch g := c.Geometry.Geometry().(type) {
	case orb.Point:
		return g
	case orb.LineString:
		return g[0]
	case orb.Polygon:
		return g[0][0]
	}
	return orb.Point{}
}

// Marking is one as it is kept.
type Marking struct {
	ID       int64 `json:"id"`
	Revision int64 `json:"revision"`
	Incident int64 `json:"incident_id"` // 0: of the area's own drawing
	Content
	AreaPath  string    `json:"area_path"` // who sees this area sees it
	AuthorID  int64     `json:"author_id"`
	Author    string    `json:"author"` // name
	Editor    string    `json:"editor"` // who changed it last
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Editable  bool      `json:"editable"` // the caller may change, lock and remove it
}

// Deed is what somebody did with a marking.
type Deed string

// The deeds.
const (
	Drew    Deed = "draw"
	Changed Deed = "change"
	Removed Deed = "remove"
)

// Deeds lists them.
var Deeds = []Deed{Drew, Changed, Removed}

// Act is one deed. Those of one person in one drawing are a stack: he takes back the last one, and may do again what he took back.
type Act struct {
	ID      int64     `json:"id"`
	Marking int64     `json:"marking_id"`
	Deed    Deed      `json:"deed"`
	Kind    Kind      `json:"kind"`
	Label   string    `json:"label"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Undone  bool      `json:"undone"`
}

// Done is an act with what it made of its marking, for who looks back on a case.
type Done struct {
	Act
	Incident int64    `json:"-"`
	Content  *Content `json:"content"` // nil: it was taken off the map
}

// Drawing is what is drawn for a case, or for an area by itself, and what the caller may take back and do again there.
type Drawing struct {
	Items []*Marking `json:"items"`
	Undo  *Act       `json:"undo"`
	Redo  *Act       `json:"redo"`
}

// Step is which way a person goes in what he did.
type Step string

// The steps.
const (
	Undo Step = "undo"
	Redo Step = "redo"
)

// Valid reports whether it is one.
func (s Step) Valid() bool { return slices.Contains([]Step{Undo, Redo}, s) }

// Service keeps markings. Who may draw sets them in his areas, in cases that are open, and changes his own; who may manage them changes those of others. Every act is kept,
// with an audit row. Implemented by postgis.Markings.
type Service interface {
	// Drawing lists what is drawn for a case, or with incident 0 what is drawn in the actor's areas for none. CodeNotFound.
	Drawing(ctx context.Context, incident int64) (*Drawing, error)
	// Draw stores one that was validated. CodeNotFound for the case; CodeForbidden with reason "role", "outside_areas"; CodeConflict with reason "case_over", "too_many_markings";
	// CodeInvalid with reason "self_intersection".
	Draw(ctx context.Context, incident int64, c *Content) (*Marking, error)
	// Change replaces the content of one at the revision that the caller saw; its kind keeps its shape. Besides: CodeForbidden with reason "not_your_marking"; CodeConflict with
	// reason "stale_revision", "locked".
	Change(ctx context.Context, id, revision int64, c *Content) (*Marking, error)
	// Remove takes one off the map at the revision that the caller saw.
	Remove(ctx context.Context, id, revision int64) error
	// Acts lists what was done with one, the latest first.
	Acts(ctx context.Context, id int64) ([]*Act, error)
	// Done lists what was done before a moment in the drawings of cases that the actor sees, the earliest first, MaxDone at most; what was taken back by then is Undone.
	Done(ctx context.Context, incidents []int64, until time.Time) ([]*Done, error)
	// Step takes back the last act of the actor's in a drawing, or does again the last one that was taken back. CodeConflict with reason "nothing_to_undo", "nothing_to_redo";
	// with "overtaken" where somebody has changed the marking since: the act is then left as it is and not asked for again.
	Step(ctx context.Context, incident int64, s Step) (*Act, error)
}
