package postgis

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/marking"
)

// Markings implements marking.Service. It is safe for concurrent use.
type Markings struct{ db *DB }

// NewMarkings returns the markings of db.
func NewMarkings(db *DB) *Markings { return &Markings{db} }

const selectMarking = `SELECT m.id, m.revision, coalesce(m.incident_id, 0), m.kind, m.standing, m.label, m.note, m.rotation_deg, m.size, m.radius_m, m.locked,
	ST_AsEWKB(m.geom), coalesce(m.area_path, ''), coalesce(m.author_id, 0), m.author, m.editor, m.created_at, m.updated_at, m.removed_at IS NOT NULL, coalesce(m.act_id, 0) FROM marking m `

// kept is a marking with what is kept of it beside what people see.
type kept struct {
	*marking.Marking
	removed bool
	act     int64 // the act that made it what it is, 0 for none
}

// scanMarking reads one for an actor.
func scanMarking(actor *auth.Actor) pgx.RowToFunc[kept] {
	return func(row pgx.CollectableRow) (kept, error) {
		k := kept{Marking: &marking.Marking{}}
		m := k.Marking
		var shape []byte
		if err := row.Scan(&m.ID, &m.Revision, &m.Incident, &m.Kind, &m.Standing, &m.Label, &m.Note, &m.Rotation, &m.Size, &m.RadiusM, &m.Locked, &shape, &m.AreaPath,
			&m.AuthorID, &m.Author, &m.Editor, &m.CreatedAt, &m.UpdatedAt, &k.removed, &k.act); err != nil {
			return k, err
		}
		g, err := decodeGeometry(shape)
		if err != nil {
			return k, err
		}
		m.Geometry = geojson.NewGeometry(g)
		m.CreatedAt, m.UpdatedAt = m.CreatedAt.UTC(), m.UpdatedAt.UTC()
		m.Editable = mayChange(actor, m) == nil
		return k, nil
	}
}

// mayChange reports whether the actor may change a marking that nobody has locked.
func mayChange(actor *auth.Actor, m *marking.Marking) error {
	if err := forbid(actor, auth.ActionDraw); err != nil {
		return err
	}
	if !actor.Scope.InArea(m.AreaPath) {
		return outsideAreas(m.AreaPath)
	}
	if m.AuthorID != actor.User.ID && !actor.Scope.May(auth.ActionManageMarkings) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "not_your_marking", Params: map[string]string{"by": m.Author}, Msg: "somebody else has drawn it"}
	}
	return nil
}

// Drawing implements marking.Service.
func (s *Markings) Drawing(ctx context.Context, incident int64) (*marking.Drawing, error) {
	actor := auth.ActorFrom(ctx)
	if err := s.seeDrawing(ctx, s.db.Pool, incident); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanMarking(actor), selectMarking+`WHERE m.incident_id IS NOT DISTINCT FROM nullif(@incident::bigint, 0) AND m.removed_at IS NULL
		AND (@incident::bigint <> 0 OR `+inAreas("m.area_path", "@areas")+`) ORDER BY m.id LIMIT 5000`, pgx.NamedArgs{"incident": incident, "areas": actor.Scope.Areas})
	if err != nil {
		return nil, err
	}
	out := &marking.Drawing{Items: make([]*marking.Marking, len(found))}
	for i, k := range found {
		out.Items[i] = k.Marking
	}
	for step, to := range map[marking.Step]**marking.Act{marking.Undo: &out.Undo, marking.Redo: &out.Redo} {
		switch next, err := nextAct(ctx, s.db.Pool, actor, incident, step, ""); {
		case err != nil:
			return nil, err
		case next != nil:
			*to = &next.Act
		}
	}
	return out, nil
}

// seeDrawing reports whether the actor may read the drawing of a case, or of areas by themselves.
func (s *Markings) seeDrawing(ctx context.Context, q querier, id int64) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil || id == 0 {
		return err
	}
	in, err := incidentByID(ctx, q, id, "")
	if err != nil {
		return err
	}
	return checkSeen(ctx, q, actor, in)
}

// openDrawing takes the drawing of a case for a change, or of areas by themselves, and returns the case's area.
func openDrawing(ctx context.Context, tx pgx.Tx, id int64) (area string, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionDraw); err != nil || id == 0 {
		return "", err
	}
	in, err := incidentByID(ctx, tx, id, "FOR SHARE")
	if err != nil {
		return "", err
	}
	if err := checkSeen(ctx, tx, actor, in); err != nil {
		return "", err
	}
	switch {
	case !actor.Scope.InArea(in.AreaPath):
		err = outsideAreas(in.AreaPath)
	case in.State.Final():
		err = &layers.Error{Code: layers.CodeConflict, Reason: "case_over", Msg: "the case is over"}
	}
	return in.AreaPath, err
}

