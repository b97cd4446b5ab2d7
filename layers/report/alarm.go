package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Alarm is what a device tells by itself, through the system that owns it: a car in a fire lane, a full bin, smoke. It says what was seen at a place, never who.
type Alarm struct {
	Channel     Channel // Camera, Sensor or Drone
	Source      string  // the system that hands it in
	SourceID    string  // its id there: a repeat is recognised by both
	Kind        string  // code of an AlarmKind
	Device      string  // 20 digits of GB/T 28181 of a camera that is known here, or ""
	Title       string  // "" for the kind's own
	Description string
	Address     string
	Point       *orb.Point // EPSG:4326; nil: where the device stands
	Unplaced    bool       // nobody knows where: it waits in the inbox until somebody does
	Time        time.Time  // when it was seen
	Raw         json.RawMessage
}

// AlarmKind says what becomes of the alarms of a kind. Kinds are data.
type AlarmKind struct {
	ID       int64  `json:"id"`
	Revision int64  `json:"revision"`
	Code     string `json:"code"`
	Title    string `json:"title"`
	TitleEn  string `json:"title_en"`
	Category string `json:"category"` // code of the dictionary, "" where a person chooses
	Severity int    `json:"severity"` // of the case that such an alarm opens
	Retired  bool   `json:"retired"`  // such alarms are refused
}

// MaxAlarmKinds bounds what one county's devices tell of.
const MaxAlarmKinds = 300

var alarmCode = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

// Validate tidies the texts and reports the first wrong field: CodeInvalid. Whether there is such a category is the dictionary's to know.
func (k *AlarmKind) Validate() error {
	if !alarmCode.MatchString(k.Code) {
		return layers.Invalid("code", "alarm_code", "a code has 2 to 40 small letters, digits and _, and begins with a letter")
	}
	if err := layers.Line("title", &k.Title, 60, true); err != nil {
		return err
	}
	if err := layers.Line("title_en", &k.TitleEn, 120, false); err != nil {
		return err
	}
	k.Category = strings.TrimSpace(k.Category)
	if k.Severity < 1 || k.Severity > 3 {
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, not %d", k.Severity)
	}
	return nil
}

// Validate reports the first field that is wrong whatever the devices and kinds are: CodeInvalid.
func (a *Alarm) Validate() error {
	switch {
	case a.Channel != Camera && a.Channel != Sensor && a.Channel != Drone:
		return layers.Invalid("channel", "unknown_value", "an alarm comes from a camera, a sensor or a drone, not %q", a.Channel)
	case strings.TrimSpace(a.Source) == "":
		return layers.Invalid("source", "required", "the name of the system is required")
	case strings.TrimSpace(a.SourceID) == "":
		return layers.Invalid("source_id", "required", "the alarm's id is required: by it a repeat is recognised")
	case a.Kind == "":
		return layers.Invalid("kind", "required", "the kind of the alarm is required")
	case a.Time.IsZero():
		return layers.Invalid("time", "required", "when it was seen is required")
	case a.Device == "" && a.Point == nil && !a.Unplaced:
		return layers.Invalid("point", "required", "a device that is known here or a point is required")
	}
	return nil
}

// Report returns what the alarm tells, as a report of its kind. The title is the kind's where it has none.
func (a *Alarm) Report(k *AlarmKind) *Report {
	r := &Report{
		Channel: a.Channel, Category: k.Category, Title: strings.TrimSpace(a.Title), Description: strings.TrimSpace(a.Description), Address: strings.TrimSpace(a.Address),
		Source: a.Source, SourceID: a.SourceID, SourceTime: &a.Time, Point: a.Point, Raw: a.Raw,
	}
	if r.Title == "" {
		r.Title = k.Title
	}
	return r
}
