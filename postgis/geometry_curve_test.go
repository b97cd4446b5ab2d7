package postgis_test

import (
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// What PostGIS can store is read as PostGIS itself would draw it: arcs as ST_CurveToLine makes lines of them, within a thousandth of their size.
func TestDecodesWhatPostGISHolds(t *testing.T) {
	t.Parallel()
	pool := postgistest.New(t).Pool
	for _, text := range []string{
		"CIRCULARSTRING(0 0, 1 1, 2 0)", "CIRCULARSTRING(0 0, 1 -1, 2 0)", "CIRCULARSTRING Z (0 0 5, 1 1 6, 2 0 7)", "CIRCULARSTRING(0 0, 2 0, 0 0)", "CIRCULARSTRING(0 0, 1 0, 2 0)",
		"CIRCULARSTRING(0 0, 0.1 0.5, 2 0, 3 -1, 4 0)", "CIRCULARSTRING(1 0, 0.7071067811865476 0.7071067811865475, 0 1)", "CIRCULARSTRING(119.68 29.79, 119.6805 29.7905, 119.681 29.79)",
		"COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 3 0), CIRCULARSTRING(3 0, 3.5 -0.5, 4 0))", "COMPOUNDCURVE M ((0 0 1, 1 0 2), CIRCULARSTRING M (1 0 2, 2 1 3, 3 0 4))",
		"CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 0 0), (1 0.5, 3 0.5, 3 -0.5, 1 -0.5, 1 0.5))", "CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 0 0)))",
		"MULTICURVE((0 0, 5 5), CIRCULARSTRING(4 0, 4 4, 8 4))", "MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 0 0)), ((7 8, 10 10, 6 14, 4 11, 7 8)))",
		"GEOMETRYCOLLECTION(POINT(1 2), CIRCULARSTRING(0 0, 1 1, 2 0))", "TIN(((0 0, 0 9, 9 0, 0 0)), ((0 9, 9 9, 9 0, 0 9)))", "POLYHEDRALSURFACE Z (((0 0 0, 0 1 0, 1 1 0, 0 0 0)))",
		"CIRCULARSTRING EMPTY", "CURVEPOLYGON EMPTY", "MULTICURVE EMPTY",
	} {
		var raw []byte
		var size float64
		if err := pool.QueryRow(t.Context(), `SELECT ST_AsEWKB(g), coalesce(ST_MaxDistance(ST_Envelope(g), ST_Envelope(g)), 0) FROM ST_GeomFromText($1, 4326) g`, text).Scan(&raw, &size); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		g, err := postgis.DecodeGeometry(raw)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if strings.HasSuffix(text, "EMPTY") {
			if g != nil {
				t.Errorf("%s: %v", text, g)
			}
			continue
		}
		// What the database makes of it, and how far the two are apart.
		var apart float64
		if err := pool.QueryRow(t.Context(), `SELECT ST_HausdorffDistance(ST_Collect(ARRAY(SELECT geom FROM ST_Dump(ST_CurveToLine(ST_Force2D(ST_GeomFromText($1, 4326)))))),
			ST_Collect(ARRAY(SELECT geom FROM ST_Dump(ST_GeomFromText($2, 4326)))))`, text, wkt.MarshalString(g)).Scan(&apart); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if apart > size/1000 {
			t.Errorf("%s is %g off, its size is %g:\n%s", text, apart, size, wkt.MarshalString(g))
		}
	}
}
