package postgis_test

import (
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/bookmark"
	"wanglou/postgis"
)

var _ bookmark.Service = (*postgis.Bookmarks)(nil)

// A bookmark is seen where all that its maker sees may be seen, and deleted by him and by administrators.
func TestBookmarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewBookmarks(w.db)
	at := time.Date(2026, 6, 1, 8, 0, 0, 250_000_000, time.UTC)
	make := func(login, title string, at time.Time) *bookmark.Bookmark {
		b := &bookmark.Bookmark{At: at, Title: title}
		if err := service.Create(w.as(t, login), b); err != nil || b.ID == 0 || !b.At.Equal(at) || !b.Mine {
			t.Fatalf("%+v, %v", b, err)
		}
		return b
	}
	ofWest := make("west", "西镇塌方", at)
	make("duty", "全县断电", at.Add(time.Hour))
	make("admin", "演练", at.Add(-time.Hour))
	titles := func(login string) (out []string) {
		found, err := service.Bookmarks(w.as(t, login))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range found {
			out = append(out, b.Title)
		}
		return out
	}
	for login, want := range map[string]int{"west": 1, "east": 0, "duty": 2, "viewer": 2, "admin": 3} {
		if got := titles(login); len(got) != want {
			t.Errorf("%s sees %q, want %d", login, got, want)
		}
	}
	if got := titles("admin"); got[0] != "全县断电" || got[2] != "演练" {
		t.Errorf("%q: the latest first", got)
	}
	wantRefusal(t, "by a unit", service.Create(w.as(t, "unit-w1"), &bookmark.Bookmark{At: at, Title: "x"}), layers.CodeForbidden, "", "role")
	wantRefusal(t, "another's", service.Delete(w.as(t, "duty"), ofWest.ID), layers.CodeForbidden, "", "not_your_bookmark")
	if err := service.Delete(w.as(t, "east"), ofWest.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour's: %v", err)
	}
	if err := service.Delete(w.as(t, "west"), ofWest.ID); err != nil {
		t.Error(err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'bookmark.%'`); n != 4 {
		t.Errorf("%d audit rows for three made and one deleted", n)
	}
}
