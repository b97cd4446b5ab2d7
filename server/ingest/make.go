package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/tiles/gdal"
	"wanglou/tiles/ortho"
)

// Maker makes captures of what was handed in. It is safe for concurrent use; the jobs see to it that one is made at a time.
type Maker struct {
	Folder *Folder
	Store  survey.Ingester
	County func(context.Context) (orb.Bound, error) // where captures are expected
	Limits ortho.Limits

	// Moment is told before each step, for tests that cut it short: an error ends the attempt there.
	Moment func(step string) error
}

// part is one file of an ingest.
type part struct {
	kind   string // "ortho", "dsm", "dtm", "track"
	name   string
	path   string
	upload *survey.Upload
	looked *ortho.Looked
}

// Run works on an ingest until it is ready, refused, or has a question. An error means that another attempt may go better. Whatever an earlier attempt left is cleared away first.
func (m *Maker) Run(ctx context.Context, id int64, tell func(step string, share float64)) error {
	in, err := m.Store.IngestToMake(ctx, id)
	if err != nil {
		return err
	}
	if in.State == survey.Ready {
		return nil
	}
	work, files := m.Folder.work(id), filepath.Join(m.Folder.root, "files", strconv.FormatInt(id, 10))
	for _, dir := range []string{work, files} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return storage(err)
	}
	defer func() { _ = os.RemoveAll(work) }() // else the next attempt does
	tell("check", 0)
	parts, questions, err := m.check(ctx, in, work)
	if refusal := refusalOf(err); refusal != nil {
		return m.Store.RefuseIngest(ctx, id, *refusal)
	}
	if err != nil {
		return err
	}
	if len(questions) > 0 {
		return m.Store.AskIngest(ctx, id, questions)
	}
	if err := m.at("checked"); err != nil {
		return err
	}
	if err := m.Store.MakeIngest(ctx, id); err != nil {
		return err
	}
	capture, kept, err := m.make(ctx, in, parts, work, tell)
	if refusal := refusalOf(err); refusal != nil {
		return m.Store.RefuseIngest(ctx, id, *refusal)
	}
	if err != nil {
		return err
	}
	return m.publish(ctx, in, capture, kept, work, files, tell)
}

func (m *Maker) at(step string) error {
	if m.Moment == nil {
		return nil
	}
	return m.Moment(step)
}

// fileError says which file an error is of.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// refusalOf returns the refusal that an error is, nil for what another attempt may change.
func refusalOf(err error) *survey.Refusal {
	var known *layers.Error
	if !errors.As(err, &known) || known.Code != layers.CodeInvalid && known.Code != layers.CodeTooLarge && known.Code != layers.CodeConflict && known.Code != layers.CodeForbidden {
		return nil
	}
	r := &survey.Refusal{Code: string(known.Code), Reason: known.Reason, Params: known.Params, Message: (&layers.Error{Code: known.Code, Msg: known.Msg}).Error()}
	var of *fileError
	if errors.As(err, &of) {
		r.Filename = of.name
	}
	return r
}

// check finds out what the files are and looks at each.
func (m *Maker) check(ctx context.Context, in *survey.Ingest, work string) (parts []*part, questions []survey.Question, err error) {
	for _, u := range in.Files {
		if same, err := m.Store.SameOriginal(ctx, u.SHA256); err != nil || same != 0 {
			if err == nil {
				err = &fileError{u.Filename, &layers.Error{Code: layers.CodeConflict, Reason: "capture_same_file", Params: map[string]string{"capture": strconv.FormatInt(same, 10)}, Msg: "a capture was made of this very file"}}
			}
			return nil, nil, err
		}
		path := m.Folder.upload(u.ID)
		if strings.EqualFold(filepath.Ext(u.Filename), ".zip") {
			found, err := ortho.Unpack(ctx, path, work, m.Limits.Bytes)
			if err != nil {
				return nil, nil, &fileError{u.Filename, err}
			}
			for _, f := range found {
				parts = append(parts, &part{kind: f.Kind, name: f.Name, path: f.Path, upload: u})
			}
			continue
		}
		kind, _ := ortho.KindOf(u.Filename)
		if kind == "" {
			kind = "track"
		}
		parts = append(parts, &part{kind: kind, name: u.Filename, path: path, upload: u})
	}
	county, err := m.County(ctx)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, p := range parts {
		if p.kind != "track" {
			if err := m.look(ctx, p, in.Answers.EPSG, county, &questions); err != nil {
				return nil, nil, &fileError{p.name, err}
			}
		}
		if seen[p.kind] {
			return nil, nil, &fileError{p.name, layers.Invalid("file", "capture_two_of_a_kind", "there are two files for one purpose (%s)", p.kind)}
		}
		seen[p.kind] = true
	}
	if !seen["ortho"] {
		return nil, nil, layers.Invalid("file", "capture_no_ortho", "there is no orthophoto among the files")
	}
	return parts, append(questions, m.ask(in, parts, county)...), nil
}

