package digest

import (
	"strings"
	"testing"

	"wanglou/layers/camera"
)

// The examples of RFC 7616, 3.9.1.
func TestExamplesOfTheRFC(t *testing.T) {
	t.Parallel()
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c := Parse(`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		got := Parse(c.Digest("GET", "/dir/index.html", camera.Login{User: "Mufasa", Password: "Circle of Life"}, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"))
		if got.Params["response"] != want || got.Params["opaque"] != c.Params["opaque"] || got.Params["algorithm"] != algorithm {
			t.Errorf("%s: %v", algorithm, got)
		}
	}
}

func TestAnswerTakesTheBest(t *testing.T) {
	t.Parallel()
	const basic, md5, sha, unknown = `Basic realm="c"`, `Digest realm="c", nonce="n"`, `Digest realm="c", nonce="n", algorithm=SHA-256`, `Digest realm="c", nonce="n", algorithm=SHA-512-256`
	login := camera.Login{User: "u", Password: "p"}
	for _, c := range []struct {
		fields []string
		basic  bool
		want   string // "" for no answer, else a part of it
	}{
		{nil, true, ""},
		{[]string{basic}, false, ""},
		{[]string{basic}, true, "Basic dTpw"},
		{[]string{basic, md5}, true, "Digest"},
		{[]string{md5, sha}, false, "algorithm=SHA-256"},
		{[]string{unknown}, false, ""},
		{[]string{`Digest realm="c"`}, false, ""},
		{[]string{"Negotiate"}, true, ""},
	} {
		got, ok := Answer(c.fields, "GET", "/", login, c.basic)
		if ok != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q", c.fields, got)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`Digest realm="a\\"b", nonce=x,qop="auth"`, "Basic", `Digest nonce="`, "=,=,=", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, _ := Answer([]string{s}, "DESCRIBE", "rtsp://h/", camera.Login{User: "u\r\nX: y", Password: "p"}, true)
		if strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q makes a line of its own: %q", s, got)
		}
	})
}

// What this package answers, it takes; with another password, method or response it does not.
func TestValid(t *testing.T) {
	t.Parallel()
	for _, params := range []map[string]string{
		{"realm": "3402000000", "nonce": "n"},
		{"realm": "3402000000", "nonce": "n", "qop": "auth", "algorithm": "MD5"},
		{"realm": "3402000000", "nonce": "n", "qop": "auth", "algorithm": "SHA-256"},
	} {
		c := Parse(Challenge{Params: params}.Digest("REGISTER", "sip:s@r", camera.Login{User: "u", Password: "p"}, "c"))
		if !c.Valid("REGISTER", "p") || c.Valid("REGISTER", "q") || c.Valid("MESSAGE", "p") {
			t.Errorf("%v", params)
		}
		c.Params["response"] = ""
		if c.Valid("REGISTER", "p") {
			t.Error("without a response")
		}
	}
	for _, text := range []string{"", "Basic dTpw", `Digest response="x", algorithm=SHA-512`, `Digest response="x", qop=auth-int`} {
		if Parse(text).Valid("REGISTER", "p") {
			t.Error(text)
		}
	}
}
