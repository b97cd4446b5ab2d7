package hook

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"wanglou/layers"
)

func place(path string) string { return "城南街道 " + path }

func row(id int64, values map[string]any) Row { return Row{id, values} }

func TestComposeOneRow(t *testing.T) {
	t.Parallel()
	h := &Hook{Kind: KindWeCom, Layer: "incident", Link: "https://map.example/"}
	grave := row(7, map[string]any{"severity": 1.0, "title": "沿街商铺\n起火 @所有人<at user_id=\"all\">", "state": "filed", "area_path": "330122.1", "number": "20261129-0007"})
	want := "【紧急】沿街商铺 起火 ＠所有人＜at user_id=\"all\"＞\n地点：城南街道 330122.1\n状态：立案\n编号：20261129-0007\nhttps://map.example/?sel=incident/7"
	if got := h.Compose([]Row{grave}, place); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Lines of which nothing is known are left out; a template may name any column.
	h.Template, h.Link = "{name}（{device_id}）\n{link}\n{status}", ""
	if got := h.Compose([]Row{row(1, map[string]any{"name": "东门", "device_id": nil, "status": "offline"})}, place); got != "东门（）\n离线" {
		t.Errorf("%q", got)
	}
}

func TestManyRowsAreOneMessage(t *testing.T) {
	t.Parallel()
	h := &Hook{Kind: KindFeishu, Layer: "incident", Template: "{title}"}
	var rows []Row
	for i := range 25 {
		rows = append(rows, row(int64(i), map[string]any{"title": fmt.Sprint("t", i)}))
	}
	got := h.Compose(rows, place)
	if !strings.HasPrefix(got, "t0\n\nt1\n\n") || !strings.HasSuffix(got, "t9\n\n另有 15 条变化") {
		t.Errorf("%q", got)
	}
}

// Whatever is in the rows, a message is not longer than a robot takes, is whole text, and calls nobody.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &Hook{Kind: KindDingTalk, Layer: "incident", Template: rapid.SampledFrom([]string{"", "{title}", "{title}\n{nothing}\n{link}", "x"}).Draw(t, "template"), Link: "http://a"}
		var rows []Row
		for i := range rapid.IntRange(1, 30).Draw(t, "n") {
			rows = append(rows, row(int64(i), map[string]any{"title": rapid.StringN(0, 900, 3000).Draw(t, "title"), "severity": float64(rapid.IntRange(1, 3).Draw(t, "severity"))}))
		}
		got := h.Compose(rows, place)
		if len(got) > 2048 || !utf8.ValidString(got) || strings.ContainsAny(got, "<>@") {
			t.Fatalf("%d bytes: %.200q", len(got), got)
		}
	})
}

func TestNews(t *testing.T) {
	t.Parallel()
	rows := []Row{
		row(1, map[string]any{"state": "filed", "severity": 2.0}),
		row(2, map[string]any{"state": "filed", "severity": 1.0}),
		row(3, map[string]any{"state": "dispatched", "severity": 3.0}),
		row(4, map[string]any{"state": "filed", "severity": nil}),
	}
	got := []int64{}
	for _, r := range News(map[int64]string{1: "filed|2", 3: "filed|3"}, rows) {
		got = append(got, r.ID)
	}
	if fmt.Sprint(got) != "[2 3 4]" {
		t.Errorf("%v", got)
	}
}

func TestValidateRobots(t *testing.T) {
	t.Parallel()
	allows := func(host string) bool { return host == "oapi.dingtalk.com" }
	ok := Hook{Kind: KindDingTalk, Name: "值班群", URL: "https://oapi.dingtalk.com/robot/send?access_token=x", Layer: "incident", Link: "https://map.example"}
	if err := ok.Validate(allows); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		change        func(*Hook)
		field, reason string
	}{
		{func(h *Hook) { h.Kind = "slack" }, "kind", "not_a_value"},
		{func(h *Hook) { h.Kind = KindEvent }, "template", "not_a_robot"},
		{func(h *Hook) { h.Template = strings.Repeat("字", 501) }, "template", "too_long"},
		{func(h *Hook) { h.Secret = strings.Repeat("x", 201) }, "secret", "too_long"},
		{func(h *Hook) { h.Link = "javascript:alert(1)" }, "link", "not_a_value"},
		{func(h *Hook) { h.Link = "https://a/?x=1" }, "link", "not_a_value"},
		{func(h *Hook) { h.URL = "https://127.0.0.1/" }, "url", "host_not_allowed"},
	} {
		h := ok
		one.change(&h)
		var e *layers.Error
		if err := h.Validate(allows); !errors.As(err, &e) || e.Field != one.field || e.Reason != one.reason {
			t.Errorf("%s %s: %v", one.field, one.reason, err)
		}
	}
	for address, want := range map[string]string{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?…",
		"https://open.feishu.cn/open-apis/bot/v2/hook/secret":         "https://open.feishu.cn/open-apis/bot/v2/hook/…",
		"https://open.feishu.cn":                                      "https://open.feishu.cn…",
	} {
		if got := (&Hook{Kind: KindWeCom, URL: address}).Shown(); got != want {
			t.Errorf("%s is shown as %s", address, got)
		}
	}
}
