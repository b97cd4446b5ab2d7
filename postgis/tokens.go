package postgis

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Tokens implements auth.Tokens. It is safe for concurrent use.
type Tokens struct {
	db  *DB
	now func() time.Time
}

// NewTokens returns the personal access tokens of db.
func NewTokens(db *DB) *Tokens { return &Tokens{db: db, now: time.Now} }

const tokenColumns = `t.id, t.user_id, u.login, t.name, t.access, t.created_at, t.expires_at, t.last_used, t.scene`

func scanToken(row pgx.CollectableRow) (*auth.Token, error) {
	var t auth.Token
	err := row.Scan(&t.ID, &t.UserID, &t.Login, &t.Name, &t.Access, &t.CreatedAt, &t.ExpiresAt, &t.LastUsed, &t.Scene)
	t.CreatedAt, t.ExpiresAt = t.CreatedAt.UTC(), t.ExpiresAt.UTC()
	if t.LastUsed != nil {
		used := t.LastUsed.UTC()
		t.LastUsed = &used
	}
	return &t, err
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Create implements auth.Tokens.
func (s *Tokens) Create(ctx context.Context, t *auth.Token) (string, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageTokens); err != nil {
		return "", err
	}
	t.Name = strings.TrimSpace(t.Name)
	if t.ExpiresAt.IsZero() {
		t.ExpiresAt = s.now().Add(auth.DefaultTokenAge)
	}
	if err := t.Validate(s.now()); err != nil {
		return "", err
	}
	secret := auth.TokenPrefix + strings.ToLower(rand.Text()) // 130 bits
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		// The user's row is the lock: two requests at once do not both find a place.
		var kept int
		err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM access_token WHERE user_id = u.id AND expires_at > now()) FROM app_user u WHERE id = $1 FOR UPDATE`, actor.User.ID).Scan(&kept)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return notFound("user", actor.User.ID)
		case err != nil:
			return err
		case kept >= auth.MaxTokens:
			return &layers.Error{Code: layers.CodeConflict, Reason: "too_many_tokens", Msg: "the account has too many tokens: revoke one first"}
		}
		err = tx.QueryRow(ctx, `INSERT INTO access_token (user_id, name, hash, access, expires_at, scene) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, created_at`,
			actor.User.ID, t.Name, hashOf(secret), string(t.Access), t.ExpiresAt, t.Scene).Scan(&t.ID, &t.CreatedAt)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "token.create", subject("token", t.ID), map[string]any{"name": t.Name, "access": t.Access, "expires_at": t.ExpiresAt})
	})
	if err != nil {
		return "", err
	}
	t.UserID, t.Login, t.CreatedAt = actor.User.ID, actor.User.Login, t.CreatedAt.UTC()
	return secret, nil
}

// Tokens implements auth.Tokens.
func (s *Tokens) Tokens(ctx context.Context) ([]*auth.Token, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageTokens); err != nil {
		return nil, err
	}
	where, args := ownOrManaged(actor, 1)
	return collect(ctx, s.db.Pool, scanToken, `SELECT `+tokenColumns+` FROM access_token t JOIN app_user u ON u.id = t.user_id
		WHERE t.expires_at > now() AND `+where+` ORDER BY t.id DESC LIMIT 1000`, args...)
}

// Revoke implements auth.Tokens.
func (s *Tokens) Revoke(ctx context.Context, id int64) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageTokens); err != nil {
		return err
	}
	where, args := ownOrManaged(actor, 1)
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		var name, login string
		err := tx.QueryRow(ctx, `DELETE FROM access_token t USING app_user u WHERE u.id = t.user_id AND `+where+` AND t.id = `+place(len(args)+1)+` RETURNING t.name, u.login`,
			append(args, id)...).Scan(&name, &login)
		if errors.Is(err, pgx.ErrNoRows) {
			return notFound("token", id)
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "token.revoke", subject("token", id), map[string]any{"name": name, "login": login})
	})
}

// errWrongToken is the answer for what is no token, or no more.
var errWrongToken = &layers.Error{Code: layers.CodeUnauthorized, Reason: "wrong_token", Msg: "the token is not known, or over"}

// Resolve implements auth.Tokens. The time of use is written at most once a minute.
func (s *Tokens) Resolve(ctx context.Context, secret string) (*auth.Token, error) {
	if !strings.HasPrefix(secret, auth.TokenPrefix) || len(secret) > 100 {
		return nil, errWrongToken
	}
	return s.used(ctx, `t.hash = $1`, hashOf(secret))
}

// Token implements auth.Tokens.
func (s *Tokens) Token(ctx context.Context, id int64) (*auth.Token, error) {
	return s.used(ctx, `t.id = $1`, id)
}

// used returns a token that is used now.
func (s *Tokens) used(ctx context.Context, where string, arg any) (*auth.Token, error) {
	found, err := collect(ctx, s.db.Pool, scanToken, `SELECT `+tokenColumns+` FROM access_token t JOIN app_user u ON u.id = t.user_id
		WHERE `+where+` AND t.expires_at > now() AND NOT u.disabled`, arg)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errWrongToken
	}
	_, err = s.db.Pool.Exec(ctx, `UPDATE access_token SET last_used = now() WHERE id = $1 AND (last_used IS NULL OR last_used < now() - interval '1 minute')`, found[0].ID)
	return found[0], Wrap(err)
}
