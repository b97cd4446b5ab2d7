package postgis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/wall"
)

// Walls implements wall.Service. It is safe for concurrent use.
type Walls struct {
	db  *DB
	now func() time.Time
}

// NewWalls returns the walls of db.
func NewWalls(db *DB) *Walls { return &Walls{db, time.Now} }

const selectWall = `SELECT id, revision, name, coalesce(area_path, ''), layout, playlist, rules, state, coalesce((SELECT jsonb_agg(jsonb_build_object('row', s."row", 'column', s."column",
	'seen_at', s.seen_at, 'frame_age_ms', s.frame_age_ms, 'width', s.width, 'height', s.height, 'version', s.version) ORDER BY s."row", s."column")
	FROM wall_screen s WHERE s.wall_id = wall.id), '[]'), coalesce((SELECT value->>'timezone' FROM setting WHERE key = 'county'), 'Asia/Shanghai') FROM wall `

func scanWall(row pgx.CollectableRow) (*wall.Wall, error) {
	var w wall.Wall
	var zone string
	if err := row.Scan(&w.ID, &w.Revision, &w.Name, &w.AreaPath, &w.Layout, &w.Playlist, &w.Rules, &w.State, &w.Screens, &zone); err != nil {
		return nil, err
	}
	var err error
	if w.Zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("the installation's time zone: %w", err)
	}
	w.Screens = slices.DeleteFunc(w.Screens, func(s wall.Screen) bool { return !w.Layout.Has(s.Row, s.Column) }) // of an earlier layout
	return &w, nil
}

// Walls implements wall.Service.
func (s *Walls) Walls(ctx context.Context) ([]*wall.Wall, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanWall, selectWall+`WHERE `+inAreas("area_path", "$1")+` ORDER BY name, id`, actor.Scope.Areas)
}

// Wall implements wall.Service.
func (s *Walls) Wall(ctx context.Context, id int64) (*wall.Wall, error) {
	return s.find(ctx, s.db.Pool, id, auth.ActionRead, "")
}

// find returns a wall in whose area the actor may do something; lock is "" or "FOR UPDATE".
func (s *Walls) find(ctx context.Context, q querier, id int64, action auth.Action, lock string) (*wall.Wall, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, action); err != nil {
		return nil, err
	}
	found, err := collect(ctx, q, scanWall, selectWall+`WHERE id = $1 AND `+inAreas("area_path", "$2")+lock, id, actor.Scope.Areas)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound("wall", id)
	}
	return found[0], nil
}

// mayPlace reports whether the actor may have a wall of an area, with rules for areas.
func mayPlace(ctx context.Context, w *wall.Wall) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionShowWalls); err != nil {
		return err
	}
	if actor.Scope.InArea(w.AreaPath) { // of no area: who sees everywhere
		return nil
	}
	return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Field: "area_path", Params: map[string]string{"area_path": w.AreaPath}, Msg: "the wall stands outside of your areas"}
}

