package names

import "slices"

// Find returns the best hits, the best first, each thing once. inArea says whether the asker may know of what lies in an area, sees whether he may know of one thing; both
// are asked only about what fits. A nil index holds nothing.
func (x *Index) Find(q Query, limit int, inArea func(path string) bool, sees func(id int64) bool) []Hit {
	if x == nil || q.Empty() || limit < 1 || len(x.entries) == 0 {
		return nil
	}
	f := &finder{Index: x, limit: limit, inArea: inArea, sees: sees, areas: make([]int8, len(x.areas)), asked: map[int64]bool{}}
	var stands [][]uint32 // of the terms of all parts: an entry in which the question stands as it is is in each
	for _, p := range q.parts {
		stands = append(stands, x.all(p.terms())...)
	}
	begins := termOf(begin1, q.runes[0], 0, 0)
	if len(q.runes) > 1 {
		begins = termOf(begin2, q.runes[0], q.runes[1], 0)
	}
	f.pass([][]uint32{shortest(append([][]uint32{x.lists[begins]}, stands...))}, func(e *entry) (Match, bool) {
		if len(e.text) < len(q.text) || e.text[:len(q.text)] != q.text {
			return 0, false
		}
		if len(e.text) == len(q.text) {
			return Whole, true
		}
		return Begin, true
	})
	if len(q.parts) > 1 {
		f.several(q)
		return f.hits
	}
	p := q.parts[0]
	all, _ := p.spellings(true)
	f.pass(x.anyOf(all, nil), func(e *entry) (Match, bool) { return BeginSpelled, readings().read(p.text, f.decode(e.text)) })
	f.pass([][]uint32{shortest(stands)}, func(e *entry) (Match, bool) { return Inside, p.literal(e.text) })
	all, alternatives := p.spellings(false)
	f.pass(x.anyOf(all, alternatives), func(e *entry) (Match, bool) { return InsideSpelled, p.spelled(f.decode(e.text)) })
	return f.hits
}

// several finds names in which each part stands somewhere, as it is or in Pinyin.
func (f *finder) several(q Query) {
	var best [][]uint32
	size := -1
	for _, p := range q.parts {
		lists := [][]uint32{shortest(f.all(p.terms()))}
		if p.typed {
			all, alternatives := p.spellings(false)
			lists = append(lists, f.anyOf(all, alternatives)...)
		}
		n := 0
		for _, l := range lists {
			n += len(l)
		}
		if size < 0 || n < size {
			best, size = lists, n
		}
	}
	f.pass(best, func(e *entry) (Match, bool) {
		for _, p := range q.parts {
			if !p.literal(e.text) && !(p.typed && p.spelled(f.decode(e.text))) {
				return 0, false
			}
		}
		return Inside, true
	})
}

func (x *Index) all(ts []term) [][]uint32 {
	out := make([][]uint32, len(ts))
	for i, t := range ts {
		out[i] = x.lists[t]
	}
	return out
}

// anyOf returns lists which together hold every entry that has all terms of one of the ways, or one of the alternatives.
func (x *Index) anyOf(ways [][]term, alternatives []term) (out [][]uint32) {
	var taken []term
	take := func(t term) {
		if !slices.Contains(taken, t) && len(x.lists[t]) > 0 {
			taken = append(taken, t)
			out = append(out, x.lists[t])
		}
	}
	for _, need := range ways {
		least := need[0]
		for _, t := range need {
			if len(x.lists[t]) < len(x.lists[least]) {
				least = t
			}
		}
		take(least)
	}
	for _, t := range alternatives {
		take(t)
	}
	return out
}

func shortest(lists [][]uint32) []uint32 {
	least := lists[0]
	for _, l := range lists {
		if len(l) < len(least) {
			least = l
		}
	}
	return least
}

type finder struct {
	*Index
	limit  int
	inArea func(string) bool
	sees   func(int64) bool
	areas  []int8 // 1: he may, 2: not, 0: not asked yet
	asked  map[int64]bool
	hits   []Hit
	found  []uint32 // of one pass
	runes  []rune
}

func (f *finder) decode(s string) []rune {
	f.runes = f.runes[:0]
	for _, r := range s {
		f.runes = append(f.runes, r)
	}
	return f.runes
}

// pass goes through lists that are ascending, as one, and adds what fits. Where entries stand in their order, it ends with as many as are wanted; those which came since are
// all looked at.
func (f *finder) pass(lists [][]uint32, fits func(*entry) (Match, bool)) {
	room := f.limit - len(f.hits)
	if room <= 0 || len(lists) == 0 {
		return
	}
	f.found = f.found[:0]
	matches := map[uint32]Match{}
	look := func(at uint32) {
		e := &f.entries[at]
		if e.dead || f.areas[e.area] == 2 {
			return
		}
		if m, ok := fits(e); ok && f.may(e) {
			f.asked[e.id] = false // once is enough
			f.found = append(f.found, at)
			matches[at] = m
		}
	}
	var newer []uint32
	heads := make([][]uint32, 0, len(lists))
	for _, l := range lists {
		n, _ := slices.BinarySearch(l, uint32(f.sorted))
		heads = append(heads, l[:n])
		newer = append(newer, l[n:]...)
	}
	merge(heads, func(at uint32) bool {
		look(at)
		return len(f.found) < room
	})
	slices.Sort(newer)
	for _, at := range slices.Compact(newer) {
		look(at)
	}
	slices.SortFunc(f.found, func(a, b uint32) int { return compare(&f.entries[a], &f.entries[b]) })
	for _, at := range f.found[:min(room, len(f.found))] {
		e := &f.entries[at]
		f.hits = append(f.hits, Hit{ID: e.id, Match: matches[at], Size: len(e.text)})
	}
}

// may asks for a thing's rights once, and then never again: what was found is not found by another of its names.
func (f *finder) may(e *entry) bool {
	if _, asked := f.asked[e.id]; asked {
		return false
	}
	if f.areas[e.area] == 0 {
		f.areas[e.area] = 2
		if f.inArea(f.Index.areas[e.area]) {
			f.areas[e.area] = 1
		}
	}
	if f.areas[e.area] == 2 {
		return false
	}
	ok := f.sees(e.id)
	f.asked[e.id] = ok
	return ok
}

// merge visits what is in any of the lists, ascending and once, until visit returns false.
func merge(lists [][]uint32, visit func(uint32) bool) {
	if len(lists) == 1 {
		for _, at := range lists[0] {
			if !visit(at) {
				return
			}
		}
		return
	}
	for {
		least, any := uint32(0), false
		for _, l := range lists {
			if len(l) > 0 && (!any || l[0] < least) {
				least, any = l[0], true
			}
		}
		if !any || !visit(least) {
			return
		}
		for i, l := range lists {
			if len(l) > 0 && l[0] == least {
				lists[i] = l[1:]
			}
		}
	}
}
