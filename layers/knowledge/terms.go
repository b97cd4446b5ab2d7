package knowledge

import (
	"slices"
	"strings"
	"unicode"
)

// maxWord is the length to which words of letters and digits are told apart.
const maxWord = 40

// Fold returns the form in which texts are compared: full-width letters, digits and full stops as half-width ones, Latin letters small. It keeps the number
// of characters. knowledge_fold of migration 00017 does the same.
func Fold(s string) string { return strings.Map(fold, s) }

func fold(r rune) rune {
	if r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ' || r == '．' {
		r -= '０' - '0'
	}
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// han are the characters that are written without spaces between words. The same ranges stand in knowledge_terms of migration 00017.
var han = &unicode.RangeTable{
	R16: []unicode.Range16{{0x3005, 0x3005, 1}, {0x3007, 0x3007, 1}, {0x3400, 0x4dbf, 1}, {0x4e00, 0x9fff, 1}, {0xf900, 0xfaff, 1}},
	R32: []unicode.Range32{{0x20000, 0x3fffd, 1}},
}

func isHan(r rune) bool { return r >= 0x3005 && unicode.Is(han, r) }

func isWord(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }

// piece is a run of Han characters, or one word, in a folded text.
type piece struct {
	from, to int // characters
	han      bool
}

// cut finds the pieces of a folded text. A word is letters and digits; a full stop before a digit does not end it: pm2.5, v2.1.
func cut(s []rune) []piece {
	var out []piece
	for i := 0; i < len(s); {
		j := i
		switch {
		case isHan(s[i]):
			for j < len(s) && isHan(s[j]) {
				j++
			}
			out = append(out, piece{i, j, true})
		case isWord(s[i]):
			for j < len(s) && (isWord(s[j]) || s[j] == '.' && j+1 < len(s) && s[j+1] >= '0' && s[j+1] <= '9') {
				j++
			}
			out = append(out, piece{i, j, false})
		default:
			j++
		}
		i = j
	}
	return out
}

// Terms returns what a text is found by, sorted: of Han characters each two that stand together, and the last of a run for itself, so that every character
// begins a term; words as they are. knowledge_terms of migration 00017 gives the same in the index.
func Terms(text string) []string {
	s := []rune(Fold(text))
	var out []string
	for _, p := range cut(s) {
		if !p.han {
			out = append(out, string(s[p.from:min(p.to, p.from+maxWord)]))
			continue
		}
		for i := p.from; i < p.to; i++ {
			out = append(out, string(s[i:min(i+2, p.to)]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Query is a question taken apart. The zero value asks for nothing.
type Query struct {
	Words []string // what has to stand in a text as it is: runs of Han characters, and beginnings of words; folded, each once
}

// ParseQuery takes a question apart. Of more than eight words the first eight count.
func ParseQuery(question string) Query {
	s := []rune(Fold(question))
	var q Query
	for _, p := range cut(s) {
		w := string(s[p.from:p.to])
		if !p.han {
			w = string(s[p.from:min(p.to, p.from+maxWord)])
		}
		if !slices.Contains(q.Words, w) && len(q.Words) < 8 {
			q.Words = append(q.Words, w)
		}
	}
	return q
}

// TSQuery returns the query of the index that finds every text which holds all words, and few others: those in which the pairs of a longer word stand apart.
func (q Query) TSQuery() string {
	var out []string
	for _, w := range q.Words {
		s := []rune(w)
		if !isHan(s[0]) || len(s) == 1 {
			out = append(out, quote(w)+":*")
			continue
		}
		for i := range len(s) - 1 {
			out = append(out, quote(string(s[i:i+2])))
		}
	}
	return strings.Join(out, " & ")
}

// idle are words around what a question is about; longer ones come first.
var idle = []string{"怎么处理", "怎么办理", "如何处理", "如何办理", "怎么办", "为什么", "有没有", "可不可以", "能不能", "是不是", "怎么", "怎样", "如何", "什么", "哪里", "哪儿",
	"请问", "可以", "需要", "应该", "一下", "我们", "你们", "他们", "有人", "的", "了", "吗", "呢", "吧", "在", "是", "有", "我", "要", "把", "被", "和", "与"}

// maxLoose bounds a search that does not ask for all.
const maxLoose = 12

// Loosened returns the pairs, characters and words of the question without those that say nothing, for a search that does not ask for all.
func (q Query) Loosened() []string {
	var out []string
	for _, w := range q.Words {
		if !isHan([]rune(w)[0]) {
			out = append(out, w)
			continue
		}
		for _, i := range idle {
			w = strings.ReplaceAll(w, i, " ")
		}
		for part := range strings.FieldsSeq(w) {
			s := []rune(part)
			for i := range max(1, len(s)-1) {
				out = append(out, string(s[i:min(i+2, len(s))]))
			}
		}
	}
	out = out[:min(4*maxLoose, len(out))]
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(maxLoose, len(out))]
}

// AnyOf returns the query of the index that finds the texts which hold one of the terms; of four and more, two.
func AnyOf(terms []string) string {
	each := make([]string, len(terms))
	for i, t := range terms {
		each[i] = quote(t)
		if s := []rune(t); !isHan(s[0]) || len(s) == 1 {
			each[i] += ":*"
		}
	}
	if len(each) < 4 {
		return strings.Join(each, " | ")
	}
	var pairs []string
	for i, a := range each {
		for _, b := range each[:i] {
			pairs = append(pairs, b+" & "+a)
		}
	}
	return strings.Join(pairs, " | ")
}

// quote writes a term into a tsquery. Terms hold letters, digits and full stops alone.
func quote(term string) string { return "'" + term + "'" }

// In reports whether a text holds all words: Han characters together, and words that begin so.
func (q Query) In(text string) bool {
	s := []rune(Fold(text))
	pieces := cut(s)
	for _, w := range q.Words {
		if len(find(s, pieces, []rune(w), 1)) == 0 {
			return false
		}
	}
	return len(q.Words) > 0
}
