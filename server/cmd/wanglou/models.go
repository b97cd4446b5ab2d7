package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/jobs"
	"wanglou/server"
	"wanglou/server/compare"
	"wanglou/server/onnx"
)

// models returns the shelf of the data folder.
func (a *App) models() *onnx.Shelf { return &onnx.Shelf{Dir: filepath.Join(a.Data, "models")} }

// Detectors implements server.Detectors.
func (p *surveyParts) Detectors(ctx context.Context) (out []server.Detector, version string, away, err error) {
	found, err := p.models.Models()
	if err != nil {
		return nil, "", nil, err
	}
	for _, m := range found {
		out = append(out, server.Detector{Folder: m.Folder, Manifest: m.Manifest, Unusable: m.Unusable})
	}
	version, away = p.runtime.Version(ctx)
	return out, version, away, ctx.Err()
}

// usable returns a model that its files do not speak against.
func (p *surveyParts) usable(folder string) (*onnx.Model, error) {
	m, err := p.models.Model(folder)
	if err != nil {
		return nil, err
	}
	return m, m.Unusable
}

// CheckDetector implements server.Detectors.
func (p *surveyParts) CheckDetector(ctx context.Context, folder string) (float64, error) {
	m, err := p.usable(folder)
	if err != nil {
		return 0, err
	}
	if !p.checking.TryLock() {
		return 0, &layers.Error{Code: layers.CodeConflict, Reason: "checking", Msg: "another model is tried just now"}
	}
	defer p.checking.Unlock()
	return p.runtime.Check(ctx, m)
}

// Detect implements server.Detectors.
func (p *surveyParts) Detect(ctx context.Context, folder string, capture, before int64) (int64, error) {
	m, err := p.usable(folder)
	if err != nil {
		return 0, err
	}
	if m.Compares() && before == 0 {
		return 0, layers.Invalid("before", "model_pair", "the model compares: it wants an earlier capture")
	}
	if _, err := p.runtime.Version(ctx); err != nil {
		return 0, err
	}
	return p.detections.Detect(ctx, postgis.DetectionArgs{Folder: folder, Capture: capture, Before: before}, func(ctx context.Context, tx pgx.Tx, kind, subject, area string, args any) (int64, error) {
		return p.queue.Enqueue(ctx, tx, jobs.New{Kind: kind, Subject: subject, Area: area, Heavy: true, Args: args})
	})
}

// detecting is the kind of jobs that let a model look at captures.
func (p *surveyParts) detecting() jobs.Kind {
	return jobs.Kind{Name: postgis.DetectionKind, Heavy: true, Run: func(ctx context.Context, r *jobs.Run) error {
		var args postgis.DetectionArgs
		if err := r.Decode(&args); err != nil {
			return err
		}
		m, err := p.usable(args.Folder)
		if err != nil {
			return err
		}
		later, err := p.shown(ctx, args.Capture)
		if err != nil {
			return err
		}
		var earlier *compare.Side
		if args.Before != 0 {
			if earlier, err = p.shown(ctx, args.Before); err != nil {
				return err
			}
		}
		found, err := compare.Model(ctx, filepath.Join(p.app.Data, "captures", "work", fmt.Sprintf("detect-%d", r.ID)), p.runtime, m, earlier, *later, r.Tell)
		if err != nil {
			return err
		}
		found.Before = args.Before
		// A worker that dies after the commit is not asked twice: the job is the key.
		taken, err := p.detections.Intake(ctx, args.Capture, found, fmt.Sprintf("job/%d", r.ID))
		if err == nil {
			r.Logger.InfoContext(ctx, "a model looked at a capture", "model", found.Model, "version", found.Version, "capture", args.Capture, "before", args.Before,
				"new", taken.New, "attached", taken.Attached, "lawful", taken.Lawful, "outside", taken.Outside)
		}
		return err
	}}
}

// shown returns a capture's picture. CodeConflict with "capture_withdrawn".
func (p *surveyParts) shown(ctx context.Context, id int64) (*compare.Side, error) {
	c, err := p.captures.Stored(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.Withdrawn != nil {
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "capture_withdrawn", Msg: "the capture was withdrawn"}
	}
	s, err := p.pictured(c)
	return &s, err
}
