package crs

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
)

var county = orb.Point{119.6, 29.8}

func systems(list []Reading) string {
	var out []string
	for _, r := range list {
		out = append(out, r.System)
	}
	return strings.Join(out, " ")
}

func TestRead(t *testing.T) {
	t.Parallel()
	const all = "wgs84 gcj02 bd09 cgcs2000"
	here := orb.Point{119.68, 29.79}
	for text, want := range map[string]struct {
		systems string
		first   orb.Point
	}{
		"119.68,29.79":                    {all, here},
		" 119.68 ， 29.79 ":                {all, here},
		"29.79 119.68":                    {all, here},
		"29.79;119.68":                    {all, here},
		"１１９．６８，２９．７９":                    {all, here},
		"N29.79 E119.68":                  {all, here},
		"119.68E, 29.79N":                 {all, here},
		"119.68°E 29.79°N":                {all, here},
		"29.79N 119.68":                   {all, here},
		"29.79 E119.68":                   {all, here},
		"北纬29.79 东经119.68":                {all, here},
		"东经119.68度，北纬29.79度":              {all, here},
		"纬度：29.79 经度：119.68":              {all, here},
		"lat=29.79, lng=119.68":           {all, here},
		`29°47'24"N 119°40'48"E`:          {all, here},
		"29°47′24″ 119°40′48″":            {all, here},
		"29°47.4' 119°40.8'":              {all, here},
		"北纬29度47分24秒，东经119度40分48秒":        {all, here},
		"29 47 24 119 40 48":              {all, here},
		"29 47 24 N 119 40 48 E":          {all, here},
		"-29.79, 119.68":                  {"wgs84", orb.Point{119.68, -29.79}},
		"29.79S 119.68E":                  {"wgs84", orb.Point{119.68, -29.79}},
		"12.5 41.9":                       {"wgs84", orb.Point{12.5, 41.9}},
		"39.9, 82.5":                      {all, orb.Point{82.5, 39.9}},
		"wgs84 119.68 29.79":              {"wgs84", here},
		"EPSG:4490 29.79 119.68":          {"cgcs2000", here},
		"GCJ-02: 119.68,29.79":            {"gcj02", GCJ02ToWGS84(here)},
		"119.68,29.79 (BD09)":             {"bd09", ToWGS84(BD09, here)},
		"3296960.0 469062.0":              {"EPSG:4549", orb.Point{}},
		"469062,3296960":                  {"EPSG:4549", orb.Point{}},
		"40469062 3296960":                {"EPSG:4528", orb.Point{}},
		"x=3296960 y=40469062":            {"", orb.Point{}},
		"EPSG:4549 3296960 469062":        {"EPSG:4549", orb.Point{}},
		"EPSG:4548 3296960 469062":        {"EPSG:4548", orb.Point{}},
		"EPSG:4549 3296960 40469062":      {"", orb.Point{}},
		"EPSG:3857 3296960 469062":        {"", orb.Point{}},
		"EPSG:4549 119.68 29.79":          {"", orb.Point{}},
		"gcj02 3296960 469062":            {"", orb.Point{}},
		"3296960 3469062":                 {"", orb.Point{}},
		"":                                {"", orb.Point{}},
		"119.68":                          {"", orb.Point{}},
		"119.68,":                         {"", orb.Point{}},
		"119.68,29.79,5":                  {"", orb.Point{}},
		"190,95":                          {"", orb.Point{}},
		"N29.79 N119.68":                  {"", orb.Point{}},
		"-29.79S 119.68E":                 {"", orb.Point{}},
		"29°60'0\" 119°40'48\"":           {"", orb.Point{}},
		"29.5°30' 119°40'":                {"", orb.Point{}},
		"城南路 119.68 29.79":                {"", orb.Point{}},
		"20260501-00007":                  {"", orb.Point{}},
		"330122001007":                    {"", orb.Point{}},
		"春江路 12 号":                        {"", orb.Point{}},
		"NaN, Inf":                        {"", orb.Point{}},
		"1e9, 1":                          {"", orb.Point{}},
		strings.Repeat("1", 300) + " 2":   {"", orb.Point{}},
		"1 2 3 4 5 6 7 8":                 {"", orb.Point{}},
		"99999999999999999999 2999999999": {"", orb.Point{}},
	} {
		got := Read(text, county)
		if systems(got) != want.systems {
			t.Errorf("%q: %q, want %q", text, systems(got), want.systems)
			continue
		}
		if len(got) > 0 && want.first != (orb.Point{}) && layers.Distance(want.first, got[0].Point) > 0.01 {
			t.Errorf("%q: %v, want %v", text, got[0].Point, want.first)
		}
	}
}

// How far the web maps' systems lie from where the numbers would be.
func TestReadTellsTheShift(t *testing.T) {
	t.Parallel()
	for _, r := range Read("119.68,29.79", county) {
		least, most := 0.0, 0.01
		switch r.System {
		case "gcj02":
			least, most = 300, 700
		case "bd09":
			least, most = 700, 1500
		}
		if r.Shift < least || r.Shift > most {
			t.Errorf("%s: %.1f m", r.System, r.Shift)
		}
	}
}

// However a place is written down, it is found again, in every system.
func TestReadWhatIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(75, 134).Draw(t, "lon"), rapid.Float64Range(18, 53).Draw(t, "lat")}
		dms := func(v float64) string {
			s := math.Round(v*3600*1000) / 1000
			return fmt.Sprintf(`%d°%d'%.3f"`, int(s/3600), int(math.Mod(s/60, 60)), math.Mod(s, 60))
		}
		zoned := References[4+int(math.Round(p[0]/3))-25]
		plain := References[25+int(math.Round(p[0]/3))-25]
		z, m := zoned.FromWGS84(p), plain.FromWGS84(p)
		for _, text := range []string{
			fmt.Sprintf("%.7f,%.7f", p[0], p[1]), fmt.Sprintf("N%.7f E%.7f", p[1], p[0]), fmt.Sprintf("东经%.7f 北纬%.7f", p[0], p[1]),
			dms(p[1]) + "n " + dms(p[0]) + "e", fmt.Sprintf("%.3f %.3f", z[0], z[1]), fmt.Sprintf("%.3f, %.3f", m[1], m[0]),
		} {
			got := Read(text, p)
			if len(got) == 0 || layers.Distance(p, got[0].Point) > 0.1 {
				t.Fatalf("%q: %v, want %v", text, got, p)
			}
			for _, r := range got {
				if back := FromWGS84(System(r.System), r.Point); len(got) > 1 && layers.Distance(back, p) > 0.1 {
					t.Fatalf("%q in %s: %v", text, r.System, r.Point)
				}
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"119.68,29.79", `29°47'24"N 119°40'48"E`, "北纬29度47分 东经119度40分", "40469062 3296960", "EPSG:4549 1 2", "n", "°°°"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Read(s, county) {
			if !onEarth(r.Point) || math.IsNaN(r.Shift) || r.Shift > 5000 {
				t.Errorf("%q: %+v", s, r)
			}
		}
	})
}
