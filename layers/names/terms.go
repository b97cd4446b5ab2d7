package names

import (
	"unicode"

	"wanglou/layers/words"
)

// term is what lists of the index are found by: a hash of a kind and some characters. What two terms share is told apart when the name itself is looked at.
type term uint64

// Kinds of terms.
const (
	han1     = iota + 1 // a Han character
	han2                // two that stand together
	word1               // the first letter or digit of a word
	word2               // the first two
	word3               // three that stand together
	begin1              // the first character of a name
	begin2              // the first two
	read                // a syllable: a reading of one of its characters
	initials            // the initials of two characters that stand together
	beginInitial
	beginInitials
)

func termOf(kind int, a, b, c rune) term {
	h := uint64(kind)
	for _, r := range [3]rune{a, b, c} {
		h = (h ^ uint64(r)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return term(h)
}

func isHan(r rune) bool { return words.IsHan(r) }

// isWord reports whether a character is a letter or digit of a word: of any script but Han.
func isWord(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
	}
	return !isHan(r) && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// terms calls emit with every term of a folded name, some more than once.
func terms(s []rune, emit func(term)) {
	if len(s) == 0 {
		return
	}
	emit(termOf(begin1, s[0], 0, 0))
	if len(s) > 1 {
		emit(termOf(begin2, s[0], s[1], 0))
	}
	anyHan := false
	for i, r := range s {
		switch {
		case isHan(r):
			anyHan = true
			emit(termOf(han1, r, 0, 0))
			if i+1 < len(s) && isHan(s[i+1]) {
				emit(termOf(han2, r, s[i+1], 0))
			}
		case isWord(r):
			two := i+1 < len(s) && isWord(s[i+1])
			if i == 0 || !isWord(s[i-1]) {
				emit(termOf(word1, r, 0, 0))
				if two {
					emit(termOf(word2, r, s[i+1], 0))
				}
			}
			if two && i+2 < len(s) && isWord(s[i+2]) {
				emit(termOf(word3, r, s[i+1], s[i+2]))
			}
		}
	}
	if anyHan {
		readingTerms(s, emit)
	}
}

// readingTerms emits the terms of a name's readings. A character with several readings counts with each.
func readingTerms(s []rune, emit func(term)) {
	t := readings()
	var before, now []rune // initials of the character before, and of this one
	n := 0
	for _, r := range s {
		now = now[:0]
		if own := t.of(r); own != nil {
			for _, id := range own {
				emit(termOf(read, rune(id), 0, 0))
				first := rune(t.syllables[id][0])
				if !containsRune(now, first) {
					now = append(now, first)
				}
			}
		} else if isWord(r) || isHan(r) {
			now = append(now, r)
		} else {
			continue
		}
		for _, b := range now {
			if n == 0 {
				emit(termOf(beginInitial, b, 0, 0))
			}
			for _, a := range before {
				emit(termOf(initials, a, b, 0))
				if n == 1 {
					emit(termOf(beginInitials, a, b, 0))
				}
			}
		}
		before, now = now, before
		n++
	}
}

func containsRune(list []rune, r rune) bool {
	for _, x := range list {
		if x == r {
			return true
		}
	}
	return false
}
