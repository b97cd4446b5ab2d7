package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/server/dossier"
	"wanglou/server/strictjson"
)

// Pictures cuts a square around an outline, with some room, out of a capture's orthophoto: a JPEG, nil where the capture has no picture there.
type Pictures interface {
	Picture(ctx context.Context, captureID int64, around orb.MultiPolygon) ([]byte, error)
}

// Dossiers is what evidence files are made with.
type Dossiers struct {
	Key      *dossier.Key
	Letters  dossier.Letters
	Pictures Pictures // nil: outlines alone
}

// Comparisons begins comparisons of captures.
type Comparisons interface {
	// Compare enqueues the comparison of an earlier capture with a later one and returns the job's id. CodeForbidden, CodeNotFound; CodeConflict with "no_dsm" where one has no heights.
	Compare(ctx context.Context, before, after int64) (job int64, err error)
}

// reviews returns the service, or CodeNotFound where there is none.
func (s *Server) reviews() (survey.Reviews, error) {
	if s.detections == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server reviews no detections")
	}
	return s.detections, nil
}

func (s *Server) listDetections(c echo.Context) error {
	return listStored(c, s.reviews, func(r survey.Reviews, ctx context.Context) ([]*survey.Candidate, error) {
		return r.Queue(ctx, survey.State(c.QueryParam("state")))
	})
}

func (s *Server) listPrecisions(c echo.Context) error {
	return listStored(c, s.reviews, survey.Reviews.Precisions)
}

func (s *Server) getDetection(c echo.Context) error {
	return getStored(c, s.reviews, survey.Reviews.Detection)
}