// Draw implements marking.Service.
func (s *Markings) Draw(ctx context.Context, incident int64, c *marking.Content) (out *marking.Marking, err error) {
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		area, err := openDrawing(ctx, tx, incident)
		if err != nil {
			return err
		}
		if incident == 0 {
			at := c.Anchor()
			if err := tx.QueryRow(ctx, `SELECT coalesce(area_path_at(ST_Point($1, $2, 4326)), '')`, at[0], at[1]).Scan(&area); err != nil {
				return err
			}
			if !actor.Scope.InArea(area) {
				return outsideAreas(area)
			}
		}
		if err := roomInDrawing(ctx, tx, incident, area); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO marking (revision, incident_id, kind, standing, area_path, author_id, author, editor, geom)
			VALUES (0, nullif($1::bigint, 0), $2, $3, nullif($4, ''), nullif($5::bigint, 0), $6, $6, ST_Point(0, 0, 4326)) RETURNING id`,
			incident, c.Kind, c.Standing, area, actor.User.ID, actor.User.Name).Scan(&id); err != nil {
			return err
		}
		out, err = s.act(ctx, tx, kept{Marking: &marking.Marking{ID: id, Incident: incident}}, marking.Drew, c)
		return err
	})
	return out, err
}

// roomInDrawing refuses one more marking of a drawing that is full. Two at once count one after the other.
func roomInDrawing(ctx context.Context, tx pgx.Tx, incident int64, area string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('markings'), hashtext($1 || ' ' || $2))`, area, subject("incident", incident)); err != nil {
		return err
	}
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM marking WHERE removed_at IS NULL AND incident_id IS NOT DISTINCT FROM nullif($1::bigint, 0) AND ($1 <> 0 OR coalesce(area_path, '') = $2)`, incident, area).Scan(&n)
	if err == nil && n >= marking.MaxInDrawing {
		err = &layers.Error{Code: layers.CodeConflict, Reason: "too_many_markings", Msg: "the drawing has as many markings as are kept: remove one first"}
	}
	return err
}

// hold returns a marking that the actor may change, as it is at a revision, locked until the transaction ends.
func (s *Markings) hold(ctx context.Context, tx pgx.Tx, id, revision int64) (kept, error) {
	k, err := s.find(ctx, tx, id, "")
	if err != nil {
		return k, err
	}
	if _, err := openDrawing(ctx, tx, k.Incident); err != nil { // the case before what is drawn for it, as whoever moves the case
		return k, err
	}
	if k, err = s.find(ctx, tx, id, "FOR UPDATE OF m"); err != nil {
		return k, err
	}
	switch err := mayChange(auth.ActorFrom(ctx), k.Marking); {
	case err != nil:
		return k, err
	case k.Revision != revision:
		return k, &layers.Error{Code: layers.CodeConflict, Reason: "stale_revision", Field: "revision",
			Params: map[string]string{"by": k.Editor, "at": k.UpdatedAt.Format(time.RFC3339)}, Msg: k.Editor + " has changed it since"}
	}
	return k, nil
}

// find returns a marking that is there and that the actor may see.
func (s *Markings) find(ctx context.Context, q querier, id int64, lock string) (kept, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return kept{}, err
	}
	found, err := collect(ctx, q, scanMarking(actor), selectMarking+`WHERE m.id = $1 AND m.removed_at IS NULL AND `+inAreas("m.area_path", "$2")+` `+lock, id, actor.Scope.Areas)
	switch {
	case err != nil:
		return kept{}, err
	case len(found) == 0:
		return kept{}, notFound("marking", id)
	}
	return found[0], nil
}

var errLocked = &layers.Error{Code: layers.CodeConflict, Reason: "locked", Field: "locked", Msg: "it is locked: unlock it first"}

// Change implements marking.Service.
func (s *Markings) Change(ctx context.Context, id, revision int64, c *marking.Content) (out *marking.Marking, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		k, err := s.hold(ctx, tx, id, revision)
		switch {
		case err != nil:
			return err
		case k.Locked && c.Locked:
			return errLocked
		case k.Kind.Shape() != c.Kind.Shape():
			return layers.Invalid("kind", "wrong_type", "a %s does not become a %s", k.Kind, c.Kind)
		}
		out, err = s.act(ctx, tx, k, marking.Changed, c)
		return err
	})
	return out, err
}

// Remove implements marking.Service.
func (s *Markings) Remove(ctx context.Context, id, revision int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		k, err := s.hold(ctx, tx, id, revision)
		switch {
		case err != nil:
			return err
		case k.Locked:
			return errLocked
		}
		_, err = s.act(ctx, tx, k, marking.Removed, nil)
		return err
	})
}

// act makes of a marking what somebody wants of it, keeps the act and writes the audit row. What was taken back before is then not done again.
func (s *Markings) act(ctx context.Context, tx pgx.Tx, was kept, deed marking.Deed, c *marking.Content) (*marking.Marking, error) {
	actor := auth.ActorFrom(ctx)
	var before *marking.Content
	if deed != marking.Drew {
		before = &was.Content
	}
	if _, err := tx.Exec(ctx, `UPDATE marking_act SET spent = true WHERE actor_id = $1 AND incident_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND NOT spent AND undone_at IS NOT NULL`,
		actor.User.ID, was.Incident); err != nil {
		return nil, err
	}
	var id int64
	if err := tx.QueryRow(ctx, `INSERT INTO marking_act (marking_id, incident_id, actor_id, actor_name, deed, parent_id, before, after)
		VALUES ($1, nullif($2::bigint, 0), nullif($3::bigint, 0), $4, $5, nullif($6::bigint, 0), $7, $8) RETURNING id`,
		was.ID, was.Incident, actor.User.ID, actor.User.Name, deed, was.act, before, c).Scan(&id); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM marking_act WHERE marking_id = $1 AND id < (SELECT id FROM marking_act WHERE marking_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)`, was.ID, marking.MaxActs-1); err != nil {
		return nil, err
	}
	if err := show(ctx, tx, was.ID, c, id); err != nil {
		return nil, err
	}
	now, err := collect(ctx, tx, scanMarking(actor), selectMarking+`WHERE m.id = $1`, was.ID)
	if err != nil {
		return nil, err
	}
	return now[0].Marking, auditMarking(ctx, tx, "marking."+string(deed), now[0].Marking)
}

