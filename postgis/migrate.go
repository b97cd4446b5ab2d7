package postgis

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wanglou/layers"
)

//go:embed migrations/*.sql
var migrations embed.FS

// MigrationFiles returns the migrations' SQL, for tests and tools that must know which schema the program carries.
func MigrationFiles() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Migrate brings the schema to the program's version, each step in a transaction of its own. Servers that start at once
// wait for each other. It returns CodeConflict when the database is newer than the program.
func (db *DB) Migrate(ctx context.Context) error {
	database, program, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if database > program {
		return &layers.Error{Code: layers.CodeConflict, Reason: "schema_newer", Msg: fmt.Sprintf(
			"the database has schema version %d, this program knows versions up to %d: use a newer program, or restore a backup made before the upgrade",
			database, program)}
	}
	pool, provider, err := db.migrator()
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := provider.Up(ctx); err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			return &layers.Error{Code: layers.ErrorCode(Wrap(partial.Err)), Reason: "migration_failed",
				Msg: "migration " + partial.Failed.Source.Path + " failed and was rolled back", Err: partial.Err}
		}
		return Wrap(err)
	}
	return nil
}

// SchemaVersion returns the schema version of the database (0 when it has none of ours) and the one the program knows.
// It changes nothing: the role may have no right to.
func (db *DB) SchemaVersion(ctx context.Context) (database, program int64, err error) {
	names, err := fs.Glob(MigrationFiles(), "*.sql")
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, 0, err
		}
		program = max(program, n)
	}
	var exists bool
	if err := db.Pool.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, goose.DefaultTablename).Scan(&exists); err != nil || !exists {
		return 0, program, Wrap(err)
	}
	err = db.Pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+goose.DefaultTablename+` WHERE is_applied`).Scan(&database)
	return database, program, Wrap(err)
}

// migrator opens its own connections, without the pool's limits of time: a migration may take long.
func (db *DB) migrator() (*sql.DB, *goose.Provider, error) {
	cfg := db.Pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] = "wanglou migrate"
	for _, k := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		cfg.RuntimeParams[k] = "0"
	}
	pool := stdlib.OpenDB(*cfg)
	// Tried once a second rather than waited for inside the server: a waiting session would hold a snapshot and with it
	// any CREATE INDEX CONCURRENTLY of the session that migrates.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 3600))
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, MigrationFiles(), goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return pool, provider, nil
}