// look passes a raster through the gate. A file that does not say where it lies becomes a question.
func (m *Maker) look(ctx context.Context, p *part, epsg int, county orb.Bound, questions *[]survey.Question) error {
	kind := ortho.Kind(p.kind)
	if kind == ortho.KindOrtho {
		kind = ""
	}
	var err error
	p.looked, err = ortho.Gate(ctx, p.path, kind, epsg, m.Limits)
	var known *layers.Error
	if errors.As(err, &known) && known.Reason == "capture_no_crs" {
		r, err2 := gdal.Info(ctx, p.path)
		if err2 != nil {
			return err2
		}
		if ortho.Swapped(r, county) {
			return layers.Invalid("file", "capture_swapped_axes", "its axes are the wrong way round: latitude stands where longitude belongs")
		}
		guesses := ortho.Guesses(r, county)
		if len(guesses) == 0 {
			return err
		}
		q := survey.Question{Kind: "crs", Filename: p.name}
		for _, g := range guesses {
			q.Guesses = append(q.Guesses, survey.CRSGuess{EPSG: g.EPSG, Name: g.Name, Inside: g.Inside, Ring: g.Bound})
		}
		*questions = append(*questions, q)
		return nil
	}
	if err != nil {
		return err
	}
	p.kind = string(p.looked.Kind)
	return nil
}

// ask returns what the files do not say, once it is known where they lie.
func (m *Maker) ask(in *survey.Ingest, parts []*part, county orb.Bound) (out []survey.Question) {
	taken := in.Answers.CapturedAt != nil
	for _, p := range parts {
		if p.looked == nil {
			continue
		}
		if p.kind == "ortho" && !p.looked.Raster.TakenAt.IsZero() {
			taken = true
		}
		if p.kind == "ortho" && !in.Answers.Outside && !county.Intersects(p.looked.Bound.Bound()) {
			out = append(out, survey.Question{Kind: "outside", Filename: p.name, Ring: p.looked.Bound})
		}
	}
	if !taken {
		if at := flownAt(parts); !at.IsZero() {
			in.Answers.CapturedAt = &at
		} else {
			out = append(out, survey.Question{Kind: "captured_at"})
		}
	}
	return out
}

// make produces everything that is to be published, in the folder of work.
func (m *Maker) make(ctx context.Context, in *survey.Ingest, parts []*part, work string, tell func(string, float64)) (*survey.Capture, []survey.CaptureFile, error) {
	c := &survey.Capture{Name: in.Name, Source: "upload"}
	var kept []survey.CaptureFile
	out := filepath.Join(work, "out")
	if err := os.MkdirAll(out, 0o700); err != nil {
		return nil, nil, storage(err)
	}
	add := func(kind, path, sum string, info map[string]any) error {
		stat, err := os.Stat(path)
		if err != nil {
			return err
		}
		if sum == "" {
			if sum, err = sumOf(ctx, path); err != nil {
				return err
			}
		}
		kept = append(kept, survey.CaptureFile{Kind: kind, Path: filepath.Join(strconv.FormatInt(in.ID, 10), filepath.Base(path)), Size: stat.Size(), SHA256: sum, Info: info})
		return nil
	}
	for _, p := range parts {
		switch p.kind {
		case "ortho":
			made, err := ortho.Make(ctx, p.path, p.looked, ortho.Options{Dir: work, Spare: m.Folder.spare, Progress: func(step string, share float64) { tell(step, 0.05+0.7*share) }})
			if err != nil {
				return nil, nil, &fileError{p.name, err}
			}
			to := filepath.Join(out, "ortho.tif")
			if err := os.Rename(made.Path, to); err != nil {
				return nil, nil, err
			}
			gsd := made.GSD
			c.GSD, c.Footprint, c.CapturedAt, c.SHA256 = &gsd, made.Footprint, p.looked.Raster.TakenAt, p.upload.SHA256
			if in.Answers.CapturedAt != nil {
				c.CapturedAt = *in.Answers.CapturedAt
			}
			if err := add("ortho", to, "", described(made, p)); err != nil {
				return nil, nil, err
			}
		case "dsm", "dtm":
			path, err := ortho.MakeHeights(ctx, p.path, p.looked, p.kind, ortho.Options{Dir: out, Spare: m.Folder.spare, Progress: func(step string, share float64) { tell(step, 0.75+0.1*share) }})
			if err != nil {
				return nil, nil, &fileError{p.name, err}
			}
			if err := add(p.kind, path, "", described(nil, p)); err != nil {
				return nil, nil, err
			}
		}
		if err := m.at("made " + p.kind); err != nil {
			return nil, nil, err
		}
	}
	tell("originals", 0.9)
	for _, u := range in.Files { // as they were sent, byte for byte: a second name for the same bytes
		kind := originalKind(u, parts)
		to := filepath.Join(out, kind+strings.ToLower(filepath.Ext(u.Filename)))
		if err := link(m.Folder.upload(u.ID), to); err != nil {
			return nil, nil, storage(err)
		}
		if err := add(kind, to, u.SHA256, map[string]any{"filename": u.Filename}); err != nil {
			return nil, nil, err
		}
	}
	return c, kept, nil
}

