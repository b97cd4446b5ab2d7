package postgis_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/knowledge"
	"wanglou/layers/words"
	"wanglou/postgis"
)

var _ knowledge.Service = (*postgis.Knowledge)(nil)

func entry(title, body string, keywords ...string) *knowledge.Entry {
	return &knowledge.Entry{Title: title, Body: body, Keywords: keywords, Categories: []string{}}
}

func TestKnowledgeIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := postgis.NewKnowledge(w.db)
	w.exec(t, `INSERT INTO category (standard, kind, code, class, name) VALUES ('x', 'item', '09012', 'c', '占用消防通道') ON CONFLICT DO NOTHING`)
	e := entry("占用消防通道怎么处理", "拨打 119。", "堵塞")
	e.Categories, e.ValidFrom, e.ValidUntil = []string{"09012"}, "2020-01-01", "2020-12-31"
	wantRefusal(t, "by a duty officer", kept.Create(w.as(t, "duty"), e), layers.CodeForbidden, "", "role")
	if err := kept.Create(w.as(t, "admin"), e); err != nil || e.ID == 0 || e.Revision != 1 || !e.Expired || e.ValidUntil != "2020-12-31" {
		t.Fatalf("%+v, %v", e, err)
	}
	unknown := entry("x", "y")
	unknown.Categories = []string{"99998"}
	wantRefusal(t, "of no code", kept.Create(w.as(t, "admin"), unknown), layers.CodeInvalid, "categories", "unknown_value")
	if got, err := kept.Get(w.as(t, "duty"), e.ID); err != nil || got.Title != e.Title || !slices.Equal(got.Keywords, e.Keywords) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := kept.Get(w.as(t, "viewer"), e.ID)
	wantRefusal(t, "by a viewer", err, layers.CodeForbidden, "", "role")
	_, err = kept.Search(w.as(t, "viewer"), knowledge.Question{Limit: 5})
	wantRefusal(t, "by a viewer", err, layers.CodeForbidden, "", "role")

	next := *e
	next.Body, next.ValidUntil = "拨打 119 或 12345。", ""
	if err := kept.Update(w.as(t, "admin"), &next); err != nil || next.Revision != 2 || next.Expired || next.ValidUntil != "" {
		t.Fatalf("%+v, %v", next, err)
	}
	wantRefusal(t, "who saw the first", kept.Update(w.as(t, "admin"), e), layers.CodeConflict, "revision", "stale_revision")
	w.exec(t, `UPDATE knowledge SET body = '改过' WHERE id = $1`, e.ID)
	wantRefusal(t, "after psql", kept.Update(w.as(t, "admin"), &next), layers.CodeConflict, "revision", "stale_revision")
	wantRefusal(t, "by a duty officer", kept.Delete(w.as(t, "duty"), e.ID), layers.CodeForbidden, "", "role")
	if err := kept.Delete(w.as(t, "admin"), e.ID); err != nil {
		t.Error(err)
	}
	if layers.ErrorCode(kept.Delete(w.as(t, "admin"), e.ID)) != layers.CodeNotFound || layers.ErrorCode(kept.Update(w.as(t, "admin"), &next)) != layers.CodeNotFound {
		t.Error("what is gone can be changed")
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'knowledge.%'`); n != 3 {
		t.Errorf("%d audit rows for made, changed and deleted", n)
	}
}

func TestKnowledgeIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := postgis.NewKnowledge(w.db)
	for _, sql := range []string{
		`INSERT INTO knowledge (title, body, keywords, categories, valid_until, updated_at) VALUES
			('停水报修', '水管破裂、无水，联系供水。', '{没水,爆管}', '{}', NULL, '2026-01-01'),
			('停水通知（旧）', '去年的通知。', '{}', '{}', '2020-01-01', '2026-05-01'),
			('水费怎么查', '停水与水费无关。', '{}', '{}', NULL, '2026-02-01'),
			('电动车充电', '楼道内不得停放、充电。举报拨打12345热线。', '{飞线}', '{09012,06001}', NULL, '2026-03-01'),
			('轨道动车晚点', '手电动起来。', '{}', '{06010}', NULL, '2026-04-01'),
			('空气质量', 'ＰＭ２．５ 超标时减少外出。', '{}', '{}', NULL, '2026-03-02'),
			('热线', '拨打电话。', '{}', '{}', NULL, '2026-03-03')`,
	} {
		w.exec(t, sql)
	}
	for _, c := range []struct{ q, category, want string }{
		{"停水", "", "停水报修 停水通知（旧） 水费怎么查"}, // the title before the body, what holds before what is over
		{"水", "", "水费怎么查 停水报修 停水通知（旧）"},
		{"爆管", "", "停水报修"},
		{"电动车", "", "电动车充电"}, // not the one that holds its pairs apart
		{"电动车 举报", "", "电动车充电"},
		{"12345", "", "电动车充电"},
		{"pm2.5", "", "空气质量"},
		{"PM", "", "空气质量"},
		{"ｐｍ２", "", "空气质量"},
		{"热线", "", "热线 电动车充电"},
		{"电", "09", "电动车充电"},
		{"电", "06010", "轨道动车晚点"},
		{"停水", "09", ""},
		{"不存在的词", "", ""},
		{"？", "", ""},
		{"'&|!:*\\", "", ""},
		{"", "", "停水通知（旧） 轨道动车晚点 热线 空气质量 电动车充电 水费怎么查 停水报修"}, // what was changed last
	} {
		a, err := kept.Search(w.as(t, "duty"), knowledge.Question{Text: c.q, Category: c.category, Limit: 20})
		if err != nil {
			t.Fatalf("%q: %v", c.q, err)
		}
		if got := titles(a); got != c.want || a.Loose {
			t.Errorf("%q finds %q, want %q (loose: %v)", c.q, got, c.want, a.Loose)
		}
	}
	a, err := kept.Search(w.as(t, "duty"), knowledge.Question{Text: "请问电动车在小区充电怎么办", Limit: 20})
	if err != nil || titles(a) != "电动车充电" || !a.Loose || !a.Items[0].Title[0].Mark {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = kept.Search(w.as(t, "duty"), knowledge.Question{Text: "停水", Limit: 1})
	if err != nil || titles(a) != "停水报修" {
		t.Errorf("%+v, %v", a, err)
	}
	w.exec(t, `UPDATE knowledge SET title = '断水报修' WHERE title = '停水报修'`)
	a, err = kept.Search(w.as(t, "duty"), knowledge.Question{Text: "断水", Limit: 20})
	if err != nil || titles(a) != "断水报修" {
		t.Errorf("what psql changed is not found: %+v, %v", a, err)
	}
}

func titles(a *knowledge.Answer) string {
	var out []string
	for _, h := range a.Items {
		var b strings.Builder
		for _, p := range h.Title {
			b.WriteString(p.Text)
		}
		out = append(out, b.String())
	}
	return strings.Join(out, " ")
}

// What Go takes a text apart into, and what the index of the database does, is the same.
func TestKnowledgeTermsAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]rune("消防通道水电 ，。1.2ＡａB５．々〇\n-'\\&|!:*é나𠀀😀")), rapid.Rune()), 0, 80).Draw(rt, "text")
		text := strings.ReplaceAll(string(r), "\x00", "")
		got := queryOne[[]string](t, w, `SELECT coalesce(tsvector_to_array(knowledge_terms('', NULL, $1)), '{}')`, text)
		slices.Sort(got)
		if want := words.Terms(text); !slices.Equal(got, want) {
			rt.Fatalf("the database finds %q by %q, Go by %q", text, got, want)
		}
	})
}
