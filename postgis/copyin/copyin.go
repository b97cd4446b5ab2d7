// Package copyin writes many rows into a table by COPY, the fastest way PostgreSQL has. Geometry goes in as orb, EPSG:4326, without any
// type registered at the connection.
package copyin

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// SRID is the coordinate system that every geometry is written with.
const SRID = 4326

// Rows copies rows into the columns of a table, within tx, and returns how many they were. A value is nil, a string, a bool, an
// integer, a float, a time.Time, a []string, a json.RawMessage or an orb.Geometry; anything else is an error. An error
// that the sequence yields ends the copy and is returned.
func Rows(ctx context.Context, tx pgx.Tx, table string, columns []string, rows iter.Seq2[[]any, error]) (int64, error) {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	statement := fmt.Sprintf("COPY %s (%s) FROM STDIN", pgx.Identifier(strings.Split(table, ".")).Sanitize(), strings.Join(quoted, ", "))

	r, w := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := write(w, len(columns), rows)
		w.CloseWithError(err) // nil is the end of the file
		failed <- err
	}()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, r, statement)
	r.CloseWithError(io.ErrClosedPipe) // the server may have refused before everything was read
	if werr := <-failed; werr != nil && werr != io.ErrClosedPipe {
		return 0, werr
	}
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	return tag.RowsAffected(), nil
}

// All makes a sequence for Rows of n rows.
func All(n int, row func(i int) []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for i := range n {
			if !yield(row(i), nil) {
				return
			}
		}
	}
}

func write(w io.Writer, columns int, rows iter.Seq2[[]any, error]) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for row, err := range rows {
		if err != nil {
			return err
		}
		if len(row) != columns {
			return fmt.Errorf("a row has %d values for %d columns", len(row), columns)
		}
		line = line[:0]
		for i, v := range row {
			if i > 0 {
				line = append(line, '\t')
			}
			if line, err = appendValue(line, v); err != nil {
				return err
			}
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// appendValue appends v in COPY's text format.
func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, `\N`...), nil
	case string:
		return appendEscaped(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64), nil
	case time.Time:
		return v.AppendFormat(b, "2006-01-02 15:04:05.999999Z07:00"), nil
	case json.RawMessage:
		return appendEscaped(b, string(v)), nil
	case []string:
		return appendEscaped(b, array(v)), nil
	case orb.Geometry:
		raw, err := ewkb.Marshal(v, SRID)
		if err != nil {
			return nil, err
		}
		return hex.AppendEncode(b, raw), nil
	}
	return nil, fmt.Errorf("copyin: no way to write a %T", v)
}

func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\':
			b = append(b, `\\`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// array is a text[] literal.
func array(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = `"` + arrayEscape.Replace(s) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
