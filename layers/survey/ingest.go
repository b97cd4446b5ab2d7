package survey

import (
	"context"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Limits of uploads.
const (
	MaxUpload       = 200 << 30           // bytes of one file
	MaxUploads      = 40                  // of one person, not yet handed in
	MaxIngestFiles  = 10                  // of one capture
	KeepUpload      = 14 * 24 * time.Hour // that nobody went on with or handed in
	maxFilename     = 255
	maxCaptureName  = 200
	uploadExtension = ".tif .tiff .zip .csv .gpx .geojson .json"
)

// Upload is one file on its way: an orthophoto, a model of heights, a folder as zip, a flight record.
type Upload struct {
	ID        string     `json:"id"` // UUID, given by the service
	Filename  string     `json:"filename"`
	Size      int64      `json:"size"`             // bytes
	Received  int64      `json:"received"`         // bytes that are on the disk for sure
	SHA256    string     `json:"sha256,omitempty"` // once it is whole
	BegunAt   time.Time  `json:"begun_at"`
	DoneAt    *time.Time `json:"done_at,omitempty"`
	ExpiresAt time.Time  `json:"expires_at"`
	State     []byte     `json:"-"` // of the SHA-256 of what was received, to go on from
	Team      string     `json:"-"`
	UserID    int64      `json:"-"`
	IngestID  int64      `json:"ingest_id,omitempty"`
}

// Validate tidies what somebody announces and reports the first wrong field.
func (u *Upload) Validate() error {
	u.Filename = path.Base(strings.ReplaceAll(strings.TrimSpace(u.Filename), `\`, "/"))
	switch {
	case u.Filename == "" || u.Filename == "." || u.Filename == "/" || !utf8.ValidString(u.Filename) || len(u.Filename) > maxFilename || strings.ContainsFunc(u.Filename, func(r rune) bool { return r < ' ' }):
		return layers.Invalid("filename", "required", "a file has a name of at most %d bytes", maxFilename)
	case !strings.Contains(" "+uploadExtension+" ", " "+strings.ToLower(path.Ext(u.Filename))+" "):
		return layers.Invalid("filename", "capture_extension", "%q is no file of a capture: %s", u.Filename, uploadExtension)
	case u.Size < 1:
		return layers.Invalid("size", "required", "an empty file is no capture")
	case u.Size > MaxUpload:
		return &layers.Error{Code: layers.CodeTooLarge, Field: "size", Msg: "the file is larger than what is taken at once"}
	}
	return nil
}

// Uploads keeps what is known of uploads; the bytes are kept elsewhere. Who may not send captures is CodeForbidden; uploads of others are CodeNotFound. Implemented by postgis.Captures.
type Uploads interface {
	// BeginUpload stores what was validated and gives it an id: CodeStorageFull with "quota" where the team has no room left, CodeConflict with "too_many_under_way".
	BeginUpload(ctx context.Context, u *Upload) error
	Upload(ctx context.Context, id string) (*Upload, error)
	// Uploads lists the actor's that are not handed in, the newest first.
	Uploads(ctx context.Context) ([]*Upload, error)
	// AdvanceUpload notes how many bytes are on the disk, and the state of their sum.
	AdvanceUpload(ctx context.Context, id string, received int64, state []byte) error
	// FinishUpload notes that all bytes are there.
	FinishUpload(ctx context.Context, id, sha256 string) error
	// DropUpload forgets one that is not handed in.
	DropUpload(ctx context.Context, id string) error
	// ExpireUploads forgets those that nobody touched for long, whoever asks.
	ExpireUploads(ctx context.Context) (int64, error)
	// KnownUploads returns which of the ids there are, whoever asks.
	KnownUploads(ctx context.Context, ids []string) ([]string, error)
	// Quota says how much the actor's team may have and has, in bytes.
	Quota(ctx context.Context) (most, used int64, err error)
}

// IngestState is where an ingest stands.
type IngestState string

const (
	Checking IngestState = "checking"
	Asking   IngestState = "asking" // a person has to answer
	Refused  IngestState = "refused"
	Making   IngestState = "making"
	Ready    IngestState = "ready"
)

// Question is something that the files do not say.
type Question struct {
	Kind     string           `json:"kind"` // "crs", "captured_at", "outside"
	Filename string           `json:"filename,omitempty"`
	Guesses  []CRSGuess       `json:"guesses,omitempty"` // of "crs"
	Outline  orb.MultiPolygon `json:"-"`                 // of "outside": where it lies
	Ring     []orb.Point      `json:"ring,omitempty"`
}

// CRSGuess is a reference system that a file may be in, and where it would lie.
type CRSGuess struct {
	EPSG   int         `json:"epsg"`
	Name   string      `json:"name"`
	Inside bool        `json:"inside"`
	Ring   []orb.Point `json:"ring"`
}

// Answers are what a person said.
type Answers struct {
	EPSG       int        `json:"epsg,omitempty"`
	CapturedAt *time.Time `json:"captured_at,omitempty"`
	Outside    bool       `json:"outside,omitempty"` // it is meant to lie outside of the county
}

// Refusal says why files cannot become a capture.
type Refusal struct {
	Code     string            `json:"code"`
	Reason   string            `json:"reason"`
	Params   map[string]string `json:"params,omitempty"`
	Filename string            `json:"filename,omitempty"`
	Message  string            `json:"message"`
}

// Ingest is what becomes of some uploads: checked, asked about, made into a capture.
type Ingest struct {
	ID        int64       `json:"id"`
	Name      string      `json:"name"`
	State     IngestState `json:"state"`
	Refusal   *Refusal    `json:"refusal,omitempty"`
	Questions []Question  `json:"questions"`
	Answers   Answers     `json:"answers"`
	Files     []*Upload   `json:"files"`
	JobID     int64       `json:"job_id,omitempty"`
	CaptureID int64       `json:"capture_id,omitempty"`
	User      string      `json:"user"`
	UserID    int64       `json:"-"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`

	// Of its job, where it runs or has failed.
	JobState string  `json:"job_state,omitempty"`
	Step     string  `json:"step,omitempty"`
	Progress float64 `json:"progress"`
}

// ValidateIngest tidies a name and checks what somebody hands in.
func ValidateIngest(name *string, uploads []string, a *Answers, now time.Time) error {
	*name = strings.TrimSpace(*name)
	switch {
	case *name == "" || utf8.RuneCountInString(*name) > maxCaptureName:
		return layers.Invalid("name", "required", "a capture has a name of at most %d letters", maxCaptureName)
	case len(uploads) == 0 || len(uploads) > MaxIngestFiles:
		return layers.Invalid("uploads", "required", "a capture has 1 to %d files", MaxIngestFiles)
	}
	return a.Validate(now)
}

// Validate reports the first wrong answer.
func (a *Answers) Validate(now time.Time) error {
	switch {
	case a.EPSG < 0 || a.EPSG > 1<<20:
		return layers.Invalid("epsg", "out_of_range", "%d is no number of EPSG", a.EPSG)
	case a.CapturedAt != nil && (a.CapturedAt.After(now.Add(24*time.Hour)) || a.CapturedAt.Year() < 1900):
		return layers.Invalid("captured_at", "out_of_range", "a capture was made in the past")
	}
	return nil
}

// CaptureFile is one file of a capture.
type CaptureFile struct {
	Kind   string         `json:"kind"` // "ortho", "dsm", "dtm" are made; "original", "original_dsm", …, "track" were sent
	Path   string         `json:"-"`    // below the folder of captures
	Size   int64          `json:"size"`
	SHA256 string         `json:"sha256"`
	Store  string         `json:"store"` // "folder", or "bucket": what was sent, once it is brought there
	Info   map[string]any `json:"info,omitempty"`
}

// Stored is a capture that has files.
type Stored struct {
	Capture
	Files     []CaptureFile `json:"files"`
	Withdrawn *Withdrawal   `json:"withdrawn,omitempty"`
}

// Withdrawal says that a capture must not be used any more.
type Withdrawal struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// File returns the file of a kind, nil for none.
func (s *Stored) File(kind string) *CaptureFile {
	for i := range s.Files {
		if s.Files[i].Kind == kind {
			return &s.Files[i]
		}
	}
	return nil
}

// Where a file lies.
const (
	InFolder = "folder"
	InBucket = "bucket"
)

// Waiting is a file as it was sent that lies in the folder.
type Waiting struct {
	CaptureID int64
	File      CaptureFile
}

// OriginalsState says how it stands with bringing originals into the bucket.
type OriginalsState struct {
	Waiting int               `json:"waiting"` // files
	Bytes   int64             `json:"bytes"`
	Trouble *OriginalsTrouble `json:"trouble,omitempty"`
}

// OriginalsTrouble is why they wait.
type OriginalsTrouble struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	At     time.Time `json:"at"` // of the last attempt
}

// Originals keeps where originals lie. Implemented by postgis.Captures.
type Originals interface {
	// WaitingOriginals lists what lies in the folder, the oldest first, at most 100.
	WaitingOriginals(ctx context.Context) ([]Waiting, error)
	// OriginalMoved notes that the bucket has one, checked.
	OriginalMoved(ctx context.Context, w Waiting) error
	// OriginalsLeft lists the paths of those that the bucket has, below the folder.
	OriginalsLeft(ctx context.Context) ([]string, error)
	// SetOriginalsTrouble notes why they wait, "" for nothing.
	SetOriginalsTrouble(ctx context.Context, reason string) error
	// OriginalsState tells of it, to who may send captures.
	OriginalsState(ctx context.Context) (*OriginalsState, error)
}

// Offset is how far a capture lies beside another.
type Offset struct {
	East    float64 `json:"east_m"` // metres on the ground
	North   float64 `json:"north_m"`
	Quality float64 `json:"quality"` // 0 to 1: below 0.1 it says nothing
}

// Captures is the service of what drones bring home. Methods ask what the actor of ctx may do; what the actor may not see is CodeNotFound. Implemented by postgis.Captures.
type Captures interface {
	Uploads
	Originals
	// BeginIngest hands uploads of the actor in and enqueues their job: CodeConflict with "upload_not_done" and "upload_taken".
	BeginIngest(ctx context.Context, name string, uploads []string, a Answers) (*Ingest, error)
	// AnswerIngest adds to the answers and enqueues the job anew: CodeConflict with "not_asked" unless it asks, was refused or failed.
	AnswerIngest(ctx context.Context, id int64, a Answers) (*Ingest, error)
	Ingest(ctx context.Context, id int64) (*Ingest, error)
	// Ingests lists those that the actor may see, the newest first, at most 100: the own ones; all, with the right to manage jobs.
	Ingests(ctx context.Context) ([]*Ingest, error)
	// Stored returns a capture with its files, withdrawn or not.
	Stored(ctx context.Context, id int64) (*Stored, error)
	// StoredCaptures lists those with files that the actor may see and that are not withdrawn, the newest flight first.
	StoredCaptures(ctx context.Context) ([]*Stored, error)
	// Withdraw says that a capture must not be used any more. Its row stays, since detections name it.
	Withdraw(ctx context.Context, id int64, reason string) (*Stored, error)
	// Offset returns what was measured between two captures, nil for nothing yet; SetOffset keeps it.
	Offset(ctx context.Context, base, other int64) (*Offset, error)
	SetOffset(ctx context.Context, base, other int64, o Offset) error
	// AllStored lists what is served, whoever asks.
	AllStored(ctx context.Context) ([]*Stored, error)
}

// Ingester is what the job uses. Implemented by postgis.Captures.
type Ingester interface {
	IngestToMake(ctx context.Context, id int64) (*Ingest, error)
	// SameOriginal returns the capture that was made of the same file, 0 for none.
	SameOriginal(ctx context.Context, sha256 string) (int64, error)
	RefuseIngest(ctx context.Context, id int64, r Refusal) error
	AskIngest(ctx context.Context, id int64, q []Question) error
	MakeIngest(ctx context.Context, id int64) error
	// Publish stores the capture with its files and ends the ingest, in one transaction. CodeForbidden with "area" where the actor has no rights there.
	Publish(ctx context.Context, id int64, c *Capture, files []CaptureFile, outside bool) (captureID int64, err error)
}