func auditMarking(ctx context.Context, tx pgx.Tx, action string, m *marking.Marking) error {
	return appendAudit(ctx, tx, action, subject("marking", m.ID), map[string]any{"incident_id": m.Incident, "kind": m.Kind, "standing": m.Standing, "label": m.Label, "locked": m.Locked, "area_path": m.AreaPath})
}

// show makes a marking what an act says; without content it is taken off the map.
func show(ctx context.Context, tx pgx.Tx, id int64, c *marking.Content, act int64) error {
	by := auth.ActorFrom(ctx).User.Name
	if c == nil {
		_, err := tx.Exec(ctx, `UPDATE marking SET removed_at = clock_timestamp(), updated_at = clock_timestamp(), revision = revision + 1, editor = $2, act_id = nullif($3::bigint, 0) WHERE id = $1`, id, by, act)
		return err
	}
	tag, err := tx.Exec(ctx, `UPDATE marking SET kind = @kind, standing = @standing, label = @label, note = @note, rotation_deg = @rotation, size = @size, radius_m = @radius, locked = @locked,
		geom = ST_GeomFromWKB(@geom, 4326), removed_at = NULL, editor = @by, act_id = nullif(@act::bigint, 0), updated_at = clock_timestamp(), revision = revision + 1
		WHERE id = @id AND ST_IsValid(ST_GeomFromWKB(@geom, 4326))`, pgx.NamedArgs{"id": id, "kind": c.Kind, "standing": c.Standing, "label": c.Label, "note": c.Note, "rotation": c.Rotation,
		"size": c.Size, "radius": c.RadiusM, "locked": c.Locked, "geom": wkb.MustMarshal(c.Geometry.Geometry()), "by": by, "act": act})
	if err == nil && tag.RowsAffected() == 0 {
		err = layers.Invalid("geometry", "self_intersection", "the area crosses itself")
	}
	return err
}

// storedAct is an act with what it did.
type storedAct struct {
	marking.Act
	incident      int64
	parent        int64
	undone        *time.Time
	before, after *marking.Content
}

const selectAct = `SELECT a.id, a.marking_id, a.deed, m.kind, m.label, a.actor_name, a.at, a.undone_at, coalesce(a.incident_id, 0), coalesce(a.parent_id, 0), a.before, a.after
	FROM marking_act a JOIN marking m ON m.id = a.marking_id `

