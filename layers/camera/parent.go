package camera

import (
	"context"
	"slices"

	"wanglou/layers"
)

// MaxParents bounds what a county's cameras hang on.
const MaxParents = 20_000

// Node is a parent with what hangs on it.
type Node struct {
	ID       int64      `json:"id"`
	Revision int64      `json:"revision"`
	Kind     ParentKind `json:"kind"`
	Name     string     `json:"name"`
	ParentID int64      `json:"parent_id,omitempty"`
	Code     string     `json:"code,omitempty"` // its id in the file or the device that it came from
	Cameras  int        `json:"cameras"`        // directly
	Below    int        `json:"below"`          // all
	Down     int        `json:"down"`           // of these, offline or with a fault
	Out      bool       `json:"out"`            // an outage is its
}

// ParentEntry is what people enter of a parent.
type ParentEntry struct {
	Kind     ParentKind `json:"kind"`
	Name     string     `json:"name"`
	ParentID int64      `json:"parent_id"` // 0: it hangs on nothing
	Revision int64      `json:"revision"`  // that was seen; of a new one 0
}

// Validate tidies the entry and reports the first wrong field: CodeInvalid.
func (e *ParentEntry) Validate() error {
	if !slices.Contains(ParentKinds, e.Kind) {
		return layers.Invalid("kind", "unknown_value", "%.20q is neither recorder, switch nor power", e.Kind)
	}
	return layers.Line("name", &e.Name, 200, true)
}

// CheckTree reports whether parents form a tree, no deeper than outages are looked for: CodeInvalid of parent_id for the one with that id. With O(parents) memory and time.
func CheckTree(all map[int64]Parent, id int64) error {
	up := 0
	for p := all[id]; p.ParentID != 0; p = all[p.ParentID] {
		if p.ParentID == id {
			return layers.Invalid("parent_id", "ring", "it cannot hang on something that hangs on it")
		}
		if _, known := all[p.ParentID]; !known {
			return layers.Invalid("parent_id", "unknown_value", "there is no device %d", p.ParentID)
		}
		if up++; up > len(all) {
			return layers.Invalid("parent_id", "ring", "it cannot hang on something that hangs on it")
		}
	}
	below := map[int64][]int64{}
	for _, p := range all {
		if p.ParentID != 0 {
			below[p.ParentID] = append(below[p.ParentID], p.ID)
		}
	}
	if depth := deep(below, id, 0); up+depth >= maxDepth {
		return layers.Invalid("parent_id", "too_deep", "devices hang on each other in %d steps at most", maxDepth)
	}
	return nil
}

// deep is how many steps there are below a parent, as far as matters.
func deep(below map[int64][]int64, id int64, steps int) int {
	if steps > maxDepth {
		return steps
	}
	most := 0
	for _, c := range below[id] {
		most = max(most, 1+deep(below, c, steps+1))
	}
	return most
}

// Hung is a camera with what it hangs on.
type Hung struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	DeviceID string `json:"device_id,omitempty"`
	Status   Status `json:"status"`
	ParentID int64  `json:"parent_id,omitempty"`
}

// MaxHung is how many cameras are listed or moved at once.
const MaxHung = 500

// Parents keeps what cameras hang on. Callers are told by their context: the action is auth.ActionManageCameras. Of a device are seen those with a camera in the caller's areas and those
// without any; changed are those all of whose cameras stand there. CodeInvalid, CodeForbidden, CodeNotFound, CodeConflict. Implemented by postgis.Parents.
type Parents interface {
	Tree(ctx context.Context) ([]*Node, error)
	Create(ctx context.Context, e *ParentEntry) (*Node, error)
	Replace(ctx context.Context, id int64, e *ParentEntry) (*Node, error)
	// Delete takes a device away; what hung on it hangs on what that hung on.
	Delete(ctx context.Context, id int64) error
	// Hanging lists cameras of a parent, of 0 those that hang on nothing, whose name or device id holds a text; MaxHung at most.
	Hanging(ctx context.Context, parent int64, text string) ([]Hung, error)
	// Hang moves cameras to a parent, 0 for nothing: all or none.
	Hang(ctx context.Context, parent int64, cameras []int64) error
	// Import brings the rows of a file, all or none. dry says what it would do.
	Import(ctx context.Context, rows []ParentRow, dry bool) (*FileImport, error)
}
