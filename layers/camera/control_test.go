package camera

import (
	"errors"
	"math"
	"testing"
	"time"

	"wanglou/layers"
)

func TestControl(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is    Control
		field string // "" is valid
	}{
		"left":               {Control{Command: Move, Pan: -1}, ""},
		"all at once":        {Control{Command: Move, Pan: 0.1, Tilt: -0.5, Zoom: 1, For: MostMove}, ""},
		"stop":               {Control{Command: Stop}, ""},
		"go":                 {Control{Command: PresetGo, Preset: 255}, ""},
		"nothing":            {Control{}, "command"},
		"unknown":            {Control{Command: "dance"}, "command"},
		"no move":            {Control{Command: Move}, "pan"},
		"too fast":           {Control{Command: Move, Tilt: 1.01}, "tilt"},
		"no number":          {Control{Command: Move, Zoom: math.NaN()}, "zoom"},
		"too long":           {Control{Command: Move, Pan: 1, For: MostMove + 1}, "for_ms"},
		"too short":          {Control{Command: Move, Pan: 1, For: time.Millisecond}, "for_ms"},
		"preset 0":           {Control{Command: PresetSet}, "preset"},
		"preset 256":         {Control{Command: PresetDelete, Preset: 256}, "preset"},
		"a move to a preset": {Control{Command: Move, Pan: 1, Preset: 1}, "preset"},
		"a stop with speed":  {Control{Command: Stop, Pan: 1}, "command"},
		"a stop that lasts":  {Control{Command: Stop, For: time.Second}, "for_ms"},
	} {
		err := c.is.Validate()
		var of *layers.Error
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &of) || of.Code != layers.CodeInvalid || of.Field != c.field || of.Reason == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
