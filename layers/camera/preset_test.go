package camera

import (
	"errors"
	"math"
	"testing"

	"wanglou/layers"
)

func TestPresets(t *testing.T) {
	t.Parallel()
	wide, low := 40.0, -95.0
	for name, tc := range map[string]struct {
		presets Presets
		field   string
	}{
		"none":              {nil, ""},
		"two":               {Presets{{Number: 2, Name: " 桥 ", Azimuth: 90}, {Number: 1, Name: "门", Azimuth: 0, FOV: &wide}}, ""},
		"no number":         {Presets{{Name: "门"}}, "number"},
		"too large":         {Presets{{Number: 256, Name: "门"}}, "number"},
		"twice":             {Presets{{Number: 1, Name: "门"}, {Number: 1, Name: "桥"}}, "number"},
		"no name":           {Presets{{Number: 1, Name: " "}}, "name"},
		"all round":         {Presets{{Number: 1, Name: "门", Azimuth: 360}}, "azimuth_deg"},
		"no direction":      {Presets{{Number: 1, Name: "门", Azimuth: math.NaN()}}, "azimuth_deg"},
		"below the ground":  {Presets{{Number: 1, Name: "门", Tilt: &low}}, "tilt_deg"},
		"wider than around": {Presets{{Number: 1, Name: "门", FOV: new(float64)}}, "fov_deg"},
	} {
		err := tc.presets.Validate()
		var e *layers.Error
		if (err == nil) != (tc.field == "") || err != nil && (!errors.As(err, &e) || e.Field != tc.field || e.Code != layers.CodeInvalid) {
			t.Errorf("%s: %v, want a complaint of %q", name, err, tc.field)
		}
	}
	two := Presets{{Number: 2, Name: " 桥 ", Azimuth: 90}, {Number: 1, Name: "门"}}
	if err := two.Validate(); err != nil || two[0].Number != 1 || two[1].Name != "桥" {
		t.Errorf("%v, %v", two, err)
	}
}

func TestPresetToward(t *testing.T) {
	t.Parallel()
	narrow := 20.0
	presets := Presets{{Number: 1, Azimuth: 350}, {Number: 2, Azimuth: 30, FOV: &narrow}, {Number: 3, Azimuth: 45}}
	for azimuth, want := range map[float64]int{0: 1, 10: 1, 24: 2, 33: 2, 41: 3, 100: 0, 340: 1} {
		got := 0
		if p := presets.Toward(azimuth, 60); p != nil {
			got = p.Number
		}
		if got != want {
			t.Errorf("toward %g is preset %d, want %d", azimuth, got, want)
		}
	}
}
