package postgis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/marking"
	"wanglou/postgis"
)

var _ marking.Service = (*postgis.Markings)(nil)

func content(k marking.Kind, g orb.Geometry) *marking.Content {
	return &marking.Content{Kind: k, Standing: marking.Planned, Size: 1, Label: "一号", Geometry: geojson.NewGeometry(g)}
}

// drawing is the tests' own words for what people do with markings.
type drawing struct {
	*world
	s *postgis.Markings
}

func newDrawing(t *testing.T) drawing {
	w := newWorld(t)
	return drawing{w, postgis.NewMarkings(w.db)}
}

func (d drawing) draw(t testing.TB, login string, incident int64, c *marking.Content) *marking.Marking {
	t.Helper()
	m, err := d.s.Draw(d.as(t, login), incident, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (d drawing) labels(t testing.TB, login string, incident int64) (out []string) {
	t.Helper()
	p, err := d.s.Drawing(d.as(t, login), incident)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.Items {
		out = append(out, m.Label)
	}
	return out
}

// relabel changes the label of a marking as it is now.
func (d drawing) relabel(t testing.TB, login string, m *marking.Marking, label string) *marking.Marking {
	t.Helper()
	c := m.Content
	c.Label = label
	now, err := d.s.Change(d.as(t, login), m.ID, m.Revision, &c)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func TestWhatIsDrawnForACaseIsSeenWhereTheCaseIs(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	arrow := d.draw(t, "anna", in.ID, content("attack_arrow", orb.LineString{inEast, inWest}))
	if arrow.Revision != 1 || arrow.AreaPath != west || arrow.Author != "派遣甲" || !arrow.Editable || arrow.Geometry.Geometry().(orb.LineString)[0] != inEast {
		t.Errorf("%+v", arrow)
	}
	d.draw(t, "west", 0, content("roadblock", inVillage))
	for login, want := range map[string][2]int{"west": {1, 1}, "viewer": {1, 1}} {
		if c, own := d.labels(t, login, in.ID), d.labels(t, login, 0); len(c) != want[0] || len(own) != want[1] {
			t.Errorf("%s sees %q of the case and %q beside it", login, c, own)
		}
	}
	if _, err := d.s.Drawing(d.as(t, "east"), in.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour's case: %v", err)
	}
	if got := d.labels(t, "east", 0); len(got) != 0 {
		t.Errorf("the neighbour sees %q", got)
	}
	if _, err := d.s.Acts(d.as(t, "east"), arrow.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("the acts of a neighbour's: %v", err)
	}
	_, err := d.s.Draw(d.as(t, "west"), 0, content("roadblock", inEast))
	wantError(t, err, layers.CodeForbidden, "outside_areas")
	_, err = d.s.Draw(d.as(t, "east"), in.ID, content("roadblock", inEast))
	wantError(t, err, layers.CodeNotFound, "")
	_, err = d.s.Draw(d.as(t, "viewer"), in.ID, content("roadblock", inWest))
	wantError(t, err, layers.CodeForbidden, "role")
	_, err = d.s.Draw(d.as(t, "duty"), in.ID, content("search_sector", orb.Polygon{{{119.6, 29.7}, {119.61, 29.71}, {119.61, 29.7}, {119.6, 29.71}, {119.6, 29.7}}}))
	wantError(t, err, layers.CodeInvalid, "self_intersection")
}

func TestWhoChangesAMarking(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	m := d.draw(t, "anna", in.ID, content("roadblock", inWest))
	_, err := d.s.Change(d.as(t, "bert"), m.ID, m.Revision, &m.Content)
	if e := wantError(t, err, layers.CodeForbidden, "not_your_marking"); e.Params["by"] != "派遣甲" {
		t.Errorf("%v", e.Params)
	}
	m = d.relabel(t, "anna", m, "二号")
	m = d.relabel(t, "duty", m, "三号") // who manages them
	if m.Revision != 3 || m.Author != "派遣甲" || m.Editor != "值班长" {
		t.Errorf("%+v", m)
	}
	_, err = d.s.Change(d.as(t, "anna"), m.ID, 2, &m.Content)
	if e := wantError(t, err, layers.CodeConflict, "stale_revision"); e.Params["by"] != "值班长" {
		t.Errorf("%v", e.Params)
	}
	wantError(t, d.s.Remove(d.as(t, "anna"), m.ID, 2), layers.CodeConflict, "stale_revision")
	_, err = d.s.Change(d.as(t, "anna"), m.ID, m.Revision, content("cordon", orb.LineString{inWest, inVillage}))
	wantError(t, err, layers.CodeInvalid, "wrong_type")

	held := m.Content
	held.Locked = true
	m, err = d.s.Change(d.as(t, "duty"), m.ID, m.Revision, &held)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.s.Change(d.as(t, "anna"), m.ID, m.Revision, &held)
	wantError(t, err, layers.CodeConflict, "locked")
	wantError(t, d.s.Remove(d.as(t, "duty"), m.ID, m.Revision), layers.CodeConflict, "locked")
	held.Locked = false
	if m, err = d.s.Change(d.as(t, "duty"), m.ID, m.Revision, &held); err != nil || m.Locked {
		t.Fatal(m, err)
	}
	if err := d.s.Remove(d.as(t, "anna"), m.ID, m.Revision); err != nil {
		t.Error(err)
	}
	wantError(t, d.s.Remove(d.as(t, "anna"), m.ID, m.Revision+1), layers.CodeNotFound, "")
	wantStrings(t, queryAll[string](t, d.world, `SELECT action FROM audit_log WHERE subject = $1 ORDER BY id`, "marking/1"),
		[]string{"marking.draw", "marking.change", "marking.change", "marking.change", "marking.change", "marking.remove"})
}

func TestActsAreTakenBackAndDoneAgain(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	anna := d.as(t, "anna")
	m := d.draw(t, "anna", in.ID, content("roadblock", inWest))
	m = d.relabel(t, "anna", m, "二号")
	if err := d.s.Remove(anna, m.ID, m.Revision); err != nil {
		t.Fatal(err)
	}
	step := func(s marking.Step, deed marking.Deed, want ...string) {
		t.Helper()
		a, err := d.s.Step(anna, in.ID, s)
		if err != nil || a.Deed != deed || a.Undone != (s == marking.Undo) {
			t.Fatalf("%s: %+v, %v", s, a, err)
		}
		wantStrings(t, d.labels(t, "anna", in.ID), want)
	}
	step(marking.Undo, marking.Removed, "二号")
	step(marking.Undo, marking.Changed, "一号")
	step(marking.Undo, marking.Drew)
	_, err := d.s.Step(anna, in.ID, marking.Undo)
	wantError(t, err, layers.CodeConflict, "nothing_to_undo")
	step(marking.Redo, marking.Drew, "一号")
	step(marking.Redo, marking.Changed, "二号")
	p, err := d.s.Drawing(anna, in.ID)
	if err != nil || p.Undo == nil || p.Undo.Deed != marking.Changed || p.Redo == nil || p.Redo.Deed != marking.Removed {
		t.Fatalf("%+v, %v", p, err)
	}
	d.draw(t, "anna", in.ID, content("hazard", inWest)) // what was taken back is not done again after something new
	_, err = d.s.Step(anna, in.ID, marking.Redo)
	wantError(t, err, layers.CodeConflict, "nothing_to_redo")
	_, err = d.s.Step(d.as(t, "bert"), in.ID, marking.Undo) // nobody takes back what another did
	wantError(t, err, layers.CodeConflict, "nothing_to_undo")
	acts, err := d.s.Acts(anna, m.ID)
	if err != nil || len(acts) != 3 || acts[0].Deed != marking.Removed || !acts[0].Undone || acts[2].By != "派遣甲" {
		t.Errorf("%+v, %v", acts, err)
	}
}

func TestWhatOthersChangedSinceIsNotTakenBack(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	first := d.draw(t, "anna", in.ID, content("roadblock", inWest))
	second := d.draw(t, "anna", in.ID, content("hazard", inWest))
	second = d.relabel(t, "duty", second, "二号")
	_, err := d.s.Step(d.as(t, "anna"), in.ID, marking.Undo)
	if e := wantError(t, err, layers.CodeConflict, "overtaken"); e.Params["by"] != "值班长" || e.Params["label"] != "二号" {
		t.Errorf("%v", e.Params)
	}
	a, err := d.s.Step(d.as(t, "anna"), in.ID, marking.Undo) // told once; then the act before it
	if err != nil || a.Marking != first.ID {
		t.Errorf("%+v, %v", a, err)
	}
	wantStrings(t, d.labels(t, "anna", in.ID), []string{"二号"})
	if a, err = d.s.Step(d.as(t, "duty"), in.ID, marking.Undo); err != nil || a.Marking != second.ID {
		t.Errorf("%+v, %v", a, err)
	}
	wantStrings(t, d.labels(t, "anna", in.ID), []string{"一号"})
}

func TestAPlanGoesWithItsCase(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	m := d.draw(t, "anna", in.ID, content("roadblock", inWest))
	r := follow(t, d.db)
	r.until(t, "the marking", func() bool { return r.Len("marking") == 1 })
	if _, err := d.incidents.Move(d.as(t, "duty"), in.ID, incident.MoveVoid, "演习", d.incident(t, in.ID).Revision); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the marking to leave with its case", func() bool { return r.Len("marking") == 0 })
	_, err := d.s.Change(d.as(t, "anna"), m.ID, m.Revision, &m.Content)
	wantError(t, err, layers.CodeConflict, "case_over")
	if got := d.labels(t, "anna", in.ID); len(got) != 1 {
		t.Errorf("%q is left of the drawing of a case that is over", got)
	}
	d.exec(t, `UPDATE incident SET state = 'handling', area_path = $1 WHERE id = $2`, east, in.ID)
	r.until(t, "the marking to come back", func() bool { return r.Len("marking") == 1 })
	if got := queryOne[string](t, d.world, `SELECT area_path FROM marking`); got != east {
		t.Errorf("it is in %s", got)
	}
}

func TestAPlanHasALimit(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	d.exec(t, `INSERT INTO marking (incident_id, kind, standing, author, editor, geom) SELECT $1, 'hazard', 'actual', 'x', 'x', ST_Point(119.65, 29.75, 4326) FROM generate_series(1, $2)`, in.ID, marking.MaxInDrawing)
	_, err := d.s.Draw(d.as(t, "anna"), in.ID, content("hazard", inWest))
	wantError(t, err, layers.CodeConflict, "too_many_markings")
	d.draw(t, "anna", 0, content("hazard", inWest)) // another drawing
}

// Who looks back sees what was done up to then, as it was called then, and what was taken back by then as such.
func TestMarkingsDoneBeforeAMoment(t *testing.T) {
	t.Parallel()
	d := newDrawing(t)
	in := d.create(t, inWest)
	first := d.draw(t, "anna", in.ID, content("hazard", inWest))
	d.relabel(t, "anna", first, "二号")
	second := d.draw(t, "anna", in.ID, content("roadblock", inVillage))
	if _, err := d.s.Step(d.as(t, "anna"), in.ID, marking.Undo); err != nil {
		t.Fatal(err)
	}
	then := time.Now()
	if err := d.s.Remove(d.as(t, "anna"), first.ID, 2); err != nil {
		t.Fatal(err)
	}
	type seen struct {
		marking int64
		deed    marking.Deed
		label   string
		undone  bool
	}
	done := func(login string, until time.Time) (out []seen) {
		t.Helper()
		found, err := d.s.Done(d.as(t, login), []int64{in.ID}, until)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range found {
			if a.Incident != in.ID || (a.Content == nil) != (a.Deed == marking.Removed) {
				t.Errorf("%+v", a)
			}
			out = append(out, seen{a.Marking, a.Deed, a.Label, a.Undone})
		}
		return out
	}
	want := []seen{{first.ID, marking.Drew, "一号", false}, {first.ID, marking.Changed, "二号", false}, {second.ID, marking.Drew, "一号", true}}
	if got := done("viewer", then); !slices.Equal(got, want) {
		t.Errorf("before it was removed: %v", got)
	}
	if got := done("duty", time.Now()); len(got) != 4 || got[3] != (seen{first.ID, marking.Removed, "二号", false}) {
		t.Errorf("after: %v", got)
	}
	if got := done("east", time.Now()); len(got) != 0 {
		t.Errorf("the other town sees %v", got)
	}
}
