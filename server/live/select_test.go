package live

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"wanglou/layers"
)

func TestSubscriptionsAreRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct{ field, reason string }{
		`{"layer":"camera"}`: {}, `{"layer":"camera","bbox":[119,29,120,30],"zoom":12.7,"filter":"status = 'online'"}`: {}, `{"layer":"camera","filter":null}`: {},
		`{"layer":"camera","filter":{"op":"=","args":[{"property":"status"},"online"]}}`: {},
		`{"layer":"camera","bbox":[119,29,120]}`:                                         {"bbox", "wrong_type"},
		`{"layer":"camera","bbox":[119,29,181,30]}`:                                      {"bbox", "outside_world"},
		`{"layer":"camera","bbox":[119,30,120,29]}`:                                      {"bbox", "swapped_coordinates"},
		`{"layer":"camera","zoom":-1}`:                                                   {"zoom", "out_of_range"},
		`{"layer":"camera","zoom":31}`:                                                   {"zoom", "out_of_range"},
		`{"layer":"camera","filter":"status ="}`:                                         {"filter", "filter_syntax"},
		`{"layer":"camera","filter":[]}`:                                                 {"filter", "filter_not_a_condition"},
	} {
		var q request
		if err := json.Unmarshal([]byte(body), &q); err != nil {
			t.Fatal(err)
		}
		_, err := q.view("*")
		switch {
		case err == nil && want.field != "":
			t.Errorf("%s is taken", body)
		case err != nil && (err.Field != want.field || err.Reason != want.reason):
			t.Errorf("%s: %s %s, want %s %s", body, err.Field, err.Reason, want.field, want.reason)
		}
	}
	// All spellings of one filter are one view, so that those who use them share frames.
	var views []view
	for _, filter := range []string{`"status = 'online' AND id > 3"`, `" ( status='online' ) and (id>3) "`, `{"op":"and","args":[{"op":"=","args":[{"property":"status"},"online"]},{"op":">","args":[{"property":"id"},3]}]}`} {
		v, err := (&request{Layer: "camera", Filter: json.RawMessage(filter)}).view("*")
		if err != nil {
			t.Fatal(err)
		}
		views = append(views, v)
	}
	if views[0] != views[1] || views[1] != views[2] {
		t.Errorf("%+v", views)
	}
}

// A copy is turned into one of another view by what came in and what went out, and by what changed since the copy was made: also where that is long ago.
func TestShift(t *testing.T) {
	t.Parallel()
	replica := layers.NewReplica(layers.ReplicaOptions{})
	at := func(id int64, status string, lon float64) *layers.Feature { return camera(id, status, lon, 29.5) }
	// West and east of 119.5: 1 and 2 are in the west, 3 and 4 in the east.
	replica.Load(layers.Snapshot{Position: layers.Position{Epoch: "e", Version: 1}, Layers: []*layers.Layer{cameras},
		Features: map[string][]*layers.Feature{"camera": {at(1, "online", 119.1), at(2, "online", 119.2), at(3, "online", 119.8), at(4, "offline", 119.9)}}})
	before := replica.Position()
	change := func(changes ...layers.Change) {
		replica.Apply(layers.Commit{Version: replica.Position().Version + 1, Changes: changes})
	}
	upsert := func(f *layers.Feature) layers.Change {
		return layers.Change{Layer: "camera", Kind: layers.Upsert, Feature: f}
	}
	west, east := viewOf(true), viewOf(true)
	west.box, east.box = box{set: true, west: 119, south: 29, east: 119.5, north: 30}, box{set: true, west: 119.15, south: 29, east: 120, north: 30}
	east.filter = "status = 'online'"

	shifted := func(from, to view) (added, removed []int64) {
		t.Helper()
		c, err := newRound(replica, &filters{}).shift(from, to, town, before)
		if err != nil || c == nil {
			t.Fatalf("no shift: %v", err)
		}
		for _, f := range c.rows {
			added = append(added, f.ID)
		}
		removed = c.removed
		slices.Sort(added)
		slices.Sort(removed)
		return added, removed
	}
	want := func(what string, from, to view, wantAdded, wantRemoved []int64) {
		t.Helper()
		if added, removed := shifted(from, to); fmt.Sprint(added) != fmt.Sprint(wantAdded) || fmt.Sprint(removed) != fmt.Sprint(wantRemoved) {
			t.Errorf("%s: added %v, removed %v; want %v, %v", what, added, removed, wantAdded, wantRemoved)
		}
	}
	want("at rest", west, east, []int64{3}, []int64{1}) // 2 is in both, 4 is not online
	// Since the copy was made: 2 changed and stays, 3 went, 4 came online, 5 is new, 1 moved into the east.
	change(upsert(camera(2, "online", 119.25, 29.5)), layers.Change{Layer: "camera", Kind: layers.Delete, Feature: &layers.Feature{ID: 3}}, upsert(at(4, "online", 119.9)), upsert(at(5, "online", 119.3)), upsert(at(1, "online", 119.7)))
	want("after changes", west, east, []int64{1, 2, 4, 5}, []int64{3}) // 3 was not in the west: an id may be removed that the client never had
	if c, err := newRound(replica, nil).shift(west, east, town, layers.Position{Epoch: "other", Version: 1}); c != nil || err != nil {
		t.Errorf("of another history: %v, %v", c, err)
	}
	bad := east
	bad.filter = "nothing = 1"
	if _, err := newRound(replica, nil).shift(west, bad, town, before); err == nil || err.Field != "filter" {
		t.Errorf("a filter over nothing: %v", err)
	}
}
