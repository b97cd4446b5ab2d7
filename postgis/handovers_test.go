package postgis_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
	talk "wanglou/layers/message"
	"wanglou/postgis"
)

var _ duty.Handovers = (*postgis.Handovers)(nil)

func TestHandover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewHandovers(w.db)
	mine, other := w.create(t, inVillage), w.create(t, inEast)
	w.dispatch(t, mine.ID, 1)
	due := time.Now().Add(2 * time.Hour).Truncate(time.Second)
	w.send(t, "duty", talk.Message{IncidentID: mine.ID, Text: "两小时内回电", Promise: true, DueAt: &due})
	w.exec(t, `UPDATE incident SET amber_at = now() - interval '1 hour', due_at = now() + interval '7 hours' WHERE id = 1`)
	w.exec(t, `UPDATE incident SET amber_at = now() - interval '2 hours', due_at = now() - interval '1 hour' WHERE id = 2`)
	now := time.Now()

	draft, err := service.Draft(w.as(t, "west"), "", now)
	if err != nil || draft.AreaPath != west || len(draft.Cases) != 1 || draft.Cases[0].Lamp != "amber" || len(draft.Cases[0].Units) != 1 || len(draft.Timers) != 1 ||
		len(draft.Promises) != 1 || !draft.Until.Equal(now.UTC().Truncate(time.Second).Add(8*time.Hour)) {
		t.Errorf("of a town: %+v, %v", draft, err)
	}
	if err := postgis.NewRoster(w.db).Create(w.as(t, "duty"), w.shift(t, county, auth.RoleDuty, now.Add(time.Hour), 4*time.Hour, "duty")); err != nil {
		t.Fatal(err)
	}
	if draft, err = service.Draft(w.as(t, "duty"), "", now); err != nil || len(draft.Cases) != 2 || draft.Cases[1].Lamp != "red" || len(draft.Timers) != 0 { // the next shift ends before
		t.Errorf("of the county: %+v, %v", draft, err)
	}

	h, err := service.Make(w.as(t, "duty"), "", " 留意河道 ", now)
	if err != nil || h.MadeName != "值班长" || !h.Intact || h.TakenAt != nil || h.Superseded {
		t.Fatalf("%+v, %v", h, err)
	}
	var content duty.Content
	if err := json.Unmarshal(h.Content, &content); err != nil || content.Notes != "留意河道" || len(content.Cases) != 2 || content.Cases[1].ID != other.ID || content.Promises[0].Text != "两小时内回电" {
		t.Errorf("%+v, %v", content, err)
	}
	if list, err := service.Handovers(w.as(t, "anna")); err != nil || len(list) != 1 || list[0].Content != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := service.Handovers(w.as(t, "west")); err != nil || len(list) != 0 {
		t.Errorf("a town sees the county's: %+v, %v", list, err)
	}
	if _, err := service.Handover(w.as(t, "west"), h.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
	_, err = service.Make(w.as(t, "viewer"), "", "", now)
	wantRefusal(t, "a viewer", err, layers.CodeForbidden, "", "role")
	_, err = service.Make(w.as(t, "west"), county, "", now)
	wantRefusal(t, "of the county, by a town", err, layers.CodeForbidden, "", "outside_areas")

	_, err = service.Sign(w.as(t, "duty"), h.ID, w.actors["duty"].User)
	wantRefusal(t, "oneself", err, layers.CodeInvalid, "login", "same_person")
	_, err = service.Sign(w.as(t, "duty"), h.ID, w.actors["west"].User)
	wantRefusal(t, "a town", err, layers.CodeForbidden, "login", "cannot_take_over")
	signed, err := service.Sign(w.as(t, "duty"), h.ID, w.actors["anna"].User)
	if err != nil || signed.TakenName != "派遣甲" || signed.TakenAt == nil || signed.Hash != h.Hash || string(signed.Content) != string(h.Content) {
		t.Errorf("%+v, %v", signed, err)
	}
	_, err = service.Sign(w.as(t, "duty"), h.ID, w.actors["bert"].User)
	wantRefusal(t, "twice", err, layers.CodeConflict, "", "already_signed")
	if login := queryOne[string](t, w, `SELECT login FROM audit_log WHERE action = 'handover.sign' AND subject = 'handover/1' AND details ->> 'hash' = (SELECT hash FROM handover)`); login != "anna" {
		t.Errorf("signed by %q", login)
	}
	for _, sql := range []string{
		`UPDATE handover SET content = 'x', hash = encode(sha256('x'), 'hex')`, `UPDATE handover SET taken_by = NULL, taken_at = NULL, taken_name = NULL`,
		`UPDATE handover SET taken_name = '另一人'`, `UPDATE handover SET made_name = 'x'`, `DELETE FROM handover`, `TRUNCATE handover`,
	} {
		if _, err := w.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: a handover was rewritten", sql)
		}
	}
}

func TestOneHandoverOfAnAreaIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewHandovers(w.db)
	first, err := service.Make(w.as(t, "duty"), "", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Pool.Exec(t.Context(), `UPDATE handover SET content = content || ' ' WHERE id = 1`); err == nil {
		t.Error("an open handover was rewritten")
	}
	second, err := service.Make(w.as(t, "duty"), "", "改", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = service.Sign(w.as(t, "duty"), first.ID, w.actors["anna"].User)
	wantRefusal(t, "the first", err, layers.CodeConflict, "", "superseded")
	// Two who sign at once: one of them is told.
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, login := range []string{"anna", "bert"} {
		all.Go(func() { _, errs[i] = service.Sign(w.as(t, "duty"), second.ID, w.actors[login].User) })
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("%v", errs)
	}
}
