package hooks

import (
	"testing"
	"time"

	"wanglou/layers/hook"
)

// The bodies and signatures as the platforms' descriptions have them.
func TestRobotRequests(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1764400000123)
	const secret = "SECd3a1b2"
	for _, one := range []struct {
		name          string
		hook          hook.Hook
		address, body string
	}{
		{"wecom", hook.Hook{Kind: hook.KindWeCom, URL: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"},
			"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", `{"msgtype":"text","text":{"content":"起火\n\"东门\""}}`},
		{"dingtalk", hook.Hook{Kind: hook.KindDingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=t"},
			"https://oapi.dingtalk.com/robot/send?access_token=t", `{"msgtype":"text","text":{"content":"起火\n\"东门\""}}`},
		{"dingtalk signed", hook.Hook{Kind: hook.KindDingTalk, URL: "https://oapi.dingtalk.com/robot/send?access_token=t", Secret: secret},
			"https://oapi.dingtalk.com/robot/send?access_token=t&sign=B7PMhyIa2wvt2Ihq3ueE3jK5tdtdMFsGjy2mQpbTVuI%3D&timestamp=1764400000123", `{"msgtype":"text","text":{"content":"起火\n\"东门\""}}`},
		{"feishu", hook.Hook{Kind: hook.KindFeishu, URL: "https://open.feishu.cn/open-apis/bot/v2/hook/h"},
			"https://open.feishu.cn/open-apis/bot/v2/hook/h", `{"content":{"text":"起火\n\"东门\""},"msg_type":"text"}`},
		{"feishu signed", hook.Hook{Kind: hook.KindFeishu, URL: "https://open.feishu.cn/open-apis/bot/v2/hook/h", Secret: secret},
			"https://open.feishu.cn/open-apis/bot/v2/hook/h", `{"content":{"text":"起火\n\"东门\""},"msg_type":"text","sign":"0gD1gDoob4kpZ4NYq8JxeiXj078cP/uc4ezvgNp37jg=","timestamp":"1764400000"}`},
	} {
		address, body, err := robotRequest(&one.hook, "起火\n\"东门\"", now)
		if err != nil || address != one.address || string(body) != one.body {
			t.Errorf("%s: %v\n%s, want\n%s\n%s, want\n%s", one.name, err, address, one.address, body, one.body)
		}
	}
}

func TestRobotAnswers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"errcode":0,"errmsg":"ok"}`:                        "",
		`{"code":0,"msg":"success"}`:                         "",
		`{"StatusCode":0,"StatusMessage":"success"}`:         "",
		`{"errcode":93000,"errmsg":"invalid webhook url"}`:   "refused:93000",
		`{"errcode":45009,"errmsg":"api freq out of limit"}`: "refused:45009 wait",
		`{"errcode":310000,"errmsg":"sign not match"}`:       "refused:310000",
		`{"errcode":130101}`:                                 "refused:130101 wait",
		`{"code":19021,"msg":"sign match fail"}`:             "refused:19021",
		`{"code":11232,"msg":"frequency limited"}`:           "refused:11232 wait",
		`<html>`: "refused:?",
		``:       "refused:?",
		`{}`:     "refused:?",
	} {
		after, err := robotAnswer([]byte(body))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if after > 0 {
			got += " wait"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add("snapshot", `{"columns":["title"],"ids":[1],"values":[["x"]]}`)
	f.Add("diff", `{"ids":[1,2],"values":[[1]],"removed":[3]}`)
	f.Fuzz(func(t *testing.T, kind, frame string) {
		h := &hook.Hook{Kind: hook.KindWeCom, Layer: "incident", Columns: []string{"title", "state"}}
		if r, err := readFrame(h, kind, []byte(frame)); err == nil {
			_ = h.Compose(hook.News(nil, r.rows), func(p string) string { return p })
		}
	})
}
