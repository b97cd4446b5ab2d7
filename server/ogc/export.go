package ogc

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/server/geojson"
)

// export is a form of download. GeoJSON and nothing else is written here; GDAL makes the others out of it.
type export struct {
	name, title, mime, ext string
	driver                 string // of ogr2ogr; "" is GeoJSON as it is
	options                []string
}

var exports = []export{
	{name: "geojson", title: "GeoJSON", mime: mimeGeoJSON, ext: "geojson"},
	{name: "flatgeobuf", title: "FlatGeobuf", mime: "application/flatgeobuf", ext: "fgb", driver: "FlatGeobuf"},
	{name: "gpkg", title: "GeoPackage", mime: "application/geopackage+sqlite3", ext: "gpkg", driver: "GPKG"},
	{name: "csv", title: "CSV", mime: "text/csv; charset=utf-8", ext: "csv", driver: "CSV", options: []string{"-lco", "GEOMETRY=AS_WKT", "-lco", "WRITE_BOM=YES", "-lco", "SEPARATOR=COMMA"}},
}

// Bounds of one download, and of all at once.
const (
	exportTime     = 90 * time.Second
	exportFeatures = 1_000_000
	exportBytes    = 512 << 20 // of GeoJSON on disk, and of the file that is made of it
	exportsAtOnce  = 2
	exportPage     = 10_000
)

var exporting = make(chan struct{}, exportsAtOnce)

// Download is GET /ogc/collections/{collection}/download: everything that matches, as one file. It takes the parameters of items but limit and after.
func (a *API) Download(c echo.Context) error {
	var form *export
	for i := range exports {
		if exports[i].name == c.QueryParam("f") {
			form = &exports[i]
		}
	}
	if form == nil {
		return layers.Invalid("f", "unknown_value", "f is one of geojson, flatgeobuf, gpkg, csv")
	}
	r, err := a.open(c, form.name)
	if err != nil {
		return err
	}
	col, err := a.collection(r)
	if err != nil {
		return err
	}
	for _, name := range []string{"limit", "after"} {
		if c.QueryParams().Has(name) {
			return layers.Invalid(name, "not_allowed", "a download is whole")
		}
	}
	q, err := a.itemsQuery(r, col)
	if err != nil {
		return err
	}
	select {
	case exporting <- struct{}{}:
		defer func() { <-exporting }()
	default:
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "busy", Params: map[string]string{"retry_after_s": "10"}, Msg: "other downloads are being made: try again"}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), exportTime)
	defer cancel()
	stop := context.AfterFunc(c.Request().Context(), func() { // the client went; the request's own time limit is shorter than a download's
		if context.Cause(c.Request().Context()) == context.Canceled {
			cancel()
		}
	})
	defer stop()
	dir, err := os.MkdirTemp("", "wanglou-export-")
	if err != nil {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "there is no room for the file", Err: err}
	}
	defer os.RemoveAll(dir)
	made, err := a.export(ctx, r, col, q, form, dir)
	if err != nil {
		return err
	}
	f, err := os.Open(made)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(5 * time.Minute)); err != nil && c.Response().Committed {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, form.mime)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, safeName(col.Name), form.ext))
	h.Set("Content-Crs", "<"+q.crs.URI()+">")
	h.Set(echo.HeaderContentLength, strconv.FormatInt(info.Size(), 10))
	c.Response().WriteHeader(http.StatusOK)
	_, err = io.Copy(c.Response(), f)
	return err
}

func safeName(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.') {
			b[i] = '_'
		}
	}
	return string(b)
}

// export writes the file and returns its path.
func (a *API) export(ctx context.Context, r *request, col *collection, q itemsQuery, form *export, dir string) (string, error) {
	plain := filepath.Join(dir, safeName(col.Name)+".geojson")
	if err := a.writeGeoJSON(ctx, r, col, q, plain, form.driver == ""); err != nil {
		return "", err
	}
	if form.driver == "" {
		return plain, nil
	}
	made := filepath.Join(dir, "out."+form.ext)
	args := append([]string{"-f", form.driver}, form.options...)
	if q.crs.EPSG != 0 {
		// The GeoJSON is longitude first; GDAL converts, in the order that the format asks for.
		args = append(args, "-s_srs", "OGC:CRS84", "-t_srs", "EPSG:"+strconv.Itoa(q.crs.EPSG))
	}
	args = append(args, "-nln", safeName(col.Name), made, plain)
	cmd := exec.CommandContext(ctx, "ogr2ogr", args...)
	cmd.Env = append(os.Environ(), "CPL_TMPDIR="+dir, "GDAL_NUM_THREADS=1", "OGR_SQLITE_SYNCHRONOUS=OFF")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var complaint bytes.Buffer
	cmd.Stderr = &limitedWriter{w: &complaint, left: 4096}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("ogr2ogr: %w: %s", err, complaint.String())
	}
	if info, err := os.Stat(made); err != nil || info.Size() > exportBytes {
		return "", tooLarge()
	}
	return made, nil
}

func tooLarge() error {
	return &layers.Error{Code: layers.CodeTooLarge, Reason: "too_many_features", Msg: "the download is too large: narrow it down by a box or a filter"}
}

type limitedWriter struct {
	w    io.Writer
	left int
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	n := len(b)
	if len(b) > l.left {
		b = b[:l.left]
	}
	l.left -= len(b)
	if _, err := l.w.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// writeGeoJSON writes every feature that matches, page after page. inSystem asks for the coordinates of the query's system; else they are CRS84.
func (a *API) writeGeoJSON(ctx context.Context, r *request, col *collection, q itemsQuery, name string, inSystem bool) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	ref := q.crs
	if !inSystem {
		ref = crs.CRS84
	}
	if _, err := w.WriteString(`{"type":"FeatureCollection","features":[`); err != nil {
		return err
	}
	q.limit = exportPage
	written, count := 0, 0
	var b []byte
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := col.source.items(ctx, r.scope, col, q.query)
		if err != nil {
			return err
		}
		for _, it := range p.items {
			b = b[:0]
			if count > 0 {
				b = append(b, ',')
			}
			b = append(appendFeature(b, p.layer, it, ref, q.properties), '}', '\n')
			count++
			written += len(b)
			if count > exportFeatures || written > exportBytes {
				return tooLarge()
			}
			if _, err := w.Write(b); err != nil {
				return &layers.Error{Code: layers.CodeStorageFull, Msg: "there is no room for the file", Err: err}
			}
		}
		if p.next == "" {
			break
		}
		q.after = p.next
	}
	b = append(b[:0], `],"timeStamp":`...)
	b = append(geojson.AppendTime(b, now()), '}')
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "there is no room for the file", Err: err}
	}
	return nil
}
