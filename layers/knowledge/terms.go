package knowledge

import (
	"slices"
	"strings"

	"wanglou/layers/words"
)

// Query is a question taken apart. The zero value asks for nothing.
type Query struct {
	Words []string // what has to stand in a text as it is: runs of Han characters, and beginnings of words; folded, each once
}

// ParseQuery takes a question apart. Of more than eight words the first eight count.
func ParseQuery(question string) Query {
	s := []rune(words.Fold(question))
	var q Query
	for _, p := range words.Cut(s) {
		w := string(s[p.From:p.To])
		if !p.Han {
			w = string(s[p.From:min(p.To, p.From+words.MaxWord)])
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
		if !words.IsHan(s[0]) || len(s) == 1 {
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
		if !words.IsHan([]rune(w)[0]) {
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
		if s := []rune(t); !words.IsHan(s[0]) || len(s) == 1 {
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
	s := []rune(words.Fold(text))
	pieces := words.Cut(s)
	for _, w := range q.Words {
		if len(find(s, pieces, []rune(w), 1)) == 0 {
			return false
		}
	}
	return len(q.Words) > 0
}
