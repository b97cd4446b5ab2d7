package postgis_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/crs"
	"wanglou/postgis/postgistest"
)

// What is projected in process is what PROJ projects, to the millimetre.
func TestProjectionsAreThoseOfPROJ(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, ref := range crs.References {
		if !ref.Metre {
			continue
		}
		for range 40 {
			p := orb.Point{73 + 62*r.Float64(), 18 + 36*r.Float64()}
			if ref.EPSG != 3857 {
				p[0] = meridian(ref.EPSG) + 4*r.Float64() - 2
			}
			var x, y float64
			if err := db.Pool.QueryRow(t.Context(), `SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint($1, $2), 4326), $3::int) g`, p[0], p[1], ref.EPSG).Scan(&x, &y); err != nil {
				t.Fatal(err)
			}
			got := ref.FromWGS84(p)
			if ref.Swap {
				got[0], got[1] = got[1], got[0]
			}
			if math.Abs(got[0]-x) > 1e-3 || math.Abs(got[1]-y) > 1e-3 {
				t.Fatalf("EPSG:%d of %v: %.4f here, %.4f %.4f by PROJ", ref.EPSG, p, got, x, y)
			}
		}
	}
}

func meridian(epsg int) float64 {
	if epsg >= 4534 {
		return float64(3 * (epsg - 4534 + 25))
	}
	return float64(3 * (epsg - 4513 + 25))
}
