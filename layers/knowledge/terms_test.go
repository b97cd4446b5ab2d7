package knowledge

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"wanglou/layers/words"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	for question, want := range map[string][2]string{
		"水":           {"水", "'水':*"},
		"停水":          {"停水", "'停水'"},
		"消防通道":        {"消防通道", "'消防' & '防通' & '通道'"},
		"消防 举报":       {"消防 举报", "'消防' & '举报'"},
		"12345热线":     {"12345 热线", "'12345':* & '热线'"},
		"ｐｍ2.5":       {"pm2.5", "'pm2.5':*"},
		"' | a:* & !": {"a", "'a':*"},
		"停水 停水":       {"停水", "'停水'"},
		"？！":          {"", ""},
	} {
		q := ParseQuery(question)
		if got := strings.Join(q.Words, " "); got != want[0] || q.TSQuery() != want[1] {
			t.Errorf("%q asks for %q by %q, want %q", question, got, q.TSQuery(), want)
		}
	}
	if got := strings.Join(ParseQuery("请问电动车在楼道充电怎么办").Loosened(), " "); got != "充电 动车 楼道 电动 道充" {
		t.Errorf("loosened to %q", got)
	}
	if got := AnyOf([]string{"电", "充电", "pm"}); got != "'电':* | '充电' | 'pm':*" {
		t.Errorf("any of them: %s", got)
	}
	if got := AnyOf([]string{"一二", "三四", "五六", "七八"}); got != "'一二' & '三四' | '一二' & '五六' | '三四' & '五六' | '一二' & '七八' | '三四' & '七八' | '五六' & '七八'" {
		t.Errorf("any two of them: %s", got)
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		question, text string
		want           bool
	}{
		{"电动车", "电动车充电", true},
		{"电动车", "手电动，动车晚点", false}, // both pairs, apart
		{"pm", "PM2.5 超标", true},
		{"2.5", "PM2.5 超标", false}, // not where a word begins
		{"热线 1234", "12345政务服务热线", true},
		{"", "x", false},
	} {
		if got := ParseQuery(c.question).In(c.text); got != c.want {
			t.Errorf("%q in %q: %v", c.question, c.text, got)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	show := func(parts []Part) string {
		var b strings.Builder
		for _, p := range parts {
			if p.Mark {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		return b.String()
	}
	for _, c := range [][3]string{
		{"消防", "占用消防通道，报消防部门", "占用[消防]通道，报[消防]部门"},
		{"消防 防通", "占用消防通道", "占用[消防通]道"},
		{"pm2", "ＰＭ２．５与 pm25", "[ＰＭ２]．５与 [pm2]5"},
		{"水", "停水，水管", "停[水]，[水]管"},
		{"x", "占用消防通道", "占用消防通道"},
	} {
		if got := show(ParseQuery(c[0]).Parts(c[1])); got != c[2] {
			t.Errorf("%q marks %q, want %q", c[0], got, c[2])
		}
	}
	long := "## 适用\n\n- " + strings.Repeat("一般说明文字，", 40) + "**占用消防通道**的，拨打119。" + strings.Repeat("其他说明。", 40)
	got := show(ParseQuery("消防通道 119").Snippet(long, 60))
	if !strings.Contains(got, "占用[消防通道]的，拨打[119]。") || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") || strings.Contains(got, "**") {
		t.Errorf("snippet %q", got)
	}
	if got := show(ParseQuery("没有").Snippet("## 标题\n- 一\n- 二", 60)); got != "标题 一 二" {
		t.Errorf("snippet without marks %q", got)
	}
}

// texts draws what people write: Han, letters, digits, signs, full-width ones, and characters of elsewhere.
func texts() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]rune("消防通道水电动车 ，。1.2ＡａB５．々〇\n-'\\&|!:*é나𠀀😀")), rapid.Rune()), 0, 60), func(r []rune) string { return string(r) })
}

// Whatever stands in a text together is found by its terms.
func TestWhatStandsInATextIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		terms := words.Terms(text)
		for _, p := range words.Cut([]rune(words.Fold(text))) {
			s := []rune(words.Fold(text))[p.From:p.To]
			from, to := 0, rapid.IntRange(1, len(s)).Draw(t, "to")
			if p.Han {
				from = rapid.IntRange(0, to-1).Draw(t, "from")
			} else if to = min(to, words.MaxWord); s[to-1] == '.' {
				continue
			}
			q := ParseQuery(string(s[from:to]))
			if len(q.Words) != 1 || !q.In(text) {
				t.Fatalf("%q is not in %q", q.Words, text)
			}
			for _, each := range strings.Split(q.TSQuery(), " & ") {
				term, prefix := strings.CutSuffix(each, ":*")
				if term = strings.Trim(term, "'"); !slices.ContainsFunc(terms, func(have string) bool { return have == term || prefix && strings.HasPrefix(have, term) }) {
					t.Fatalf("%q of %q is not among %q", term, q.Words, terms)
				}
			}
		}
	})
}

func checkMarks(t interface{ Fatalf(string, ...any) }, question, text string) {
	q := ParseQuery(question)
	at := 0
	s := []rune(text)
	for _, m := range q.Marks(text) {
		if m.From < at || m.To <= m.From || m.To > len(s) {
			t.Fatalf("marks of %q in %q: %v", question, text, q.Marks(text))
		}
		at = m.To + 1 // neither touching nor overlapping
	}
	var b strings.Builder
	for _, p := range q.Parts(text) {
		b.WriteString(p.Text)
	}
	if utf8.ValidString(text) && b.String() != text {
		t.Fatalf("the parts of %q make %q", text, b.String())
	}
	n := 0
	for _, p := range q.Snippet(text, 80) {
		n += utf8.RuneCountInString(p.Text)
	}
	if n > 82 {
		t.Fatalf("a snippet of 80 characters has %d", n)
	}
	if len(q.Loosened()) > maxLoose || len(q.Words) > 8 {
		t.Fatalf("%q has too many terms", question)
	}
}

func TestMarksAreInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkMarks(t, texts().Draw(t, "question"), texts().Draw(t, "text")) })
}

func FuzzQuery(f *testing.F) {
	f.Add("消防通道 119", "占用消防通道的，拨打119")
	f.Add("ＰＭ2.5", "pm2.5 ＰＭ２．５")
	f.Add("a\x00'\\:*", "\xe5\x8d 半个字")
	f.Fuzz(func(t *testing.T, question, text string) {
		checkMarks(t, question, text)
		for _, term := range append(words.Terms(question), ParseQuery(question).Words...) {
			if strings.ContainsAny(term, "'\\ :*&|!()<>\x00") || term == "" {
				t.Fatalf("%q would be read by the database as more than a term", term)
			}
		}
	})
}
