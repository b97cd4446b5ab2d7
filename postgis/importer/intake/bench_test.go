package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"wanglou/postgis/importer/intake"
)

// BenchmarkGeoJSON reads features of 950 bytes with an outline of five corners each.
func BenchmarkGeoJSON(b *testing.B) {
	feature := `{"type":"Feature","properties":{"name":"tree","kind":"a","note":"` + strings.Repeat("abcdefghij", 70) +
		`"},"geometry":{"type":"Polygon","coordinates":[[[119.5,29.7],[119.6,29.7],[119.6,29.8],[119.5,29.8],[119.5,29.7]]]}}`
	in := `{"type":"FeatureCollection","features":[` + strings.Repeat(feature+",\n", 999) + feature + `]}`
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		rows, err := count(intake.NewGeoJSON(decode(b, in, "utf-8"), intake.Limits{}))
		if err != nil || rows != 1000 {
			b.Fatal(rows, err)
		}
	}
}

func count(r intake.Reader) (n int, err error) {
	for ; ; n++ {
		if _, err := r.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
	}
}
