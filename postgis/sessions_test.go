package postgis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

var (
	_ scs.CtxStore         = (*postgis.SessionStore)(nil)
	_ scs.IterableStore    = (*postgis.SessionStore)(nil)
	_ scs.IterableCtxStore = (*postgis.SessionStore)(nil)
)

func TestSessionStore(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	s := postgis.NewSessionStore(db)
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	find := func(token, want string) {
		t.Helper()
		data, found, err := s.Find(token)
		if err != nil || found != (want != "") || string(data) != want {
			t.Errorf("%s: %q, %v, %v; want %q", token, data, found, err, want)
		}
	}
	find("a", "")
	must(s.Commit("a", []byte("one"), later))
	must(s.Commit("b", []byte("two"), later))
	find("a", "one")
	must(s.Commit("a", []byte("one again"), later))
	find("a", "one again")
	if all, err := s.All(); err != nil || fmt.Sprint(all) != fmt.Sprint(map[string][]byte{"a": []byte("one again"), "b": []byte("two")}) {
		t.Errorf("all: %q, %v", all, err)
	}
	must(s.Delete("a"))
	must(s.Delete("a"))
	find("a", "")
	must(s.Commit("b", []byte("over"), before))
	find("b", "")
	if all, err := s.All(); err != nil || all == nil || len(all) != 0 {
		t.Errorf("all: %q, %v", all, err)
	}
	must(s.Commit("b", []byte("back"), later)) // an expired row that has not gone yet is no obstacle
	find("b", "back")
}

func TestExpiredSessionsGo(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	s := postgis.NewSessionStore(db)
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO session (token, data, expiry) SELECT 'old' || n, '', now() - interval '1 hour' FROM generate_series(1, 250) n`); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{151, 52, 3, 4} {
		if err := s.CommitCtx(t.Context(), fmt.Sprint("new", i), []byte("x"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM session`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("after %d commits %d rows are left, want %d", i+1, n, want)
		}
	}
}
