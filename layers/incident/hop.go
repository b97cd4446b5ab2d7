package incident

import (
	"context"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// Hop is how a case goes from one level of the areas to another: village, town, county, as the tree of areas has them. It is the move of the log row that tells of it.
type Hop string

const (
	HopUp   Hop = "hop.up"   // 上报: to the level above
	HopDown Hop = "hop.down" // 交办: to the level below, towards the case's place
	HopTake Hop = "hop.take" // the new holder takes it, which ends the hop's clock
)

// Holder is the area whose people act on the case; those above may, too. Those below see it.
func (in *Incident) Holder() string {
	if in.HolderPath != "" {
		return in.HolderPath
	}
	return in.AreaPath
}

// HopTo returns the area that holds the case after a hop. CodeInvalid: there is no level there.
func (in *Incident) HopTo(h Hop) (string, error) {
	from := in.Holder()
	switch h {
	case HopUp:
		if i := strings.LastIndexByte(from, '.'); i > 0 {
			return from[:i], nil
		}
	case HopDown:
		if rest, below := strings.CutPrefix(in.AreaPath, from+"."); below {
			next, _, _ := strings.Cut(rest, ".")
			return from + "." + next, nil
		}
	case HopTake:
		return from, nil
	default:
		return "", layers.Invalid("hop", "unknown_value", "%q is not a hop", h)
	}
	return "", layers.Invalid("hop", "no_level", "there is no level to hand the case to")
}

// CheckHop reports whether a hop says why: CodeInvalid. Taking needs no reason.
func CheckHop(h Hop, reason string) error {
	if h != HopTake && strings.TrimSpace(reason) == "" {
		return layers.Invalid("reason", "required", "%q needs a reason", h)
	}
	if n := utf8.RuneCountInString(reason); n > MaxReason {
		return layers.Invalid("reason", "too_long", "the reason has %d characters, at most %d are kept", n, MaxReason)
	}
	return nil
}

// Handed reports whether the case was handed on and not yet taken, as its log says.
func Handed(log []LogEntry) bool { _, open := hopOf(log); return open }

// Flow is what is done with a case beside its moves. Implemented by postgis.Incidents.
type Flow interface {
	// Hop hands a case on, or takes it; whoever holds it may, and those above. CodeConflict when revision is no longer the newest, or with reason "not_handed" where
	// there is nothing to take.
	Hop(ctx context.Context, id int64, h Hop, reason string, revision int64) (*Incident, error)
	// ConditionsFor lists the filing conditions 立案条件 that a case can be filed under.
	ConditionsFor(ctx context.Context, in *Incident) ([]Condition, error)
	// ConditionOf returns the one that a case was filed under, nil for none.
	ConditionOf(ctx context.Context, in *Incident) (*Condition, error)
}
