package postgis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/duty"
	"wanglou/layers/incident"
)

// Handovers implements duty.Handovers. It is safe for concurrent use.
type Handovers struct{ db *DB }

// NewHandovers returns the handovers of db.
func NewHandovers(db *DB) *Handovers { return &Handovers{db} }

// Draft implements duty.Handovers.
func (s *Handovers) Draft(ctx context.Context, area string, now time.Time) (c *duty.Content, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err = s.draft(ctx, tx, area, now)
		return err
	})
	return c, err
}

// draft reads everything at one moment.
func (s *Handovers) draft(ctx context.Context, tx pgx.Tx, area string, now time.Time) (*duty.Content, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionHandover); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
		return nil, err
	}
	area, err := homeArea(ctx, tx, actor, area)
	if err != nil {
		return nil, err
	}
	shifts, err := covering(ctx, tx, area, now)
	if err != nil {
		return nil, err
	}
	posts := duty.Posts(actor.Scope.Roles, actor.User.Granted)
	var own []*duty.Shift // the next of the post that hands over
	for _, shift := range shifts {
		if slices.Contains(posts, shift.Role) {
			own = append(own, shift)
		}
	}
	now = now.UTC().Truncate(time.Second)
	c := &duty.Content{AreaPath: area, By: actor.User.Name, At: now, Until: duty.NextEnd(own, now).UTC()}
	if err := tx.QueryRow(ctx, `SELECT greatest(0, count(*) - $2::bigint) FROM incident WHERE closed_at IS NULL AND starts_with(area_path || '.', $1 || '.')`, area, duty.MaxCases).Scan(&c.More); err != nil {
		return nil, err
	}
	if c.Cases, err = collect(ctx, tx, scanCase, selectCase, area, duty.MaxCases); err != nil {
		return nil, err
	}
	if c.Promises, err = collect(ctx, tx, scanPromise, selectPromise, area, duty.MaxCases); err != nil {
		return nil, err
	}
	c.Fill()
	return c, nil
}

const selectCase = `SELECT i.id, i.number, i.title, i.severity, i.state, coalesce(i.area_path, ''), i.amber_at, i.due_at,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('name', u.name, 'state', t.state) ORDER BY t.id), '[]') FROM task t JOIN unit u ON u.id = t.unit_id
			WHERE t.incident_id = i.id AND t.ended_at IS NULL)
	FROM incident i WHERE i.closed_at IS NULL AND starts_with(i.area_path || '.', $1 || '.') ORDER BY i.severity, i.id LIMIT $2`

func scanCase(row pgx.CollectableRow) (c duty.Case, err error) {
	var (
		units    []byte
		severity int
		state    string
	)
	if err := row.Scan(&c.ID, &c.Number, &c.Title, &severity, &state, &c.AreaPath, &c.AmberAt, &c.DueAt, &units); err != nil {
		return c, err
	}
	c.Severity, c.State, c.AmberAt, c.DueAt = incident.Severity(severity), incident.State(state), utc(c.AmberAt), utc(c.DueAt)
	return c, json.Unmarshal(units, &c.Units)
}

const selectPromise = `SELECT m.incident_id, i.number, m.id, m.text, m.author_name, m.due_at FROM incident_message m JOIN incident i ON i.id = m.incident_id
	WHERE m.promise AND NOT EXISTS (SELECT FROM promise_kept k WHERE k.message_id = m.id) AND starts_with(i.area_path || '.', $1 || '.') ORDER BY m.due_at, m.id LIMIT $2`

func scanPromise(row pgx.CollectableRow) (p duty.Promise, err error) {
	err = row.Scan(&p.IncidentID, &p.Number, &p.MessageID, &p.Text, &p.By, &p.DueAt)
	p.DueAt = p.DueAt.UTC()
	return p, err
}

