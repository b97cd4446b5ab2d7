// Package printed is maps that left the screen: who printed or kept which part of the map, and when: 打印留痕.
package printed

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of what is told of a map.
const (
	maxTitle = 60
	maxScale = 100_000_000
)

// Kind is what a map became.
type Kind string

// What a map becomes: a paper or a PDF, a picture, a picture of a whole wall.
const (
	KindPDF  Kind = "pdf"
	KindPNG  Kind = "png"
	KindWall Kind = "wall"
)

// Map is one map that is about to leave the screen. It holds what the map is of, nothing of what is on it.
type Map struct {
	Title  string     `json:"title"`
	Kind   Kind       `json:"kind"`
	Size   string     `json:"size"`            // "A3 landscape", "7680x2160"
	Scale  int64      `json:"scale,omitempty"` // 1 : this; 0 of a picture without
	Bbox   [4]float64 `json:"bbox"`            // west, south, east, north
	DataAt time.Time  `json:"data_at"`         // of which moment it shows the county
}

// Validate tidies the map and reports the first wrong field: CodeInvalid.
func (m *Map) Validate(now time.Time) error {
	m.Title, m.Size = strings.TrimSpace(m.Title), strings.TrimSpace(m.Size)
	west, south, east, north := m.Bbox[0], m.Bbox[1], m.Bbox[2], m.Bbox[3]
	switch {
	case utf8.RuneCountInString(m.Title) > maxTitle:
		return layers.Invalid("title", "too_long", "the title has more than %d characters", maxTitle)
	case m.Kind != KindPDF && m.Kind != KindPNG && m.Kind != KindWall:
		return layers.Invalid("kind", "unknown_value", "a map becomes pdf, png or wall")
	case m.Size == "" || utf8.RuneCountInString(m.Size) > 40:
		return layers.Invalid("size", "out_of_range", "the size has 1 to 40 characters")
	case m.Scale < 0 || m.Scale > maxScale:
		return layers.Invalid("scale", "out_of_range", "the scale is 1 : 0 to %d", maxScale)
	case !(west >= -180 && west < east && east <= 180 && south >= -90 && south < north && north <= 90):
		return layers.Invalid("bbox", "out_of_range", "the box is west, south, east, north in degrees")
	case m.DataAt.IsZero():
		return layers.Invalid("data_at", "required", "the moment that the map shows is required")
	case m.DataAt.After(now.Add(time.Minute)):
		return layers.Invalid("data_at", "in_future", "the moment lies in the future")
	}
	return nil
}

// Service keeps account of printed maps. Implemented by postgis.Prints.
type Service interface {
	// Record writes the audit row of a map that was validated. CodeForbidden for those who may not read.
	Record(ctx context.Context, m *Map) error
}
