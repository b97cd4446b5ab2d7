package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/job"
	"wanglou/layers/survey/model"
	"wanglou/server/strictjson"
)

// Detectors are models that run here, in folders of this node.
type Detectors interface {
	// Detectors lists the folders, and the version of what runs them; away says why nothing does.
	Detectors(ctx context.Context) (found []Detector, version string, away error, err error)
	// CheckDetector runs one over an empty window and returns the seconds that took. CodeNotFound, and whatever is wrong with it.
	CheckDetector(ctx context.Context, folder string) (seconds float64, err error)
	// Detect enqueues a run over a capture, and an earlier one unless it is 0, and returns the job's id. CodeForbidden, CodeNotFound; CodeConflict with "no_picture",
	// "capture_withdrawn"; CodeInvalid with "not_earlier", "same_capture", "model_pair"; what is wrong with the model.
	Detect(ctx context.Context, folder string, capture, before int64) (job int64, err error)
}

// Detector is one folder.
type Detector struct {
	Folder   string
	Manifest *model.Manifest // nil where it cannot be read
	Unusable error
}

// detectorBody is schema Detector.
type detectorBody struct {
	Folder    string        `json:"folder"`
	Usable    bool          `json:"usable"`
	Failure   *job.Failure  `json:"failure,omitempty"`
	Field     string        `json:"field,omitempty"` // of the manifest, that is wrong
	Name      string        `json:"name"`
	Version   string        `json:"version"`
	Licence   string        `json:"licence"`
	Source    string        `json:"source"`
	Task      model.Task    `json:"task,omitempty"`
	Pixel     float64       `json:"pixel_m"`
	Tile      int           `json:"tile"`
	Threshold float64       `json:"threshold"`
	Classes   []model.Class `json:"classes"`
	SHA256    string        `json:"sha256"`
}

// models returns the service, or CodeNotFound where there is none.
func (s *Server) models() (Detectors, error) {
	if s.detectors == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server runs no models")
	}
	return s.detectors, nil
}

// failureOf is an error as jobs tell it, nil for none.
func failureOf(err error) (f *job.Failure, field string) {
	if err == nil {
		return nil, ""
	}
	f = &job.Failure{Code: string(layers.ErrorCode(err)), Msg: "an internal error; the log has the details"}
	var e *layers.Error
	if errors.As(err, &e) {
		f.Reason, f.Params, f.Msg, field = e.Reason, e.Params, e.Msg, e.Field
	}
	return f, field
}

func (s *Server) listDetectors(c echo.Context) error {
	service, err := s.models()
	if err != nil {
		return err
	}
	found, version, away, err := service.Detectors(c.Request().Context())
	if err != nil {
		return err
	}
	out := struct {
		Version string         `json:"version"`
		Away    *job.Failure   `json:"away,omitempty"`
		Items   []detectorBody `json:"items"`
	}{Version: version, Items: make([]detectorBody, len(found))}
	out.Away, _ = failureOf(away)
	for i, d := range found {
		b := &out.Items[i]
		*b = detectorBody{Folder: d.Folder, Usable: d.Unusable == nil, Classes: []model.Class{}}
		b.Failure, b.Field = failureOf(d.Unusable)
		if m := d.Manifest; m != nil {
			b.Name, b.Version, b.Licence, b.Source, b.Task, b.Pixel, b.Tile, b.Threshold, b.Classes, b.SHA256 = m.Name, m.Version, m.Licence, m.Source, m.Task, m.Pixel, m.Tile, m.Threshold, m.Classes, m.SHA256
		}
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) checkDetector(c echo.Context) error {
	service, err := s.models()
	if err != nil {
		return err
	}
	seconds, err := service.CheckDetector(c.Request().Context(), c.Param("folder"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]float64{"seconds": seconds})
}

// detectOnCapture lets a model look at a capture.
func (s *Server) detectOnCapture(c echo.Context) error {
	service, id, err := storedAt(c, s.models)
	if err != nil {
		return err
	}
	var in struct {
		Folder string `json:"folder"`
		Before int64  `json:"before"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Before < 0 {
		return layers.Invalid("before", "out_of_range", "%d is no capture", in.Before)
	}
	job, err := service.Detect(c.Request().Context(), in.Folder, id, in.Before)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]int64{"job_id": job})
}