func (s *Server) moveDetection(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	var in survey.Ask
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	f, err := r.Move(c.Request().Context(), id, in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

func (s *Server) redrawDetection(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	var in struct {
		Outline  json.RawMessage `json:"outline"`
		Revision int64           `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	outline, err := survey.ParseOutline(in.Outline, "outline")
	if err != nil {
		return err
	}
	f, err := r.Redraw(c.Request().Context(), id, outline, in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

func (s *Server) mergeDetections(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	var in struct {
		Others   []int64 `json:"others"`
		Revision int64   `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	f, err := r.Merge(c.Request().Context(), id, in.Others, in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

func (s *Server) splitDetection(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	var in struct {
		Parts    []json.RawMessage `json:"parts"`
		Revision int64             `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	parts := make([]orb.MultiPolygon, len(in.Parts))
	for i, p := range in.Parts {
		if parts[i], err = survey.ParseOutline(p, fmt.Sprintf("parts[%d]", i)); err != nil {
			return err
		}
	}
	all, err := r.Split(c.Request().Context(), id, parts, in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(all))
}

// takeDetections takes what a detector outside found on a capture: GeoJSON of up to survey.MaxIntakeBytes.
func (s *Server) takeDetections(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	switch mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); {
	case err != nil, mt != "application/geo+json" && mt != echo.MIMEApplicationJSON:
		return layers.Invalid("", "content_type", "the body has to be application/geo+json")
	}
	key := c.Request().Header.Get("Idempotency-Key")
	if utf8.RuneCountInString(key) > 100 {
		return layers.Invalid("Idempotency-Key", "too_long", "the key has at most 100 characters")
	}
	in, err := survey.ParseIntake(http.MaxBytesReader(c.Response(), c.Request().Body, survey.MaxIntakeBytes+1))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return layers.Errorf(layers.CodeTooLarge, "over %d MB", survey.MaxIntakeBytes>>20)
		}
		return err
	}
	taken, err := r.Intake(c.Request().Context(), id, in, key)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, taken)
}

func (s *Server) compareCaptures(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if s.comparisons == nil {
		return layers.Errorf(layers.CodeNotFound, "this server compares no captures")
	}
	var in struct {
		Before int64 `json:"before"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	job, err := s.comparisons.Compare(c.Request().Context(), in.Before, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]int64{"job_id": job})
}

// getTraining answers with verdicts as labelled polygons.
func (s *Server) getTraining(c echo.Context) error {
	r, err := s.reviews()
	if err != nil {
		return err
	}
	all, err := r.Training(c.Request().Context())
	if err != nil {
		return err
	}
	fc := geojson.NewFeatureCollection()
	for _, l := range all {
		f := geojson.NewFeature(orb.MultiPolygon(l.Outline))
		f.ID = l.ID
		f.Properties = geojson.Properties{"number": l.Number, "label": l.Label, "code": l.Code, "kind": l.Kind, "score": l.Score, "height_m": l.Height, "area_m2": l.Area, "detector": l.Detector, "detector_version": l.DetectorVersion}
		for name, flown := range map[string]*survey.Flown{"before": l.Before, "after": l.After} {
			if flown != nil {
				f.Properties[name+"_sha256"], f.Properties[name+"_at"], f.Properties[name+"_withdrawn"] = flown.SHA256, flown.CapturedAt, flown.Withdrawn
			}
		}
		fc.Append(f)
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="training.geojson"`)
	return geoJSON(c, fc)
}

// getFlights answers with what should be flown.
func (s *Server) getFlights(c echo.Context) error {
	r, err := s.reviews()
	if err != nil {
		return err
	}
	q := newQuery(c)
	days, level := int(q.integer("days", 1, 3660, 30)), cmp.Or(q.text("level"), "town")
	if err := q.err(); err != nil {
		return err
	}
	if err := survey.ValidateFlights(level, days); err != nil {
		return err
	}
	all, err := r.Flights(c.Request().Context(), level, days)
	if err != nil {
		return err
	}
	fc := geojson.NewFeatureCollection()
	for _, l := range all {
		f := geojson.NewFeature(l.Geometry)
		f.Properties = geojson.Properties{"why": l.Why, "name": l.Name, "id": l.ID, "last_flown": l.LastFlown, "area_path": l.AreaPath, "area_m2": l.Area, "share": l.Share, "order": l.Order}
		fc.Append(f)
	}
	return geoJSON(c, fc)
}

func (s *Server) listFlightOrders(c echo.Context) error {
	return listStored(c, s.reviews, survey.Reviews.FlightOrders)
}

// createFlightOrder sends a drone crew to an area.
func (s *Server) createFlightOrder(c echo.Context) error {
	r, err := s.reviews()
	if err != nil {
		return err
	}
	var in survey.FlightAsk
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := r.FlyArea(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, out)
}

func geoJSON(c echo.Context, fc *geojson.FeatureCollection) error {
	raw, err := json.Marshal(fc)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/geo+json", raw)
}

// getDossier answers with the evidence file.
func (s *Server) getDossier(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	if s.dossiers == nil {
		return layers.Errorf(layers.CodeNotFound, "this server makes no evidence files")
	}
	ctx := c.Request().Context()
	f, err := r.Detection(ctx, id)
	if err != nil {
		return err
	}
	in := dossier.Input{File: f, MadeAt: s.now(), MadeBy: auth.ActorFrom(ctx).User.Name, Letters: s.dossiers.Letters, Key: s.dossiers.Key}
	for _, flown := range []*survey.Flown{f.Before, f.After} {
		if flown == nil {
			continue
		}
		p := dossier.Picture{CaptureID: flown.ID, Original: flown.SHA256}
		if s.dossiers.Pictures != nil {
			if p.JPEG, err = s.dossiers.Pictures.Picture(ctx, flown.ID, orb.MultiPolygon(f.Outline)); err != nil {
				return err
			}
		}
		in.Pictures = append(in.Pictures, p)
	}
	pdf, err := dossier.Make(in)
	if err != nil {
		return err
	}
	s.audit(c, auth.AuditEntry{UserID: auth.ActorFrom(ctx).User.ID, Login: auth.ActorFrom(ctx).User.Login, Action: "detection.evidence", Subject: fmt.Sprintf("detection/%d", id)})
	c.Response().Header().Set(echo.HeaderContentDisposition, "attachment; filename*=UTF-8''"+url.PathEscape(f.Number+".pdf"))
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}

// getDetectionPicture answers with what one of the two flights shows of the place.
func (s *Server) getDetectionPicture(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	f, err := r.Detection(c.Request().Context(), id)
	if err != nil {
		return err
	}
	flown, known := map[string]*survey.Flown{"before": f.Before, "after": f.After}[c.Param("which")]
	for i := range f.Proposals {
		if p := &f.Proposals[i].Capture; c.Param("which") == fmt.Sprintf("flight-%d", p.ID) {
			flown, known = p, true
		}
	}
	if !known {
		return layers.Errorf(layers.CodeNotFound, "there is no such picture")
	}
	if flown == nil || flown.Withdrawn || s.dossiers == nil || s.dossiers.Pictures == nil {
		return c.NoContent(http.StatusNoContent)
	}
	picture, err := s.dossiers.Pictures.Picture(c.Request().Context(), flown.ID, orb.MultiPolygon(f.Outline))
	if err != nil {
		return err
	}
	if picture == nil {
		return c.NoContent(http.StatusNoContent)
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "private, max-age=300")
	return c.Blob(http.StatusOK, "image/jpeg", picture)
}

func (s *Server) flyDetection(c echo.Context) error {
	r, id, err := storedAt(c, s.reviews)
	if err != nil {
		return err
	}
	var in struct {
		UnitID int64  `json:"unit_id"`
		Note   string `json:"note"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	f, err := r.Fly(c.Request().Context(), id, in.UnitID, in.Note)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}
