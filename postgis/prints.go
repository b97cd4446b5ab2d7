package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/printed"
)

// Prints implements printed.Service. It is safe for concurrent use.
type Prints struct{ db *DB }

// NewPrints returns the account of printed maps that db keeps: its audit log.
func NewPrints(db *DB) *Prints { return &Prints{db} }

// Record implements printed.Service.
func (s *Prints) Record(ctx context.Context, m *printed.Map) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionRead); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		details := map[string]any{"title": m.Title, "kind": m.Kind, "size": m.Size, "bbox": m.Bbox, "data_at": m.DataAt.UTC()}
		if m.Scale > 0 {
			details["scale"] = m.Scale // a picture has none
		}
		return appendAudit(ctx, tx, "map.print", "map", details)
	})
}
