// Package words takes texts apart into what they are found and compared by: Chinese has no spaces between words, so that each two characters that stand together count as one.
package words

import (
	"slices"
	"strings"
	"unicode"
)

// MaxWord is the length to which words of letters and digits are told apart.
const MaxWord = 40

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

// IsHan reports whether a character is one of those.
func IsHan(r rune) bool { return r >= 0x3005 && unicode.Is(han, r) }

func isWord(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }

// Piece is a run of Han characters, or one word, in a folded text.
type Piece struct {
	From, To int // characters
	Han      bool
}

// Cut finds the pieces of a folded text. A word is letters and digits; a full stop before a digit does not end it: pm2.5, v2.1.
func Cut(s []rune) []Piece {
	var out []Piece
	for i := 0; i < len(s); {
		j := i
		switch {
		case IsHan(s[i]):
			for j < len(s) && IsHan(s[j]) {
				j++
			}
			out = append(out, Piece{i, j, true})
		case isWord(s[i]):
			for j < len(s) && (isWord(s[j]) || s[j] == '.' && j+1 < len(s) && s[j+1] >= '0' && s[j+1] <= '9') {
				j++
			}
			out = append(out, Piece{i, j, false})
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
	for _, p := range Cut(s) {
		if !p.Han {
			out = append(out, string(s[p.From:min(p.To, p.From+MaxWord)]))
			continue
		}
		for i := p.From; i < p.To; i++ {
			out = append(out, string(s[i:min(i+2, p.To)]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
