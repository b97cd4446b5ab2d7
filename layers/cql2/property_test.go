package cql2_test

import (
	"testing"

	"pgregory.net/rapid"

	"wanglou/layers/cql2"
	"wanglou/layers/cql2/cql2test"
)

// Any filter, written as text or JSON and read again, is the same filter; and it compiles.
func TestFormsAreOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := cql2test.Filter().Draw(t, "filter")
		text := cql2.Text(e)
		fromText, err := cql2.ParseText(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := cql2.Text(fromText); got != text {
			t.Fatalf("text\n%s\nbecame\n%s", text, got)
		}
		b, err := cql2.JSON(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := cql2.JSON(fromText)
		if err != nil || string(again) != string(b) {
			t.Fatalf("JSON %s\nbecame by way of text\n%s (%v)", b, again, err)
		}
		fromJSON, err := cql2.ParseJSON(b)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if got := cql2.Text(fromJSON); got != text {
			t.Fatalf("text\n%s\nbecame by way of JSON\n%s", text, got)
		}
		m, err := cql2.Compile(fromJSON, cql2test.Layer)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		m.Match(cql2test.Feature(1).Draw(t, "feature"))
	})
}

// Whatever is read is written in a form that is read again as the same.
func follow(t *testing.T, e cql2.Expr) {
	text := cql2.Text(e)
	again, err := cql2.ParseText(text)
	if err != nil {
		if len(text) > cql2.MaxLength {
			return
		}
		t.Fatalf("canonical text %q: %v", text, err)
	}
	if got := cql2.Text(again); got != text {
		t.Fatalf("text %q became %q", text, got)
	}
	b, err := cql2.JSON(e)
	if err != nil {
		t.Fatalf("JSON of %q: %v", text, err)
	}
	if len(b) > cql2.MaxLength {
		return
	}
	fromJSON, err := cql2.ParseJSON(b)
	if err != nil {
		t.Fatalf("JSON %s: %v", b, err)
	}
	if got := cql2.Text(fromJSON); got != text {
		t.Fatalf("text %q became %q by way of %s", text, got, b)
	}
	if m, err := cql2.Compile(e, cql2test.Layer); err == nil {
		m.Match(cql2test.Feature(1).Example())
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a = 1", "a IN ('x', 'y') AND NOT b LIKE '%'", "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))", "T_DURING(at, INTERVAL('2020-01-01', '..'))",
		"-x ^ 2 >= 1.5e3 DIV (n - 1)", `"q" = U&'\4E2D'`, "A_CONTAINS(tags, ('a'))", "f(('a'), g(1)) = BBOX(1,2,3,4)", "n BETWEEN 1 AND 2 OR b IS NOT NULL"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := cql2.ParseText(s); err == nil {
			follow(t, e)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"op":"=","args":[{"property":"a"},1]}`, `{"op":"and","args":[true,{"op":"isNull","args":[{"property":"x"}]}]}`,
		`{"op":"s_within","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}]}`, `{"op":"t_after","args":[{"interval":["..",{"property":"at"}]},{"date":"2020-01-01"}]}`,
		`{"op":"a_contains","args":[{"property":"tags"},["a"]]}`, `{"op":"f","args":[["a"],{"bbox":[1,2,3,4]}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := cql2.ParseJSON([]byte(s)); err == nil {
			follow(t, e)
		}
	})
}
