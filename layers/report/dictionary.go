package report

import (
	"context"

	"wanglou/layers/incident"
)

// Dictionary changes the lists that reports and cases are made of. A change names the revision that was seen (CodeConflict with "stale_revision"); nothing is
// deleted, since old cases keep their words: it is retired. Every method reads the actor from ctx, asks for the right to manage rules and appends to the audit
// log in the same transaction; what is stored is written back. Implemented by postgis.Dictionary.
type Dictionary interface {
	// CreateCategory adds a category; one whose class is "" joins that of its first two digits. CodeInvalid, CodeConflict with "already_exists".
	CreateCategory(ctx context.Context, c *incident.Category) error
	// UpdateCategory changes the names, the severity and whether it is retired; code, kind and class stay. CodeNotFound.
	UpdateCategory(ctx context.Context, c *incident.Category) error
	CreateAlarmKind(ctx context.Context, k *AlarmKind) error
	// UpdateAlarmKind changes all but the code, by which devices name it.
	UpdateAlarmKind(ctx context.Context, k *AlarmKind) error
}