// originalKind is under which name an upload is kept.
func originalKind(u *survey.Upload, parts []*part) string {
	if strings.EqualFold(filepath.Ext(u.Filename), ".zip") {
		return "original_zip"
	}
	for _, p := range parts {
		if p.upload == u {
			switch p.kind {
			case "ortho":
				return "original"
			case "track":
				return "track"
			default:
				return "original_" + p.kind
			}
		}
	}
	return "track"
}

// described is what is kept beside a file.
func described(made *ortho.Made, p *part) map[string]any {
	info := map[string]any{}
	if made != nil {
		if b, err := json.Marshal(made); err == nil {
			_ = json.Unmarshal(b, &info)
		}
	}
	maps.Copy(info, map[string]any{"filename": p.name, "epsg": p.looked.EPSG, "crs_chosen": p.looked.Chosen, "gsd_m": p.looked.GSD, "source_width": p.looked.Raster.Width, "source_height": p.looked.Raster.Height})
	return info
}

// publish moves what was made to its place and says so: first on the disk, then in one transaction.
func (m *Maker) publish(ctx context.Context, in *survey.Ingest, c *survey.Capture, kept []survey.CaptureFile, work, files string, tell func(string, float64)) error {
	tell("publish", 0.97)
	if err := m.at("publish"); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // called off
		return err
	}
	if err := os.Rename(filepath.Join(work, "out"), files); err != nil {
		return storage(err)
	}
	if err := syncFolder(filepath.Dir(files)); err != nil {
		return storage(err)
	}
	if err := m.at("moved"); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return m.Store.RefuseIngest(ctx, in.ID, *refusalOf(err))
	}
	if _, err := m.Store.Publish(ctx, in.ID, c, kept, in.Answers.Outside); err != nil {
		_ = os.RemoveAll(files) // else the next attempt does
		if refusal := refusalOf(err); refusal != nil && (layers.ErrorCode(err) != layers.CodeConflict || refusal.Reason == "capture_same_file") {
			return m.Store.RefuseIngest(ctx, in.ID, *refusal)
		}
		return err
	}
	for _, u := range in.Files {
		_ = os.Remove(m.Folder.upload(u.ID)) // its bytes have their other name
	}
	return nil
}

// link gives a file a second name, or copies it where the file system has no second names.
func link(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) || !errors.Is(err, syscall.EXDEV) && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func sumOf(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, &cancellable{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// cancellable reads until its context ends.
type cancellable struct {
	ctx context.Context
	io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// flownAt finds in a flight record when it was flown; zero where there is none.
func flownAt(parts []*part) time.Time {
	i := slices.IndexFunc(parts, func(p *part) bool { return p.kind == "track" })
	if i < 0 {
		return time.Time{}
	}
	f, err := os.Open(parts[i].path)
	if err != nil {
		return time.Time{}
	}
	defer func() { _ = f.Close() }()
	return firstTime(io.LimitReader(f, 256<<10))
}
