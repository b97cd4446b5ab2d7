package server

import (
	"context"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/strictjson"
)

// plotFilesRoute takes files for longer than other requests may last.
const plotFilesRoute = "/api/plots/:layer/files"

// plotFileTime is how long a file may take from its first byte to the answer.
const plotFileTime = 5 * time.Minute

// keptPlots returns the service, or CodeNotFound where there is none, and the layer that the route names.
func (s *Server) keptPlots(c echo.Context) (survey.Plots, survey.PlotLayer, error) {
	if s.plots == nil {
		return nil, "", layers.Errorf(layers.CodeNotFound, "this server keeps no plots")
	}
	return s.plots, survey.PlotLayer(c.Param("layer")), nil
}

func (s *Server) listPlots(c echo.Context) error {
	service, layer, err := s.keptPlots(c)
	if err != nil {
		return err
	}
	q := newQuery(c)
	asked := survey.PlotQuery{Text: strings.TrimSpace(q.text("q")), After: int64(q.integer("after", 0, 1<<53, 0)), Limit: int(q.integer("limit", 1, survey.MaxPlotPage, 100))}
	if err := q.err(); err != nil {
		return err
	}
	page, err := service.Plots(c.Request().Context(), layer, asked)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

// plotEnding is how the name of a file may end.
var plotEnding = regexp.MustCompile(`^\.[A-Za-z0-9]{1,10}$`)

// importPlots takes a file of plots: the body, as it stands on the sender's disk. One at a time on a node.
func (s *Server) importPlots(c echo.Context) error {
	service, layer, err := s.keptPlots(c)
	if err != nil {
		return err
	}
	if mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err != nil || mt != echo.MIMEOctetStream {
		return layers.Invalid("", "content_type", "the body has to be %s", echo.MIMEOctetStream)
	}
	q := newQuery(c)
	f := survey.PlotFile{Layer: layer, CRS: q.text("crs"), Name: q.text("name"), Kind: q.text("kind"), Reason: q.text("reason"), ID: q.text("id"), Repair: q.flag("repair"),
		SkipWrong: q.flag("skip_wrong"), Prune: q.flag("prune"), DryRun: q.flag("dry_run"), Weight: q.number("weight", 1, 10, 0)}
	filename := filepath.Base(filepath.Clean(q.text("filename")))
	if f.Source = q.text("source"); f.Source == "" {
		f.Source = strings.TrimSuffix(filename, filepath.Ext(filename))
	}
	if err := q.err(); err != nil {
		return err
	}
	if err := f.Validate(); err != nil {
		return err
	}
	if !s.importing.TryLock() {
		return &layers.Error{Code: layers.CodeConflict, Reason: "import_running", Msg: "another file is being read; wait for its end"}
	}
	defer s.importing.Unlock()
	ctx, cancel := context.WithTimeout(c.Request().Context(), plotFileTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "wanglou-plots-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ending := filepath.Ext(filename)
	if !plotEnding.MatchString(ending) {
		ending = ""
	}
	f.Path = filepath.Join(dir, "file"+ending)
	if err := keepBody(c, f.Path); err != nil {
		return err
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(plotFileTime)) // not every connection of tests has one
	report, err := service.ImportPlots(ctx, f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, report)
}

// keepBody writes the body of a request into a file. A body over survey.MaxPlotBytes is a *http.MaxBytesError.
func keepBody(c echo.Context, path string) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	body := &patientBody{http.MaxBytesReader(c.Response(), c.Request().Body, survey.MaxPlotBytes), http.NewResponseController(c.Response())}
	switch _, err := io.Copy(out, body); {
	case err != nil && isBroken(err):
		return &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the file could not be read whole", Err: err}
	case err != nil:
		return err
	}
	return out.Close()
}

// plotAt returns what the route names.
func (s *Server) plotAt(c echo.Context) (survey.Plots, survey.PlotLayer, int64, error) {
	service, layer, err := s.keptPlots(c)
	if err != nil {
		return nil, "", 0, err
	}
	id, err := pathID(c)
	return service, layer, id, err
}

func (s *Server) getPlot(c echo.Context) error {
	service, layer, id, err := s.plotAt(c)
	if err != nil {
		return err
	}
	out, err := service.Plot(c.Request().Context(), layer, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// drawZone takes a zone that was drawn by hand: permits and lawful buildings come from files alone.
func (s *Server) drawZone(c echo.Context) error {
	service, layer, err := s.keptPlots(c)
	if err != nil {
		return err
	}
	if layer != survey.Zones {
		return layers.Invalid("layer", "not_allowed", "only zones are drawn")
	}
	var in survey.PlotChange
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := service.DrawZone(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, out)
}

func (s *Server) changePlot(c echo.Context) error {
	service, layer, id, err := s.plotAt(c)
	if err != nil {
		return err
	}
	var in survey.PlotChange
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := service.ChangePlot(c.Request().Context(), layer, id, in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) deletePlot(c echo.Context) error {
	service, layer, id, err := s.plotAt(c)
	if err != nil {
		return err
	}
	if err := service.DeletePlot(c.Request().Context(), layer, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) getPairRules(c echo.Context) error {
	service, _, err := s.keptPlots(c)
	if err != nil {
		return err
	}
	out, err := service.PairRules(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) setPairRules(c echo.Context) error {
	service, _, err := s.keptPlots(c)
	if err != nil {
		return err
	}
	var in survey.PairRules
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := service.SetPairRules(c.Request().Context(), &in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}
