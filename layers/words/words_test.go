package words

import (
	"strings"
	"testing"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            "",
		"，。！":         "",
		"水":           "水",
		"停水":          "停水 水",
		"消防通道":        "消防 通道 道 防通",
		"拨打12345热线":   "12345 打 拨打 热线 线",
		"ＰＭ２．５ 超标":    "pm2.5 标 超标",
		"PM2.5":       "pm2.5",
		"GB 50016-V2": "50016 gb v2",
		"1. 先断电":      "1 先断 断电 电",
		"end.Next":    "end next",
		"〇二〇年":        "〇二 〇年 二〇 年",
	} {
		if got := strings.Join(Terms(text), " "); got != want {
			t.Errorf("%q is found by %q, want %q", text, got, want)
		}
	}
}
