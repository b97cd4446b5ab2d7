package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/unit"
)

var _ unit.Sharing = (*Units)(nil)

// Share implements unit.Sharing. No audit row tells of each place: the track does.
func (s *Units) Share(ctx context.Context, f unit.Fix) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionWorkTask); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		var status unit.Status
		switch err := tx.QueryRow(ctx, `SELECT status FROM unit WHERE id = $1`, actor.Scope.UnitID).Scan(&status); {
		case errors.Is(err, pgx.ErrNoRows):
			return notFound("unit", actor.Scope.UnitID)
		case err != nil:
			return err
		case status == unit.OffDuty:
			return &layers.Error{Code: layers.CodeConflict, Reason: "off_duty", Msg: "who is off duty shares no place"}
		}
		_, err := tx.Exec(ctx, `INSERT INTO position AS p (id, area_path, kind, heading_deg, speed_mps, source_time, receive_time, geom)
			SELECT id, area_path, kind, $2, $3, $4, clock_timestamp(), ST_SetSRID(ST_MakePoint($5, $6), 4326) FROM unit WHERE id = $1
			ON CONFLICT (id) DO UPDATE SET area_path = excluded.area_path, kind = excluded.kind, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps,
				source_time = excluded.source_time, receive_time = excluded.receive_time, geom = excluded.geom
			WHERE p.source_time < excluded.source_time - interval '1 second'`,
			actor.Scope.UnitID, f.Heading, f.Speed, f.SourceTime, f.Point[0], f.Point[1])
		return err
	})
}

// StopSharing implements unit.Sharing.
func (s *Units) StopSharing(ctx context.Context) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionWorkTask); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM position WHERE id = $1`, actor.Scope.UnitID)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, "position.stop", subject("unit", actor.Scope.UnitID), nil)
	})
}
