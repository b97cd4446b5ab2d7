package server

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/job"
	"wanglou/layers/survey"
	"wanglou/server/strictjson"
)

// Offsets measures how far captures lie beside each other.
type Offsets interface {
	Offset(base, other int64) (east, north, quality float64, err error)
}

// keptCaptures returns the service, or CodeNotFound where there are no captures.
func (s *Server) keptCaptures() (survey.Captures, error) {
	if s.captures == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server takes no captures")
	}
	return s.captures, nil
}

func (s *Server) listIngests(c echo.Context) error {
	return listStored(c, s.keptCaptures, survey.Captures.Ingests)
}

// answersBody is schema IngestAnswers.
type answersBody struct {
	EPSG       int        `json:"epsg"`
	CapturedAt *time.Time `json:"captured_at"`
	Outside    bool       `json:"outside"`
}

func (a *answersBody) answers() survey.Answers {
	return survey.Answers{EPSG: a.EPSG, CapturedAt: a.CapturedAt, Outside: a.Outside}
}

func (s *Server) createIngest(c echo.Context) error {
	service, err := s.keptCaptures()
	if err != nil {
		return err
	}
	var in struct {
		Name    string   `json:"name"`
		Uploads []string `json:"uploads"`
		answersBody
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	a := in.answers()
	if err := survey.ValidateIngest(&in.Name, in.Uploads, &a, s.now()); err != nil {
		return err
	}
	out, err := service.BeginIngest(c.Request().Context(), in.Name, in.Uploads, a)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, out)
}

func (s *Server) getIngest(c echo.Context) error {
	return getStored(c, s.keptCaptures, survey.Captures.Ingest)
}

func (s *Server) answerIngest(c echo.Context) error {
	service, id, err := storedAt(c, s.keptCaptures)
	if err != nil {
		return err
	}
	var in answersBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	a := in.answers()
	if err := a.Validate(s.now()); err != nil {
		return err
	}
	out, err := service.AnswerIngest(c.Request().Context(), id, a)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// captureBody is schema StoredCapture.
type captureBody struct {
	ID         int64                `json:"id"`
	Name       string               `json:"name"`
	CapturedAt time.Time            `json:"captured_at"`
	GSD        *float64             `json:"gsd_m,omitempty"`
	SHA256     string               `json:"sha256"`
	Bbox       [4]float64           `json:"bbox"`
	Footprint  *geojson.Geometry    `json:"footprint"`
	Tiles      string               `json:"tiles"` // name of the source
	MinZoom    int                  `json:"min_zoom"`
	MaxZoom    int                  `json:"max_zoom"`
	Files      []survey.CaptureFile `json:"files"`
	Withdrawn  *survey.Withdrawal   `json:"withdrawn,omitempty"`
}

func bodyOfCapture(c *survey.Stored) captureBody {
	b := captureBody{ID: c.ID, Name: c.Name, CapturedAt: c.CapturedAt, GSD: c.GSD, SHA256: c.SHA256, Bbox: bbox(c.Footprint.Bound()), Footprint: geojson.NewGeometry(c.Footprint),
		Tiles: "capture-" + strconv.FormatInt(c.ID, 10), Files: c.Files, Withdrawn: c.Withdrawn}
	if f := c.File("ortho"); f != nil {
		lo, _ := f.Info["min_zoom"].(float64)
		hi, _ := f.Info["max_zoom"].(float64)
		b.MinZoom, b.MaxZoom = int(lo), int(hi)
	}
	return b
}

func (s *Server) listCaptures(c echo.Context) error {
	service, err := s.keptCaptures()
	if err != nil {
		return err
	}
	found, err := service.StoredCaptures(c.Request().Context())
	if err != nil {
		return err
	}
	out := make([]captureBody, len(found))
	for i, f := range found {
		out[i] = bodyOfCapture(f)
	}
	return c.JSON(http.StatusOK, list(out))
}

// storedCapture returns the capture that the route names.
func (s *Server) storedCapture(c echo.Context) (*survey.Stored, error) {
	service, err := s.keptCaptures()
	if err != nil {
		return nil, err
	}
	id, err := pathID(c)
	if err != nil {
		return nil, err
	}
	return service.Stored(c.Request().Context(), id)
}

func (s *Server) getCapture(c echo.Context) error {
	found, err := s.storedCapture(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfCapture(found))
}

// getCaptureFile answers with a file of a capture, whole or in the parts that clients ask for by Range: the originals as they were sent, byte for byte.
func (s *Server) getCaptureFile(c echo.Context) error {
	found, err := s.storedCapture(c)
	if err != nil {
		return err
	}
	file := found.File(c.Param("kind"))
	if file == nil || s.ingest == nil {
		return layers.Errorf(layers.CodeNotFound, "the capture has no such file")
	}
	if scope := auth.ActorFrom(c.Request().Context()).Scope; found.Withdrawn != nil && !scope.May(auth.ActionUploadCapture) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "withdrawn", Msg: "the capture was withdrawn"}
	}
	f, err := s.ingest.Open(c.Request().Context(), *file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := c.Response().Header()
	name := strconv.FormatInt(found.ID, 10) + "-" + file.Kind + file.Path[strings.LastIndexByte(file.Path, '.'):]
	h.Set(echo.HeaderContentType, mediaTypeOf(file.Path))
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	h.Set("Repr-Digest", "sha-256=:"+base64Of(file.SHA256)+":")
	s.sendFile(c, "capture", `"`+file.SHA256[:24]+`"`, found.CapturedAt, f)
	return nil
}

