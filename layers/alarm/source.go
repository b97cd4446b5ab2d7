package alarm

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/camera"
)

// Limits of sources.
const (
	MaxSources  = 2000 // in an installation: each is one connection that stays
	MaxPlaces   = 512  // channels of one recorder
	MaxPicture  = 5 << 20
	maxName     = 100
	maxAddress  = 300
	maxChannel  = 64
	leastQuiet  = 10
	mostQuiet   = 86_400
	UsualQuiet  = 300 // seconds
	MaxEvent    = 120 // characters of an event's name
	MaxText     = 200
	MaxKnown    = 1000 // names of events that are kept for people to choose what becomes of them
	maxPassword = 200
)

// StateName is how a source is.
type StateName string

const (
	Off     StateName = "off"     // somebody switched it off
	Waiting StateName = "waiting" // nobody has tried yet
	Up      StateName = "up"      // its stream is open
	Down    StateName = "down"    // Why says why
)

// Why a source is down: for clients to translate.
const (
	WhyPassword    = "wrong_password"
	WhyNoPassword  = "no_password"
	WhyNoSafe      = "no_safe_login" // it knows nothing better than a password in the clear
	WhyRefused     = "not_allowed"   // its address may not be dialled
	WhyNoAnswer    = "no_answer"
	WhyNotThere    = "not_there" // it answers, and knows no such stream
	WhySilent      = "silent"    // no sign of life within its time
	WhyEnded       = "ended"     // it closed the stream
	WhyGarbage     = "garbage"
	WhyCertificate = "certificate" // https, and nobody whom this server trusts has signed
)

// State is what was last seen of a source.
type State struct {
	Name      StateName  `json:"name"`
	Why       string     `json:"why,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	HeardAt   *time.Time `json:"heard_at,omitempty"` // the last sign of life
	EventAt   *time.Time `json:"event_at,omitempty"` // the last event that became an alarm, or was a sign of one
	LastEvent string     `json:"last_event,omitempty"`
	Alarms    int64      `json:"alarms"`  // since ever
	Signs     int64      `json:"signs"`   // of alarms, repeats too
	Passed    int64      `json:"passed"`  // events that nobody wants
	Dropped   int64      `json:"dropped"` // those that identify people
	Waiting   int        `json:"waiting"` // alarms that are stored, and no report yet
	Failed    string     `json:"failed,omitempty"`
}

// Place says which camera a channel is.
type Place struct {
	Channel  string `json:"channel"` // "": all that are not named
	CameraID int64  `json:"camera_id"`
	Camera   string `json:"camera,omitempty"` // its name
}

// Source is a camera or a recorder that tells its events.
type Source struct {
	ID       int64    `json:"id"`
	Revision int64    `json:"revision"`
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol"`
	Address  string   `json:"address"` // http(s)://host[:port], without a login
	User     string   `json:"user"`
	Password bool     `json:"password"` // whether one is kept; it is told to nobody
	Enabled  bool     `json:"enabled"`
	Quiet    int      `json:"quiet_s"` // signs within so long of the last one are of the same alarm
	Places   []Place  `json:"places"`
	State    State    `json:"state"`
}

// Entry is what people enter of a source. Password nil keeps what there is.
type Entry struct {
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol"`
	Address  string   `json:"address"`
	User     string   `json:"user"`
	Password *string  `json:"password"`
	Enabled  bool     `json:"enabled"`
	Quiet    int      `json:"quiet_s"`
	Places   []Place  `json:"places"`
	Revision int64    `json:"revision"` // that was seen; of a new one 0
}

