package postgis

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// likeEscape makes a text mean itself in LIKE.
var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// FindOver implements incident.Figures. A whole number is found however old it is; words are looked for in the latest incident.MaxOver cases, which is a
// matter of milliseconds for a database of any age.
func (s *Incidents) FindOver(ctx context.Context, words []string, most int) ([]*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	patterns := make([]string, len(words))
	for i, word := range words {
		patterns[i] = "%" + likeEscape.Replace(word) + "%"
	}
	return collect(ctx, s.db.Pool, scanIncident, `WITH named AS (
			SELECT id FROM incident WHERE number = @whole AND closed_at IS NOT NULL
			UNION
			SELECT id FROM (SELECT id, number || ' ' || title || ' ' || address AS text FROM incident i WHERE closed_at IS NOT NULL AND `+visible(actor, "i.area_path")+` ORDER BY closed_at DESC LIMIT @latest) l
			WHERE text ILIKE ALL (@patterns::text[]))
		`+selectIncident+`WHERE i.id IN (SELECT id FROM named) AND `+visible(actor, "i.area_path")+` ORDER BY i.number = @whole DESC, i.closed_at DESC, i.id DESC LIMIT @most`,
		pgx.NamedArgs{"whole": strings.Join(words, " "), "patterns": patterns, "areas": actor.Scope.Areas, "latest": incident.MaxOver, "most": most})
}
