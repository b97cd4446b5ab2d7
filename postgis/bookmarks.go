package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/bookmark"
)

// Bookmarks implements bookmark.Service. It is safe for concurrent use.
type Bookmarks struct{ db *DB }

// NewBookmarks returns the bookmarks of db.
func NewBookmarks(db *DB) *Bookmarks { return &Bookmarks{db} }

const selectBookmark = `SELECT b.id, b.at, b.title, coalesce(b.area_path, ''), u.name, b.user_id = @user OR @all, b.created_at
	FROM bookmark b JOIN app_user u ON u.id = b.user_id `

func scanBookmark(row pgx.CollectableRow) (*bookmark.Bookmark, error) {
	var b bookmark.Bookmark
	err := row.Scan(&b.ID, &b.At, &b.Title, &b.AreaPath, &b.Maker, &b.Mine, &b.CreatedAt)
	b.At, b.CreatedAt = b.At.UTC(), b.CreatedAt.UTC()
	return &b, err
}

// find returns the bookmarks that the actor may see, and meet a condition. His own he sees always.
func (s *Bookmarks) find(ctx context.Context, q querier, where string, id int64) ([]*bookmark.Bookmark, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return collect(ctx, q, scanBookmark, selectBookmark+`WHERE `+where+` AND (`+inAreas("b.area_path", "@areas")+` OR b.user_id = @user) ORDER BY b.at DESC, b.id DESC`,
		pgx.NamedArgs{"id": id, "user": actor.User.ID, "all": actor.Scope.May(auth.ActionManageUsers), "areas": actor.Scope.Areas})
}

// Bookmarks implements bookmark.Service.
func (s *Bookmarks) Bookmarks(ctx context.Context) ([]*bookmark.Bookmark, error) {
	return s.find(ctx, s.db.Pool, `TRUE`, 0)
}

// Create implements bookmark.Service.
func (s *Bookmarks) Create(ctx context.Context, b *bookmark.Bookmark) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionReplay); err != nil {
		return err
	}
	b.AreaPath, b.Maker, b.Mine = actor.Scope.Area(), actor.User.Name, true
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "bookmark", bookmark.Max, "too_many_bookmarks"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO bookmark (at, title, user_id, area_path) VALUES ($1, $2, $3, nullif($4, '')) RETURNING id, at, created_at`,
			b.At, b.Title, actor.User.ID, b.AreaPath).Scan(&b.ID, &b.At, &b.CreatedAt); err != nil {
			return err
		}
		b.At, b.CreatedAt = b.At.UTC(), b.CreatedAt.UTC()
		return appendAudit(ctx, tx, "bookmark.create", subject("bookmark", b.ID), map[string]any{"title": b.Title, "at": b.At})
	})
}

// Delete implements bookmark.Service.
func (s *Bookmarks) Delete(ctx context.Context, id int64) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionReplay); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		found, err := s.find(ctx, tx, `b.id = @id`, id)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return notFound("bookmark", id)
		case !found[0].Mine:
			return &layers.Error{Code: layers.CodeForbidden, Reason: "not_your_bookmark", Msg: "the bookmark is somebody else's"}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM bookmark WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "bookmark.delete", subject("bookmark", id), map[string]any{"title": found[0].Title, "at": found[0].At})
	})
}