// Create implements wall.Service.
func (s *Walls) Create(ctx context.Context, w *wall.Wall) error {
	if w.AreaPath == "" {
		w.AreaPath = auth.ActorFrom(ctx).Scope.Area() // those that he sees
	}
	if err := mayPlace(ctx, w); err != nil {
		return err
	}
	now := s.now().UTC()
	w.State = wall.State{Since: now, RulesSince: now, Acknowledged: []int64{}}
	w.Revision, w.Screens = 1, []wall.Screen{}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "wall", wall.Max, "too_many_walls"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO wall (name, area_path, layout, playlist, rules, state) VALUES ($1, nullif($2, ''), $3, $4, $5, $6) RETURNING id`,
			w.Name, w.AreaPath, w.Layout, orNone(w.Playlist), orNone(w.Rules), w.State).Scan(&w.ID); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "wall.create", subject("wall", w.ID), map[string]any{"name": w.Name, "area_path": w.AreaPath, "layout": w.Layout})
	})
}

// orNone keeps null out of columns that hold lists.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Update implements wall.Service.
func (s *Walls) Update(ctx context.Context, w *wall.Wall) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was, err := s.find(ctx, tx, w.ID, auth.ActionShowWalls, " FOR UPDATE")
		switch {
		case err != nil:
			return err
		case was.Revision != w.Revision:
			return layers.Stale("revision")
		}
		if err := mayPlace(ctx, w); err != nil {
			return err
		}
		now := s.now().UTC()
		w.State, w.Screens, w.Zone = was.State, was.Screens, was.Zone
		if !slices.Equal(was.Rules, w.Rules) {
			w.State.RulesSince = now
		}
		if entry, since := was.Position(now); entry >= 0 && !was.State.Held { // it goes on from where it is
			w.State.Entry, w.State.Since, w.State.From = min(entry, max(0, len(w.Playlist)-1)), since, nil
		}
		return s.write(ctx, tx, w, "wall.update", map[string]any{"name": w.Name, "area_path": w.AreaPath, "layout": w.Layout, "scenes": len(w.Playlist), "rules": w.Rules})
	})
}

// write stores all of a wall that is held, and the audit row.
func (s *Walls) write(ctx context.Context, tx pgx.Tx, w *wall.Wall, action string, details map[string]any) error {
	if err := tx.QueryRow(ctx, `UPDATE wall SET name = $2, area_path = nullif($3, ''), layout = $4, playlist = $5, rules = $6, state = $7, revision = revision + 1, updated_at = now()
		WHERE id = $1 RETURNING revision`, w.ID, w.Name, w.AreaPath, w.Layout, orNone(w.Playlist), orNone(w.Rules), w.State).Scan(&w.Revision); err != nil {
		return err
	}
	return appendAudit(ctx, tx, action, subject("wall", w.ID), details)
}

// Delete implements wall.Service.
func (s *Walls) Delete(ctx context.Context, id int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		w, err := s.find(ctx, tx, id, auth.ActionShowWalls, " FOR UPDATE")
		if err != nil {
			return err
		}
		for _, sql := range []string{`DELETE FROM wall_screen WHERE wall_id = $1`, `DELETE FROM wall WHERE id = $1`} {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
		return appendAudit(ctx, tx, "wall.delete", subject("wall", id), map[string]any{"name": w.Name})
	})
}

// Do implements wall.Service.
func (s *Walls) Do(ctx context.Context, id int64, c wall.Command, cases []wall.Case) (w *wall.Wall, err error) {
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if w, err = s.find(ctx, tx, id, auth.ActionShowWalls, " FOR UPDATE"); err != nil {
			return err
		}
		if c.Revision != 0 && c.Revision != w.Revision {
			return layers.Stale("revision")
		}
		if err := w.Do(c, wall.Operator{ID: actor.User.ID, Name: actor.User.Name}, cases, s.now().UTC()); err != nil {
			return err
		}
		details := map[string]any{"command": c.Command, "revision": w.Revision + 1}
		if c.Scene != nil {
			details["scene"] = c.Scene.Name
		}
		if c.Incident != 0 {
			details["incident"] = c.Incident
		}
		return s.write(ctx, tx, w, "wall.command", details)
	})
	return w, err
}

// Beat implements wall.Service. A screen shows a wall, and so may tell how it does.
func (s *Walls) Beat(ctx context.Context, id int64, b wall.Screen) error {
	w, err := s.Wall(ctx, id)
	if err != nil {
		return err
	}
	if !w.Layout.Has(b.Row, b.Column) {
		return layers.Invalid("screen", "out_of_range", "the wall has no such screen")
	}
	_, err = s.db.Pool.Exec(ctx, `INSERT INTO wall_screen (wall_id, "row", "column", frame_age_ms, width, height, version) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (wall_id, "row", "column") DO UPDATE SET seen_at = now(), frame_age_ms = excluded.frame_age_ms, width = excluded.width, height = excluded.height, version = excluded.version`,
		id, b.Row, b.Column, b.FrameAgeMS, b.Width, b.Height, b.Version)
	return Wrap(err)
}
