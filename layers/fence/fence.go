// Package fence is geofences 电子围栏: rules that tell when what moves comes into an area, leaves it, or stays.
//
//	fence.go    a rule and its limits, an event
//	evaluate.go fixes in, events out: one rule's memory
//	watch.go    a rule at work on the replica
//	store.go    where rules, stays and events are kept
package fence

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/cql2"
)

// Trigger is what a moving thing did to a fence.
type Trigger string

const (
	Enter Trigger = "enter"
	Leave Trigger = "leave"
	Dwell Trigger = "dwell" // stayed for the rule's time; once for each stay
)

// Verb is the trigger in the title of a report, between who moves and the fence: reports are in Chinese, whoever reads them.
func (t Trigger) Verb() string {
	return map[Trigger]string{Enter: "进入", Leave: "离开", Dwell: "停留于"}[t]
}

// Triggers lists them, as rules keep them.
var Triggers = []Trigger{Enter, Leave, Dwell}

// Limits of rules.
const (
	MaxRules  = 200 // in an installation
	maxName   = 60
	maxFilter = 4 << 10
	MaxMargin = 1000.0 // metres
	MinDwell  = 10 * time.Second
	MaxDwell  = 24 * time.Hour
)

// Rule says which moving things are watched at which fences. AreaPath is where it holds: fences elsewhere are not asked.
type Rule struct {
	ID           int64     `json:"id"`
	Revision     int64     `json:"revision"` // it begins anew with each
	Name         string    `json:"name"`
	AreaPath     string    `json:"area_path"` // "" is everywhere
	MovingLayer  string    `json:"moving_layer"`
	MovingFilter string    `json:"moving_filter,omitempty"` // CQL2 text; "" is all
	FenceLayer   string    `json:"fence_layer"`
	FenceFilter  string    `json:"fence_filter,omitempty"`
	Triggers     []Trigger `json:"triggers"`
	DwellS       int       `json:"dwell_s,omitempty"`
	MarginM      float64   `json:"margin_m"` // who is not farther outside than this has not left
	Report       bool      `json:"report"`   // an event is a report too
	Enabled      bool      `json:"enabled"`
	LastError    string    `json:"last_error,omitempty"` // why it cannot be watched: the reason of an error
	CreatedAt    time.Time `json:"created_at"`

	Begun bool `json:"-"` // what is inside when a rule begins did not enter
}

// Catalogue finds published layers; nil for a name that is none.
type Catalogue interface {
	Layer(name string) *layers.Layer
}

// Validate tidies the rule and reports the first wrong field: CodeInvalid.
func (r *Rule) Validate(c Catalogue) error {
	r.Name = strings.TrimSpace(r.Name)
	switch n := utf8.RuneCountInString(r.Name); {
	case n == 0:
		return layers.Invalid("name", "required", "a rule needs a name")
	case n > maxName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, maxName)
	}
	if r.AreaPath != "" && !layers.IsAreaPath(r.AreaPath) {
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", r.AreaPath)
	}
	moving, err := layerOf(c, "moving_layer", r.MovingLayer, layers.GeometryPoint)
	if err != nil {
		return err
	}
	fences, err := layerOf(c, "fence_layer", r.FenceLayer, layers.GeometryPolygon)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		field string
		text  *string
		layer *layers.Layer
	}{{"moving_filter", &r.MovingFilter, moving}, {"fence_filter", &r.FenceFilter, fences}} {
		if *f.text, err = canonical(f.field, *f.text, f.layer); err != nil {
			return err
		}
	}
	return r.validateTriggers()
}

