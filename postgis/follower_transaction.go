package postgis

import (
	"slices"

	"wanglou/layers"
)

// transaction gathers the changes of one transaction. PostgreSQL sends it from Begin to Commit, after it was committed, and it becomes
// visible whole, so it is held until then. What is held is bounded by the number of different rows it touched: every time the list
// has doubled, only the last change of each row is kept.
type transaction struct {
	changes []layers.Change
	limit   int
}

// compactFrom is the number of changes that are kept as they came.
const compactFrom = 1 << 16

func newTransaction() *transaction { return &transaction{limit: compactFrom} }

func (t *transaction) add(c layers.Change) {
	if t == nil {
		return // the server sends nothing outside of transactions
	}
	t.changes = append(t.changes, c)
	if len(t.changes) >= t.limit {
		t.compact()
		t.limit = max(compactFrom, 2*len(t.changes))
	}
}

// compact keeps the last change of each row; the order of different rows does not matter within one commit.
func (t *transaction) compact() {
	type key struct {
		layer string
		id    int64
	}
	kept := t.changes[:0:0]
	last := make(map[key]int, len(t.changes)/2)
	for _, c := range t.changes {
		if c.Kind == layers.Truncate {
			kept = slices.DeleteFunc(kept, func(k layers.Change) bool { return k.Layer == c.Layer })
			clear(last)
			for i, k := range kept {
				if k.Kind != layers.Truncate {
					last[key{k.Layer, k.Feature.ID}] = i
				}
			}
			kept = append(kept, c)
			continue
		}
		k := key{c.Layer, c.Feature.ID}
		i, seen := last[k]
		if !seen {
			last[k] = len(kept)
			kept = append(kept, c)
			continue
		}
		kept[i] = merge(kept[i], c)
	}
	t.changes = kept
}

// merge returns what two changes of one row do together. Values that the second left out because they did not change come from the first.
func merge(first, second layers.Change) layers.Change {
	if second.Kind != layers.Upsert || first.Kind != layers.Upsert || len(second.Unchanged) == 0 {
		return second
	}
	var still []int
	for _, i := range second.Unchanged {
		switch {
		case slices.Contains(first.Unchanged, i):
			still = append(still, i)
		case i < 0:
			second.Feature.Geometry = first.Feature.Geometry
		default:
			second.Feature.Values[i] = first.Feature.Values[i]
		}
	}
	second.Unchanged = still
	return second
}
