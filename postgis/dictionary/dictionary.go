// Package dictionary carries the codes of components 部件 and items 事项 that every installation has: the codes and Chinese names of
// the 2026 series as published with GB/T 47678.5, the English ones are ours.
package dictionary

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/incident"
	"wanglou/postgis"
)

// Standard2026 is the key of the 2026 series.
const Standard2026 = incident.Standard2026

//go:embed gbt47678.5-2026.csv
var standard2026 string

// Categories returns the 403 codes of the 2026 series, components first.
func Categories() ([]incident.Category, error) {
	rows, err := csv.NewReader(strings.NewReader(standard2026)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("dictionary %s: %w", Standard2026, err)
	}
	var out []incident.Category
	for _, r := range rows[1:] {
		out = append(out, incident.Category{Standard: Standard2026, Kind: r[0], Code: r[1], Class: r[2], Name: r[3], NameEN: r[4]})
	}
	return out, nil
}

// Load makes the codes of the database equal to the program's, in one transaction. Codes of other standards, and those that
// somebody has added or reworded, are left alone. Loading again writes nothing, not even a lock, so that a database which takes no changes is no hindrance.
func Load(ctx context.Context, db *postgis.DB) error {
	return postgis.Wrap(pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error { return LoadTx(ctx, tx) }))
}

// LoadTx is Load within a transaction.
func LoadTx(ctx context.Context, tx pgx.Tx) error {
	categories, err := Categories()
	if err != nil {
		return err
	}
	var col [5][]string
	for _, c := range categories {
		for i, v := range [5]string{c.Kind, c.Code, c.Class, c.Name, c.NameEN} {
			col[i] = append(col[i], v)
		}
	}
	var equal bool
	err = tx.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n (kind, code, class, name, name_en)
		LEFT JOIN category c ON c.standard = $1 AND c.kind = n.kind AND c.code = n.code
		WHERE c.code IS NULL OR NOT c.edited AND (c.class, c.name, c.name_en) IS DISTINCT FROM (n.class, n.name, n.name_en))`,
		Standard2026, col[0], col[1], col[2], col[3], col[4]).Scan(&equal)
	if err != nil || equal {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO category AS old (standard, kind, code, class, name, name_en)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
		ON CONFLICT (standard, kind, code) DO UPDATE SET class = excluded.class, name = excluded.name, name_en = excluded.name_en
		WHERE NOT old.edited AND (old.class, old.name, old.name_en) IS DISTINCT FROM (excluded.class, excluded.name, excluded.name_en)`,
		Standard2026, col[0], col[1], col[2], col[3], col[4])
	return err
}
