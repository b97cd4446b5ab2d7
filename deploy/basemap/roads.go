package basemap

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/paulmach/orb"

	"wanglou/postgis"
	"wanglou/postgis/importer/files"
	"wanglou/postgis/importer/intake"
)

// roadKinds are OpenStreetMap's values of highway as the kinds and ranks of docs/basemap.md, as process.lua has them.
var roadKinds = map[string]struct {
	kind string
	rank int
}{
	"motorway": {"motorway", 1}, "motorway_link": {"motorway", 1}, "trunk": {"trunk", 2}, "trunk_link": {"trunk", 2}, "primary": {"primary", 3}, "primary_link": {"primary", 3},
	"secondary": {"secondary", 4}, "secondary_link": {"secondary", 4}, "tertiary": {"tertiary", 5}, "tertiary_link": {"tertiary", 5},
	"residential": {"residential", 6}, "unclassified": {"residential", 6}, "living_street": {"residential", 6}, "road": {"residential", 6},
	"service": {"service", 7}, "track": {"service", 7}, "busway": {"service", 7}, // not the ways of those who walk
}

// Roads reads the roads on which vehicles drive out of an OpenStreetMap extract. Ways that meet share the corner exactly. Errors are those of files.Open.
func Roads(ctx context.Context, path string) iter.Seq2[postgis.BasemapRoad, error] {
	return func(yield func(postgis.BasemapRoad, error) bool) {
		in, err := files.Open(ctx, path, files.Options{Format: files.OSM, Layer: "lines", Limits: intake.Limits{}})
		if err != nil {
			yield(postgis.BasemapRoad{}, err)
			return
		}
		defer in.Close()
		for {
			row, err := in.Next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(postgis.BasemapRoad{}, err)
				return
			}
			highway, _ := row.Field("highway").(string)
			known, ok := roadKinds[highway]
			line, isLine := row.Geometry.(orb.LineString)
			if !ok || !isLine || len(line) < 2 || row.Err != nil {
				continue
			}
			name, _ := row.Field("name").(string)
			english, _ := row.Field("name:en").(string)
			if !yield(postgis.BasemapRoad{Kind: known.kind, Rank: known.rank, Name: name, NameEN: english, Line: line.Clone()}, nil) {
				return
			}
		}
	}
}
