package main

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wanglou/postgis"
	"wanglou/postgis/jobs"
	"wanglou/server/ingest"
	"wanglou/server/onnx"
	"wanglou/tiles/ortho"
)

// WorkCmd works on jobs until it is told to end.
type WorkCmd struct {
	Bucket BucketFlags `embed:"" prefix:"bucket-"`
}

// Run works.
func (c *WorkCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	parts, err := openSurvey(app, db)
	if err != nil {
		return err
	}
	if err := c.Bucket.use(parts.folder); err != nil {
		return err
	}
	app.Logger.InfoContext(ctx, "jobs are worked on")
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return parts.worker().Run(ctx) })
	group.Go(func() error { return parts.watch(ctx) })
	group.Go(func() error { return parts.moveOriginals(ctx) })
	return group.Wait()
}

// surveyParts are what makes and serves captures.
type surveyParts struct {
	app        *App
	db         *postgis.DB
	queue      *jobs.Queue
	captures   *postgis.Captures
	detections *postgis.Detections
	folder     *ingest.Folder
	shelf      *ortho.Shelf
	models     *onnx.Shelf
	runtime    *onnx.Runtime
	checking   sync.Mutex // one model is tried at a time
}

func openSurvey(app *App, db *postgis.DB) (*surveyParts, error) {
	p := &surveyParts{app: app, db: db, detections: postgis.NewDetections(db), models: app.models(), runtime: onnx.Find()}
	var err error
	if p.queue, err = jobs.NewQueue(db, app.Logger); err != nil {
		return nil, err
	}
	if p.folder, err = ingest.Open(filepath.Join(app.Data, "captures")); err != nil {
		return nil, err
	}
	p.captures = postgis.NewCaptures(db, func(ctx context.Context, tx pgx.Tx, kind, subject, area string, args any) (int64, error) {
		return p.queue.Enqueue(ctx, tx, jobs.New{Kind: kind, Subject: subject, Area: area, Heavy: true, Args: args, Repeat: true}) // an answer may come while the job that asked ends
	})
	p.shelf = ortho.NewShelf(p.entries, app.Logger)
	return p, nil
}

// entries lists what is served.
func (p *surveyParts) entries(ctx context.Context) ([]ortho.Entry, error) {
	stored, err := p.captures.AllStored(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ortho.Entry, 0, len(stored))
	for _, c := range stored {
		if f := c.File("ortho"); f != nil {
			out = append(out, ortho.Entry{ID: c.ID, Name: c.Name, CapturedAt: c.CapturedAt, AreaPath: c.AreaPath, Path: p.folder.Path(*f), Sum: f.SHA256, Bound: c.Footprint.Bound()})
		}
	}
	return out, nil
}

// worker knows every kind of jobs there is.
func (p *surveyParts) worker() *jobs.Worker {
	maker := &ingest.Maker{Folder: p.folder, Store: p.captures, Limits: ortho.DefaultLimits, County: func(ctx context.Context) (orb.Bound, error) {
		c, err := postgis.NewAreas(p.db).County(ctx)
		if err != nil {
			return orb.Bound{}, err
		}
		return c.Bound, nil
	}}
	return jobs.NewWorker(p.db, jobs.Options{Data: p.app.Data, Logger: p.app.Logger},
		jobs.Kind{Name: postgis.JobIngest, Heavy: true, Run: func(ctx context.Context, r *jobs.Run) error {
			var args struct{ Ingest int64 }
			if err := r.Decode(&args); err != nil {
				return err
			}
			return maker.Run(ctx, args.Ingest, r.Tell)
		}},
		p.comparison(),
		p.detecting(),
	)
}
