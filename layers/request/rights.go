package request

import (
	"fmt"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Allowed returns CodeForbidden unless the scope is on the side of a step in a case that it may see. unitID is its unit's where that was sent to the case, 0 else;
// r is the request, nil where it does not exist yet. Supervisors look at all of their areas, whoever holds a case.
func Allowed(s *auth.Scope, in *incident.Incident, side Side, unitID int64, r *Request) error {
	action, path := auth.ActionDispatch, in.Holder()
	switch side {
	case ByLeader:
		action = auth.ActionMoveIncident
	case BySupervisor:
		action, path = auth.ActionSupervise, in.AreaPath
	default:
		if unitID != 0 {
			if r != nil && r.UnitID != 0 && r.UnitID != unitID {
				return &layers.Error{Code: layers.CodeForbidden, Reason: "other_unit", Params: map[string]string{"unit": r.UnitName}, Msg: fmt.Sprintf("the request is %s's", r.UnitName)}
			}
			return nil
		}
	}
	if !s.May(action) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "role", Params: map[string]string{"action": string(action)}, Msg: fmt.Sprintf("the roles do not allow %s", action)}
	}
	if !s.InArea(path) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Params: map[string]string{"area_path": path}, Msg: "the case is held outside of the caller's areas"}
	}
	return nil
}
