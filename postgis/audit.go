package postgis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// executor is a pool or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// transact runs f in one transaction: what it writes is there as a whole, or not at all.
func (db *DB) transact(ctx context.Context, f func(tx pgx.Tx) error) error {
	return Wrap(pgx.BeginFunc(ctx, db.Pool, f))
}

// atMost refuses one more row of a table that has so many: CodeConflict with the reason. Two at once count one after the other.
func atMost(ctx context.Context, tx pgx.Tx, table string, most int, reason string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('at most ' || $1))`, table); err != nil {
		return err
	}
	var kept int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()).Scan(&kept); err != nil {
		return err
	}
	if kept >= most {
		return &layers.Error{Code: layers.CodeConflict, Reason: reason, Msg: "there are too many: delete one first"}
	}
	return nil
}

// collect returns every row of a query, scanned by row; never nil.
func collect[T any](ctx context.Context, q querier, row pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, Wrap(err)
	}
	out, err := pgx.CollectRows(rows, row)
	return out, Wrap(err)
}

// appendAudit appends what the actor of ctx does to the audit log, in the transaction that does it.
func appendAudit(ctx context.Context, tx pgx.Tx, action, subject string, details map[string]any) error {
	return AppendAudit(ctx, tx, auth.AuditEntry{Action: action, Subject: subject, Details: details})
}

// AppendAudit is for those outside of this package who change domain data in a transaction of their own: it appends e, done by the actor of ctx.
func AppendAudit(ctx context.Context, tx pgx.Tx, e auth.AuditEntry) error {
	a := auth.ActorFrom(ctx)
	e.UserID, e.Login, e.RequestID, e.Remote = a.User.ID, a.User.Login, a.RequestID, a.Remote
	return insertAudit(ctx, tx, e)
}

func insertAudit(ctx context.Context, q executor, e auth.AuditEntry) error {
	_, err := q.Exec(ctx, `INSERT INTO audit_log (user_id, login, action, subject, request_id, remote, details)
		VALUES (nullif($1::bigint, 0), $2, $3, $4, $5, $6, $7)`, e.UserID, e.Login, e.Action, e.Subject, e.RequestID, e.Remote, object(e.Details))
	return err
}

// object returns what stands in a jsonb column: NULL rather than an empty object.
func object(m map[string]any) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// forbid returns CodeForbidden unless the actor's roles allow the action.
func forbid(a *auth.Actor, action auth.Action) error {
	if a.Scope.May(action) {
		return nil
	}
	return &layers.Error{Code: layers.CodeForbidden, Reason: "role", Params: map[string]string{"action": string(action)},
		Msg: fmt.Sprintf("the roles of %q do not allow %s", a.User.Login, action)}
}

// notFound is the answer for what is not there and for what the actor may not see.
func notFound(what string, id int64) error {
	return layers.Errorf(layers.CodeNotFound, "there is no %s %d", what, id)
}

// staleRevision is the answer to a caller who saw another revision than the newest: it says who has changed the thing last, and
// when, unless that was done past the services. log is the name of the thing's append-only table.
func staleRevision(ctx context.Context, q querier, log string, id int64) error {
	e := layers.Stale("revision")
	var (
		by string
		at time.Time
	)
	key := map[string][2]string{"incident_log": {"incident_id", "receive_time"}, "task_log": {"task_id", "receive_time"}, "detection_log": {"detection_id", "receive_time"}, "case_request_log": {"request_id", "at"}}[log]
	sql := fmt.Sprintf(`SELECT actor_name, %s FROM %s WHERE %s = $1 ORDER BY id DESC LIMIT 1`, key[1], log, key[0])
	switch err := q.QueryRow(ctx, sql, id).Scan(&by, &at); {
	case errors.Is(err, pgx.ErrNoRows):
		return e
	case err != nil:
		return err
	}
	e.Params, e.Msg = map[string]string{"by": by, "at": at.UTC().Format(time.RFC3339)}, fmt.Sprintf("%s has changed it since", by)
	return e
}

// inAreas is auth.Scope.InArea in SQL: whether the path in column lies in one of the areas of the text[] parameter. A table of the query must not be called own.
func inAreas(column, parameter string) string {
	return fmt.Sprintf(`EXISTS (SELECT FROM unnest(%s::text[]) own WHERE own = '*' OR starts_with(%s || '.', own || '.'))`, parameter, column)
}

// ownUnit returns the unit for which the actor works, 0 for none.
func ownUnit(a *auth.Actor) int64 {
	if a.Scope.May(auth.ActionWorkTask) {
		return a.Scope.UnitID
	}
	return 0
}
