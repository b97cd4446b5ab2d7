// Package digest answers cameras that ask for a password, over RTSP and HTTP alike: RFC 7616, RFC 2069 where a camera knows no qop, and Basic where that is allowed.
package digest

import (
	"crypto/md5" //nolint:gosec // what cameras ask for: RFC 7616 keeps it
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"wanglou/layers/camera"
)

// Challenge is one WWW-Authenticate: its scheme in small letters, and its parameters.
type Challenge struct {
	Scheme string
	Params map[string]string
}

// maxParams bounds what is read of a challenge.
const maxParams = 32

// Parse reads one header field: a scheme, and parameters. What it does not understand it leaves out.
func Parse(s string) (c Challenge) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	c = Challenge{strings.ToLower(scheme), map[string]string{}}
	for len(c.Params) < maxParams {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return c
		}
		name = strings.ToLower(strings.Trim(name, " \t,"))
		after = strings.TrimLeft(after, " \t")
		var value string
		if strings.HasPrefix(after, `"`) {
			value, rest = quoted(after[1:])
		} else {
			value, rest, _ = strings.Cut(after, ",")
			value = strings.TrimSpace(value)
		}
		if _, twice := c.Params[name]; !twice {
			c.Params[name] = value
		}
	}
	return c
}

// quoted reads up to the closing quote.
func quoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// Answer answers the best of several challenges: Digest with SHA-256, with MD5, and Basic only where it is allowed, since that tells the password to the whole
// line. ok is false where none can be answered.
func Answer(fields []string, method, uri string, l camera.Login, basic bool) (value string, ok bool) {
	best, rank := Challenge{}, 0
	for _, f := range fields {
		c := Parse(f)
		r := 0
		switch algorithm := strings.ToUpper(strings.TrimSuffix(strings.ToLower(c.Params["algorithm"]), "-sess")); {
		case c.Scheme == "digest" && c.Params["nonce"] == "":
		case c.Scheme == "digest" && algorithm == "SHA-256":
			r = 3
		case c.Scheme == "digest" && (algorithm == "" || algorithm == "MD5"):
			r = 2
		case c.Scheme == "basic" && basic:
			r = 1
		}
		if r > rank {
			best, rank = c, r
		}
	}
	switch rank {
	case 0:
		return "", false
	case 1:
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.User+":"+l.Password)), true
	}
	return best.Digest(method, uri, l, token()), true
}

// Digest answers a challenge with a client nonce of the caller's, which is used where the challenge knows a qop.
func (c Challenge) Digest(method, uri string, l camera.Login, cnonce string) string {
	p, algorithm := c.Params, c.Params["algorithm"]
	sum := func(s string) string {
		h := hash.Hash(md5.New()) //nolint:gosec // as above
		if strings.HasPrefix(strings.ToUpper(algorithm), "SHA-256") {
			h = sha256.New()
		}
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	}
	a1 := sum(l.User + ":" + p["realm"] + ":" + l.Password)
	if strings.HasSuffix(strings.ToLower(algorithm), "-sess") {
		a1 = sum(a1 + ":" + p["nonce"] + ":" + cnonce)
	}
	a2 := sum(method + ":" + uri)
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm=%s, nonce=%s, uri=%s`, quote(l.User), quote(p["realm"]), quote(p["nonce"]), quote(uri))
	qop := false
	for _, q := range strings.Split(p["qop"], ",") {
		qop = qop || strings.TrimSpace(q) == "auth"
	}
	if qop {
		fmt.Fprintf(&b, `, response="%s", qop=auth, nc=00000001, cnonce="%s"`, sum(a1+":"+p["nonce"]+":00000001:"+cnonce+":auth:"+a2), cnonce)
	} else {
		fmt.Fprintf(&b, `, response="%s"`, sum(a1+":"+p["nonce"]+":"+a2))
	}
	if algorithm != "" {
		fmt.Fprintf(&b, `, algorithm=%s`, Clean(algorithm))
	}
	if p["opaque"] != "" {
		fmt.Fprintf(&b, `, opaque=%s`, quote(p["opaque"]))
	}
	return b.String()
}

// Valid reports whether c, an Authorization, is the answer of somebody who knows the password: RFC 7616 with auth or without a qop. Whether nonce, realm and user
// are those that were meant is the caller's to ask.
func (c Challenge) Valid(method, password string) bool {
	p := c.Params
	if c.Scheme != "digest" || p["response"] == "" || strings.HasSuffix(strings.ToLower(p["algorithm"]), "-sess") {
		return false
	}
	newHash := md5.New
	switch strings.ToUpper(p["algorithm"]) {
	case "", "MD5":
	case "SHA-256":
		newHash = sha256.New
	default:
		return false
	}
	sum := func(parts ...string) string {
		h := newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	a1, a2 := sum(p["username"], p["realm"], password), sum(method, p["uri"])
	want := sum(a1, p["nonce"], a2)
	switch p["qop"] {
	case "":
	case "auth":
		want = sum(a1, p["nonce"], p["nc"], p["cnonce"], "auth", a2)
	default:
		return false
	}
	return subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(p["response"]))) == 1
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Clean(s)) + `"`
}

// Clean keeps what a camera said from being a line of its own.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

func token() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