func scanAct(row pgx.CollectableRow) (*storedAct, error) {
	var a storedAct
	var before, after []byte
	err := row.Scan(&a.ID, &a.Marking, &a.Deed, &a.Kind, &a.Label, &a.By, &a.At, &a.undone, &a.incident, &a.parent, &before, &after)
	a.At, a.Undone = a.At.UTC(), a.undone != nil
	for _, c := range []struct {
		raw []byte
		to  **marking.Content
	}{{before, &a.before}, {after, &a.after}} {
		if err == nil && c.raw != nil {
			err = json.Unmarshal(c.raw, c.to)
		}
	}
	return &a, err
}

// nextAct returns the act of the actor's that is taken back or done again next in a drawing, nil for none.
func nextAct(ctx context.Context, q querier, actor *auth.Actor, incident int64, s marking.Step, lock string) (*storedAct, error) {
	which := `a.undone_at IS NULL ORDER BY a.id DESC`
	if s == marking.Redo {
		which = `a.undone_at IS NOT NULL ORDER BY a.undone_at DESC`
	}
	found, err := collect(ctx, q, scanAct, selectAct+`WHERE a.actor_id = $1 AND a.incident_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND NOT a.spent AND `+which+` LIMIT 1 `+lock, actor.User.ID, incident)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Done implements marking.Service.
func (s *Markings) Done(ctx context.Context, incidents []int64, until time.Time) ([]*marking.Done, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanAct, selectAct+`WHERE a.incident_id = ANY($1) AND a.at < $2 AND `+inAreas("m.area_path", "$3")+` ORDER BY a.id LIMIT $4`,
		incidents, until, actor.Scope.Areas, marking.MaxDone)
	out := make([]*marking.Done, len(found))
	for i, a := range found {
		a.Undone = a.undone != nil && a.undone.Before(until)
		out[i] = &marking.Done{Act: a.Act, Incident: a.incident, Content: a.after}
		if a.after != nil { // as it was then
			out[i].Kind, out[i].Label = a.after.Kind, a.after.Label
		}
	}
	return out, err
}

// Acts implements marking.Service.
func (s *Markings) Acts(ctx context.Context, id int64) ([]*marking.Act, error) {
	if _, err := s.find(ctx, s.db.Pool, id, ""); err != nil {
		return nil, err
	}
	found, err := collect(ctx, s.db.Pool, scanAct, selectAct+`WHERE a.marking_id = $1 ORDER BY a.id DESC LIMIT $2`, id, marking.MaxActs)
	out := make([]*marking.Act, len(found))
	for i, a := range found {
		out[i] = &a.Act
	}
	return out, err
}

var noStep = map[marking.Step]error{
	marking.Undo: &layers.Error{Code: layers.CodeConflict, Reason: "nothing_to_undo", Msg: "there is nothing to undo"},
	marking.Redo: &layers.Error{Code: layers.CodeConflict, Reason: "nothing_to_redo", Msg: "there is nothing to redo"},
}

// Step implements marking.Service. What was overtaken is kept as such, though the caller is refused.
func (s *Markings) Step(ctx context.Context, incident int64, step marking.Step) (out *marking.Act, err error) {
	actor := auth.ActorFrom(ctx)
	var overtaken error
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := openDrawing(ctx, tx, incident); err != nil {
			return err
		}
		a, err := nextAct(ctx, tx, actor, incident, step, "FOR UPDATE OF a, m")
		if err != nil {
			return err
		}
		if a == nil {
			return noStep[step]
		}
		found, err := collect(ctx, tx, scanMarking(actor), selectMarking+`WHERE m.id = $1`, a.Marking)
		if err != nil {
			return err
		}
		was := found[0]
		if err := mayChange(actor, was.Marking); err != nil {
			return err
		}
		wants, then, content := a.ID, a.parent, a.before
		if step == marking.Redo {
			wants, then, content = a.parent, a.ID, a.after
		}
		if was.act != wants {
			overtaken = &layers.Error{Code: layers.CodeConflict, Reason: "overtaken", Params: map[string]string{"by": was.Editor, "at": was.UpdatedAt.Format(time.RFC3339), "label": was.Label},
				Msg: was.Editor + " has changed it since"}
			_, err := tx.Exec(ctx, `UPDATE marking_act SET spent = true WHERE id = $1`, a.ID)
			return err
		}
		if err := show(ctx, tx, a.Marking, content, then); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE marking_act SET undone_at = CASE WHEN $2 THEN clock_timestamp() END WHERE id = $1`, a.ID, step == marking.Undo); err != nil {
			return err
		}
		a.Undone = step == marking.Undo
		out = &a.Act
		return auditMarking(ctx, tx, "marking."+string(step), was.Marking)
	})
	if err == nil {
		err = overtaken
	}
	return out, err
}
