package postgis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

// readCalendar returns the calendar of the installation.
func readCalendar(ctx context.Context, q querier) (*clock.Calendar, error) {
	zone, err := TimeZone(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &clock.Calendar{Days: map[clock.Date]bool{}}
	if c.Zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("the installation's time zone: %w", err)
	}
	var week []int16
	var w clock.Window
	rows, err := q.Query(ctx, `SELECT week, lower(w), upper(w) FROM calendar, unnest(windows) w ORDER BY w`)
	if err != nil {
		return nil, err
	}
	if _, err := pgx.ForEachRow(rows, []any{&week, &w.From, &w.To}, func() error { c.Windows = append(c.Windows, w); return nil }); err != nil {
		return nil, err
	}
	for _, day := range week {
		c.Week[day] = true // the table holds days of a week alone
	}
	rows, err = q.Query(ctx, `SELECT to_char(day, 'YYYY-MM-DD'), works FROM calendar_day`)
	if err != nil {
		return nil, err
	}
	var day clock.Date
	var works bool
	if _, err := pgx.ForEachRow(rows, []any{&day, &works}, func() error { c.Days[day] = works; return nil }); err != nil {
		return nil, err
	}
	return c, c.Validate()
}

// setDeadlines writes when a case's lamp changes, as its log says; without a clock, or while it stands, never. The caller holds the case's lock.
func setDeadlines(ctx context.Context, tx pgx.Tx, id int64, calendar *clock.Calendar) (changed bool, err error) {
	log, err := collect(ctx, tx, scanLog, selectLog+`WHERE incident_id = $1 ORDER BY id`, id)
	if err != nil {
		return false, err
	}
	var amber, due *time.Time
	for i, timing := range incident.TimingsOf(log) {
		toAmber, toDue, err := momentsOf(ctx, tx, id, &timing, calendar)
		if err != nil {
			return false, err
		}
		if i == 0 || toDue != nil && (due == nil || toDue.Before(*due)) {
			amber, due = toAmber, toDue
		}
	}
	done, err := tx.Exec(ctx, `UPDATE incident SET amber_at = $2, due_at = $3 WHERE id = $1 AND (amber_at, due_at) IS DISTINCT FROM ($2, $3)`, id, amber, due)
	return done.RowsAffected() > 0, err
}

// momentsOf returns when the lamp of one clock of a case changes. Of the limits that fit the case the narrowest counts.
func momentsOf(ctx context.Context, q querier, id int64, t *incident.Timing, calendar *clock.Calendar) (amber, due *time.Time, err error) {
	if !t.Until.IsZero() {
		return new(t.Start.Add(time.Duration(clock.AmberFrom * float64(t.Until.Sub(t.Start))))), &t.Until, nil
	}
	c := clock.Clock{Calendar: calendar, Start: t.Start, Pauses: t.Pauses, More: t.More}
	err = q.QueryRow(ctx, `SELECT l.kind, l.amount FROM incident i JOIN time_limit l ON l.stage = $2
			AND (l.category = '' OR (l.standard, l.category) = (i.standard, i.category)) AND l.condition IN ('', i.condition)
			AND (l.area_path = '' OR starts_with(i.area_path || '.', l.area_path || '.')) AND l.severity IN (0, i.severity)
		WHERE i.id = $1 ORDER BY l.condition <> '' DESC, l.category <> '' DESC, length(l.area_path) DESC, l.severity <> 0 DESC LIMIT 1`, id, t.Stage).Scan(&c.Limit.Kind, &c.Limit.Amount)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // nobody has set a limit
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	amber, due = moments(&c)
	return amber, due, nil
}

func moments(c *clock.Clock) (amber, due *time.Time) {
	if at, known := c.At(clock.AmberFrom); known {
		amber = &at
	}
	if at, known := c.Due(); known {
		due = &at
	}
	return amber, due
}

// RecomputeDeadlines brings the deadlines of all open cases up to the limits and the calendar as they are now, one case a transaction, and
// returns how many changed. Closed cases without a kind of closing get theirs.
func (s *Incidents) RecomputeDeadlines(ctx context.Context) (changed int, err error) {
	calendar, err := readCalendar(ctx, s.db.Pool)
	if err != nil {
		return 0, Wrap(err)
	}
	if err := s.fillClosings(ctx, calendar); err != nil {
		return 0, err
	}
	ids, err := collect(ctx, s.db.Pool, pgx.RowTo[int64], `SELECT id FROM incident WHERE closed_at IS NULL ORDER BY id`)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		err := s.db.transact(ctx, func(tx pgx.Tx) error {
			if _, err := incidentByID(ctx, tx, id, "FOR UPDATE"); err != nil {
				return err
			}
			other, err := setDeadlines(ctx, tx, id, calendar)
			if other {
				changed++
			}
			return err
		})
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}