func (s *Server) withdrawCapture(c echo.Context) error {
	service, id, err := storedAt(c, s.keptCaptures)
	if err != nil {
		return err
	}
	var in struct {
		Reason string `json:"reason"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" || len([]rune(in.Reason)) > 500 {
		return layers.Invalid("reason", "required", "a reason of at most 500 letters is required")
	}
	out, err := service.Withdraw(c.Request().Context(), id, in.Reason)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfCapture(out))
}

// getCaptureOffset answers how far another capture lies beside this one; it is measured once.
func (s *Server) getCaptureOffset(c echo.Context) error {
	base, err := s.storedCapture(c)
	if err != nil {
		return err
	}
	q := newQuery(c)
	other := q.integer("other", 1, 1<<53, 0)
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := s.captures.Stored(ctx, other); err != nil {
		return err
	}
	if known, err := s.captures.Offset(ctx, base.ID, other); err != nil || known != nil {
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, known)
	}
	if s.offsets == nil {
		return layers.Errorf(layers.CodeNotFound, "nothing is measured here")
	}
	var o survey.Offset
	if o.East, o.North, o.Quality, err = s.offsets.Offset(base.ID, other); err != nil {
		return err
	}
	if err := s.captures.SetOffset(ctx, base.ID, other, o); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}

// keptJobs returns the service, or CodeNotFound where there are no jobs.
func (s *Server) keptJobs() (job.Service, error) {
	if s.jobs == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no jobs")
	}
	return s.jobs, nil
}

func (s *Server) listJobs(c echo.Context) error {
	return listStored(c, s.keptJobs, job.Service.Jobs)
}

// jobRoute does something with one job.
func jobRoute(do func(job.Service, echo.Context, int64) (*job.Job, error)) func(*Server, echo.Context) error {
	return func(s *Server, c echo.Context) error {
		service, err := s.keptJobs()
		if err != nil {
			return err
		}
		id, err := pathID(c)
		if err != nil {
			return err
		}
		j, err := do(service, c, id)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, j)
	}
}

var (
	getJob = jobRoute(func(s job.Service, c echo.Context, id int64) (*job.Job, error) {
		return s.Job(c.Request().Context(), id)
	})
	cancelJob = jobRoute(func(s job.Service, c echo.Context, id int64) (*job.Job, error) {
		return s.Cancel(c.Request().Context(), id)
	})
	retryJob = jobRoute(func(s job.Service, c echo.Context, id int64) (*job.Job, error) {
		return s.Retry(c.Request().Context(), id)
	})
)

func mediaTypeOf(path string) string {
	switch ext := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]); {
	case slices.Contains([]string{"tif", "tiff"}, ext):
		return "image/tiff; application=geotiff"
	case ext == "zip":
		return "application/zip"
	}
	return "application/octet-stream"
}
