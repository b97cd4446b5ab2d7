package camera

import (
	"context"
	"time"
)

// Probe is how a camera is asked.
type Probe string

const (
	ProbeRTSP Probe = "rtsp" // OPTIONS and DESCRIBE
	ProbeHTTP Probe = "http" // one snapshot
	ProbeNone Probe = "none" // nobody asks: its device tells by itself how it is
)

// Target is a camera that is to be looked at.
type Target struct {
	ID       int64
	Probe    Probe
	Address  string // without a login
	Login    Login
	ParentID int64  // recorder that it hangs on, 0 where none is known
	Codec    string // as stored
	Watch    Watch  // as stored; what a node that leads anew goes on with
	Told     Told   // of ProbeNone
}

// Told is what a device (GB/T 28181) last told of a camera that hangs on it.
type Told struct {
	At   time.Time // of its last sign; zero where there was none
	Off  bool      // it says that the camera does not work
	Gone bool      // it has taken its leave
}

// Observation is the sign as the status machine takes it.
func (t *Told) Observation(cameraID int64) Observation {
	o := Observation{CameraID: cameraID, At: t.At, Origin: FromKeepAlive, Sight: SeenOK}
	switch {
	case t.Gone:
		o.Sight, o.Detail = NoAnswer, "unregistered"
	case t.Off:
		o.Sight, o.Detail = NoAnswer, "told_off"
	}
	return o
}

// Seen is what a look changed of a camera.
type Seen struct {
	CameraID int64
	Watch    Watch
	Turned   bool // the status is another one
	Codec    string
	Took     time.Duration
}

// Watches keeps how cameras are. Implemented by postgis.Watches.
type Watches interface {
	// Lead runs f while this process is the one of many that looks.
	Lead(ctx context.Context, f func(context.Context) error) error
	// Targets lists the cameras that are to be looked at. A password that stands in an address is taken out and sealed before.
	Targets(ctx context.Context) ([]Target, error)
	// Record stores what was seen in one transaction: the status where it turned, which reaches every wall as any other change does.
	Record(ctx context.Context, seen []Seen) error
	// Regroup says anew which outages there are at now, ends those that are over, and proposes a case for each parent that is out: once.
	Regroup(ctx context.Context, now time.Time, g *Grouping) error
}
