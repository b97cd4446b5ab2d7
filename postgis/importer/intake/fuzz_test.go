package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/paulmach/orb/geojson"

	"wanglou/postgis/importer/intake"
)

// rowsOf reads to the end and reports whether everything was in order.
func rowsOf(t *testing.T, r intake.Reader) (n int, fine bool) {
	t.Helper()
	fine = true
	for last := int64(0); ; n++ {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n, fine
		}
		if err != nil {
			return n, false
		}
		if row.Number != last+1 {
			t.Fatalf("row %d follows row %d", row.Number, last)
		}
		last = row.Number
		fine = fine && row.Err == nil
		if row.Err == nil {
			if _, err := row.Fingerprint(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A collection that orb reads as well has as many rows here.
func FuzzGeoJSON(f *testing.F) {
	for _, s := range []string{
		`{"type":"FeatureCollection","features":[` + onePoint + `,` + onePoint + `]}`, onePoint, `var a = {"features":[],"type":"FeatureCollection"};`,
		`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":"\u00e9\"}"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}`,
		`{"crs":{"properties":{"name":"EPSG:4549"}},"features":[1,[2]],"type":"FeatureCollection"}`, `{"features":[{"type":[1,2}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := intake.Decode(strings.NewReader(in), "utf-8")
		if err != nil {
			t.Fatal(err)
		}
		n, fine := rowsOf(t, intake.NewGeoJSON(text, intake.Limits{Row: 1 << 16}))
		plain := strings.TrimPrefix(in, "\xEF\xBB\xBF")
		if fine {
			if c, err := geojson.UnmarshalFeatureCollection([]byte(plain)); err == nil && strings.Count(plain, "features") == 1 && len(c.Features) != n {
				t.Fatalf("%d rows, orb has %d features", n, len(c.Features))
			}
		}
	})
}

func FuzzGeometry(f *testing.F) {
	for _, s := range []string{`{"type":"Point","coordinates":[1,2]}`, `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]}]}`, `null`, `{"type":"LineString","coordinates":[[1,2],[1e400,0]]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		g, err := intake.ParseGeometry([]byte(in))
		if err != nil || g == nil {
			return
		}
		if o, err := geojson.UnmarshalGeometry([]byte(in)); err == nil && o.Type != g.GeoJSONType() {
			t.Fatalf("a %s, orb reads a %s", g.GeoJSONType(), o.Type)
		}
	})
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{`{"A":{"B":[{"lat":1,"lon":2}]}}`, `[[{"x":1,"y":2}],[]]`, `[{"a":{"b":[1]}}]`, `[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := intake.Decode(strings.NewReader(in), "utf-8")
		if err != nil {
			t.Fatal(err)
		}
		rowsOf(t, intake.NewRecords(text, intake.Where{}, intake.Limits{Row: 1 << 16}))
	})
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,lon,lat\n1,2,3\n", "wkt;b\n\"POINT(1 2)\";x", "a\tb\n\"", "经度,纬度\n119°41′,29\n", "\xFF\xFEa\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := intake.Decode(strings.NewReader(in), "")
		if err != nil {
			return
		}
		c, err := intake.NewCSV(text, 0, intake.Where{}, intake.Limits{Row: 1 << 16})
		if err != nil {
			return
		}
		rowsOf(t, c)
	})
}
