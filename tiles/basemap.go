package tiles

import (
	"github.com/paulmach/orb"

	"wanglou/layers"
)

// BasemapName is the source that consoles draw under everything: the archive of that name, or the demo basemap.
const BasemapName = "basemap"

// TerrainName is the archive of heights, when one is installed.
const TerrainName = "terrain"

// BasemapInfo describes a source of the schema of docs/basemap.md.
func BasemapInfo(bound orb.Bound, attribution string) Info {
	field := func(id string, minZoom int, fields map[string]string) LayerInfo {
		return LayerInfo{ID: id, Fields: fields, MinZoom: minZoom, MaxZoom: 14}
	}
	return Info{
		Name:        BasemapName,
		Title:       layers.Text{ZH: "底图", EN: "Basemap"},
		Format:      FormatMVT,
		MaxZoom:     14,
		Bound:       bound,
		Attribution: attribution,
		Layers: []LayerInfo{
			field("water", 0, map[string]string{"kind": "String", "name": "String", "name_en": "String"}),
			field("landuse", 0, map[string]string{"kind": "String"}),
			field("road", 5, map[string]string{"kind": "String", "rank": "Number", "name": "String", "name_en": "String"}),
			field("building", 12, map[string]string{"height_m": "Number", "min_height_m": "Number"}),
			field("place", 0, map[string]string{"kind": "String", "name": "String", "name_en": "String", "rank": "Number"}),
		},
	}
}
