package postgis

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// snapshot reads the catalogue and every published row as they were where the slot begins.
func (s *session) snapshot(ctx context.Context, name string) (*layers.Snapshot, error) {
	conn, err := pgx.ConnectConfig(ctx, s.follower.connConfig())
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range []string{`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`, `SET TRANSACTION SNAPSHOT ` + literal(name)} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	if s.catalog, err = readCatalog(ctx, conn, s.follower.publication); err != nil {
		return nil, err
	}
	snap := &layers.Snapshot{Layers: s.catalog.layers(), Features: make(map[string][]*layers.Feature, len(s.catalog.tables))}
	for _, t := range s.catalog.tables {
		var features []*layers.Feature
		r := &copyReader{table: t, warn: s.report, alive: s.alive, take: func(f *layers.Feature, _ [][]byte) { features = append(features, f) }}
		if err := r.read(ctx, conn, t.copySQL()); err != nil {
			return nil, err
		}
		snap.Features[t.layer.Name] = features
	}
	return snap, nil
}

// alive tells that the database still answers.
func (s *session) alive() error { return s.send(event{heard: time.Now()}) }

// columnList names the published columns: id, layer.Columns, geometry.
func (t *table) columnList() string {
	names := []string{pgx.Identifier{t.id}.Sanitize()}
	for _, c := range t.columns {
		names = append(names, pgx.Identifier{c.name}.Sanitize())
	}
	if t.geometry != "" {
		names = append(names, pgx.Identifier{t.geometry}.Sanitize())
	}
	return strings.Join(names, ", ")
}

func (t *table) copySQL() string {
	sql := "SELECT " + t.columnList() + " FROM " + t.from
	if t.filter != "" {
		sql += " WHERE " + t.filter
	}
	return "COPY (" + sql + ") TO STDOUT (FORMAT binary)"
}

// copyReader takes COPY's binary form as it arrives: columnList of a table, and extra columns behind it.
type copyReader struct {
	table *table
	extra int
	warn  func(t *table, id int64, err error)
	take  func(f *layers.Feature, extra [][]byte) // each row; extra holds for the call alone
	alive func() error                            // about once a second while rows come; nil: nobody wants to know

	rest   []byte // of a row that was cut by the end of a message
	extras [][]byte
	begun  bool
	ended  bool
	told   time.Time
}

// read runs COPY (…) TO STDOUT (FORMAT binary).
func (r *copyReader) read(ctx context.Context, conn *pgx.Conn, sql string) error {
	if _, err := conn.PgConn().CopyTo(ctx, r, sql); err != nil {
		return fmt.Errorf("layer %s: %w", r.table.layer.Name, err)
	}
	if !r.ended {
		return fmt.Errorf("layer %s: the copy ends too early", r.table.layer.Name)
	}
	return nil
}

var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

// Write implements io.Writer for pgconn's CopyTo. The server sends a row a message, but does not promise to.
func (r *copyReader) Write(b []byte) (int, error) {
	n := len(b)
	if len(r.rest) > 0 {
		b = append(r.rest, b...)
		r.rest = nil
	}
	if !r.begun {
		const header = 19 // signature, flags, length of the extension
		if len(b) < header {
			r.rest = bytes.Clone(b)
			return n, nil
		}
		if !bytes.HasPrefix(b, copySignature) {
			return 0, fmt.Errorf("not a binary copy")
		}
		b, r.begun = b[header:], true
	}
	for len(b) > 0 && !r.ended {
		used, err := r.row(b)
		if err != nil {
			return 0, err
		}
		if used == 0 {
			r.rest = bytes.Clone(b)
			break
		}
		b = b[used:]
	}
	if now := time.Now(); r.alive != nil && now.Sub(r.told) > statusPeriod {
		r.told = now
		if err := r.alive(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// row reads one row and returns its length, or 0 when it is not all there.
func (r *copyReader) row(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	fields := int(int16(binary.BigEndian.Uint16(b)))
	if fields == -1 {
		r.ended = true
		return 2, nil
	}
	if want := r.table.width() + r.extra; fields != want {
		return 0, fmt.Errorf("a row of %d columns, %d were asked for", fields, want)
	}
	end := 2
	for range fields {
		if len(b) < end+4 {
			return 0, nil
		}
		if n := int(int32(binary.BigEndian.Uint32(b[end:]))); n > 0 {
			end += n
		}
		end += 4
	}
	if len(b) < end {
		return 0, nil
	}
	row := rowBuilder{warn: r.warn, table: r.table}
	r.extras = r.extras[:0]
	at := 2
	for i := range fields {
		n := int(int32(binary.BigEndian.Uint32(b[at:])))
		at += 4
		var value []byte
		if n >= 0 {
			value = b[at : at+n : at+n]
			at += n
		}
		if i >= r.table.width() {
			r.extras = append(r.extras, value)
		} else if err := row.set(i-1, value); err != nil {
			return 0, err
		}
	}
	r.take(row.feature(), r.extras)
	return end, nil
}
