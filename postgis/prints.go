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
		return appendAudit(ctx, tx, "map.print", "map", map[string]any{"title": m.Title, "kind": m.Kind, "size": m.Size, "scale": m.Scale, "bbox": m.Bbox, "data_at": m.DataAt.UTC()})
	})
}
