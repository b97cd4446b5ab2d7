package layers

// interner lets equal values of a column share one place in memory. Most columns say the same few things again and
// again: shared, they take a third of the memory, stay in the processor's cache while a tile is drawn, and equal ones can
// be recognised by their address. A column that says too many different things is left alone from then on.
type interner []map[any]any // by column; nil: left alone

const maxInterned = 4096

func newInterner(columns int) interner {
	in := make(interner, columns)
	for i := range in {
		in[i] = map[any]any{}
	}
	return in
}

// share replaces values by equal ones that were seen before.
func (in interner) share(values []any) {
	for i, v := range values {
		if in[i] == nil {
			continue
		}
		switch v.(type) {
		case string, int64, float64:
		default:
			continue
		}
		if known, ok := in[i][v]; ok {
			values[i] = known
		} else if len(in[i]) < maxInterned {
			in[i][v] = v
		} else {
			in[i] = nil
		}
	}
}
