package duty

import (
	"context"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Stages says for which states of a case each role has to be there.
var Stages = map[auth.Role][]incident.State{
	auth.RoleDuty:       {incident.Reported, incident.Verifying, incident.Accepted, incident.Checking},
	auth.RoleDispatcher: {incident.Filed},
}

// StageRoles lists the roles of [Stages], in the order of a case's life.
var StageRoles = []auth.Role{auth.RoleDuty, auth.RoleDispatcher}

// Post is one role in an area at a moment.
type Post struct {
	Role   auth.Role        `json:"role"`
	Stages []incident.State `json:"stages"` // that wait for it
	Shifts []*Shift         `json:"shifts"` // now
	Until  *time.Time       `json:"until,omitempty"`
	Next   *Shift           `json:"next,omitempty"`
	Vacant bool             `json:"vacant"` // the roster is used for this role, and names nobody now
}

// Now is who is on duty in an area at a moment.
type Now struct {
	At       time.Time `json:"at"`
	AreaPath string    `json:"area_path"`
	Posts    []Post    `json:"posts"`
	Mine     []*Shift  `json:"mine"`                // the caller's, now
	MineNext *Shift    `json:"mine_next,omitempty"` // and the next
}

// PostAt says who holds a role at a moment, of shifts that cover the area.
func PostAt(role auth.Role, shifts []*Shift, t time.Time) Post {
	var own []*Shift
	for _, s := range shifts {
		if s.Role == role {
			own = append(own, s)
		}
	}
	p := Post{Role: role, Stages: Stages[role], Shifts: At(own, t), Next: Next(own, t)}
	p.Vacant = len(own) > 0 && len(p.Shifts) == 0
	if p.Stages == nil {
		p.Stages = []incident.State{}
	}
	if p.Shifts == nil {
		p.Shifts = []*Shift{}
	}
	if until, ok := Until(own, t); ok {
		p.Until = &until
	}
	return p
}

// Known is how far around a moment shifts are looked at: a roster that nobody has kept for so long warns of nothing.
const Known = 14 * 24 * time.Hour

// Roster keeps shifts. Implemented by postgis.Roster.
type Roster interface {
	// Now says who is on duty: in an area of the actor's ("": the one that holds all of them), in a role ("": those that stages wait for).
	Now(ctx context.Context, area string, role auth.Role, t time.Time) (*Now, error)

	// Shifts lists the shifts of the actor's areas that have a moment in a span, of an area and below it ("": all).
	Shifts(ctx context.Context, area string, from, until time.Time) ([]*Shift, error)
	// People lists who can be on duty for an area: not barred, with a role that has shifts, and rights in all of it.
	People(ctx context.Context, area string) ([]Person, error)
	// Create stores a shift that was validated. CodeForbidden; CodeInvalid for people who cannot serve; CodeConflict with reason "shift_clash", "too_many_shifts".
	Create(ctx context.Context, s *Shift) error
	// Update replaces one. Besides: CodeNotFound, CodeConflict with reason "stale_revision".
	Update(ctx context.Context, s *Shift) error
	// Delete forgets one. CodeNotFound.
	Delete(ctx context.Context, id int64) error
	// Copy makes the shifts of exactly this area that begin in a span again, so much later; those that would clash are there already and are left out.
	Copy(ctx context.Context, area string, from, until time.Time, by time.Duration) (made []*Shift, err error)
}
