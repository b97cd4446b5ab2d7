package camera

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		change        func(*Camera)
		field, reason string
	}{
		{"good", func(*Camera) {}, "", ""},
		{"bare", func(c *Camera) { *c = Camera{Name: "x", Status: Unknown, Point: c.Point} }, "", ""},
		{"north", func(c *Camera) { c.Azimuth = new(0.0) }, "", ""},
		{"dome", func(c *Camera) { c.FOV = new(360.0) }, "", ""},
		{"no name", func(c *Camera) { c.Name = " " }, "name", "required"},
		{"long name", func(c *Camera) { c.Name = strings.Repeat("探", MaxName+1) }, "name", "too_long"},
		{"19 digits", func(c *Camera) { c.DeviceID = c.DeviceID[1:] }, "device_id", "bad_device_id"},
		{"21 digits", func(c *Camera) { c.DeviceID += "1" }, "device_id", "bad_device_id"},
		{"a letter", func(c *Camera) { c.DeviceID = "3301220013200000000x" }, "device_id", "bad_device_id"},
		{"full-width digits", func(c *Camera) { c.DeviceID = "３３０１２２" + "12" }, "device_id", "bad_device_id"},
		{"status", func(c *Camera) { c.Status = "up" }, "status", "unknown_value"},
		{"azimuth 360", func(c *Camera) { c.Azimuth = new(360.0) }, "azimuth_deg", "out_of_range"},
		{"azimuth below", func(c *Camera) { c.Azimuth = new(-0.1) }, "azimuth_deg", "out_of_range"},
		{"azimuth NaN", func(c *Camera) { c.Azimuth = new(math.NaN()) }, "azimuth_deg", "out_of_range"},
		{"fov 0", func(c *Camera) { c.FOV = new(0.0) }, "fov_deg", "out_of_range"},
		{"fov over", func(c *Camera) { c.FOV = new(361.0) }, "fov_deg", "out_of_range"},
		{"range", func(c *Camera) { c.Range = new(-1.0) }, "range_m", "out_of_range"},
		{"height", func(c *Camera) { c.Height = new(math.Inf(1)) }, "height_m", "out_of_range"},
		{"swapped", func(c *Camera) { c.Point = orb.Point{29.79, 119.68} }, "point", "swapped_coordinates"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &Camera{
				DeviceID: "33012200132000000001", Name: "迎春南路口", Status: Online, Height: new(6.5), Azimuth: new(270.0),
				FOV: new(60.0), Range: new(80.0), Point: orb.Point{119.68, 29.79},
			}
			tc.change(c)
			err := c.Validate()
			if tc.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != tc.field || e.Reason != tc.reason {
				t.Fatalf("%v; want %s %s", err, tc.field, tc.reason)
			}
		})
	}
}
