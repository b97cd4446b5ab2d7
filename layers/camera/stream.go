package camera

import (
	"context"
	"time"
)

// Stream is the private half of a camera's entry: where its picture is had. It never leaves the server.
type Stream struct {
	CameraID int64
	URL      string // "" where there is none; may hold a password
	Sub      string // the same of small pictures
	Device   string // that registers by itself (GB/T 28181), and has the camera as Channel; "" where there is none
	Channel  string
	Turns    bool // it has a device that can be told to turn it, and does not say that it is fixed
	Masks    Masks
}

// StreamKind says which of a camera's streams is meant.
type StreamKind string

const (
	MainStream StreamKind = "main"
	SubStream  StreamKind = "sub" // of small pictures
)

// Playable reports whether there is a way to the picture.
func (s *Stream) Playable() bool { return s.URL != "" || s.Channel != "" }

// Of returns the address of a kind: the main one where a camera has no other. Without any it names the channel of the device that is asked instead.
func (s *Stream) Of(kind StreamKind) string {
	if kind == SubStream && s.Sub != "" {
		return s.Sub
	}
	if s.URL == "" && s.Channel != "" {
		return "gb28181:" + s.Device + "/" + s.Channel
	}
	return s.URL
}

// Viewing is that somebody looks at a camera's picture, for the audit log.
type Viewing struct {
	CameraID int64
	Kind     string    // live, still
	From, To time.Time // To is zero at the beginning
	Frames   int64     // that were sent
}

// Streams hands the private half out to the server itself. Callers are told by their context: the action is auth.ActionWatch, and the camera has to stand in
// their areas; CodeForbidden, CodeNotFound.
type Streams interface {
	// Playable returns which of the cameras have a stream, or hang on a device that is registered now. It asks for no rights: whoever may read of a camera may know.
	Playable(ctx context.Context, ids []int64) (map[int64]bool, error)
	Stream(ctx context.Context, id int64) (*Stream, error)
	// Watched appends to the audit log; it is called at the beginning and at the end.
	Watched(ctx context.Context, w Viewing) error
	// Controlled appends to the audit log that the camera is told to do something; the action is auth.ActionDispatch.
	Controlled(ctx context.Context, id int64, c *Control) error
	// SetMasks replaces a camera's masks; the action is auth.ActionManageCameras. CodeInvalid as Masks.Validate; CodeConflict with reason "stale_revision" where they are not any
	// more what the caller saw (nil: he does not say).
	SetMasks(ctx context.Context, id int64, m Masks, seen *Masks) error
}