const selectHandover = `SELECT h.id, h.area_path, h.made_by, h.made_name, h.made_at, coalesce(h.taken_by, 0), coalesce(h.taken_name, ''), h.taken_at, h.hash,
	h.taken_at IS NULL AND EXISTS (SELECT FROM handover l WHERE l.area_path = h.area_path AND l.id > h.id), h.content FROM handover h `

func scanHandover(row pgx.CollectableRow) (*duty.Handover, error) {
	var (
		h       duty.Handover
		content string
	)
	err := row.Scan(&h.ID, &h.AreaPath, &h.MadeBy, &h.MadeName, &h.MadeAt, &h.TakenBy, &h.TakenName, &h.TakenAt, &h.Hash, &h.Superseded, &content)
	h.MadeAt, h.TakenAt = h.MadeAt.UTC(), utc(h.TakenAt)
	h.Content, h.Intact = json.RawMessage(content), contentHash([]byte(content)) == h.Hash
	return &h, err
}

func contentHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Make implements duty.Handovers.
func (s *Handovers) Make(ctx context.Context, area, notes string, now time.Time) (h *duty.Handover, err error) {
	notes, err = duty.ValidateNotes(notes)
	if err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		c, err := s.draft(ctx, tx, area, now)
		if err != nil {
			return err
		}
		c.Notes = notes
		content, err := json.Marshal(c)
		if err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO handover (area_path, made_by, made_name, made_at, content, hash) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			c.AreaPath, actor.User.ID, actor.User.Name, c.At, string(content), contentHash(content)).Scan(&id); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "handover.create", subject("handover", id), map[string]any{"area_path": c.AreaPath, "hash": contentHash(content)}); err != nil {
			return err
		}
		h, err = s.one(ctx, tx, id, "")
		return err
	})
	return h, err
}

// Handovers implements duty.Handovers.
func (s *Handovers) Handovers(ctx context.Context) ([]*duty.Handover, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionHandover); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanHandover, selectHandover+`WHERE `+inAreas("h.area_path", "$1")+` ORDER BY h.id DESC LIMIT $2`, actor.Scope.Areas, duty.MaxList)
	for _, h := range found {
		h.Content = nil
	}
	return found, err
}

// Handover implements duty.Handovers.
func (s *Handovers) Handover(ctx context.Context, id int64) (*duty.Handover, error) {
	return s.one(ctx, s.db.Pool, id, "")
}

// one returns a handover that the actor may see; lock is "" or "FOR UPDATE OF h".
func (s *Handovers) one(ctx context.Context, q querier, id int64, lock string) (*duty.Handover, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionHandover); err != nil {
		return nil, err
	}
	found, err := collect(ctx, q, scanHandover, selectHandover+`WHERE h.id = $1 AND `+inAreas("h.area_path", "$2")+` `+lock, id, actor.Scope.Areas)
	if err == nil && len(found) == 0 {
		err = notFound("handover", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Sign implements duty.Handovers. The audit row is the signer's, whoever is logged in at that screen.
func (s *Handovers) Sign(ctx context.Context, id int64, signer *auth.User) (h *duty.Handover, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if h, err = s.one(ctx, tx, id, "FOR UPDATE OF h"); err != nil {
			return err
		}
		if err := h.MayTake(signer); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE handover SET taken_by = $2, taken_name = $3, taken_at = clock_timestamp() WHERE id = $1`, id, signer.ID, signer.Name); err != nil {
			return err
		}
		here := auth.ActorFrom(ctx)
		by := auth.WithActor(ctx, &auth.Actor{User: signer, Scope: signer.Scope(), RequestID: here.RequestID, Remote: here.Remote})
		if err := appendAudit(by, tx, "handover.sign", subject("handover", id), map[string]any{"hash": h.Hash, "from": h.MadeName, "at_screen_of": here.User.Login}); err != nil {
			return err
		}
		h, err = s.one(ctx, tx, id, "")
		return err
	})
	return h, err
}
