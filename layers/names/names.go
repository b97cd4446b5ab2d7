// Package names finds things by what they are called: by characters of the name, by words and numbers, by Pinyin and its initials. An index holds the names of one kind
// of thing in memory and answers with the best few of a million within milliseconds.
//
// What fits better comes first: the whole name, its beginning, its beginning in Pinyin, anything inside of it, Pinyin inside of it; among equals the shorter name.
package names

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"wanglou/layers/words"
)

// Thing is something with names. It is in one area, or in none.
type Thing struct {
	ID    int64
	Area  string // path; what rights are made of
	Rank  uint8  // of names of the same length the lower comes first
	Texts []string
}

// Match says how well a name fits; less is better.
type Match uint8

const (
	Whole Match = iota
	Begin
	BeginSpelled
	Inside
	InsideSpelled
)

// Hit is a thing that was found.
type Hit struct {
	ID    int64
	Match Match
	Size  int // bytes of the name that fits
}

// entry is one name of a thing.
type entry struct {
	text string // folded
	id   int64
	next uint32 // another name of the same thing, plus one; 0: none
	area uint32
	rank uint8
	dead bool
}

// Index holds the names of things of one kind. Reading is safe for concurrent use while nobody writes.
type Index struct {
	entries []entry
	lists   map[term][]uint32 // entries that have the term, ascending
	first   map[int64]uint32  // of a thing's entries the first
	areas   []string
	areaIDs map[string]uint32
	sorted  int // entries before stand in their order: what is found first is best
	dead    int
}

// New returns an index of the things, of which there are about count. Each has an id of its own; their Texts may share one slice.
func New(count int, things iter.Seq[Thing]) *Index {
	x := &Index{lists: map[term][]uint32{}, first: make(map[int64]uint32, count), areaIDs: map[string]uint32{}}
	x.entries = make([]entry, 0, count)
	for t := range things {
		x.entries = x.entriesOf(x.entries, t)
	}
	x.build()
	return x
}

// compare orders names by how well they fit, where they fit in the same way.
func compare(a, b *entry) int {
	return cmp.Or(cmp.Compare(len(a.text), len(b.text)), cmp.Compare(a.rank, b.rank), strings.Compare(a.text, b.text), cmp.Compare(a.id, b.id))
}

// build makes the lists of entries that have none yet.
func (x *Index) build() {
	slices.SortFunc(x.entries, func(a, b entry) int { return compare(&a, &b) })
	for i := range x.entries {
		x.enter(uint32(i))
	}
	for t, list := range x.lists {
		x.lists[t] = slices.Clip(slices.Clone(list)) // appending left up to as much again
	}
	x.sorted = len(x.entries)
}

func (x *Index) entriesOf(dst []entry, t Thing) []entry {
	area, known := x.areaIDs[t.Area]
	if !known {
		area = uint32(len(x.areas))
		x.areas = append(x.areas, t.Area)
		x.areaIDs[t.Area] = area
	}
	from := len(dst)
	for _, text := range t.Texts {
		text = words.Fold(text)
		if text == "" || slices.ContainsFunc(dst[from:], func(e entry) bool { return e.text == text }) {
			continue
		}
		dst = append(dst, entry{text: text, id: t.ID, area: area, rank: t.Rank})
	}
	return dst
}

// enter puts an entry, whose place is after all that were entered, into the lists.
func (x *Index) enter(at uint32) {
	e := &x.entries[at]
	e.next = 0
	if other, known := x.first[e.id]; known {
		e.next = other + 1
	}
	x.first[e.id] = at
	terms([]rune(e.text), func(t term) {
		list := x.lists[t]
		if n := len(list); n == 0 || list[n-1] != at {
			x.lists[t] = append(list, at)
		}
	})
}

// Len returns how many things have a name.
func (x *Index) Len() int { return len(x.first) }

// Set takes a thing as it is now. It costs next to nothing when its names and area are what they were.
func (x *Index) Set(t Thing) {
	fresh := x.entriesOf(nil, t)
	same := 0
	for at, ok := x.first[t.ID]; ok; {
		e := &x.entries[at]
		if !slices.ContainsFunc(fresh, func(f entry) bool { return f.text == e.text && f.area == e.area && f.rank == e.rank }) {
			same = -1
			break
		}
		same++
		at, ok = e.next-1, e.next > 0
	}
	if same == len(fresh) {
		return
	}
	x.Remove(t.ID)
	slices.SortFunc(fresh, func(a, b entry) int { return compare(&a, &b) }) // a thing is found by the first of its names that fits, which has to be the best
	for _, e := range fresh {
		x.entries = append(x.entries, e)
		x.enter(uint32(len(x.entries) - 1))
	}
}

// Remove forgets a thing.
func (x *Index) Remove(id int64) {
	for at, ok := x.first[id]; ok; {
		e := &x.entries[at]
		e.dead = true
		x.dead++
		at, ok = e.next-1, e.next > 0
	}
	delete(x.first, id)
}

// Worn reports whether so much was changed that Renewed is worth its time.
func (x *Index) Worn() bool { return len(x.entries)-x.sorted+x.dead > max(4096, x.sorted/8) }

// Renewed returns an index of the same things in their order, without what is gone. x stays as it is.
func (x *Index) Renewed() *Index {
	y := &Index{lists: make(map[term][]uint32, len(x.lists)), first: make(map[int64]uint32, len(x.first)), areas: slices.Clone(x.areas), areaIDs: map[string]uint32{}}
	for i, a := range y.areas {
		y.areaIDs[a] = uint32(i)
	}
	y.entries = make([]entry, 0, len(x.entries)-x.dead)
	for _, e := range x.entries {
		if !e.dead {
			y.entries = append(y.entries, e)
		}
	}
	y.build()
	return y
}
