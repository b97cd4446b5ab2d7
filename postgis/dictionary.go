package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
)

// Dictionary changes the categories of cases and the kinds of alarms: a report.Dictionary. Nothing of it is kept in memory: every node sees a change at once.
type Dictionary struct{ db *DB }

// NewDictionary returns the dictionary of db.
func NewDictionary(db *DB) *Dictionary { return &Dictionary{db: db} }

const categoryColumns = `id, revision, standard, kind, code, class, name, name_en, severity, retired`

// CreateCategory implements report.Dictionary.
func (s *Dictionary) CreateCategory(ctx context.Context, c *incident.Category) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "category", incident.MaxCategories, "too_many_categories"); err != nil {
			return err
		}
		if err := classOf(ctx, tx, c); err != nil {
			return err
		}
		err := one(ctx, tx, c, `INSERT INTO category (standard, kind, code, class, name, name_en, severity, retired, edited)
			VALUES (@standard, @kind, @code, @class, @name, @name_en, @severity, @retired, true) ON CONFLICT (standard, kind, code) DO NOTHING RETURNING `+categoryColumns,
			pgx.NamedArgs{"standard": c.Standard, "kind": c.Kind, "code": c.Code, "class": c.Class, "name": c.Name, "name_en": c.NameEN, "severity": c.Severity, "retired": c.Retired})
		if errors.Is(err, pgx.ErrNoRows) {
			return &layers.Error{Code: layers.CodeConflict, Field: "code", Reason: "already_exists", Msg: "the dictionary has this code already"}
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "category.create", subject("category", c.ID), map[string]any{"code": c.Code, "kind": c.Kind, "name": c.Name})
	})
}

// classOf gives a new category the class of its first two digits, or refuses another one: one number has one name.
func classOf(ctx context.Context, tx pgx.Tx, c *incident.Category) error {
	var class string
	err := tx.QueryRow(ctx, `SELECT coalesce(min(class), '') FROM category WHERE standard = $1 AND kind = $2 AND left(code, 2) = left($3, 2)`, c.Standard, c.Kind, c.Code).Scan(&class)
	switch {
	case err != nil:
		return err
	case class == "" && c.Class == "":
		return layers.Invalid("class", "required", "the class %s is new: it needs a name", c.Code[:2])
	case class != "" && c.Class != "" && c.Class != class:
		e := layers.Invalid("class", "class_of_code", "%s is the class %s", c.Code[:2], class)
		e.Params = map[string]string{"class": class}
		return e
	case class != "":
		c.Class = class
	}
	return nil
}

// UpdateCategory implements report.Dictionary.
func (s *Dictionary) UpdateCategory(ctx context.Context, c *incident.Category) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return err
	}
	if err := c.ValidateWording(); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was := incident.Category{}
		err := one(ctx, tx, &was, `SELECT `+categoryColumns+` FROM category WHERE id = $1 FOR UPDATE`, c.ID)
		if err := seen(err, was.Revision, c.Revision, "category"); err != nil {
			return err
		}
		err = one(ctx, tx, c, `UPDATE category SET edited = edited OR (name, name_en) IS DISTINCT FROM (@name, @name_en),
			name = @name, name_en = @name_en, severity = @severity, retired = @retired WHERE id = @id RETURNING `+categoryColumns,
			pgx.NamedArgs{"id": c.ID, "name": c.Name, "name_en": c.NameEN, "severity": c.Severity, "retired": c.Retired})
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "category.update", subject("category", c.ID), map[string]any{"code": c.Code, "kind": c.Kind, "was_name": was.Name, "name": c.Name,
			"was_severity": was.Severity, "severity": c.Severity, "was_retired": was.Retired, "retired": c.Retired})
	})
}

// CreateAlarmKind implements report.Dictionary.
func (s *Dictionary) CreateAlarmKind(ctx context.Context, k *report.AlarmKind) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return err
	}
	if err := k.Validate(); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "alarm_kind", report.MaxAlarmKinds, "too_many_kinds"); err != nil {
			return err
		}
		if err := categoryOfKind(ctx, tx, k, ""); err != nil {
			return err
		}
		err := one(ctx, tx, k, `INSERT INTO alarm_kind (code, title, title_en, category, severity, retired)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO NOTHING RETURNING `+alarmKindColumns, k.Code, k.Title, k.TitleEn, k.Category, k.Severity, k.Retired)
		if errors.Is(err, pgx.ErrNoRows) {
			return &layers.Error{Code: layers.CodeConflict, Field: "code", Reason: "already_exists", Msg: "there is a kind of this code already"}
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "alarmkind.create", subject("alarmkind", k.ID), map[string]any{"code": k.Code, "title": k.Title, "category": k.Category, "severity": k.Severity})
	})
}

// UpdateAlarmKind implements report.Dictionary.
func (s *Dictionary) UpdateAlarmKind(ctx context.Context, k *report.AlarmKind) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		was := report.AlarmKind{}
		err := one(ctx, tx, &was, selectAlarmKind+`WHERE id = $1 FOR UPDATE`, k.ID)
		if err := seen(err, was.Revision, k.Revision, "kind of alarm"); err != nil {
			return err
		}
		k.Code = was.Code
		if err := k.Validate(); err != nil {
			return err
		}
		if err := categoryOfKind(ctx, tx, k, was.Category); err != nil {
			return err
		}
		err = one(ctx, tx, k, `UPDATE alarm_kind SET title = $2, title_en = $3, category = $4, severity = $5, retired = $6 WHERE id = $1 RETURNING `+alarmKindColumns,
			k.ID, k.Title, k.TitleEn, k.Category, k.Severity, k.Retired)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "alarmkind.update", subject("alarmkind", k.ID), map[string]any{"code": k.Code, "was_title": was.Title, "title": k.Title,
			"was_category": was.Category, "category": k.Category, "was_severity": was.Severity, "severity": k.Severity, "was_retired": was.Retired, "retired": k.Retired})
	})
}

// categoryOfKind refuses a category that new cases cannot have; the one that a kind had stays.
func categoryOfKind(ctx context.Context, tx pgx.Tx, k *report.AlarmKind, had string) error {
	if k.Category == "" {
		return nil
	}
	return checkCategory(ctx, tx, defaultStandard, k.Category, had)
}

// one scans the row of a statement into out, by the order of its fields.
func one[T any](ctx context.Context, tx pgx.Tx, out *T, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	*out, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[T])
	return err
}

// seen tells what came of reading the row that somebody changes: there is none, or it is another one than was seen.
func seen(err error, revision, saw int64, what string) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return layers.Errorf(layers.CodeNotFound, "there is no such %s", what)
	case err == nil && revision != saw:
		return layers.Stale("revision")
	}
	return err
}
