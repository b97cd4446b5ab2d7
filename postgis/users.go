package postgis

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Users implements auth.Service. It is safe for concurrent use.
type Users struct {
	db      *DB
	hashing chan struct{} // one place for each password that is hashed at the same time
	params  *argon2id.Params
}

// NewUsers returns the accounts of db.
func NewUsers(db *DB) *Users {
	return &Users{db: db, hashing: make(chan struct{}, runtime.NumCPU()), params: hashParams}
}

// hashParams cost about 70 ms on one core of the machines this runs on, and 64 MiB while they run. RFC 9106 asks for memory
// first; one lane leaves the other cores to the map.
var hashParams = &argon2id.Params{Memory: 64 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is the hash of a password that nobody has, by hashParams: a log-in without an account takes as long as one with.
const nobody = "$argon2id$v=19$m=65536,t=2,p=1$bG249WcXgIgboHmI7ani2w$R+St+zs5RgvRaqKCVq4/K0f9xkZ0JsRgwkL941Iezk8"

// hashed runs f when there is a place for it: a flood of log-ins may take time, never all the memory.
func (s *Users) hashed(ctx context.Context, f func() error) error {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.hashing }()
	return f()
}

// Authenticate implements auth.Service.
func (s *Users) Authenticate(ctx context.Context, login, password string) (*auth.User, error) {
	u, hash, err := s.withHash(ctx, auth.FoldLogin(login))
	if err != nil {
		return nil, err
	}
	var match bool
	err = s.hashed(ctx, func() (err error) {
		match, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !match || u == nil || u.Disabled {
		return nil, &layers.Error{Code: layers.CodeUnauthorized, Reason: "wrong_password", Msg: "login and password do not fit"}
	}
	return u, nil
}

// withHash returns the user of a login and the password's hash; nil and the hash of nobody's when there is none.
func (s *Users) withHash(ctx context.Context, login string) (*auth.User, string, error) {
	if !auth.ValidLogin(login) {
		return nil, nobody, nil
	}
	var (
		u    auth.User
		hash string
	)
	err := s.db.Pool.QueryRow(ctx, `SELECT `+userColumns+`, password_hash FROM app_user WHERE login = $1`, login).Scan(append(intoUser(&u), &hash)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nobody, nil
	}
	return &u, hash, Wrap(err)
}

// User implements auth.Service.
func (s *Users) User(ctx context.Context, id int64) (*auth.User, error) {
	found, err := collect(ctx, s.db.Pool, scanUser, `SELECT `+userColumns+` FROM app_user WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		return nil, notFound("user", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// userColumns are an account with what its roles allow at the same moment.
const userColumns = `id, login, name, roles, areas, coalesce(unit_id, 0), disabled,
	(SELECT coalesce(jsonb_object_agg(r.name, r.actions), '{}') FROM app_role r WHERE r.name = ANY (app_user.roles)),
	(SELECT coalesce(jsonb_object_agg(r.name, jsonb_build_object('zh', r.title, 'en', coalesce(nullif(r.title_en, ''), r.title))), '{}') FROM app_role r WHERE r.name = ANY (app_user.roles))`

func intoUser(u *auth.User) []any {
	return []any{&u.ID, &u.Login, &u.Name, &u.Roles, &u.Areas, &u.UnitID, &u.Disabled, &u.Granted, &u.Titles}
}

func scanUser(row pgx.CollectableRow) (*auth.User, error) {
	var u auth.User
	err := row.Scan(intoUser(&u)...)
	return &u, err
}

// Users implements auth.Service.
func (s *Users) Users(ctx context.Context) ([]*auth.User, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageUsers); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanUser, `SELECT `+userColumns+` FROM app_user WHERE `+managed("app_user.areas", "$1")+` ORDER BY login`, actor.Scope.Areas)
}

// managed is auth.Scope.Covers in SQL: whether every path of the text[] column lies in one of the areas of the parameter.
func managed(column, parameter string) string {
	return `NOT EXISTS (SELECT FROM unnest(` + column + `) path WHERE NOT ` + inAreas("path", parameter) + `)`
}

// ownOrManaged is whose things (of a user u) an actor may see and end: their own, and those of users whom they manage. first is the first free parameter.
func ownOrManaged(a *auth.Actor, first int) (where string, args []any) {
	where, args = "u.id = "+place(first), []any{a.User.ID}
	if a.Scope.May(auth.ActionManageUsers) {
		where, args = "("+where+" OR "+managed("u.areas", place(first+1))+")", append(args, a.Scope.Areas)
	}
	return where, args
}

// place is a parameter in SQL.
func place(n int) string { return "$" + strconv.Itoa(n) }

// Save implements auth.Service. Nobody gives away areas that are not theirs, nor shuts themselves out; who does not manage roles gives away no more than they may do
// themselves, and leaves alone the accounts of those who may do more.
func (s *Users) Save(ctx context.Context, u *auth.User, password string) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageUsers); err != nil {
		return err
	}
	u.Login, u.Name = auth.FoldLogin(u.Login), strings.TrimSpace(u.Name)
	granted, err := grants(ctx, s.db.Pool)
	if err != nil {
		return err
	}
	if err := u.Validate(granted); err != nil {
		return err
	}
	if !actor.Scope.Covers(u.Areas) {
		return outsideAreas(strings.Join(u.Areas, ", "))
	}
	var hash string
	if u.ID == 0 || password != "" {
		if err := auth.ValidatePassword(u.Login, password); err != nil {
			return err
		}
		err := s.hashed(ctx, func() (err error) {
			hash, err = argon2id.CreateHash(password, s.params)
			return err
		})
		if err != nil {
			return err
		}
	}
	action, id := "user.update", u.ID
	if id == 0 {
		action = "user.create"
	}
	err = s.db.changeRights(ctx, auth.ActionManageUsers, "roles", func(tx pgx.Tx) error {
		if err := mayGive(ctx, tx, actor, u); err != nil {
			return err
		}
		if err := writeUser(ctx, tx, actor, u, hash); err != nil {
			return err
		}
		return appendAudit(ctx, tx, action, subject("user", u.ID), map[string]any{
			"login": u.Login, "roles": u.Roles, "areas": u.Areas, "unit_id": u.UnitID, "disabled": u.Disabled, "new_password": hash != "",
		})
	})
	if err != nil {
		u.ID = id
	}
	var e *layers.Error
	if errors.As(err, &e) && e.Code == layers.CodeConflict && e.Field == "login" {
		return &layers.Error{Code: layers.CodeConflict, Field: "login", Reason: "login_taken", Msg: fmt.Sprintf("there is a user %q already", u.Login), Err: err}
	}
	return err
}

// writeUser inserts or updates the row; a new user gets its ID. An empty hash keeps the old one.
func writeUser(ctx context.Context, tx pgx.Tx, actor *auth.Actor, u *auth.User, hash string) error {
	args := pgx.NamedArgs{
		"id": u.ID, "login": u.Login, "name": u.Name, "hash": hash, "roles": u.Roles, "areas": u.Areas, "unit": u.UnitID,
		"disabled": u.Disabled, "own": actor.Scope.Areas,
	}
	if u.ID == 0 {
		return tx.QueryRow(ctx, `INSERT INTO app_user (login, name, password_hash, roles, areas, unit_id, disabled)
			VALUES (@login, @name, @hash, @roles, @areas, nullif(@unit::bigint, 0), @disabled) RETURNING id`, args).Scan(&u.ID)
	}
	tag, err := tx.Exec(ctx, `UPDATE app_user SET login = @login, name = @name, password_hash = coalesce(nullif(@hash, ''), password_hash),
		roles = @roles, areas = @areas, unit_id = nullif(@unit::bigint, 0), disabled = @disabled
		WHERE id = @id AND `+managed("areas", "@own"), args)
	if err == nil && tag.RowsAffected() == 0 {
		err = notFound("user", u.ID)
	}
	return err
}

// Audit implements auth.Service. Time and ID are the database's.
func (s *Users) Audit(ctx context.Context, e auth.AuditEntry) error {
	return Wrap(insertAudit(ctx, s.db.Pool, e))
}

const maxAuditEntries = 500

// AuditLog implements auth.Service. What nobody or the command line did is shown to those who see everywhere.
func (s *Users) AuditLog(ctx context.Context, before int64, limit int) ([]auth.AuditEntry, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionReadAudit); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (auth.AuditEntry, error) {
		var e auth.AuditEntry
		err := row.Scan(&e.ID, &e.Time, &e.UserID, &e.Login, &e.Action, &e.Subject, &e.RequestID, &e.Remote, &e.Details)
		e.Time = e.Time.UTC()
		return e, err
	}, `SELECT l.id, l.time, coalesce(l.user_id, 0), l.login, l.action, l.subject, l.request_id, l.remote, l.details
		FROM audit_log l LEFT JOIN app_user u ON u.id = l.user_id
		WHERE ($1 = 0 OR l.id < $1) AND ('*' = ANY ($2) OR (u.id IS NOT NULL AND `+managed("u.areas", "$2")+`))
		ORDER BY l.id DESC LIMIT $3`, before, actor.Scope.Areas, min(max(limit, 1), maxAuditEntries))
}
