// Package attachment is evidence of a case: photos and videos that somebody took of it: 附件. What a file is, is read from its bytes, never from its name.
package attachment

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Role says what a picture shows.
type Role string

const (
	Before Role = "before" // 处置前
	After  Role = "after"  // 处置后
	Near   Role = "near"   // 近景
	Far    Role = "far"    // 远景
	Other  Role = "other"
)

// Roles lists all roles, in the order in which they are offered.
var Roles = []Role{Before, After, Near, Far, Other}

// Limits, in bytes and counts.
const (
	MaxPhoto     = 20 << 20
	MaxVideo     = 200 << 20
	MaxOfCase    = 200 // attachments of one case
	MaxOfReport  = 4   // pictures of one report
	MaxUnderWay  = 50  // of one person, begun and not finished
	KeepUnderWay = 7 * 24 * time.Hour
)

// Attachment is one photo or video of a case. Its bytes are kept as they were sent, and once more without what tells of the device and its owner.
type Attachment struct {
	ID         int64      `json:"id"`
	ClientID   string     `json:"client_id"` // UUID that the sender made: a repeat finds the first one
	IncidentID int64      `json:"incident_id,omitempty"`
	TaskID     int64      `json:"task_id,omitempty"`
	ReportID   int64      `json:"report_id,omitempty"`
	Role       Role       `json:"role"`
	Type       Type       `json:"type"`
	Size       int64      `json:"size"`   // bytes of the original
	SHA256     string     `json:"sha256"` // of the original, hexadecimal
	Point      *orb.Point `json:"-"`      // where it was taken, EPSG:4326, nil where nobody said
	SourceTime time.Time  `json:"source_time"`
	BegunAt    time.Time  `json:"begun_at"`
	DoneAt     *time.Time `json:"done_at,omitempty"` // when all bytes were there; nil while they come
	Sender     string     `json:"sender"`            // name
	SenderID   int64      `json:"-"`
	AreaPath   string     `json:"-"` // of the case
	Files      Files      `json:"-"`
}

// Files are the SHA-256 of what is kept beside the original; "" for what there is none of.
type Files struct {
	Shared string // without EXIF, XMP and the like
	Thumb  string // a small JPEG
}

var (
	uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	sum  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// IsUUID reports whether s is a UUID in its usual form, in small letters.
func IsUUID(s string) bool { return uuid.MatchString(s) }

// Validate tidies what somebody announces and reports the first wrong field: CodeInvalid, and CodeTooLarge for a file over its kind's limit.
func (a *Attachment) Validate(now time.Time) error {
	a.ClientID, a.SHA256 = strings.ToLower(a.ClientID), strings.ToLower(a.SHA256)
	switch {
	case !IsUUID(a.ClientID):
		return layers.Invalid("client_id", "not_a_uuid", "the client's id has to be a UUID")
	case a.IncidentID == 0 && a.TaskID == 0:
		return layers.Invalid("task_id", "required", "an attachment belongs to a task or to a case")
	case !slices.Contains(Roles, a.Role):
		return layers.Invalid("role", "unknown_value", "%q is no role of a picture", a.Role)
	case !sum.MatchString(a.SHA256):
		return layers.Invalid("sha256", "not_a_sha256", "the SHA-256 has 64 hexadecimal digits")
	case a.Size < 1:
		return layers.Invalid("size", "required", "an empty file is no attachment")
	case a.SourceTime.IsZero():
		return layers.Invalid("source_time", "required", "when it was taken is required")
	}
	if err := a.Type.Check(); err != nil {
		return err
	}
	if limit := a.Type.Limit(); a.Size > limit {
		return TooLarge(a.Size, limit)
	}
	if a.SourceTime.After(now) { // a phone's clock runs ahead
		a.SourceTime = now
	}
	if a.Point != nil {
		return layers.ValidatePoint("point", *a.Point)
	}
	return nil
}

// Same reports whether b announces the same file for the same purpose.
func (a *Attachment) Same(b *Attachment) bool {
	return a.SHA256 == b.SHA256 && a.Size == b.Size && a.Role == b.Role && (b.TaskID == 0 || a.TaskID == b.TaskID) && (b.IncidentID == 0 || a.IncidentID == b.IncidentID)
}

// Service keeps what is known of attachments; the bytes are kept elsewhere. Every method asks what the actor of ctx may do, and writes audit rows for what it
// changes. What the actor may not see is CodeNotFound. Implemented by postgis.Attachments.
type Service interface {
	// Begin stores what was announced and validated, and fills in the rest. A repeat with the same client id returns the first one; another file under it is
	// CodeConflict with reason "client_id_taken". CodeForbidden for who neither works on the task nor files cases there.
	Begin(ctx context.Context, a *Attachment) error
	// Attachment returns one that the actor may see: that of a case which the actor may see, once it is done.
	Attachment(ctx context.Context, id int64) (*Attachment, error)
	// UnderWay returns one of the actor's own, done or not: CodeNotFound for others.
	UnderWay(ctx context.Context, id int64) (*Attachment, error)
	// Finish makes an attachment of the actor's visible: its bytes are kept in the files.
	Finish(ctx context.Context, id int64, f Files) (*Attachment, error)
	// OfIncident lists those of a case that are done, the oldest first.
	OfIncident(ctx context.Context, incidentID int64) ([]*Attachment, error)
	// Original writes into the audit log that the actor reads an original: CodeForbidden without the right.
	Original(ctx context.Context, a *Attachment) error
}

// Keeper is what cleans up. Implemented by postgis.Attachments.
type Keeper interface {
	// Expire forgets those that were begun long ago and never finished.
	Expire(ctx context.Context) (int64, error)
	// Unknown returns those of the sums that no attachment names.
	Unknown(ctx context.Context, sums []string) ([]string, error)
	// Unfinished returns which of the attachments are still waited for.
	Unfinished(ctx context.Context, ids []int64) ([]int64, error)
}
