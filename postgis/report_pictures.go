package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/report"
)

// addPictures keeps the pictures of a report of the same transaction or of one that is locked, and sets their ids. They show what was there before anything
// was done. Case and report are touched, so that whoever looks at them asks again.
func addPictures(ctx context.Context, tx pgx.Tx, r *report.Report, pictures []attachment.Picture) error {
	if len(pictures) == 0 {
		return nil
	}
	for _, p := range pictures {
		if _, err := tx.Exec(ctx, `INSERT INTO attachment (client_id, user_id, report_id, role, type, size, sha256, shared_sha256, thumb_sha256, source_time, done_at, geom)
			SELECT gen_random_uuid(), nullif($2::bigint, 0), r.id, $3, $4, $5, $6, $7, nullif($8, ''), coalesce(r.source_time, r.receive_time), clock_timestamp(), r.geom FROM report r WHERE r.id = $1
			ON CONFLICT (report_id, sha256) WHERE report_id IS NOT NULL DO NOTHING`,
			r.ID, auth.ActorFrom(ctx).User.ID, attachment.Before, p.Type, p.Size, p.SHA256, p.Files.Shared, p.Files.Thumb); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "report.picture", subject("report", r.ID), map[string]any{"sha256": p.SHA256, "size": p.Size}); err != nil {
			return err
		}
	}
	kept, err := reportByID(ctx, tx, r.ID, "")
	if err != nil {
		return err
	}
	*r = *kept
	_, err = tx.Exec(ctx, `UPDATE incident SET updated_at = clock_timestamp() WHERE id = $1`, r.IncidentID)
	return err
}

// Expects implements report.Service.
func (s *Reports) Expects(ctx context.Context, code string) error {
	_, err := s.expecting(ctx, s.db.Pool, code, "")
	return Wrap(err)
}

// expecting returns the report of a tracking code that takes one more picture.
func (s *Reports) expecting(ctx context.Context, q querier, code, lock string) (*report.Report, error) {
	found, err := collect(ctx, q, scanReport, selectReport+`WHERE r.tracking = $1 AND r.channel = 'citizen' `+lock, foldTracking(code))
	switch {
	case err != nil:
		return nil, err
	case code == "", len(found) == 0:
		return nil, noTracked()
	case s.now().Sub(found[0].ReceiveTime) > report.PictureTime:
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "too_late", Msg: "the report no longer takes pictures"}
	case len(found[0].Pictures) >= attachment.MaxOfReport:
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "too_many_pictures", Msg: "the report has all the pictures that it takes"}
	}
	return found[0], nil
}

// AddPicture implements report.Service.
func (s *Reports) AddPicture(ctx context.Context, code string, p attachment.Picture) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		r, err := s.expecting(ctx, tx, code, "FOR UPDATE OF r")
		if e := (*layers.Error)(nil); errors.As(err, &e) && e.Reason == "too_many_pictures" {
			return s.keptAlready(ctx, tx, code, p, err)
		}
		if err != nil {
			return err
		}
		return addPictures(ctx, tx, r, []attachment.Picture{p})
	})
}

// keptAlready forgives one picture too many that is there: the answer to its first sending was lost.
func (s *Reports) keptAlready(ctx context.Context, tx pgx.Tx, code string, p attachment.Picture, tooMany error) error {
	var there bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM attachment a JOIN report r ON r.id = a.report_id WHERE r.tracking = $1 AND a.sha256 = $2)`, foldTracking(code), p.SHA256).Scan(&there)
	if err == nil && !there {
		err = tooMany
	}
	return err
}
