package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"wanglou/postgis"
)

// env is what the benches share: a PostgreSQL cluster with the settings of an installation, and the built server. Both are made when they
// are asked for first, in a folder that goes at the end.
type env struct {
	dir       string
	progress  io.Writer
	log       *slog.Logger
	cluster   *postgis.Cluster
	program   string
	databases int
}

func newEnv(progress io.Writer) (*env, error) {
	dir, err := os.MkdirTemp("", "wanglou-bench-")
	if err != nil {
		return nil, err
	}
	// The cluster runs as another user where we are root, and has to reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return &env{dir: dir, progress: progress, log: slog.New(slog.NewTextHandler(progress, &slog.HandlerOptions{Level: slog.LevelWarn}))}, nil
}

func (e *env) close() error {
	var err error
	if e.cluster != nil {
		err = e.cluster.Close()
	}
	return errors.Join(err, os.RemoveAll(e.dir))
}

// say tells the person who waits; figures alone go to the standard output.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.progress, "# "+format+"\n", args...) }

// county returns a new database with the demo county in it, and the program that seeded it. The caller closes the database.
func (e *env) county(ctx context.Context) (db *postgis.DB, address, program string, err error) {
	if db, address, err = e.database(ctx); err != nil {
		return nil, "", "", err
	}
	if program, err = e.binary(ctx); err == nil {
		var out []byte
		if out, err = exec.CommandContext(ctx, program, "seed", "--database-url", address).CombinedOutput(); err != nil {
			err = fmt.Errorf("seed: %w\n%s", err, out)
		}
	}
	if err != nil {
		db.Close()
		return nil, "", "", err
	}
	return db, address, program, nil
}

// database returns a new database with the schema and nothing in it. The caller closes it.
func (e *env) database(ctx context.Context) (db *postgis.DB, address string, err error) {
	if e.cluster == nil {
		if e.cluster, err = postgis.StartCluster(ctx, filepath.Join(e.dir, "postgres"), e.log); err != nil {
			return nil, "", err
		}
	}
	e.databases++
	name := fmt.Sprintf("bench_%d", e.databases)
	admin, err := postgis.Open(ctx, e.cluster.URL())
	if err != nil {
		return nil, "", err
	}
	_, err = admin.Pool.Exec(ctx, "CREATE DATABASE "+name)
	admin.Close()
	if err != nil {
		return nil, "", err
	}
	u, err := url.Parse(e.cluster.URL())
	if err != nil {
		return nil, "", err
	}
	u.Path = "/" + name
	db, err = postgis.Open(ctx, u.String(), postgis.WithStatementTimeout(0))
	if err != nil {
		return nil, "", err
	}
	if err := db.Migrate(ctx); err != nil {
		db.Close()
		return nil, "", err
	}
	return db, u.String(), nil
}

// binary returns the path of the whole product, built from this source tree.
func (e *env) binary(ctx context.Context) (string, error) {
	if e.program != "" {
		return e.program, nil
	}
	program := filepath.Join(e.dir, "wanglou")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "wanglou/server/cmd/wanglou")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	e.program = program
	return program, nil
}
