package wall

import (
	"time"

	"wanglou/layers"
)

// Lead is how far ahead a movement is announced, so that every screen has heard of it when it begins.
const Lead = 400 * time.Millisecond

// Commands.
const (
	Next        = "next"
	Previous    = "previous"
	Hold        = "hold"        // the wall stays as it is, and is the operator's
	Take        = "take"        // from whoever holds it
	Release     = "release"     // the playlist goes on
	Show        = "show"        // a scene in the playlist's stead, held
	Acknowledge = "acknowledge" // a case that jumped in
)

// Command is what an operator asks of a wall.
type Command struct {
	Command  string `json:"command"`
	Revision int64  `json:"revision"` // that he saw; 0 whatever it is
	Scene    *Scene `json:"scene"`    // of show
	Incident int64  `json:"incident"` // of acknowledge
}

// Operator is who commands.
type Operator struct {
	ID   int64
	Name string
}

// Do changes the state of the wall. CodeInvalid; CodeConflict with the reasons "wall_held", whose parameter name says by whom, and
// "empty_playlist".
func (w *Wall) Do(c Command, by Operator, cases []Case, now time.Time) error {
	s := &w.State
	if s.Held && s.ByID != by.ID && c.Command != Take && c.Command != Acknowledge {
		return &layers.Error{Code: layers.CodeConflict, Reason: "wall_held", Params: map[string]string{"name": s.By}, Msg: "somebody else holds the wall"}
	}
	shown := w.At(now, cases)
	entry, since := w.Position(now)
	moved := func(to int) { // the camera goes from where it is
		from := shown.Scene.Camera
		s.Entry, s.Since, s.From = max(0, to), now.Add(Lead), &from
		if from == (Camera{}) {
			s.From = nil
		}
	}
	switch c.Command {
	case Next, Previous:
		if len(w.Playlist) == 0 {
			return &layers.Error{Code: layers.CodeConflict, Reason: "empty_playlist", Msg: "the playlist has no scene"}
		}
		by := 1
		if c.Command == Previous {
			by = -1
		}
		moved(w.step(entry, by, now))
		s.Shown = nil
	case Hold, Take:
		if s.Shown == nil && entry >= 0 && !since.Equal(s.Since) {
			s.Entry, s.Since, s.From = entry, since, nil
		}
		s.Held, s.By, s.ByID = true, by.Name, by.ID
	case Release:
		moved(entry)
		s.Held, s.By, s.ByID, s.Shown = false, "", 0, nil
	case Show:
		if c.Scene == nil {
			return layers.Invalid("scene", "required", "a scene is required")
		}
		if c.Scene.DwellS == 0 {
			c.Scene.DwellS = int(MinDwell / time.Second)
		}
		if err := c.Scene.validate(); err != nil {
			return err
		}
		if err := w.Layout.fits(c.Scene); err != nil {
			return err
		}
		moved(entry)
		s.Held, s.By, s.ByID, s.Shown = true, by.Name, by.ID, c.Scene
	case Acknowledge:
		if c.Incident <= 0 {
			return layers.Invalid("incident", "required", "a case is required")
		}
		if shown.Incident == c.Incident {
			moved(entry)
		}
		s.Acknowledged = append(s.Acknowledged, c.Incident)
		if over := len(s.Acknowledged) - maxAcknowledged; over > 0 {
			s.Acknowledged = s.Acknowledged[over:]
		}
	default:
		return layers.Invalid("command", "not_a_value", "%q is no command", c.Command)
	}
	return nil
}
