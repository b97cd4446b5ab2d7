package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
)

// Alarm implements report.Service. A device that stands outside the actor's areas is one that nobody knows. Alarms of one kind at one place within an hour
// are as alike as reports can be: they come to one case.
func (s *Reports) Alarm(ctx context.Context, a *report.Alarm, pictures []attachment.Picture) (*report.Outcome, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionIntake); err != nil {
		return nil, err
	}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if len(pictures) > attachment.MaxOfReport {
		return nil, layers.Invalid("picture", "too_many", "a report has at most %d pictures", attachment.MaxOfReport)
	}
	var kind report.AlarmKind
	// A category that was retired meanwhile is for a person to choose anew: the alarm is not lost for it.
	err := s.db.Pool.QueryRow(ctx, `SELECT k.title, CASE WHEN EXISTS (SELECT FROM category c WHERE c.standard = $2 AND c.code = k.category AND NOT c.retired) THEN k.category ELSE '' END,
		k.severity, k.retired FROM alarm_kind k WHERE k.code = $1`, a.Kind, defaultStandard).Scan(&kind.Title, &kind.Category, &kind.Severity, &kind.Retired)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, layers.Invalid("kind", "unknown_value", "%q is no kind of alarm that is known here", a.Kind)
	case err != nil:
		return nil, Wrap(err)
	case kind.Retired:
		return nil, layers.Invalid("kind", "retired_kind", "alarms of the kind %q are taken no more", a.Kind)
	}
	r := a.Report(&kind)
	if a.Device != "" {
		if err := s.stand(ctx, actor, a.Device, r); err != nil {
			return nil, err
		}
	}
	return s.keep(ctx, r, report.Asked{Severity: incident.Severity(kind.Severity)}, pictures)
}

// stand gives a report the place of its device, where it says none, and its name as the address.
func (s *Reports) stand(ctx context.Context, actor *auth.Actor, device string, r *report.Report) error {
	var at orb.Point
	var name string
	err := s.db.Pool.QueryRow(ctx, `SELECT ST_X(geom), ST_Y(geom), name FROM camera WHERE device_id = $1 AND `+inAreas("area_path", "$2"), device, actor.Scope.Areas).Scan(&at[0], &at[1], &name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return layers.Invalid("device", "unknown_value", "no device %q is known here", device)
	case err != nil:
		return Wrap(err)
	}
	if r.Point == nil {
		r.Point = &at
	}
	if r.Address == "" {
		r.Address = cut(name, 200)
	}
	return nil
}

const (
	alarmKindColumns = `id, revision, code, title, title_en, category, severity, retired`
	selectAlarmKind  = `SELECT ` + alarmKindColumns + ` FROM alarm_kind `
)

// AlarmKinds implements report.Service.
func (s *Reports) AlarmKinds(ctx context.Context) ([]report.AlarmKind, error) {
	if actor := auth.ActorFrom(ctx); !actor.Scope.May(auth.ActionIntake) { // a token of another system reads nothing else
		if err := forbid(actor, auth.ActionRead); err != nil {
			return nil, err
		}
	}
	return collect(ctx, s.db.Pool, pgx.RowToStructByPos[report.AlarmKind], selectAlarmKind+`ORDER BY code`)
}
