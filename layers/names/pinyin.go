package names

import (
	"strings"
	"sync"

	"github.com/mozillazg/go-pinyin"
)

// syllable is a syllable of Mandarin without its tone, by its place in table.syllables.
type syllable uint16

// table is what is known of readings. It is made once, when the first name with a Han character comes.
type table struct {
	syllables []string
	readings  [][]syllable          // of a character, by its distance from firstHan; every reading that a dictionary knows
	complete  map[string]syllable   // the syllables
	begun     map[string][]syllable // the syllables that begin so
}

const (
	firstHan = 0x3400
	lastHan  = 0x9fff
)

var readings = sync.OnceValue(func() *table {
	t := &table{readings: make([][]syllable, lastHan-firstHan+1), complete: map[string]syllable{}, begun: map[string][]syllable{}}
	args := pinyin.Args{Style: pinyin.Normal, Heteronym: true, Fallback: func(rune, pinyin.Args) []string { return nil }}
	for r := rune(firstHan); r <= lastHan; r++ {
		for _, s := range pinyin.SinglePinyin(r, args) {
			if s = strings.ReplaceAll(s, "ü", "v"); s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "" {
				continue
			}
			id, known := t.complete[s]
			if !known {
				id = syllable(len(t.syllables))
				t.syllables = append(t.syllables, s)
				t.complete[s] = id
				for n := 1; n <= len(s); n++ {
					t.begun[s[:n]] = append(t.begun[s[:n]], id)
				}
			}
			at := &t.readings[r-firstHan]
			if !contains(*at, id) {
				*at = append(*at, id)
			}
		}
	}
	return t
})

func contains(list []syllable, s syllable) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// of returns the readings of a character, none where it has none.
func (t *table) of(r rune) []syllable {
	if r < firstHan || r > lastHan {
		return nil
	}
	return t.readings[r-firstHan]
}

// initial is what people write of a syllable that they do not write out: its first letter, or both of zh, ch, sh.
func initial(s string) bool {
	return len(s) == 1 || s == "zh" || s == "ch" || s == "sh"
}

// read reports whether typed spells the text from its beginning: of each character a whole reading or its initial, of the last one any beginning.
// Letters and digits of the text stand for themselves, and what is neither is passed over.
func (t *table) read(typed string, text []rune) bool {
	for len(text) > 0 && typed != "" {
		r := text[0]
		text = text[1:]
		if isWord(r) && r < 0x80 {
			if typed[0] != byte(r) {
				return false
			}
			typed = typed[1:]
			continue
		}
		own := t.of(r)
		if own == nil {
			if isWord(r) || isHan(r) {
				return false
			}
			continue
		}
		for _, id := range own {
			s := t.syllables[id]
			for n := min(len(s), len(typed)); n > 0; n-- {
				if s[:n] != typed[:n] || n < len(s) && n < len(typed) && !initial(s[:n]) {
					continue
				}
				if n == len(typed) || t.read(typed[n:], text) {
					return true
				}
			}
		}
		return false
	}
	return typed == ""
}

// spelling is one way to cut what was typed into syllables and initials.
type spelling []string

const maxSpellings = 32

// spellings cuts typed letters and digits, the ways of the longest syllables first; of very many ways the first 32.
func (t *table) spellings(typed string) []spelling {
	var (
		out  []spelling
		path []string
		cut  func(rest string)
	)
	cut = func(rest string) {
		if rest == "" {
			out = append(out, append(spelling(nil), path...))
			return
		}
		for n := min(6, len(rest)); n > 0 && len(out) < maxSpellings; n-- {
			s := rest[:n]
			digit := n == 1 && s[0] >= '0' && s[0] <= '9'
			_, whole := t.complete[s]
			if digit || whole || t.begun[s] != nil && (n == len(rest) || initial(s)) {
				path = append(path, s)
				cut(rest[n:])
				path = path[:len(path)-1]
			}
		}
	}
	if len(typed) <= 40 {
		cut(typed)
	}
	return out
}
