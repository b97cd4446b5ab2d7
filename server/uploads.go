package server

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	tus "github.com/tus/tusd/v2/pkg/handler"
	expslog "golang.org/x/exp/slog"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/ingest"
)

// uploadsRoute is answered for as long as the client sends.
const uploadsRoute = "/api/uploads"

// newTus returns the protocol of resumable uploads (tus 1.0.0: creation, termination) over a folder.
func newTus(folder *ingest.Folder, rows survey.Uploads, log *slog.Logger) *tus.UnroutedHandler {
	store := &explained{ingest.NewStore(folder, rows), log}
	composer := tus.NewStoreComposer()
	composer.UseCore(store)
	composer.UseTerminater(store) // no locker: the store locks the file itself, for all nodes
	h, err := tus.NewUnroutedHandler(tus.Config{StoreComposer: composer, BasePath: uploadsRoute + "/", MaxSize: survey.MaxUpload, DisableDownload: true, DisableConcatenation: true,
		Cors: &tus.CorsConfig{Disable: true}, Logger: expslog.New(expslog.NewTextHandler(io.Discard, nil)), NetworkTimeout: stall})
	if err != nil {
		panic(err) // the configuration is compiled in
	}
	return h
}

// explained answers in our own words where the store refuses.
type explained struct {
	store *ingest.Store
	log   *slog.Logger
}

func (e *explained) NewUpload(ctx context.Context, info tus.FileInfo) (tus.Upload, error) {
	u, err := e.store.NewUpload(ctx, info)
	return e.wrap(u), e.explain(ctx, err)
}

func (e *explained) GetUpload(ctx context.Context, id string) (tus.Upload, error) {
	u, err := e.store.GetUpload(ctx, id)
	return e.wrap(u), e.explain(ctx, err)
}

func (e *explained) AsTerminatableUpload(u tus.Upload) tus.TerminatableUpload {
	return u.(*explainedUpload)
}

func (e *explained) wrap(u tus.Upload) tus.Upload {
	if u == nil {
		return nil
	}
	return &explainedUpload{u, e}
}

type explainedUpload struct {
	tus.Upload
	by *explained
}

func (u *explainedUpload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.Upload.WriteChunk(ctx, offset, src)
	return n, u.by.explain(ctx, err)
}

func (u *explainedUpload) FinishUpload(ctx context.Context) error {
	return u.by.explain(ctx, u.Upload.FinishUpload(ctx))
}

func (u *explainedUpload) Terminate(ctx context.Context) error {
	return u.by.explain(ctx, u.by.store.AsTerminatableUpload(u.Upload).Terminate(ctx))
}

// explain makes an error of ours one that the protocol's handler answers with.
func (e *explained) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(tus.Error); ok {
		return err
	}
	known, status := describe(err)
	if known.Code == layers.CodeInternal {
		e.log.ErrorContext(ctx, "an upload failed", "error", err)
	}
	body, _ := json.Marshal(errorBody{Code: known.Code, Field: known.Field, Reason: known.Reason, Params: known.Params, Message: known.Msg})
	return tus.Error{ErrorCode: string(known.Code), Message: known.Msg, HTTPResponse: tus.HTTPResponse{StatusCode: status, Body: string(body),
		Header: tus.HTTPHeader{"Content-Type": echo.MIMEApplicationJSON}}}
}

// tusRoute hands a request over to the protocol. HEAD comes as GET: see answerHead.
func tusRoute(handle func(*tus.UnroutedHandler) http.HandlerFunc, method string) func(*Server, echo.Context) error {
	return func(s *Server, c echo.Context) error {
		if s.tus == nil {
			return layers.Errorf(layers.CodeNotFound, "this server takes no captures")
		}
		// A line that breaks is noticed by its body; the handler itself must not be told of it while it begins to read.
		ctx, cancel := context.WithCancel(context.WithoutCancel(c.Request().Context()))
		defer cancel()
		r := c.Request().Clone(ctx)
		r.Method = method
		r.URL.Path = "/" + c.Param("id")
		var w http.ResponseWriter = c.Response()
		w.Header().Set("Tus-Resumable", "1.0.0")
		if r.Header.Get("Tus-Resumable") != "1.0.0" {
			return &layers.Error{Code: layers.CodePreconditionFailed, Field: "Tus-Resumable", Reason: "tus_version", Msg: "files are sent by the protocol tus 1.0.0"}
		}
		handle(s.tus)(&nearby{w}, r)
		return nil
	}
}

// nearby names what was created by its path alone: the host by which a client came is its own matter.
type nearby struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (n *nearby) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (n *nearby) WriteHeader(status int) {
	if at := n.Header().Get("Location"); at != "" {
		if i := strings.Index(at, uploadsRoute+"/"); i >= 0 {
			n.Header().Set("Location", at[i:])
		}
	}
	n.ResponseWriter.WriteHeader(status)
}

// uploadsBody is schema Uploads.
type uploadsBody struct {
	Items []*survey.Upload `json:"items"`
	Quota int64            `json:"quota"` // bytes
	Used  int64            `json:"used"`

	Originals *survey.OriginalsState `json:"originals,omitempty"` // where they are brought into a bucket
}

func (s *Server) listUploads(c echo.Context) error {
	service, err := s.keptCaptures()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	var out uploadsBody
	if out.Items, err = service.Uploads(ctx); err != nil {
		return err
	}
	if out.Quota, out.Used, err = service.Quota(ctx); err != nil {
		return err
	}
	if s.ingest.HasBucket() {
		if out.Originals, err = service.OriginalsState(ctx); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, out)
}
