// Package tileset reads 3D Tiles tilesets (1.0 and 1.1) as they were delivered: a folder, or a zip that is served without being unpacked.
//
// It serves bytes and checks what a tileset says of itself; drawing is the console's. Everything in a tileset was made by strangers.
package tileset

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

const (
	maxJSON  = 64 << 20 // of a tileset.json
	maxDepth = 256      // of tiles in one file
	maxTiles = 2_000_000
)

// Info is what a tileset says of itself.
type Info struct {
	Name           string
	Version        string // of the format: "1.0" or "1.1"
	GeometricError float64
	Implicit       bool       // some tile is tiled implicitly: its tiles stand in subtree files
	Bound          *orb.Bound // EPSG:4326, where the root's volume is a region
}

type document struct {
	Asset *struct {
		Version string `json:"version"`
	} `json:"asset"`
	GeometricError *float64 `json:"geometricError"`
	Root           *tile    `json:"root"`
}

type tile struct {
	BoundingVolume *struct {
		Box        []float64                  `json:"box"`
		Region     []float64                  `json:"region"`
		Sphere     []float64                  `json:"sphere"`
		Extensions map[string]json.RawMessage `json:"extensions"`
	} `json:"boundingVolume"`
	GeometricError *float64  `json:"geometricError"`
	Refine         string    `json:"refine"`
	Transform      []float64 `json:"transform"`
	Content        *content  `json:"content"`
	Contents       []content `json:"contents"`
	Children       []tile    `json:"children"`
	Implicit       *struct {
		Scheme    string   `json:"subdivisionScheme"`
		Levels    int      `json:"subtreeLevels"`
		Available int      `json:"availableLevels"`
		Subtrees  *content `json:"subtrees"`
	} `json:"implicitTiling"`
}

type content struct {
	URI string `json:"uri"`
	URL string `json:"url"` // of drafts before 1.0, which tools still write
}

// Parse reads and checks a tileset.json. Errors name the place: "root.children[3].boundingVolume: …".
func Parse(raw []byte) (Info, error) {
	if len(raw) > maxJSON {
		return Info{}, fmt.Errorf("the file is larger than %d MiB", maxJSON>>20)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return Info{}, fmt.Errorf("%s: %s is not what belongs here", wrong.Field, wrong.Value)
		}
		return Info{}, fmt.Errorf("not JSON: %w", err)
	}
	switch {
	case d.Asset == nil:
		return Info{}, errors.New("asset: missing: this is no tileset")
	case d.Asset.Version != "1.0" && d.Asset.Version != "1.1":
		return Info{}, fmt.Errorf("asset.version: %q is not read, only 1.0 and 1.1", d.Asset.Version)
	case d.GeometricError == nil || !(*d.GeometricError >= 0):
		return Info{}, errors.New("geometricError: a number from 0 on is required")
	case d.Root == nil:
		return Info{}, errors.New("root: missing")
	}
	info := Info{Version: d.Asset.Version, GeometricError: *d.GeometricError}
	n := 0
	if err := d.Root.check("root", 0, &n, &info); err != nil {
		return Info{}, err
	}
	info.Bound = d.Root.place()
	return info, nil
}

func (t *tile) check(at string, depth int, n *int, info *Info) error {
	if *n++; *n > maxTiles || depth > maxDepth {
		return fmt.Errorf("%s: more than %d tiles, or nested deeper than %d", at, maxTiles, maxDepth)
	}
	if t.GeometricError == nil || !(*t.GeometricError >= 0) {
		return fmt.Errorf("%s.geometricError: a number from 0 on is required", at)
	}
	if t.Refine != "" && !slices.Contains([]string{"ADD", "REPLACE", "add", "replace"}, t.Refine) {
		return fmt.Errorf("%s.refine: %q is none of ADD, REPLACE", at, t.Refine)
	}
	if len(t.Transform) != 0 && len(t.Transform) != 16 {
		return fmt.Errorf("%s.transform: %d numbers, not 16", at, len(t.Transform))
	}
	v := t.BoundingVolume
	switch {
	case v == nil:
		return fmt.Errorf("%s.boundingVolume: missing", at)
	case len(v.Box) == 0 && len(v.Region) == 0 && len(v.Sphere) == 0 && len(v.Extensions) == 0:
		return fmt.Errorf("%s.boundingVolume: none of box, region, sphere", at)
	case len(v.Box) != 0 && len(v.Box) != 12, len(v.Region) != 0 && len(v.Region) != 6, len(v.Sphere) != 0 && len(v.Sphere) != 4:
		return fmt.Errorf("%s.boundingVolume: a box has 12 numbers, a region 6, a sphere 4", at)
	case len(v.Region) == 6 && (v.Region[1] > v.Region[3] || math.Abs(v.Region[1]) > math.Pi/2+1e-6 || math.Abs(v.Region[3]) > math.Pi/2+1e-6):
		return fmt.Errorf("%s.boundingVolume.region: west, south, east, north are radians", at)
	}
	if t.Content != nil {
		if err := t.Content.check(at + ".content"); err != nil {
			return err
		}
	}
	for i := range t.Contents {
		if err := t.Contents[i].check(fmt.Sprintf("%s.contents[%d]", at, i)); err != nil {
			return err
		}
	}
	if i := t.Implicit; i != nil {
		info.Implicit = true
		switch {
		case i.Scheme != "QUADTREE" && i.Scheme != "OCTREE":
			return fmt.Errorf("%s.implicitTiling.subdivisionScheme: %q is none of QUADTREE, OCTREE", at, i.Scheme)
		case i.Levels < 1 || i.Available < 1 || i.Levels > 32 || i.Available > 64:
			return fmt.Errorf("%s.implicitTiling: subtreeLevels is 1 to 32, availableLevels 1 to 64", at)
		case i.Subtrees == nil || !strings.Contains(i.Subtrees.URI, "{level}") || !strings.Contains(i.Subtrees.URI, "{x}") || !strings.Contains(i.Subtrees.URI, "{y}"):
			return fmt.Errorf("%s.implicitTiling.subtrees.uri: has to name {level}, {x} and {y}", at)
		case len(t.Children) > 0:
			return fmt.Errorf("%s.children: a tile that is tiled implicitly has none", at)
		}
		if err := i.Subtrees.check(at + ".implicitTiling.subtrees"); err != nil {
			return err
		}
	}
	for i := range t.Children {
		if err := t.Children[i].check(fmt.Sprintf("%s.children[%d]", at, i), depth+1, n, info); err != nil {
			return err
		}
	}
	return nil
}

// check refuses addresses outside of the tileset: another host would have to be asked, which nobody does here.
func (c *content) check(at string) error {
	uri := c.URI
	if uri == "" {
		uri = c.URL
	}
	name, _, _ := strings.Cut(uri, "?")
	switch {
	case name == "":
		return fmt.Errorf("%s.uri: missing", at)
	case strings.Contains(name, ":") || strings.HasPrefix(name, "/") || strings.Contains(name, `\`):
		return fmt.Errorf("%s.uri: %q lies outside of the tileset", at, uri)
	case strings.HasPrefix(path.Clean(name), ".."):
		return fmt.Errorf("%s.uri: %q leads out of the tileset", at, uri)
	}
	return nil
}
