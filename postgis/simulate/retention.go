package simulate

import (
	"context"
	"time"

	"wanglou/postgis/demo"
)

const (
	tidyPeriod  = time.Minute
	keepTracks  = 6 * time.Hour
	keepReports = 8 * 24 * time.Hour
)

// stepTidy keeps a county that runs for weeks from growing without end. Tracks of its units go after some hours, and simulated reports that are
// answered or dismissed after some days. Cases and logs stay, as everywhere: they are what was done. An ordinary day adds some 700 cases, which
// are, with all their logs, 25,000 rows or 8 MB.
func (s *simulation) stepTidy(ctx context.Context, now time.Time) error {
	if now.Before(s.nextTidy) {
		return nil
	}
	s.nextTidy = now.Add(tidyPeriod)
	for id, at := range s.retryAt {
		if now.Sub(at) > time.Hour {
			delete(s.retryAt, id)
		}
	}
	units := make([]int64, 0, len(s.fleet))
	for id := range s.fleet {
		units = append(units, id)
	}
	if _, err := s.db.Pool.Exec(ctx, `DELETE FROM track WHERE unit_id = ANY ($1) AND source_time < $2`, units, now.Add(-keepTracks)); err != nil {
		return err
	}
	// Of cases that people have closed.
	if _, err := s.db.Pool.Exec(ctx, `UPDATE report r SET state = 'answered' FROM incident i
		WHERE i.id = r.incident_id AND r.state = 'attached' AND i.closed_at < now() - interval '1 minute' AND r.source = $1`, demo.Simulated); err != nil {
		return err
	}
	_, err := s.db.Pool.Exec(ctx, `DELETE FROM report WHERE source = $1 AND state IN ('answered', 'dismissed') AND receive_time < $2`, demo.Simulated, now.Add(-keepReports))
	return err
}
