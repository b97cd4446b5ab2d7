package survey

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

var (
	noon   = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	square = orb.MultiPolygon{{{{119.68, 29.79}, {119.681, 29.79}, {119.681, 29.791}, {119.68, 29.79}}}}
)

type validator interface{ Validate() error }

func check(t *testing.T, v validator, field, reason string) {
	t.Helper()
	err := v.Validate()
	if field == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var e *layers.Error
	if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != field || e.Reason != reason {
		t.Fatalf("%v; want %s %s", err, field, reason)
	}
}

func TestValidateDetection(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*Detection)
		field, reason string
	}{
		{"good", func(*Detection) {}, "", ""},
		{"score 0", func(d *Detection) { d.Score = new(0.0) }, "", ""},
		{"number", func(d *Detection) { d.Number = "" }, "number", "required"},
		{"state", func(d *Detection) { d.State = "open" }, "state", "unknown_value"},
		{"category", func(d *Detection) { d.Category = "" }, "category", "required"},
		{"detector", func(d *Detection) { d.Detector = " " }, "detector", "required"},
		{"score", func(d *Detection) { d.Score = new(1.01) }, "score", "out_of_range"},
		{"score NaN", func(d *Detection) { d.Score = new(math.NaN()) }, "score", "out_of_range"},
		{"area", func(d *Detection) { d.Area = new(0.0) }, "area_m2", "out_of_range"},
		{"same capture", func(d *Detection) { d.CaptureBefore, d.CaptureAfter = 3, 3 }, "capture_after_id", "same_capture"},
		{"time", func(d *Detection) { d.DetectedAt = time.Time{} }, "detected_at", "required"},
		{"no outline", func(d *Detection) { d.Outline = nil }, "outline", "required"},
		{"no ring", func(d *Detection) { d.Outline = orb.MultiPolygon{{}} }, "outline", "empty_polygon"},
		{"three points", func(d *Detection) { d.Outline = orb.MultiPolygon{{square[0][0][:3]}} }, "outline", "too_few_points"},
		{"open ring", func(d *Detection) {
			d.Outline = orb.MultiPolygon{{{{119.68, 29.79}, {119.681, 29.79}, {119.681, 29.791}, {119.68, 29.791}}}}
		}, "outline", "open_ring"},
		{"swapped", func(d *Detection) {
			d.Outline = orb.MultiPolygon{{{{29.79, 119.68}, {29.79, 119.681}, {29.791, 119.681}, {29.79, 119.68}}}}
		}, "outline", "swapped_coordinates"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := &Detection{
				Number: "D-1", State: Detected, Category: "08016", Score: new(0.8), Detector: "dsm", Area: new(61.5), Height: new(3.2),
				CaptureBefore: 1, CaptureAfter: 2, DetectedAt: noon, Outline: square,
			}
			tc.change(d)
			check(t, d, tc.field, tc.reason)
		})
	}
}

func TestValidateCapture(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*Capture)
		field, reason string
	}{
		{"good", func(*Capture) {}, "", ""},
		{"no hash yet", func(c *Capture) { c.SHA256 = "" }, "", ""},
		{"name", func(c *Capture) { c.Name = "" }, "name", "required"},
		{"time", func(c *Capture) { c.CapturedAt = time.Time{} }, "captured_at", "required"},
		{"gsd", func(c *Capture) { c.GSD = new(0.0) }, "gsd_m", "out_of_range"},
		{"hash", func(c *Capture) { c.SHA256 = "ABC" }, "sha256", "bad_hash"},
		{"footprint", func(c *Capture) { c.Footprint = nil }, "footprint", "required"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &Capture{
				Name: "桐君街道 2026-05", CapturedAt: noon, GSD: new(0.05), Footprint: square,
				SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			}
			tc.change(c)
			check(t, c, tc.field, tc.reason)
		})
	}
}

func TestValidatePermit(t *testing.T) {
	t.Parallel()
	later := noon.AddDate(1, 0, 0)
	cases := []struct {
		name          string
		change        func(*Permit)
		field, reason string
	}{
		{"good", func(*Permit) {}, "", ""},
		{"for ever", func(p *Permit) { p.ValidTo = nil }, "", ""},
		{"number", func(p *Permit) { p.Number = "" }, "number", "required"},
		{"height", func(p *Permit) { p.Height = new(-3.0) }, "height_m", "out_of_range"},
		{"dates", func(p *Permit) { p.ValidFrom, p.ValidTo = &later, &noon }, "valid_to", "before_start"},
		{"outline", func(p *Permit) { p.Outline = nil }, "outline", "required"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := &Permit{Number: "桐规 2026-17", Height: new(12.0), ValidFrom: &noon, ValidTo: &later, Outline: square}
			tc.change(p)
			check(t, p, tc.field, tc.reason)
		})
	}
}
