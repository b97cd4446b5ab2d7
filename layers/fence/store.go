package fence

import (
	"context"
	"time"
)

// Keep is for how long an event is on the live map; the time machine has it for longer.
const Keep = 24 * time.Hour

// Store keeps rules, stays and events. Its methods for people ask for auth.ActionManageFences in the rule's area and write audit rows; those of the worker do
// neither. Implemented by postgis.Fences; package server/fences is the worker.
type Store interface {
	// Rules lists the rules of the actor's areas.
	Rules(ctx context.Context) ([]*Rule, error)
	// Create stores a rule that was validated. CodeForbidden, CodeConflict with reason "too_many_rules".
	Create(ctx context.Context, r *Rule) error
	// Update replaces a rule, which begins anew. CodeNotFound, CodeForbidden, CodeConflict with reason "stale_revision".
	Update(ctx context.Context, r *Rule) error
	// Delete forgets a rule; its events stay. CodeNotFound.
	Delete(ctx context.Context, id int64) error

	// Enabled lists the rules to watch.
	Enabled(ctx context.Context) ([]*Rule, error)
	// Stays returns who is inside by a rule.
	Stays(ctx context.Context, ruleID int64) ([]Stay, error)
	// Apply stores what came of a round, whole, and that the rule has begun. CodeConflict when the rule is another one now.
	Apply(ctx context.Context, r *Rule, o *Outcome) error
	// Failed notes why a rule cannot be watched.
	Failed(ctx context.Context, id int64, reason string) error
	// Prune takes events from the live map that are older than Keep.
	Prune(ctx context.Context) error
	// Lead runs f while this process is the one that watches, again and again until ctx ends; f's context ends when it is not any more.
	Lead(ctx context.Context, f func(context.Context) error) error
}
