package knowledge

import (
	"slices"
	"strings"

	"wanglou/layers/words"
)

// Range is a stretch of a text, in characters (runes): from the first to behind the last.
type Range struct{ From, To int }

// Part is a piece of a text that is marked or not. Parts say where words stand without anybody counting characters.
type Part struct {
	Text string `json:"text"`
	Mark bool   `json:"mark,omitempty"`
}

// find returns where w stands in a folded text: anywhere in runs of Han characters, at the beginning of words. At most so many places.
func find(s []rune, pieces []words.Piece, w []rune, most int) []Range {
	var out []Range
	for _, p := range pieces {
		if p.Han != words.IsHan(w[0]) {
			continue
		}
		last := p.To - len(w)
		if !p.Han {
			last = min(last, p.From)
		}
		for i := p.From; i <= last && len(out) < most; {
			if slices.Equal(s[i:i+len(w)], w) {
				out = append(out, Range{i, i + len(w)})
				i += len(w)
				continue
			}
			i++
		}
	}
	return out
}

// maxMarks bounds the marks of one text: nobody looks at more.
const maxMarks = 200

// Marks returns where the words of a question stand in a text, in order; they neither touch nor overlap.
func (q Query) Marks(text string) []Range {
	return q.marks([]rune(words.Fold(text)))
}

func (q Query) marks(s []rune) []Range {
	pieces := words.Cut(s)
	var all []Range
	for _, w := range q.Words {
		all = append(all, find(s, pieces, []rune(w), maxMarks)...)
	}
	slices.SortFunc(all, func(a, b Range) int {
		if a.From != b.From {
			return a.From - b.From
		}
		return a.To - b.To
	})
	var out []Range
	for _, r := range all {
		if n := len(out); n > 0 && r.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Parts cuts a text at its marks. Together the parts are the text.
func (q Query) Parts(text string) []Part { return parts([]rune(text), q.Marks(text)) }

func parts(s []rune, marks []Range) []Part {
	out, at := []Part{}, 0
	add := func(to int, mark bool) {
		if to > at {
			out = append(out, Part{string(s[at:to]), mark})
		}
		at = to
	}
	for _, m := range marks {
		add(m.From, false)
		add(m.To, true)
	}
	add(len(s), false)
	return out
}

const ellipsis = "…"

// Snippet returns a piece of a text of about so many characters in one line, around the place where most of the question's words stand together; its beginning
// where there is none.
func (q Query) Snippet(text string, width int) []Part {
	s := []rune(strings.Join(strings.Fields(plain(text)), " "))
	marks := q.marks([]rune(words.Fold(string(s))))
	from := 0
	if len(marks) > 0 {
		from = max(0, best(marks, width)-width/5)
	}
	to := min(len(s), from+width)
	from = max(0, min(from, to-width))
	var inside []Range
	for _, m := range marks {
		if m.From >= from && m.To <= to {
			inside = append(inside, Range{m.From - from, m.To - from})
		}
	}
	out := parts(s[from:to], inside)
	if from > 0 {
		out = append([]Part{{Text: ellipsis}}, out...)
	}
	if to < len(s) {
		out = append(out, Part{Text: ellipsis})
	}
	return out
}

// best returns the mark behind which most others lie within the width.
func best(marks []Range, width int) int {
	at, most, end := 0, 0, 0
	for i, m := range marks {
		for end < len(marks) && marks[end].To-m.From <= width {
			end++
		}
		if end-i > most {
			at, most = m.From, end-i
		}
	}
	return at
}

// plain takes away what gives a text its form.
func plain(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		l = strings.TrimLeft(strings.TrimSpace(l), "#")
		lines[i] = strings.TrimPrefix(strings.TrimSpace(l), "- ")
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "**", "")
}
