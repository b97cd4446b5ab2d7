package cql2

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenQuoted // "name"
	tokenString // 'text'
	tokenNumber
	tokenSign // one of ( ) , = <> < <= > >= + - * / % ^
)

type token struct {
	kind tokenKind
	text string // of names and strings: without quotes; keywords keep their case
	pos  int
	end  int
}

func (t token) is(keyword string) bool {
	return t.kind == tokenName && strings.EqualFold(t.text, keyword)
}
func (t token) sign(s string) bool { return t.kind == tokenSign && t.text == s }

// lexer cuts CQL2 text into tokens, one at a time.
type lexer struct {
	src string
	at  int
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += n
	}
	start := l.at
	if start == len(l.src) {
		return token{kind: tokenEnd, pos: start, end: start}, nil
	}
	r, _ := utf8.DecodeRuneInString(l.src[start:])
	switch {
	case (r == 'U' || r == 'u') && strings.HasPrefix(l.src[start+1:], "&'"):
		return l.unicodeString(start)
	case identifierStart(r):
		return l.name(start), nil
	case r >= '0' && r <= '9' || r == '.':
		return l.number(start)
	case r == '\'':
		return l.string(start)
	case r == '"':
		return l.quoted(start)
	}
	for _, s := range []string{"<>", "<=", ">=", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%", "^"} {
		if strings.HasPrefix(l.src[start:], s) {
			l.at += len(s)
			return token{kind: tokenSign, text: s, pos: start, end: l.at}, nil
		}
	}
	return token{}, fail(start, "filter_syntax", "%q does not belong here", r)
}

// identifierStart and identifierPart follow the standard's grammar, which is XML's for names.
func identifierStart(r rune) bool {
	return r == ':' || r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= 0xC0 && r != 0xD7 && r != 0xF7 && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.Is(unicode.Nl, r))
}

func identifierPart(r rune) bool {
	return identifierStart(r) || r == '.' || r >= '0' && r <= '9' || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040 || r > 0x36F && unicode.IsDigit(r)
}

func (l *lexer) name(start int) token {
	for l.at < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.at:])
		if !identifierPart(r) {
			break
		}
		l.at += n
	}
	return token{kind: tokenName, text: l.src[start:l.at], pos: start, end: l.at}
}

func (l *lexer) number(start int) (token, error) {
	digits := func() (n int) {
		for l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '9' {
			l.at++
			n++
		}
		return n
	}
	n := digits()
	if l.at < len(l.src) && l.src[l.at] == '.' {
		l.at++
		n += digits()
	}
	if n == 0 {
		return token{}, fail(start, "filter_syntax", "a number is expected")
	}
	if l.at < len(l.src) && (l.src[l.at] == 'e' || l.src[l.at] == 'E') {
		l.at++
		if l.at < len(l.src) && (l.src[l.at] == '+' || l.src[l.at] == '-') {
			l.at++
		}
		if digits() == 0 {
			return token{}, fail(start, "filter_syntax", "the exponent of a number is missing")
		}
	}
	if r, _ := utf8.DecodeRuneInString(l.src[l.at:]); l.at < len(l.src) && identifierPart(r) {
		return token{}, fail(start, "filter_syntax", "%q is not a number", l.src[start:l.at+utf8.RuneLen(r)])
	}
	return token{kind: tokenNumber, text: l.src[start:l.at], pos: start, end: l.at}, nil
}

// string reads 'text'. A quote inside is written two times or \'; every other backslash is itself. Of several backslashes before a quote the last
// one escapes it when their number is odd.
func (l *lexer) string(start int) (token, error) {
	var b strings.Builder
	slashes := 0
	for i := start + 1; i < len(l.src); i++ {
		c := l.src[i]
		switch {
		case c == '\'' && slashes%2 == 1:
			s := b.String()
			b.Reset()
			b.WriteString(s[:len(s)-1])
			b.WriteByte('\'')
		case c == '\'' && i+1 < len(l.src) && l.src[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case c == '\'':
			l.at = i + 1
			return token{kind: tokenString, text: b.String(), pos: start, end: l.at}, checkText(start, b.String())
		default:
			b.WriteByte(c)
		}
		if c == '\\' {
			slashes++
		} else {
			slashes = 0
		}
	}
	return token{}, fail(start, "filter_syntax", "the text that begins here has no end")
}

// unicodeString reads U&'text' of SQL, in which \005C is a backslash: the way to write texts that end with one.
func (l *lexer) unicodeString(start int) (token, error) {
	var b strings.Builder
	for i := start + 3; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == '\\':
			if i+4 >= len(l.src) {
				return token{}, fail(i, "filter_syntax", "four hexadecimal digits are expected after the backslash")
			}
			n, err := strconv.ParseUint(l.src[i+1:i+5], 16, 16)
			if err != nil || n == 0 || n >= 0xD800 && n < 0xE000 {
				return token{}, fail(i, "filter_syntax", "four hexadecimal digits are expected after the backslash")
			}
			b.WriteRune(rune(n))
			i += 4
		case c == '\'' && i+1 < len(l.src) && l.src[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case c == '\'':
			l.at = i + 1
			return token{kind: tokenString, text: b.String(), pos: start, end: l.at}, checkText(start, b.String())
		default:
			b.WriteByte(c)
		}
	}
	return token{}, fail(start, "filter_syntax", "the text that begins here has no end")
}

func (l *lexer) quoted(start int) (token, error) {
	var b strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == '"' && i+1 < len(l.src) && l.src[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			l.at = i + 1
			if b.Len() == 0 {
				return token{}, fail(start, "filter_syntax", "a name is expected between the quotes")
			}
			return token{kind: tokenQuoted, text: b.String(), pos: start, end: l.at}, checkText(start, b.String())
		default:
			b.WriteByte(c)
		}
	}
	return token{}, fail(start, "filter_syntax", "the name that begins here has no end")
}

// checkText refuses what a database's text cannot hold.
func checkText(pos int, s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return fail(pos, "filter_syntax", "the text is not UTF-8")
	}
	return nil
}

func lower(s string) string { return strings.ToLower(s) }
