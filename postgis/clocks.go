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
	if err := q.QueryRow(ctx, `SELECT windows, week FROM calendar`).Scan(&c.Windows, &week); err != nil {
		return nil, err
	}
	for _, day := range week {
		if day >= 0 && int(day) < len(c.Week) {
			c.Week[day] = true
		}
	}
	rows, err := q.Query(ctx, `SELECT to_char(day, 'YYYY-MM-DD'), works FROM calendar_day`)
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

// setDeadlines writes when a case's lamp changes, as its log says; without a clock, or while it stands, never.
func setDeadlines(ctx context.Context, tx pgx.Tx, id int64, calendar *clock.Calendar) error {
	log, err := collect(ctx, tx, scanLog, selectLog+`WHERE incident_id = $1 ORDER BY id`, id)
	if err != nil {
		return err
	}
	var amber, due *time.Time
	if timing, runs := incident.TimingOf(log); runs {
		c := clock.Clock{Calendar: calendar, Start: timing.Start, Pauses: timing.Pauses}
		err := tx.QueryRow(ctx, `SELECT l.kind, l.amount FROM incident i JOIN time_limit l ON l.stage = $2
				AND (l.category = '' OR (l.standard, l.category) = (i.standard, i.category)) AND l.severity IN (0, i.severity)
			WHERE i.id = $1 ORDER BY l.category <> '' DESC, l.severity <> 0 DESC LIMIT 1`, id, timing.Stage).Scan(&c.Limit.Kind, &c.Limit.Amount)
		switch {
		case errors.Is(err, pgx.ErrNoRows): // nobody has set a limit
		case err != nil:
			return err
		default:
			amber, due = moments(&c)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE incident SET amber_at = $2, due_at = $3 WHERE id = $1 AND (amber_at, due_at) IS DISTINCT FROM ($2, $3)`, id, amber, due)
	return err
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

// SetDeadlines computes the deadlines of all open cases anew: after a change of the limits or the calendar.
func SetDeadlines(ctx context.Context, tx pgx.Tx) error {
	calendar, err := readCalendar(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT id FROM incident WHERE closed_at IS NULL ORDER BY id FOR UPDATE`)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := setDeadlines(ctx, tx, id, calendar); err != nil {
			return err
		}
	}
	return nil
}
