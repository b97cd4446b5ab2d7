package incident

import (
	"strings"

	"wanglou/layers"
)

// Correction changes what is said of a case, not where it stands; nil fields stay as they are.
type Correction struct {
	Title       *string   `json:"title"`
	Description *string   `json:"description"`
	Category    *string   `json:"category"`
	Severity    *Severity `json:"severity"`
	Address     *string   `json:"address"`
}

// MoveCorrect is the move of a log row that tells of a correction 更正. It leaves the state as it is.
const MoveCorrect = "correct"

// Apply returns in as corrected, and which fields became others. It reports the first wrong field: CodeInvalid.
func (c Correction) Apply(in Incident) (Incident, []string, error) {
	var changed []string
	set := func(field string, to, from *string) {
		if to != nil && strings.TrimSpace(*to) != *from {
			*from = strings.TrimSpace(*to)
			changed = append(changed, field)
		}
	}
	set("title", c.Title, &in.Title)
	set("description", c.Description, &in.Description)
	set("category", c.Category, &in.Category)
	set("address", c.Address, &in.Address)
	if c.Severity != nil && *c.Severity != in.Severity {
		in.Severity = *c.Severity
		changed = append(changed, "severity")
	}
	if len(changed) == 0 {
		return in, nil, layers.Invalid("", "no_change", "nothing is changed")
	}
	return in, changed, in.Validate()
}
