package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/postgis"
	"wanglou/postgis/jobs"
	"wanglou/server/compare"
)

// Compare implements server.Comparisons.
func (p *surveyParts) Compare(ctx context.Context, before, after int64) (int64, error) {
	return p.detections.Compare(ctx, before, after, func(ctx context.Context, tx pgx.Tx, kind, subject, area string, args any) (int64, error) {
		return p.queue.Enqueue(ctx, tx, jobs.New{Kind: kind, Subject: subject, Area: area, Heavy: true, Args: args})
	})
}

// comparison is the kind of jobs that compare two captures.
func (p *surveyParts) comparison() jobs.Kind {
	return jobs.Kind{Name: postgis.ComparisonKind, Heavy: true, Run: func(ctx context.Context, r *jobs.Run) error {
		var args postgis.ComparisonArgs
		if err := r.Decode(&args); err != nil {
			return err
		}
		before, earlier, err := p.side(ctx, args.Before)
		measured := !lacksHeights(err)
		if err != nil && measured {
			return err
		}
		after, later, err := p.side(ctx, args.After)
		if err != nil && !lacksHeights(err) {
			return err
		}
		measured = measured && err == nil
		wanted, err := p.detections.Wanted(ctx, args.Before, args.After)
		if err != nil {
			return err
		}
		// What was seen by a flight stood when the same or a later one flew.
		stood := func(w *survey.Wanted) bool { return !before.CapturedAt.Before(w.SeenAt) }
		dir := filepath.Join(p.app.Data, "captures", "work", fmt.Sprintf("compare-%d", r.ID))
		var found *survey.Compared
		if measured {
			found, err = compare.Run(ctx, dir, earlier, later, wanted, stood, r.Tell)
		} else {
			if earlier, err = p.pictured(before); err != nil {
				return err
			}
			if later, err = p.pictured(after); err != nil {
				return err
			}
			found, err = compare.Look(ctx, dir, earlier, later, wanted, r.Tell)
		}
		if err != nil {
			return err
		}
		taken, err := p.detections.Compared(ctx, args.Before, args.After, found)
		if err == nil {
			r.Logger.InfoContext(ctx, "captures were compared", "before", args.Before, "after", args.After, "new", taken.New, "attached", taken.Attached, "lawful", taken.Lawful, "noise_m", found.Noise)
		}
		return err
	}}
}

// lacksHeights reports whether an error of side is that there is no surface model.
func lacksHeights(err error) bool {
	var e *layers.Error
	return errors.As(err, &e) && e.Reason == "no_dsm"
}

// pictured is side of a capture of which the picture is enough. CodeConflict with "no_dsm" where there is none either.
func (p *surveyParts) pictured(c *survey.Stored) (compare.Side, error) {
	f := c.File("ortho")
	if f == nil {
		return compare.Side{}, &layers.Error{Code: layers.CodeConflict, Reason: "no_dsm", Msg: "the capture has neither a surface model nor a picture"}
	}
	s := compare.Side{Ortho: p.folder.Path(*f), Bound: c.Footprint.Bound()}
	if c.GSD != nil {
		s.Pixel = *c.GSD
	}
	return s, nil
}

// side returns a capture and its files; the capture also where it has no surface model. CodeConflict with "no_dsm" or "capture_withdrawn".
func (p *surveyParts) side(ctx context.Context, id int64) (*survey.Stored, compare.Side, error) {
	c, err := p.captures.Stored(ctx, id)
	if err != nil {
		return nil, compare.Side{}, err
	}
	heights := c.File("dsm")
	switch {
	case c.Withdrawn != nil:
		return nil, compare.Side{}, &layers.Error{Code: layers.CodeConflict, Reason: "capture_withdrawn", Msg: "the capture was withdrawn"}
	case heights == nil:
		return c, compare.Side{}, &layers.Error{Code: layers.CodeConflict, Reason: "no_dsm", Msg: "the capture has no surface model"}
	}
	s := compare.Side{Heights: p.folder.Path(*heights), Bound: c.Footprint.Bound()}
	if s.Pixel, _ = heights.Info["gsd_m"].(float64); s.Pixel <= 0 {
		s.Pixel = 0.5
	}
	if f := c.File("ortho"); f != nil {
		s.Ortho = p.folder.Path(*f)
	}
	return c, s, nil
}

// Profile implements survey.Measures.
func (p *surveyParts) Profile(ctx context.Context, captures []int64, line orb.LineString) (*survey.HeightProfile, error) {
	var sides []compare.Side
	var with []int64
	var lacking error
	for _, id := range captures {
		_, s, err := p.side(ctx, id)
		switch {
		case lacksHeights(err):
			lacking = err
		case err != nil:
			return nil, err
		default:
			sides, with = append(sides, s), append(with, id)
		}
	}
	if len(sides) == 0 {
		return nil, lacking
	}
	out, err := compare.Profile(ctx, sides, line)
	if err != nil {
		return nil, err
	}
	for i := range out.Series {
		out.Series[i].CaptureID = with[i]
	}
	return out, nil
}

// Earthwork implements survey.Measures.
func (p *surveyParts) Earthwork(ctx context.Context, before, after int64, outline orb.MultiPolygon) (*survey.Earthwork, error) {
	_, earlier, err := p.side(ctx, before)
	if err != nil {
		return nil, err
	}
	_, later, err := p.side(ctx, after)
	if err != nil {
		return nil, err
	}
	return compare.Earthwork(ctx, earlier, later, outline)
}

// dueEvery is how often captures are looked for that nobody has compared yet.
const dueEvery = 30 * time.Second

// watch enqueues the comparison of each capture with heights that comes in with the one before, and ends the orders to fly that captures cover, until ctx ends. It returns ctx's error.
func (p *surveyParts) watch(ctx context.Context) error {
	ctx = auth.WithActor(ctx, auth.Operator("comparison"))
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	for {
		due, err := p.detections.ComparisonsDue(ctx)
		for _, d := range due {
			if err == nil {
				_, err = p.Compare(ctx, d.Before, d.After)
			}
		}
		if err == nil {
			_, err = p.detections.SettleFlights(ctx)
		}
		if err == nil {
			_, err = p.detections.ProposeUnmeasured(ctx)
		}
		if err != nil && ctx.Err() == nil {
			p.app.Logger.WarnContext(ctx, "captures cannot be compared yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Picture implements server.Pictures. A capture that has no orthophoto there has no picture. Whoever sees the outline sees its place, though the flight covers more than its areas.
func (p *surveyParts) Picture(ctx context.Context, captureID int64, around orb.MultiPolygon) ([]byte, error) {
	all, err := p.captures.AllStored(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if f := c.File("ortho"); c.ID == captureID && c.Withdrawn == nil && f != nil && c.Footprint.Bound().Intersects(around.Bound()) {
			return compare.Picture(ctx, p.folder.Path(*f), around)
		}
	}
	return nil, nil
}
