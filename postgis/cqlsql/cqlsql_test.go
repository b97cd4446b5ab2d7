package cqlsql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/cql2"
	"wanglou/layers/cql2/cql2test"
	"wanglou/postgis/cqlsql"
	"wanglou/postgis/postgistest"
)

var columns = func() map[string]cqlsql.Column {
	m := map[string]cqlsql.Column{"geometry": cqlsql.GeometryColumn("thing", "geometry", 4326)}
	for name, kind := range map[string]string{"id": "int8", "n": "int4", "m": "numeric", "x": "float8", "s": "text", "b": "bool", "at": "timestamptz", "until": "timestamp", "tags": "_text"} {
		c, ok := cqlsql.NewColumn("thing", name, kind)
		if !ok {
			panic(name)
		}
		m[name] = c
	}
	return m
}()

// The replica's answer and the database's are one, for any filter and any rows.
func TestMatchAndSQLAgree(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), postgistest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	if _, err := conn.Exec(t.Context(), `CREATE TABLE thing (id bigint PRIMARY KEY, n int, m numeric, x float8, s text, b bool, at timestamptz, until timestamp, tags text[],
		geometry geometry(Geometry, 4326))`); err != nil {
		t.Fatal(err)
	}
	const rows = 400
	features := make([]*layers.Feature, rows)
	batch := &pgx.Batch{}
	for i := range features {
		f := cql2test.Feature(int64(i) - 3).Example(i)
		features[i] = f
		var shape []byte
		if f.Geometry != nil {
			if shape, err = wkb.Marshal(f.Geometry); err != nil {
				t.Fatal(err)
			}
		}
		batch.Queue(`INSERT INTO thing VALUES ($1, $2, $3::bigint, $4, $5, $6, $7, $8::timestamptz AT TIME ZONE 'UTC', $9, ST_GeomFromWKB($10, 4326))`,
			append(append([]any{f.ID}, f.Values...), shape)...)
	}
	if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	matched := 0
	rapid.Check(t, func(rt *rapid.T) {
		e := cql2test.Filter().Draw(rt, "filter")
		m, err := cql2.Compile(e, cql2test.Layer)
		if err != nil {
			rt.Fatal(err)
		}
		condition, args, err := cqlsql.Translate(e, columns, []any{int64(-1 << 62)})
		if err != nil {
			rt.Fatal(err)
		}
		rs, err := conn.Query(t.Context(), "SELECT id FROM thing WHERE id > $1 AND "+condition, args...)
		if err != nil {
			rt.Fatalf("%s\n%s: %v", m.Text(), condition, err)
		}
		ids, err := pgx.CollectRows(rs, pgx.RowTo[int64])
		if err != nil {
			rt.Fatalf("%s\n%s: %v", m.Text(), condition, err)
		}
		in := map[int64]bool{}
		for _, id := range ids {
			in[id] = true
		}
		matched += len(ids)
		for _, f := range features {
			if got := m.Match(f); got != in[f.ID] {
				rt.Fatalf("%s\nreplica %v, database %v, for %+v\n%s", m.Text(), got, in[f.ID], f, condition)
			}
		}
	})
	if matched == 0 {
		t.Error("no filter matched anything")
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	column := func(kind string) cqlsql.Column {
		c, ok := cqlsql.NewColumn("", "c", kind)
		if !ok {
			t.Fatalf("no column of type %s", kind)
		}
		return c
	}
	cases := []struct {
		filter, want string
		column       cqlsql.Column
	}{
		{"c = 5", `("c" = $2::int8)`, column("int4")},
		{"c < 5.5", `("c" < $2::numeric)`, column("int4")},
		{"c = 3.2", `("c"::text::float8 = $2::numeric)`, column("float4")},
		{"c IN ('a', 'b')", `("c" = ANY ($2::text[]))`, column("text")},
		{"c < 'b'", `("c"::text COLLATE "C" < $2::text COLLATE "C")`, column("varchar")},
		{"NOT (c IS NULL OR c LIKE 'a%')", `(NOT (("c" IS NULL) OR ("c" LIKE $2::text ESCAPE '\')))`, column("text")},
		{"T_AFTER(c, DATE('2026-01-01'))", `("c" > $2::timestamptz)`, column("timestamptz")},
		{"S_INTERSECTS(g, POINT(120 30))", `ST_Intersects("g", ST_Transform(ST_GeomFromWKB($2::bytea, 4326), 4549))`, column("text")},
	}
	for _, c := range cases {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			e, err := cql2.ParseText(c.filter)
			if err != nil {
				t.Fatal(err)
			}
			got, args, err := cqlsql.Translate(e, map[string]cqlsql.Column{"c": c.column, "g": cqlsql.GeometryColumn("", "g", 4549)}, []any{"first"})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if args[0] != "first" || len(args) < 2 && strings.Contains(got, "$2") {
				t.Errorf("args %v", args)
			}
		})
	}
}

// Nothing that a caller writes stands in the statement.
func TestTranslateQuotesNothing(t *testing.T) {
	t.Parallel()
	evil := `'); DROP TABLE thing; --`
	for _, filter := range []string{fmt.Sprintf("c = '%s'", strings.ReplaceAll(evil, "'", "''")), fmt.Sprintf("c LIKE '%s'", strings.ReplaceAll(evil, "'", "''")),
		fmt.Sprintf("c IN ('%s')", strings.ReplaceAll(evil, "'", "''"))} {
		e, err := cql2.ParseText(filter)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := cqlsql.NewColumn("", `c"c`, "text")
		got, _, err := cqlsql.Translate(e, map[string]cqlsql.Column{"c": c}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, "DROP") || !strings.Contains(got, `"c""c"`) {
			t.Error(got)
		}
	}
	e, err := cql2.ParseText(`"c"" OR TRUE --" = 1`)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := cqlsql.Translate(e, columns, nil); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("%s, %v", got, err)
	}
}