// Validate tidies the entry and reports the first wrong field: CodeInvalid.
func (e *Entry) Validate() error {
	if err := layers.Line("name", &e.Name, maxName, true); err != nil {
		return err
	}
	if !slices.Contains(Protocols, e.Protocol) {
		return layers.Invalid("protocol", "unknown_value", "%.20q is not a protocol: isapi, dahua or onvif", e.Protocol)
	}
	if err := layers.Line("address", &e.Address, maxAddress, true); err != nil {
		return err
	}
	if _, _, has := camera.SplitAddress(e.Address); has {
		return layers.Invalid("address", "login_in_address", "user and password have fields of their own: an address is shown")
	}
	u, err := url.Parse(e.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return layers.Invalid("address", "not_a_value", "an address is http:// or https:// with a host, and a port where it is another one")
	}
	if path := strings.Trim(u.Path, "/"); path != "" && e.Protocol != ONVIF {
		return layers.Invalid("address", "not_a_value", "the address of a device has no path: the protocol says it")
	}
	e.Address = strings.TrimRight(e.Address, "/")
	if err := layers.Line("user", &e.User, 100, false); err != nil {
		return err
	}
	if e.Password != nil && len(*e.Password) > maxPassword {
		return layers.Invalid("password", "too_long", "a password has at most %d bytes", maxPassword)
	}
	if e.Quiet == 0 {
		e.Quiet = UsualQuiet
	}
	if e.Quiet < leastQuiet || e.Quiet > mostQuiet {
		return layers.Invalid("quiet_s", "out_of_range", "signs within %d s to a day are one alarm, not %d", leastQuiet, e.Quiet)
	}
	if len(e.Places) > MaxPlaces {
		return layers.Invalid("places", "too_many", "a source has at most %d channels", MaxPlaces)
	}
	seen := map[string]bool{}
	for i := range e.Places {
		p := &e.Places[i]
		if err := layers.Line("channel", &p.Channel, maxChannel, false); err != nil {
			return layers.In("places", i, err)
		}
		if seen[p.Channel] {
			return layers.In("places", i, layers.Invalid("channel", "repeated_field", "the channel %q stands there twice", p.Channel))
		}
		if p.CameraID <= 0 {
			return layers.In("places", i, layers.Invalid("camera_id", "required", "which camera the channel is has to be said"))
		}
		seen[p.Channel] = true
	}
	return nil
}

// Kind says what becomes of an event.
type Kind struct {
	Protocol Protocol   `json:"protocol"`
	Event    string     `json:"event"`
	Kind     string     `json:"kind"`              // code of an alarm kind; "": it is passed over
	SeenAt   *time.Time `json:"seen_at,omitempty"` // when a device last told it; nil: none did
}

// Sources is where sources are entered. Callers are told by their context: the action is auth.ActionManageCameras, and all cameras of a source have to stand in their
// areas; one without cameras is of who sees everywhere. CodeInvalid, CodeForbidden, CodeNotFound, CodeConflict. Implemented by postgis.Events.
type Sources interface {
	Sources(ctx context.Context) ([]*Source, error)
	Create(ctx context.Context, e *Entry) (*Source, error)
	Replace(ctx context.Context, id int64, e *Entry) (*Source, error)
	Delete(ctx context.Context, id int64) error
	// Target returns one with its login, for a trial.
	Target(ctx context.Context, id int64) (*Target, error)
	Kinds(ctx context.Context) ([]Kind, error)
	// SetKind says what becomes of an event from now on; the action is auth.ActionManageRules.
	SetKind(ctx context.Context, k Kind) error
}

// Target is a source to connect to.
type Target struct {
	ID       int64
	Revision int64
	Protocol Protocol
	Address  string
	Login    camera.Login
}

// Taken is what became of a sign.
type Taken struct {
	Alarm  int64 // 0 where it is passed over, or an end of nothing
	New    bool
	Passed bool
}

// Alarm is one that is stored and is to become a report.
type Alarm struct {
	ID       int64
	Source   string // its name
	Protocol Protocol
	Channel  string
	Event    string
	Kind     string
	Text     string
	At       time.Time
	CameraID int64 // 0: none is known
	Camera   string
	Point    *orb.Point // EPSG:4326
	Masked   bool       // parts of the camera's picture are nobody's to see
	Playable bool       // it is up: a still may be had
	Picture  []byte
	Tries    int
}

// Store is what the runner keeps. Implemented by postgis.Events.
type Store interface {
	// Lead runs f while this process is the one of many that holds the streams.
	Lead(ctx context.Context, f func(context.Context) error) error
	Targets(ctx context.Context) ([]Target, error)
	// Take stores a sign: of an alarm that there is, or a new one, in one transaction. more is how many like it came before, and were not handed in.
	Take(ctx context.Context, source int64, s *Signal, more int, now time.Time) (Taken, error)
	// Picture gives an alarm its picture, if it has none and is no report yet.
	Picture(ctx context.Context, alarm int64, picture []byte) error
	// Due lists alarms that are to become reports: those without a picture when patience for one is over.
	Due(ctx context.Context, now time.Time, patience time.Duration, limit int) ([]Alarm, error)
	// Told notes an alarm's report.
	Told(ctx context.Context, alarm, report int64) error
	// Failed notes why an alarm is no report: for good, or until it is tried again.
	Failed(ctx context.Context, alarm int64, why string, again *time.Time) error
	// Seen stores how sources are.
	Seen(ctx context.Context, states map[int64]State) error
	// Forget deletes what was told long ago.
	Forget(ctx context.Context, before time.Time) error
}