func (r *Rule) validateTriggers() error {
	if len(r.Triggers) == 0 {
		return layers.Invalid("triggers", "required", "a rule tells of at least one of enter, leave, dwell")
	}
	for _, t := range r.Triggers {
		if !slices.Contains(Triggers, t) {
			return layers.Invalid("triggers", "not_a_value", "%q is none of enter, leave, dwell", t)
		}
	}
	kept := r.Triggers
	r.Triggers = slices.DeleteFunc(slices.Clone(Triggers), func(t Trigger) bool { return !slices.Contains(kept, t) })
	dwell := time.Duration(r.DwellS) * time.Second
	switch {
	case !slices.Contains(r.Triggers, Dwell):
		r.DwellS = 0
	case r.DwellS == 0:
		return layers.Invalid("dwell_s", "required", "how long is a stay?")
	case dwell < MinDwell || dwell > MaxDwell:
		return outOfRange("dwell_s", MinDwell.Seconds(), MaxDwell.Seconds())
	}
	if !(r.MarginM >= 0 && r.MarginM <= MaxMargin) {
		return outOfRange("margin_m", 0, MaxMargin)
	}
	return nil
}

func outOfRange(field string, least, most float64) error {
	e := layers.Invalid(field, "out_of_range", "a value from %g to %g", least, most)
	e.Params = map[string]string{"min": strconv.FormatFloat(least, 'f', -1, 64), "max": strconv.FormatFloat(most, 'f', -1, 64)}
	return e
}

func layerOf(c Catalogue, field, name string, shape layers.GeometryType) (*layers.Layer, error) {
	if name == "" {
		return nil, layers.Invalid(field, "required", "a layer is needed")
	}
	l := c.Layer(name)
	switch {
	case l == nil:
		return nil, layers.Invalid(field, "unknown_layer", "there is no such layer")
	case l.Geometry == shape || l.Geometry == layers.GeometryAny:
		return l, nil
	case shape == layers.GeometryPoint:
		return nil, layers.Invalid(field, "not_points", "what moves is a layer of points")
	}
	return nil, layers.Invalid(field, "not_polygons", "fences are a layer of polygons")
}

// canonical returns the one text of a filter that a layer can answer.
func canonical(field, text string, l *layers.Layer) (string, error) {
	m, err := compile(field, strings.TrimSpace(text), l)
	if m == nil {
		return "", err
	}
	if text = m.Text(); len(text) > maxFilter {
		return "", layers.Invalid(field, "filter_too_large", "a filter has at most %d bytes", maxFilter)
	}
	return text, nil
}

// compile returns a filter for a layer, nil for none.
func compile(field, text string, l *layers.Layer) (*cql2.Matcher, error) {
	if text == "" {
		return nil, nil
	}
	e, err := cql2.ParseText(text)
	if err != nil {
		return nil, ofField(field, err)
	}
	m, err := cql2.Compile(e, l)
	if err != nil {
		return nil, ofField(field, err)
	}
	return m, nil
}

// ofField names the field that an error of a filter is about.
func ofField(field string, err error) error {
	if e, ok := err.(*layers.Error); ok {
		named := *e
		named.Field = field
		return &named
	}
	return layers.Invalid(field, "filter_syntax", "the filter cannot be read")
}

// Event is one thing that happened at one fence.
type Event struct {
	RuleID     int64
	Trigger    Trigger
	MovingID   int64
	MovingName string
	FenceID    int64
	FenceName  string
	AreaPath   string    // who may see both may see it; "" is who sees everywhere
	At         orb.Point // EPSG:4326
	Time       time.Time // of the fix by which it was seen; of a dwell, when the time was full
	Since      time.Time // of a leave and a dwell: the entry
}

// Stay is a moving thing inside of a fence: what outlives the process.
type Stay struct {
	RuleID   int64
	MovingID int64
	FenceID  int64
	Since    time.Time
	Dwelt    bool // told already
}

// Outcome is what a batch of fixes changes, to be stored whole or not at all.
type Outcome struct {
	Events []Event
	Put    []Stay // began, or dwelt
	Ended  []Stay
}

// Empty reports whether nothing changes.
func (o *Outcome) Empty() bool { return len(o.Events)+len(o.Put)+len(o.Ended) == 0 }
