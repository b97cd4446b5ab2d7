// Package area is the administrative tree 辖区: county → town → village, and the places that have names.
package area

import (
	"context"

	"github.com/paulmach/orb"
)

// Area is one node of the tree. Path joins the codes from the county down with dots; it is what rights are made of.
type Area struct {
	ID     int64
	Code   string // 6, 9 or 12 digits in China, any label elsewhere
	Path   string
	Level  string // county, town, village
	Name   string
	NameEN string
	Center orb.Point // inside the area, EPSG:4326
	Bound  orb.Bound
}

// MaxPlaces bounds the places that are known by name.
const MaxPlaces = 2_000_000

// Place is a named point of the basemap.
type Place struct {
	ID     int64
	Kind   string
	Name   string
	NameEN string
	Rank   uint8 // 1 is the most important
	Point  orb.Point
}

// County is the frame of the installation.
type County struct {
	Name        string
	NameEN      string
	Bound       orb.Bound
	View        *View
	Demo        bool   // generated data, shown as 示意
	Attribution string // of the basemap in the database
}

// View is where a console opens.
type View struct {
	Center  orb.Point `json:"center"`
	Zoom    float64   `json:"zoom"`
	Pitch   float64   `json:"pitch"`
	Bearing float64   `json:"bearing"`
}

// Service reads the tree. It is the same for every signed-in user. Implemented by postgis.Areas.
type Service interface {
	// County returns the frame: the setting "county", or the extent of all areas.
	County(ctx context.Context) (*County, error)
	// Areas lists the tree, parents first.
	Areas(ctx context.Context) ([]Area, error)
	// Places lists the named places of the basemap, at most [MaxPlaces], the most important first.
	Places(ctx context.Context) ([]Place, error)
	// PlacesVersion is another number after each change of the places.
	PlacesVersion(ctx context.Context) (int64, error)
}
