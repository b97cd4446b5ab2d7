package camera

import (
	"time"

	"wanglou/layers"
)

// Command is what a camera may be told to do.
type Command string

// What cameras that turn can do.
const (
	Move         Command = "move"
	Stop         Command = "stop"
	PresetGo     Command = "preset_go"
	PresetSet    Command = "preset_set"
	PresetDelete Command = "preset_delete"
)

// Limits of a control.
const (
	MaxPreset = 255
	LeastMove = 100 * time.Millisecond
	MostMove  = 10 * time.Second
	UsualMove = time.Second
)

// Control is one thing that a camera is told to do. Speeds are parts of what the camera can: 1 is the fastest to the right, upwards, nearer.
type Control struct {
	Command         Command
	Pan, Tilt, Zoom float64
	For             time.Duration // that it moves, then it is stopped; 0 is UsualMove
	Preset          int
}

// Validate checks it; CodeInvalid names the field.
func (c *Control) Validate() error {
	speeds := map[string]float64{"pan": c.Pan, "tilt": c.Tilt, "zoom": c.Zoom}
	moves := false
	for _, name := range []string{"pan", "tilt", "zoom"} {
		v := speeds[name]
		if !(v >= -1 && v <= 1) {
			return layers.Invalid(name, "out_of_range", "a speed is from -1 to 1")
		}
		moves = moves || v != 0
	}
	presets := false
	switch c.Command {
	case Move:
		if !moves {
			return layers.Invalid("pan", "required", "a move has a speed; stop is a command of its own")
		}
		if c.For != 0 && (c.For < LeastMove || c.For > MostMove) {
			return layers.Invalid("for_ms", "out_of_range", "a camera moves for %d to %d ms", LeastMove.Milliseconds(), MostMove.Milliseconds())
		}
	case Stop:
	case PresetGo, PresetSet, PresetDelete:
		presets = true
		if c.Preset < 1 || c.Preset > MaxPreset {
			return layers.Invalid("preset", "out_of_range", "presets are numbered from 1 to %d", MaxPreset)
		}
	default:
		return layers.Invalid("command", "unknown_value", "%.20q is not a command", c.Command)
	}
	switch {
	case moves && c.Command != Move:
		return layers.Invalid("command", "not_supported", "only a move has speeds")
	case c.For != 0 && c.Command != Move:
		return layers.Invalid("for_ms", "not_supported", "only a move lasts")
	case c.Preset != 0 && !presets:
		return layers.Invalid("preset", "not_supported", "this command has no preset")
	}
	return nil
}

// Details is what the audit log says of it.
func (c *Control) Details() map[string]any {
	out := map[string]any{"command": c.Command}
	switch c.Command {
	case Move:
		out["pan"], out["tilt"], out["zoom"] = c.Pan, c.Tilt, c.Zoom
	case PresetGo, PresetSet, PresetDelete:
		out["preset"] = c.Preset
	}
	return out
}
