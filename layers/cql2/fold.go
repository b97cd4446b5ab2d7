package cql2

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wanglou/layers"
)

// fold says what CASEI and ACCENTI take out of a text before it is compared. Texts are folded while they are compared, letter by letter: no copy is made.
type fold uint8

const (
	foldCase fold = 1 << iota
	foldAccents
)

// text returns how the text of e is read, and how it is to be folded.
func (c *compiler) text(e Expr) (textual, fold) {
	switch e := e.(type) {
	case String:
		s := string(e)
		return func(*layers.Feature) (string, bool) { return s, true }, 0
	case Property:
		get := c.value(e)
		return func(f *layers.Feature) (string, bool) {
			s, ok := get(f).(string)
			return s, ok
		}, 0
	case *Op:
		if operators[e.Name] == classFold {
			get, more := c.text(e.Args[0])
			return get, more | foldOf(e.Name)
		}
	}
	return func(*layers.Feature) (string, bool) { return "", false }, 0
}

// foldOf returns the fold of an operator.
func foldOf(name string) fold {
	if name == "casei" {
		return foldCase
	}
	return foldAccents
}

// first returns the first folded letter of s and the rest; n is 0 at the end.
func (fo fold) first(s string) (r rune, n int) {
	for n < len(s) {
		r, w := rune(s[n]), 1
		if r >= utf8.RuneSelf {
			r, w = utf8.DecodeRuneInString(s[n:])
		}
		if fo&foldAccents != 0 && r >= 0xC0 {
			if isMark(r) {
				n += w
				continue
			}
			r = unmarked(r, s[n:n+w])
		}
		n += w
		if fo&foldCase != 0 {
			r = lowerRune(r)
		}
		return r, n
	}
	return 0, 0
}

// lowerRune folds the two forms of the small sigma into one.
func lowerRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r = unicode.ToLower(r); r == 'ς' {
		r = 'σ'
	}
	return r
}

func isMark(r rune) bool { return r >= 0x300 && r <= 0x36F }

// unmarked returns r, which s spells, without its marks: é is e. What consists of several letters stays.
func unmarked(r rune, s string) rune {
	d := norm.NFD.PropertiesString(s).Decomposition()
	if d == nil {
		return r
	}
	base := rune(-1)
	for len(d) > 0 {
		p, w := utf8.DecodeRune(d)
		d = d[w:]
		if isMark(p) {
			continue
		}
		if base >= 0 {
			return r
		}
		base = p
	}
	if base < 0 {
		return r
	}
	return base
}

// compareFolded orders by code point, which for UTF-8 is the order of bytes.
func compareFolded(a string, fa fold, b string, fb fold) int {
	if fa|fb == 0 {
		switch {
		case a == b:
			return 0
		case a < b:
			return -1
		}
		return 1
	}
	for {
		x, n := fa.first(a)
		y, m := fb.first(b)
		switch {
		case n == 0 && m == 0:
			return 0
		case n == 0:
			return -1
		case m == 0:
			return 1
		case x < y:
			return -1
		case x > y:
			return 1
		}
		a, b = a[n:], b[m:]
	}
}

func countFolded(s string, fo fold) int {
	n := 0
	for {
		_, w := fo.first(s)
		if w == 0 {
			return n
		}
		s = s[w:]
		n++
	}
}

// part is one place of a pattern.
type part struct {
	kind   uint8 // of partLetter, partOne, partMany
	letter rune
}

const (
	partLetter uint8 = iota
	partOne          // _
	partMany         // %
)

// pattern reads a LIKE pattern, folded as its text says: % is any text, _ one character, a backslash takes the next character as it is.
func pattern(e Expr) []part {
	var fo fold
	for {
		o, ok := e.(*Op)
		if !ok {
			break
		}
		fo |= foldOf(o.Name)
		e = o.Args[0]
	}
	s, _ := e.(String)
	var parts []part
	escaped := false
	for rest := string(s); rest != ""; {
		r, n := fo.first(rest)
		if n == 0 {
			break
		}
		rest = rest[n:]
		switch {
		case escaped:
			parts, escaped = append(parts, part{partLetter, r}), false
		case r == '\\':
			escaped = true
		case r == '%':
			if len(parts) == 0 || parts[len(parts)-1].kind != partMany {
				parts = append(parts, part{kind: partMany})
			}
		case r == '_':
			parts = append(parts, part{kind: partOne})
		default:
			parts = append(parts, part{partLetter, r})
		}
	}
	return parts
}

func (c *compiler) like(o *Op) condition {
	get, fo := c.text(o.Args[0])
	parts := pattern(o.Args[1])
	return func(f *layers.Feature) truth {
		s, ok := get(f)
		if !ok {
			return unknown
		}
		return truthOf(matches(parts, s, fo))
	}
}

// matches goes back to the last % when a letter does not fit: O(len(s) × len(parts)) at worst, no recursion.
func matches(parts []part, s string, fo fold) bool {
	at, star, retry := 0, -1, ""
	for {
		r, n := fo.first(s)
		if n == 0 {
			break
		}
		switch {
		case at < len(parts) && parts[at].kind == partMany:
			star, retry = at, s
			at++
			continue
		case at < len(parts) && (parts[at].kind == partOne || parts[at].letter == r):
			at++
			s = s[n:]
			continue
		case star < 0:
			return false
		}
		_, w := fo.first(retry)
		retry = retry[w:]
		s, at = retry, star+1
	}
	for at < len(parts) && parts[at].kind == partMany {
		at++
	}
	return at == len(parts)
}
