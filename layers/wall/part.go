package wall

import (
	"fmt"
	"slices"

	"wanglou/layers"
)

// Limits of parts.
const (
	maxParts   = 16 // of a scene
	maxCameras = 16 // of a part
)

// Part is a rectangle of screens that in a scene show something else: another view, or what cameras see.
type Part struct {
	Row     int `json:"row"` // of its upper left screen, from 1
	Column  int `json:"column"`
	Rows    int `json:"rows"`
	Columns int `json:"columns"`
	View
	Cameras []int64 `json:"cameras,omitempty"` // their pictures in the map's stead, in the order of reading
}

// holds reports whether a screen belongs to the part.
func (p *Part) holds(row, column int) bool {
	return row >= p.Row && row < p.Row+p.Rows && column >= p.Column && column < p.Column+p.Columns
}

func (p *Part) validate() error {
	switch {
	case p.Rows < 1 || p.Rows > maxSide || p.Row < 1 || p.Row > maxSide:
		return layers.Invalid("row", "out_of_range", "a part has rows of the wall")
	case p.Columns < 1 || p.Columns > maxSide || p.Column < 1 || p.Column > maxSide:
		return layers.Invalid("column", "out_of_range", "a part has columns of the wall")
	case len(p.Cameras) > maxCameras:
		return layers.Invalid("cameras", "too_long", "a part shows at most %d cameras", maxCameras)
	case slices.ContainsFunc(p.Cameras, func(id int64) bool { return id <= 0 }):
		return layers.Invalid("cameras", "not_a_value", "that is no camera")
	}
	if len(p.Cameras) > 0 {
		p.View = View{Hidden: []string{}}
		return nil
	}
	return p.View.validate()
}

// validateParts also reports parts that have a screen in common.
func (s *Scene) validateParts() error {
	if len(s.Parts) > maxParts {
		return layers.Invalid("parts", "too_long", "a scene has at most %d parts", maxParts)
	}
	for i := range s.Parts {
		p := &s.Parts[i]
		if err := p.validate(); err != nil {
			return layers.In("parts", i, err)
		}
		for _, other := range s.Parts[:i] {
			if p.Row < other.Row+other.Rows && other.Row < p.Row+p.Rows && p.Column < other.Column+other.Columns && other.Column < p.Column+p.Columns {
				return layers.In("parts", i, layers.Invalid("row", "taken", "another part has these screens"))
			}
		}
	}
	return nil
}

// fits reports parts that lie outside of the wall.
func (l Layout) fits(s *Scene) error {
	for i, p := range s.Parts {
		if !l.Has(p.Row+p.Rows-1, p.Column+p.Columns-1) {
			return layers.In("parts", i, layers.Invalid("row", "out_of_range", "the wall has %d rows and %d columns", l.Rows, l.Columns))
		}
	}
	return nil
}

// On returns what a screen shows of a scene, and which rectangle of screens shows it together; nil: the scene itself, and the whole wall.
func (s *Scene) On(row, column int) *Part {
	for i := range s.Parts {
		if s.Parts[i].holds(row, column) {
			return &s.Parts[i]
		}
	}
	return nil
}

// clockMinutes reads a time of day, "08:30".
func clockMinutes(text string) (int, error) {
	var h, m int
	if n, err := fmt.Sscanf(text, "%02d:%02d", &h, &m); err != nil || n != 2 || len(text) != 5 || h > 23 || m > 59 || h < 0 || m < 0 {
		return 0, layers.Invalid("", "not_a_value", "%q is no time of day", text)
	}
	return h*60 + m, nil
}
