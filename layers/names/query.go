package names

import (
	"strings"

	"wanglou/layers/words"
)

// Query is a question taken apart. The zero value finds nothing.
type Query struct {
	text  string // folded, whole
	runes []rune
	parts []part
}

// part is a run of Han characters, or of letters and digits. All parts have to stand in what is found.
type part struct {
	text  string
	runes []rune
	han   bool
	typed bool // letters of the keyboard, perhaps with digits: may be Pinyin
}

const maxParts = 8

// Parse takes a question apart. Of more than eight words the first eight count.
func Parse(question string) Query {
	q := Query{text: strings.TrimSpace(words.Fold(question))}
	q.text = strings.ReplaceAll(q.text, "ü", "v")
	q.runes = []rune(q.text)
	for i := 0; i < len(q.runes) && len(q.parts) < maxParts; {
		j, han := i, isHan(q.runes[i])
		for j < len(q.runes) && (han && isHan(q.runes[j]) || !han && isWord(q.runes[j])) {
			j++
		}
		if j > i {
			p := part{runes: q.runes[i:j], text: string(q.runes[i:j]), han: han}
			p.typed = !han && strings.Trim(p.text, "abcdefghijklmnopqrstuvwxyz0123456789") == "" && strings.Trim(p.text, "0123456789") != ""
			q.parts = append(q.parts, p)
		}
		i = max(j, i+1)
	}
	return q
}

// Empty reports whether nothing can be found by the question.
func (q Query) Empty() bool { return len(q.parts) == 0 }

// literal reports whether the part stands in a folded name as it is. One or two letters or digits count at the beginning of a word alone: they stand in the middle of too many.
func (p part) literal(text string) bool {
	if p.han || len(p.runes) > 2 {
		return strings.Contains(text, p.text)
	}
	for at := 0; ; {
		i := strings.Index(text[at:], p.text)
		if i < 0 {
			return false
		}
		i += at
		if i == 0 || !isWord(lastRune(text[:i])) {
			return true
		}
		at = i + 1
	}
}

func lastRune(s string) rune {
	var last rune
	for _, r := range s[max(0, len(s)-4):] {
		last = r
	}
	return last
}

// spelled reports whether the part is Pinyin of what stands in a name.
func (p part) spelled(name []rune) bool {
	if !p.typed || len(p.text) < 2 {
		return false
	}
	t := readings()
	for i, r := range name {
		if (isHan(r) || r < 0x80 && isWord(r) && (i == 0 || !isWord(name[i-1]))) && t.read(p.text, name[i:]) && hanWithin(name[i:]) {
			return true
		}
	}
	return false
}

// hanWithin reports whether there is anything to spell.
func hanWithin(name []rune) bool {
	for _, r := range name {
		if isHan(r) {
			return true
		}
	}
	return false
}

// terms returns the terms that every name has in which the part stands as it is.
func (p part) terms() (out []term) {
	s := p.runes
	switch {
	case p.han && len(s) == 1:
		out = append(out, termOf(han1, s[0], 0, 0))
	case p.han:
		for i := range len(s) - 1 {
			out = append(out, termOf(han2, s[i], s[i+1], 0))
		}
	case len(s) == 1:
		out = append(out, termOf(word1, s[0], 0, 0))
	case len(s) == 2:
		out = append(out, termOf(word2, s[0], s[1], 0))
	default:
		for i := range len(s) - 2 {
			out = append(out, termOf(word3, s[i], s[i+1], s[i+2]))
		}
	}
	return out
}

// spellings returns, for each way in which the part may be spelled, the terms that every such name has; one of several where alternatives says so.
func (p part) spellings(begin bool) (all [][]term, alternatives []term) {
	if !p.typed {
		return nil, nil
	}
	t := readings()
	for _, s := range t.spellings(p.text) {
		var need []term
		switch {
		case len(s) == 1 && begin:
			need = append(need, termOf(beginInitial, rune(s[0][0]), 0, 0))
		case len(s) == 1 && len(s[0]) > 1:
			for _, id := range t.begun[s[0]] {
				alternatives = append(alternatives, termOf(read, rune(id), 0, 0))
			}
		case len(s) > 1 && begin:
			need = append(need, termOf(beginInitials, rune(s[0][0]), rune(s[1][0]), 0))
		}
		for i := range len(s) - 1 {
			need = append(need, termOf(initials, rune(s[i][0]), rune(s[i+1][0]), 0))
			if id, whole := t.complete[s[i]]; whole && len(s[i]) > 1 {
				need = append(need, termOf(read, rune(id), 0, 0))
			}
		}
		if len(need) > 0 {
			all = append(all, need)
		}
	}
	return all, alternatives
}
