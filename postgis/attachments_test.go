package postgis_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/task"
	"wanglou/layers/unit"
	"wanglou/postgis"
)

var (
	_ attachment.Service = (*postgis.Attachments)(nil)
	_ attachment.Keeper  = (*postgis.Attachments)(nil)
)

const someID = "0b6f8c1e-9a52-4c5e-8f0d-3a1b2c3d4e5f"

func photo(taskID int64) *attachment.Attachment {
	return &attachment.Attachment{ClientID: someID, TaskID: taskID, Role: attachment.Before, Type: attachment.JPEG, Size: 9, SHA256: strings.Repeat("ab", 32),
		SourceTime: time.Now().Add(-time.Hour).Truncate(time.Second), Point: &orb.Point{119.6, 29.8}}
}

var kept = attachment.Files{Shared: strings.Repeat("cd", 32), Thumb: strings.Repeat("ef", 32)}

// A unit adds a photo to its task; who may see the case sees it when it is whole, nobody else, and no revision was used up.
func TestAttachmentStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewAttachments(w.db)
	k := w.work(t, w.dispatch(t, w.create(t, inWest).ID, 1), task.MoveAcknowledge, task.MoveArrive)
	before := w.incident(t, k.IncidentID)
	a := photo(k.ID)
	if err := s.Begin(w.as(t, "unit-w1"), a); err != nil {
		t.Fatal(err)
	}
	if a.ID == 0 || a.IncidentID != k.IncidentID || a.Sender != "西一队员" || a.DoneAt != nil || a.Point == nil || *a.Point != (orb.Point{119.6, 29.8}) {
		t.Errorf("%+v", a)
	}
	again := photo(k.ID)
	if err := s.Begin(w.as(t, "unit-w1"), again); err != nil || again.ID != a.ID {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	other := photo(k.ID)
	other.Size++
	wantError(t, s.Begin(w.as(t, "unit-w1"), other), layers.CodeConflict, "client_id_taken")
	if found, err := s.OfIncident(w.as(t, "duty"), k.IncidentID); err != nil || len(found) != 0 {
		t.Errorf("it shows before it is whole: %v, %v", found, err)
	}
	if _, err := s.UnderWay(w.as(t, "duty"), a.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("another one's upload: %v", err)
	}
	for range 2 { // the answer to the first was lost
		done, err := s.Finish(w.as(t, "unit-w1"), a.ID, kept)
		if err != nil || done.DoneAt == nil || done.Files != kept {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	for login, want := range map[string]layers.Code{"duty": "", "west": "", "unit-w1": "", "unit-w2": "", "unit-e1": layers.CodeNotFound} {
		got, err := s.Attachment(w.as(t, login), a.ID)
		if layers.ErrorCode(err) != want || err == nil && got.SHA256 != a.SHA256 {
			t.Errorf("%s: %v", login, err)
		}
		list, err := s.OfIncident(w.as(t, login), k.IncidentID)
		if layers.ErrorCode(err) != want || err == nil && len(list) != 1 {
			t.Errorf("%s: %v, %v", login, list, err)
		}
	}
	done, err := s.Attachment(w.as(t, "duty"), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for login, reason := range map[string]string{"duty": "", "anna": "", "west": "", "unit-w1": "role", "viewer": "role"} {
		err := s.Original(w.as(t, login), done)
		var e *layers.Error
		if (reason == "") != (err == nil) || errors.As(err, &e) && e.Reason != reason {
			t.Errorf("the original for %s: %v", login, err)
		}
	}
	after := w.incident(t, k.IncidentID)
	if after.Revision != before.Revision || !after.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("the case: %+v, was %+v", after, before)
	}
	wantStrings(t, queryAll[string](t, w, `SELECT action || ' ' || login FROM audit_log WHERE action LIKE 'attachment.%' AND action <> 'attachment.original' ORDER BY id`),
		[]string{"attachment.begin unit-w1", "attachment.finish unit-w1"})
	w.checkInvariants(t)
}

func TestAttachmentRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewAttachments(w.db)
	in := w.create(t, inWest)
	k := w.dispatch(t, in.ID, 1)
	east := w.dispatch(t, w.create(t, inEast).ID, 3)
	for name, c := range map[string]struct {
		login  string
		change func(*attachment.Attachment)
		code   layers.Code
		reason string
	}{
		"viewer":                {"viewer", func(*attachment.Attachment) {}, layers.CodeForbidden, "role"},
		"another unit":          {"unit-w2", func(*attachment.Attachment) {}, layers.CodeForbidden, "not_your_task"},
		"a unit next door":      {"unit-e1", func(*attachment.Attachment) {}, layers.CodeNotFound, ""},
		"an officer next door":  {"west", func(a *attachment.Attachment) { a.TaskID = east.ID }, layers.CodeNotFound, ""},
		"no such task":          {"unit-w1", func(a *attachment.Attachment) { a.TaskID = 99 }, layers.CodeNotFound, ""},
		"no such case":          {"duty", func(a *attachment.Attachment) { a.TaskID, a.IncidentID = 0, 99 }, layers.CodeNotFound, ""},
		"a task of another one": {"duty", func(a *attachment.Attachment) { a.IncidentID = east.IncidentID }, layers.CodeInvalid, "other_case"},
	} {
		a := photo(k.ID)
		c.change(a)
		var e *layers.Error
		if err := s.Begin(w.as(t, c.login), a); !errors.As(err, &e) || e.Code != c.code || c.reason != "" && e.Reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	byOffice := photo(0)
	byOffice.IncidentID = in.ID
	if err := s.Begin(w.as(t, "west"), byOffice); err != nil {
		t.Errorf("the town's officer: %v", err)
	}
	w.work(t, k, task.MoveReturn)
	w.exec(t, `UPDATE task SET ended_at = now() - interval '6 days' WHERE id = $1`, k.ID)
	if err := s.Begin(w.as(t, "unit-w1"), photo(k.ID)); err != nil {
		t.Errorf("a phone that was off for days: %v", err)
	}
	w.exec(t, `UPDATE task SET ended_at = now() - interval '8 days' WHERE id = $1`, k.ID)
	late := photo(k.ID)
	late.ClientID = strings.Replace(someID, "0b6f", "ffff", 1)
	if err := s.Begin(w.as(t, "unit-w1"), late); err == nil {
		t.Error("a task of long ago takes a photo")
	}
}

func TestAttachmentsOfNobodyGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewAttachments(w.db)
	k := w.dispatch(t, w.create(t, inWest).ID, 1)
	ctx := w.as(t, "unit-w1")
	done, open := photo(k.ID), photo(k.ID)
	open.ClientID = strings.Replace(someID, "0b6f", "ffff", 1)
	open.SHA256 = strings.Repeat("01", 32)
	for _, a := range []*attachment.Attachment{done, open} {
		if err := s.Begin(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Finish(ctx, done.ID, kept); err != nil {
		t.Fatal(err)
	}
	stranger := strings.Repeat("99", 32)
	if unknown, err := s.Unknown(ctx, []string{done.SHA256, kept.Shared, kept.Thumb, open.SHA256, stranger}); err != nil || len(unknown) != 1 || unknown[0] != stranger {
		t.Errorf("%v, %v", unknown, err)
	}
	if ids, err := s.Unfinished(ctx, []int64{done.ID, open.ID, 99}); err != nil || len(ids) != 1 || ids[0] != open.ID {
		t.Errorf("%v, %v", ids, err)
	}
	if n, err := s.Expire(ctx); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	w.exec(t, `UPDATE attachment SET begun_at = now() - interval '8 days'`)
	if n, err := s.Expire(ctx); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}

// A step that was made without network: it is made once, however often it is sent, and the logs say when it was made and when it came.
func TestStepsAreMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.dispatch(t, w.create(t, inWest).ID, 1)
	ctx := w.as(t, "unit-w1")
	made := time.Now().Add(-40 * time.Minute).UTC().Truncate(time.Millisecond)
	origin := task.Origin{Key: someID, Time: made}
	first, err := w.tasks.Move(ctx, k.ID, task.MoveAcknowledge, "", 1, origin)
	if err != nil {
		t.Fatal(err)
	}
	w.work(t, first, task.MoveRespond)
	again, err := w.tasks.Move(ctx, k.ID, task.MoveAcknowledge, "", 1, origin)
	if err != nil || again.State != task.Acknowledged || again.Revision != first.Revision || !again.AcknowledgedAt.Equal(*first.AcknowledgedAt) {
		t.Errorf("a repeat is told %+v, %v; the first was told %+v", again, err, first)
	}
	_, err = w.tasks.Move(ctx, k.ID, task.MoveArrive, "", 3, origin)
	wantError(t, err, layers.CodeConflict, "key_taken")
	if got := queryAll[time.Time](t, w, `SELECT source_time FROM task_log WHERE task_id = $1 AND move = 'acknowledge' UNION ALL SELECT source_time FROM incident_log WHERE move IN ('task.acknowledge', 'start')`, k.ID); len(got) != 3 || !got[0].Equal(made) || !got[1].Equal(made) || !got[2].Equal(made) {
		t.Errorf("the logs say %v, it was made at %v", got, made)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM task_log WHERE task_id = $1 AND receive_time > now() - interval '1 minute'`, k.ID); n != 3 {
		t.Errorf("%d steps came just now", n)
	}
	w.exec(t, `UPDATE request_key SET created_at = now() - interval '8 days'`)
	if _, err := postgis.NewAttachments(w.db).Expire(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = w.tasks.Move(ctx, k.ID, task.MoveAcknowledge, "", 1, origin)
	wantError(t, err, layers.CodeConflict, "stale_revision")
	w.checkInvariants(t)
}

func TestSharedPositions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as(t, "unit-w1")
	w.exec(t, `DELETE FROM position`)
	place := func() string {
		return strings.Join(queryAll[string](t, w, `SELECT ST_AsText(geom) FROM position WHERE id = 1`), " ")
	}
	now := time.Now()
	share := func(lon float64, at time.Time) error {
		return w.units.Share(ctx, unit.Fix{Point: orb.Point{lon, 29.8}, SourceTime: at})
	}
	for _, step := range []struct {
		lon  float64
		at   time.Time
		want string
	}{{119.6, now, "POINT(119.6 29.8)"}, {119.7, now.Add(-time.Minute), "POINT(119.6 29.8)"}, {119.8, now.Add(10 * time.Second), "POINT(119.8 29.8)"}} {
		if err := share(step.lon, step.at); err != nil || place() != step.want {
			t.Errorf("at %q, %v; want %q", place(), err, step.want)
		}
	}
	for range 2 {
		if err := w.units.StopSharing(ctx); err != nil || place() != "" {
			t.Errorf("still at %q, %v", place(), err)
		}
	}
	wantError(t, w.units.Share(w.as(t, "viewer"), unit.Fix{Point: orb.Point{119.6, 29.8}, SourceTime: now}), layers.CodeForbidden, "role")
	w.exec(t, `UPDATE unit SET status = 'off_duty' WHERE id = 1`)
	wantError(t, share(119.6, now), layers.CodeConflict, "off_duty")
}

func TestAttachmentsGoWithAMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, reports := postgis.NewAttachments(w.db), postgis.NewReports(w.db)
	a, b := w.create(t, inWest), w.create(t, inWest)
	p := photo(0)
	p.IncidentID = a.ID
	if err := s.Begin(w.as(t, "west"), p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(w.as(t, "west"), p.ID, kept); err != nil {
		t.Fatal(err)
	}
	if _, err := reports.Merge(w.as(t, "west"), a.ID, b.ID, "同一件事", a.Revision, b.Revision); err != nil {
		t.Fatal(err)
	}
	if got, err := s.OfIncident(w.as(t, "west"), b.ID); err != nil || len(got) != 1 || got[0].ID != p.ID {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := s.Attachment(w.as(t, "west"), p.ID); err != nil {
		t.Error(err)
	}
}
