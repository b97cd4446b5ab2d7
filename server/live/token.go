package live

import (
	"fmt"
	"hash/fnv"
	"strings"

	"wanglou/layers"
)

// view is what a subscription shows: frames of equal views from equal positions are equal.
type view struct {
	layer    string
	geometry bool
	columns  string // names joined by commas, "" for all
	class    string // auth.Scope.Class: which rows
	filter   string // canonical text of a CQL2 filter, "" for none
	box      box
	zoom     int8 // of the map, whole, plus one; 0 when it was not said
	binary   bool // frames of bulk rows are not JSON; the copy is the same
}

// joinColumns is how a view keeps the names of its columns.
func joinColumns(names []string) string { return strings.Join(names, ",") }

// shape returns the view without what decides which rows it has: copies of one shape can be turned into each other.
func (v view) shape() view {
	return view{layer: v.layer, geometry: v.geometry, columns: v.columns, class: v.class}
}

// fingerprint is the part of a token that says of what it is a position. A copy made with other rights, or of other columns,
// cannot be brought up to date by a diff.
func (v view) fingerprint() string {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s\n%t\n%s\n%s", v.layer, v.geometry, v.columns, v.class)
	if v.filter != "" || v.box.set || v.zoom > 0 {
		fmt.Fprintf(h, "\n%q\n%v\n%d", v.filter, v.box, v.zoom)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// token is the opaque form of a position in this view.
func (v view) token(p layers.Position) string { return p.Token() + "/" + v.fingerprint() }

// parse reads a token of this view. ok is false for those of other views, and for what is no token at all.
func (v view) parse(token string) (p layers.Position, ok bool) {
	i := strings.LastIndexByte(token, '/')
	if i < 0 || token[i+1:] != v.fingerprint() {
		return layers.Position{}, false
	}
	return layers.ParseToken(token[:i])
}
