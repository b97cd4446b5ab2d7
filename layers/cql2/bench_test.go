package cql2

import (
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// BenchmarkMatch asks each kind of comparison of one feature. None may allocate: a filter is asked for every feature of a tile.
func BenchmarkMatch(b *testing.B) {
	layer := &layers.Layer{Name: "camera", Geometry: layers.GeometryPoint, Columns: []layers.Column{
		{Name: "status", Type: layers.ColumnText}, {Name: "height_m", Type: layers.ColumnFloat}, {Name: "status_since", Type: layers.ColumnTime},
		{Name: "tags", Type: layers.ColumnStrings},
	}}
	feature := &layers.Feature{ID: 7, Geometry: orb.Point{119.7, 29.8}, Values: []any{"offline", 6.5, time.Unix(1_790_000_000, 0), []string{"road", "river"}}}
	for _, filter := range []string{
		"status = 'offline'",
		"height_m > 4",
		"height_m + 1 > 4",
		"status_since > TIMESTAMP('2026-01-01T00:00:00Z')",
		"T_AFTER(status_since, TIMESTAMP('2026-01-01T00:00:00Z'))",
		"A_CONTAINS(tags, ('road'))",
		"status IS NOT NULL AND height_m BETWEEN 1 AND 9",
	} {
		b.Run(filter, func(b *testing.B) {
			e, err := ParseText(filter)
			if err != nil {
				b.Fatal(err)
			}
			m, err := Compile(e, layer)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !m.Match(feature) {
					b.Fatal("the filter is not true for the feature")
				}
			}
		})
	}
}
