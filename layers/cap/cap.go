// Package cap reads messages of the Common Alerting Protocol 预警信息: a warning of the weather service, of a water authority or of civil
// protection. It takes version 1.2, and 1.1, whose fields that are read here are the same; 1.0 it refuses. Signatures are not checked.
package cap

import (
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Status is how a message is meant.
type Status string

const (
	Actual   Status = "Actual"
	Exercise Status = "Exercise"
	System   Status = "System"
	Test     Status = "Test"
	Draft    Status = "Draft"
)

// Type is what a message does.
type Type string

const (
	NewAlert Type = "Alert"
	Update   Type = "Update" // takes the place of those that it refers to
	Cancel   Type = "Cancel" // ends those that it refers to
	Ack      Type = "Ack"
	Error    Type = "Error"
)

// Severity is CAP's own, Extreme the worst.
type Severity string

const (
	Extreme  Severity = "Extreme"
	Severe   Severity = "Severe"
	Moderate Severity = "Moderate"
	Minor    Severity = "Minor"
	Unknown  Severity = "Unknown"
)

// Rank maps a severity to an incident's: 1 urgent, 2 important, 3 ordinary.
func (s Severity) Rank() int {
	switch s {
	case Extreme, Severe:
		return 1
	case Moderate:
		return 2
	}
	return 3
}

var (
	statuses    = []string{string(Actual), string(Exercise), string(System), string(Test), string(Draft)}
	types       = []string{string(NewAlert), string(Update), string(Cancel), string(Ack), string(Error)}
	scopes      = []string{"Public", "Restricted", "Private"}
	categories  = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
	urgencies   = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities  = []string{string(Extreme), string(Severe), string(Moderate), string(Minor), string(Unknown)} // the worst first
	certainties = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

// Limits of a message: what is over them is refused.
const (
	MaxBody       = 1 << 20 // bytes
	maxDepth      = 10      // elements within elements
	maxElements   = 20_000
	maxInfos      = 16
	maxAreas      = 200    // of one info
	maxShapes     = 200    // polygons and circles of one area
	maxPoints     = 10_000 // corners of all shapes, of which a circle has 129
	maxReferences = 200
	maxGeocodes   = 1000
	maxCategories = 20
)

// Limits of texts, in characters.
const (
	maxName = 200 // identifier, sender, language, codes
	maxLine = 1000
	maxText = 20_000
)

// Reference names an earlier message.
type Reference struct {
	Sender     string    `json:"sender"`
	Identifier string    `json:"identifier"`
	Sent       time.Time `json:"sent"`
}

// Alert is one message. Times keep the offset in which they were said.
type Alert struct {
	Version    string // "1.2", "1.1"
	Identifier string // the sender's own, unique with it
	Sender     string
	Sent       time.Time
	Status     Status
	Type       Type
	Scope      string // Public, Restricted, Private
	Note       string
	References []Reference
	Infos      []Info
}

// Info is what is said in one language about one event.
type Info struct {
	Language    string     `json:"language"` // RFC 3066; en-US where the message says none
	Categories  []string   `json:"categories"`
	Event       string     `json:"event"`
	Urgency     string     `json:"urgency"`
	Severity    Severity   `json:"severity"`
	Certainty   string     `json:"certainty"`
	Effective   *time.Time `json:"effective,omitempty"`
	Onset       *time.Time `json:"onset,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	SenderName  string     `json:"sender_name,omitempty"`
	Headline    string     `json:"headline,omitempty"`
	Description string     `json:"description,omitempty"`
	Instruction string     `json:"instruction,omitempty"`
	Areas       []Area     `json:"areas"`
}

// Area is a place in words, in codes and in shapes: EPSG:4326, longitude first, closed rings that do not cross themselves.
type Area struct {
	Description string        `json:"description"`
	Shapes      []orb.Polygon `json:"-"` // polygons, and circles as polygons of 128 corners
	Geocodes    []Geocode     `json:"geocodes,omitempty"`
}

// Geocode is a place by its code in some list.
type Geocode struct {
	Name  string `json:"name"` // of the list
	Value string `json:"value"`
}

// Title is the headline of an info, its event where it has none.
func (i *Info) Title() string {
	if i.Headline != "" {
		return i.Headline
	}
	return i.Event
}

// Places is the areas of an info in words.
func (i *Info) Places() string {
	var names []string
	for _, a := range i.Areas {
		names = append(names, a.Description)
	}
	return strings.Join(names, "; ")
}

// Main returns the info that lists show: the first in Chinese, else the first; nil where there is none.
func (a *Alert) Main() *Info {
	for i := range a.Infos {
		if l := strings.ToLower(a.Infos[i].Language); l == "zh" || strings.HasPrefix(l, "zh-") {
			return &a.Infos[i]
		}
	}
	if len(a.Infos) == 0 {
		return nil
	}
	return &a.Infos[0]
}

// Severity returns the worst of all infos', Unknown without any.
func (a *Alert) Severity() Severity {
	for _, s := range severities {
		for i := range a.Infos {
			if string(a.Infos[i].Severity) == s {
				return Severity(s)
			}
		}
	}
	return Unknown
}

// Expires returns the last moment at which one of the infos holds; nil when one of them does not say.
func (a *Alert) Expires() *time.Time {
	var last *time.Time
	for i := range a.Infos {
		e := a.Infos[i].Expires
		if e == nil {
			return nil
		}
		if last == nil || e.After(*last) {
			last = e
		}
	}
	return last
}

// Unsaid is how long a message holds after it was sent that does not say until when.
const Unsaid = 24 * time.Hour

// HoldsUntil is Expires, or what is taken for it.
func (a *Alert) HoldsUntil() time.Time {
	if e := a.Expires(); e != nil {
		return *e
	}
	from := a.Sent
	for i := range a.Infos {
		for _, t := range []*time.Time{a.Infos[i].Effective, a.Infos[i].Onset, a.Infos[i].Expires} {
			if t != nil && t.After(from) {
				from = *t
			}
		}
	}
	return from.Add(Unsaid)
}

// Shapes returns the polygons of all areas, each once: infos in two languages repeat them. They may overlap.
func (a *Alert) Shapes() orb.MultiPolygon {
	var out orb.MultiPolygon
	for i := range a.Infos {
		for _, area := range a.Infos[i].Areas {
		shapes:
			for _, p := range area.Shapes {
				for _, q := range out {
					if orb.Equal(p, q) {
						continue shapes
					}
				}
				out = append(out, p)
			}
		}
	}
	return out
}

// Codes returns the values of all geocodes, each once, but for those of postal lists, which have as many digits as those of areas.
func (a *Alert) Codes() []string {
	var out []string
	seen := map[string]bool{}
	for i := range a.Infos {
		for _, area := range a.Infos[i].Areas {
			for _, g := range area.Geocodes {
				name := strings.ToLower(g.Name)
				if seen[g.Value] || strings.Contains(name, "post") || strings.Contains(name, "zip") || strings.Contains(name, "邮") {
					continue
				}
				seen[g.Value] = true
				out = append(out, g.Value)
			}
		}
	}
	return out
}

// HasForce reports whether the message says of the real world that something is so: it may be active, and becomes a report.
func (a *Alert) HasForce() bool {
	return a.Status == Actual && (a.Type == NewAlert || a.Type == Update)
}
