package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/attachment"
	"wanglou/layers/report"
)

const (
	tellers   = 4 // at once: stills are waited for
	tellEvery = time.Second
	stillTime = 8 * time.Second
	maxTries  = 200 // then a person has to look: the reason stands with the source
	batch     = 64
)

// tell makes reports of what is stored, also of what an earlier process has left.
func (r *Runner) tell(ctx context.Context) {
	for ctx.Err() == nil {
		due, err := r.o.Store.Due(ctx, r.o.Now(), r.o.Patience, batch)
		if err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("the alarms of devices cannot be read: they are in a moment", "err", err)
		}
		var g errgroup.Group
		g.SetLimit(tellers)
		for i := range due {
			g.Go(func() error { r.report(ctx, &due[i]); return nil })
		}
		_ = g.Wait()
		if len(due) == batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-time.After(min(tellEvery, r.o.Patience)):
		}
	}
}

// report makes a report of an alarm. Cut off between the report and the note of it, the next attempt finds the report by the alarm's id.
func (r *Runner) report(ctx context.Context, a *alarm.Alarm) {
	pictures, err := r.pictures(ctx, a)
	var out *report.Outcome
	if err == nil {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		out, err = r.o.Alarms.Alarm(own, reportOf(a), pictures)
		if err == nil {
			err = r.o.Store.Told(own, a.ID, out.Report.ID)
		}
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	var known *layers.Error
	why, again := "error", (*time.Time)(nil)
	if errors.As(err, &known) {
		why = string(known.Code)
		if known.Reason != "" {
			why = known.Reason
		}
	}
	if layers.ErrorCode(err) != layers.CodeInvalid && a.Tries < maxTries { // told again, what is invalid is no better
		at := r.o.Now().Add(min(time.Second<<min(a.Tries, 9), 5*time.Minute))
		again = &at
	}
	r.o.Logger.Warn("an alarm of a device is no report", "alarm", a.ID, "source", a.Source, "why", why, "again", again != nil)
	if err := r.o.Store.Failed(ctx, a.ID, why, again); err != nil && ctx.Err() == nil {
		r.o.Logger.Warn("that an alarm is no report cannot be noted", "alarm", a.ID, "err", err)
	}
}

// pictures returns the picture of the stream, else a still of the camera, kept as evidence; none where neither is to be had. Where parts of a camera's picture are nobody's to
// see, its device's own picture is not kept: nobody knows where in it those parts are.
func (r *Runner) pictures(ctx context.Context, a *alarm.Alarm) ([]attachment.Picture, error) {
	if r.o.Evidence == nil {
		return nil, nil
	}
	b := a.Picture
	if a.Masked {
		b = nil
	}
	if b == nil && a.CameraID != 0 && a.Playable && r.o.Still != nil && a.Tries == 0 {
		still, cancel := context.WithTimeout(ctx, stillTime)
		defer cancel()
		var err error
		if b, err = r.o.Still(still, a.CameraID); err != nil {
			r.o.Logger.Debug("no still of a camera that raises an alarm", "camera", a.CameraID, "err", err)
			b = nil
		}
	}
	if b == nil {
		return nil, nil
	}
	p, err := r.o.Evidence.Take(ctx, "", bytes.NewReader(b))
	if layers.ErrorCode(err) == layers.CodeInvalid || layers.ErrorCode(err) == layers.CodeTooLarge {
		return nil, nil // what the device called a picture is none: the alarm is one all the same
	}
	if err != nil {
		return nil, err
	}
	return []attachment.Picture{*p}, nil
}

// reportOf is an alarm as the intake takes it.
func reportOf(a *alarm.Alarm) *report.Alarm {
	words := []string{a.Source}
	if a.Channel != "" {
		words = append(words, a.Channel)
	}
	words = append(words, a.Event)
	if a.Text != "" {
		words = append(words, a.Text)
	}
	out := &report.Alarm{Channel: report.Camera, Source: alarm.ReportSource, SourceID: "event-" + strconv.FormatInt(a.ID, 10), Kind: a.Kind, Description: strings.Join(words, " · "), Address: a.Camera, Point: a.Point,
		Unplaced: a.Point == nil, Time: a.At}
	if raw, err := json.Marshal(map[string]any{"protocol": a.Protocol, "source": a.Source, "channel": a.Channel, "event": a.Event, "text": a.Text}); err == nil {
		out.Raw = raw
	}
	return out
}
