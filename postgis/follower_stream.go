package postgis

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

var errShortMessage = errors.New("a replication message ends too early")

// relation says how the rows of one table stand in the stream.
type relation struct {
	table  *table // nil: not a layer
	places []int  // by column of the message; placeNone for those not shown
}

const placeNone = -2

// logical takes one message of pgoutput. Rows are read here rather than by pglogrepl, which copies each value byte by byte into
// memory of its own; see BenchmarkStream.
func (s *session) logical(ctx context.Context, b []byte) error {
	if len(b) == 0 {
		return errShortMessage
	}
	switch b[0] {
	case 'I', 'U', 'D':
		return s.row(ctx, b[0], b[1:])
	}
	msg, err := pglogrepl.Parse(b)
	if err != nil {
		return err
	}
	switch msg := msg.(type) {
	case *pglogrepl.BeginMessage:
		s.tx = newTransaction()
	case *pglogrepl.RelationMessage:
		return s.relation(ctx, msg)
	case *pglogrepl.TruncateMessage:
		for _, oid := range msg.RelationIDs {
			if r := s.relations[oid]; r != nil && r.table != nil {
				s.tx.add(layers.Change{Layer: r.table.layer.Name, Kind: layers.Truncate})
			}
		}
	case *pglogrepl.CommitMessage:
		c := &layers.Commit{Version: layers.Version(msg.TransactionEndLSN), Time: msg.CommitTime, Changes: s.tx.changes}
		s.tx, s.seen = nil, msg.TransactionEndLSN
		if len(c.Changes) > 0 {
			return s.send(event{commit: c})
		}
	}
	return nil
}

// relation learns the layout of a table's rows. A layout that the catalogue does not know means that the schema changed.
func (s *session) relation(ctx context.Context, m *pglogrepl.RelationMessage) error {
	r := &relation{table: s.catalog.byOID[m.RelationID]}
	s.relations[m.RelationID] = r
	if r.table == nil {
		if _, known := s.catalog.skipped[m.RelationID]; known {
			return nil
		}
		return s.doubt(ctx, m)
	}
	for _, c := range m.Columns {
		place, ok := r.table.place(c.Name)
		if !ok || !slices.Contains(r.table.stream, streamColumn{c.Name, c.DataType}) {
			place = placeNone
		}
		r.places = append(r.places, place)
	}
	if slices.EqualFunc(m.Columns, r.table.stream, func(c *pglogrepl.RelationMessageColumn, want streamColumn) bool {
		return c.Name == want.name && c.DataType == want.oid
	}) {
		return nil
	}
	if !slices.Contains(r.places, placeID) {
		r.table = nil
	}
	return s.doubt(ctx, m)
}

// doubt ends the session when the catalogue has changed. When it has not, a new snapshot would change nothing either: columns that are
// not understood are then left out.
func (s *session) doubt(ctx context.Context, m *pglogrepl.RelationMessage) error {
	now, err := s.readNow(ctx)
	if err != nil {
		return err
	}
	if now.fingerprint != s.catalog.fingerprint {
		return errResync
	}
	if s.catalog.byOID[m.RelationID] != nil { // else a partition, announced beside the table it is published as
		s.follower.log.Warn("a table's rows are not as the catalogue says; what is not understood is left out", "table", m.Namespace+"."+m.RelationName)
	}
	return nil
}

// row takes an insert, update or delete.
func (s *session) row(ctx context.Context, kind byte, b []byte) error {
	if len(b) < 5 {
		return errShortMessage
	}
	r := s.relations[binary.BigEndian.Uint32(b)]
	if r == nil || s.tx == nil {
		return fmt.Errorf("a row of a table that was not announced")
	}
	if r.table == nil {
		return nil
	}
	layer := r.table.layer.Name
	tuple, b := b[4], b[5:]
	var old, row rowBuilder
	hasOld := tuple == 'K' || tuple == 'O'
	if hasOld {
		old = rowBuilder{warn: s.report, table: r.table}
		rest, err := r.tuple(b, &old, true)
		if err != nil {
			return err
		}
		if kind == 'D' {
			s.tx.add(layers.Change{Layer: layer, Kind: layers.Delete, Feature: &layers.Feature{ID: old.id}})
			return nil
		}
		if len(rest) == 0 {
			return errShortMessage
		}
		b = rest[1:]
	}
	row = rowBuilder{warn: s.report, table: r.table}
	if _, err := r.tuple(b, &row, false); err != nil {
		return err
	}
	if hasOld && old.id != row.id {
		s.tx.add(layers.Change{Layer: layer, Kind: layers.Delete, Feature: &layers.Feature{ID: old.id}})
	}
	if len(row.unchanged) > 0 && (kind == 'I' || hasOld && old.id != row.id) {
		if err := s.complete(ctx, &row); err != nil {
			return err
		}
	}
	s.tx.add(layers.Change{Layer: layer, Kind: layers.Upsert, Feature: row.feature(), Unchanged: row.unchanged})
	return nil
}

// tuple reads one row's values into row and returns what follows; of an old row only the id is wanted.
func (r *relation) tuple(b []byte, row *rowBuilder, idOnly bool) (rest []byte, err error) {
	if len(b) < 2 {
		return nil, errShortMessage
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if n != len(r.places) {
		return nil, fmt.Errorf("layer %s: a row of %d columns, %d were announced", row.table.layer.Name, n, len(r.places))
	}
	for _, place := range r.places {
		if len(b) < 1 {
			return nil, errShortMessage
		}
		kind := b[0]
		b = b[1:]
		var value []byte
		switch kind {
		case 'n':
		case 'u':
			if place >= 0 && !idOnly {
				row.keep(place)
			}
			continue
		case 'b', 't':
			if len(b) < 4 {
				return nil, errShortMessage
			}
			size := int(binary.BigEndian.Uint32(b))
			if len(b)-4 < size {
				return nil, errShortMessage
			}
			value, b = b[4:4+size:4+size], b[4+size:]
		default:
			return nil, fmt.Errorf("a value of kind %q", kind)
		}
		if place == placeNone || idOnly && place != placeID {
			continue
		}
		if err := row.set(place, value); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// complete reads the large values that an update into the publication's WHERE leaves out: for the stream it is an insert, but PostgreSQL
// does not send what the update did not touch, and the replica holds no such row. The values may be newer than the
// commit; then the commit that made them is on its way.
func (s *session) complete(ctx context.Context, row *rowBuilder) error {
	conn, err := s.follower.db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	t := row.table
	sql := "SELECT " + t.columnList() + " FROM " + t.from + " WHERE " + pgx.Identifier{t.id}.Sanitize() + fmt.Sprintf(" = %d", row.id)
	result := conn.Conn().PgConn().ExecParams(ctx, sql, nil, nil, nil, []int16{pgx.BinaryFormatCode}).Read()
	if result.Err != nil {
		return result.Err
	}
	for _, place := range row.unchanged {
		if place == -1 {
			place = len(t.columns)
		}
		if len(result.Rows) == 1 { // else the row is gone, and so is the feature in a moment
			if err := row.set(place, result.Rows[0][place+1]); err != nil {
				return err
			}
		}
	}
	row.unchanged = nil
	return nil
}
