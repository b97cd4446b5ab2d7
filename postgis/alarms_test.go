package postgis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/postgis"
)

const laneCamera = "33012200001320000001"

// photograph is one that the folder keeps already; n makes it another one.
func photograph(n int) attachment.Picture {
	return attachment.Picture{Type: attachment.JPEG, Size: 9, SHA256: fmt.Sprintf("%064x", n), Files: attachment.Files{Shared: fmt.Sprintf("%064x", 100+n), Thumb: fmt.Sprintf("%064x", 200+n)}}
}

func alarm(id string) *report.Alarm {
	return &report.Alarm{Channel: report.Camera, Source: "traffic-police", SourceID: id, Kind: "fire_lane", Device: laneCamera, Time: time.Now().Add(-time.Minute).Truncate(time.Second)}
}

// newLane is a world with one camera, and an account of another system that may hand in for the west.
func newLane(t *testing.T) (*world, context.Context) {
	t.Helper()
	w := newWorld(t)
	w.exec(t, `INSERT INTO camera (device_id, name, area_path, geom) VALUES ($1, '东门外', $2, ST_SetSRID(ST_MakePoint($3, $4), 4326))`, laneCamera, west, inWest[0], inWest[1])
	return w, w.as(t, "admin")
}

// An alarm becomes a case where its device stands, with its pictures; the next one of the kind comes to the same case; a repeat changes nothing, its other picture neither.
func TestAlarmStory(t *testing.T) {
	t.Parallel()
	w, ctx := newLane(t)
	s := postgis.NewReports(w.db)
	a := alarm("7")
	a.Raw = []byte(`{"plate":"not kept elsewhere"}`)
	first, err := s.Alarm(ctx, a, []attachment.Picture{photograph(1), photograph(2), photograph(1)})
	if err != nil {
		t.Fatal(err)
	}
	r, in := first.Report, first.Incident
	if !first.Opened || r.Channel != report.Camera || r.Title != "消防通道被占用" || r.Category != "09012" || r.Address != "东门外" || len(r.Pictures) != 2 || r.Tracking != "" ||
		*r.Point != orb.Point(inWest) || !r.SourceTime.Equal(a.Time) {
		t.Errorf("%+v %+v", first, r)
	}
	if in.Severity != 2 || in.State != incident.Reported || in.Source != "camera" {
		t.Errorf("case %+v", in)
	}
	second, err := s.Alarm(ctx, alarm("8"), []attachment.Picture{photograph(3)})
	if err != nil || second.Opened || second.Report.IncidentID != in.ID || second.Report.Likeness == nil {
		t.Fatalf("%+v, %v", second, err)
	}
	again, err := s.Alarm(ctx, alarm("7"), []attachment.Picture{photograph(4)})
	if err != nil || !again.Again || again.Report.ID != r.ID || len(again.Report.Pictures) != 2 {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	album := postgis.NewAttachments(w.db)
	shown, err := album.OfIncident(w.as(t, "duty"), in.ID)
	if err != nil || len(shown) != 3 || shown[0].IncidentID != in.ID || shown[0].Role != attachment.Before || shown[0].ReportID != r.ID {
		t.Fatalf("%+v, %v", shown, err)
	}
	for login, want := range map[string]layers.Code{"west": "", "viewer": "", "unit-e1": layers.CodeNotFound} {
		_, err := album.Attachment(w.as(t, login), shown[0].ID)
		if layers.ErrorCode(err) != want {
			t.Errorf("%s: %v", login, err)
		}
	}
	// A report that goes to a case of its own takes its pictures along.
	parted, err := s.Part(w.as(t, "duty"), second.Report.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if shown, err = album.OfIncident(w.as(t, "duty"), parted.Incident.ID); err != nil || len(shown) != 1 || shown[0].SHA256 != photograph(3).SHA256 {
		t.Errorf("%+v, %v", shown, err)
	}
	w.checkInvariants(t)
}

func TestAlarmRefused(t *testing.T) {
	t.Parallel()
	w, admin := newLane(t)
	s := postgis.NewReports(w.db)
	for name, c := range map[string]struct {
		change func(*report.Alarm)
		reason string
	}{
		"a person":         {func(a *report.Alarm) { a.Channel = report.Hotline }, "unknown_value"},
		"no system":        {func(a *report.Alarm) { a.Source = " " }, "required"},
		"no id":            {func(a *report.Alarm) { a.SourceID = "" }, "required"},
		"no kind":          {func(a *report.Alarm) { a.Kind = "" }, "required"},
		"unknown kind":     {func(a *report.Alarm) { a.Kind = "face" }, "unknown_value"},
		"unknown device":   {func(a *report.Alarm) { a.Device = strings.Repeat("9", 20) }, "unknown_value"},
		"nowhere":          {func(a *report.Alarm) { a.Device = "" }, "required"},
		"no time":          {func(a *report.Alarm) { a.Time = time.Time{} }, "required"},
		"tomorrow":         {func(a *report.Alarm) { a.Time = time.Now().Add(24 * time.Hour) }, "in_future"},
		"the program's":    {func(a *report.Alarm) { a.Source = "citizen" }, "system_value"},
		"in another place": {func(a *report.Alarm) { a.Point = &orb.Point{0, 0} }, "outside"},
	} {
		a := alarm("1")
		c.change(a)
		_, err := s.Alarm(admin, a, nil)
		if name == "in another place" {
			if layers.ErrorCode(err) != layers.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantError(t, err, layers.CodeInvalid, c.reason)
	}
	_, err := s.Alarm(w.as(t, "duty"), alarm("1"), nil)
	wantError(t, err, layers.CodeForbidden, "role")
	if kinds, err := s.AlarmKinds(w.as(t, "viewer")); err != nil || len(kinds) < 10 {
		t.Errorf("%v, %v", kinds, err)
	}
}

// A citizen adds pictures to what he told, by its code, for two hours and up to four.
func TestCitizenPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewReports(w.db)
	ctx := auth.WithActor(t.Context(), auth.Citizen("r", "198.51.100.7"))
	told, err := s.Create(ctx, &report.Report{Channel: report.Citizen, Title: "井盖丢失", Address: "迎春南路"}, report.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	code := told.Report.Tracking
	for n := range attachment.MaxOfReport {
		if err := s.Expects(ctx, strings.ToLower(code)); err != nil {
			t.Fatal(err)
		}
		if err := s.AddPicture(ctx, code, photograph(n)); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, s.Expects(ctx, code), layers.CodeConflict, "too_many_pictures")
	wantError(t, s.AddPicture(ctx, code, photograph(9)), layers.CodeConflict, "too_many_pictures")
	if err := s.AddPicture(ctx, code, photograph(0)); err != nil {
		t.Errorf("the last answer was lost: %v", err)
	}
	for _, wrong := range []string{"", "ABCDEFGHJKLM"} {
		wantError(t, s.Expects(ctx, wrong), layers.CodeNotFound, "")
		wantError(t, s.AddPicture(ctx, wrong, photograph(1)), layers.CodeNotFound, "")
	}
	// Without a case they are for those who take reports in.
	list := reportsOf(t, w, "duty", report.Filter{})
	if len(list) != 1 || len(list[0].Pictures) != attachment.MaxOfReport {
		t.Fatalf("%+v", list)
	}
	album := postgis.NewAttachments(w.db)
	for login, want := range map[string]layers.Code{"duty": "", "viewer": layers.CodeNotFound, "unit-w1": layers.CodeNotFound} {
		got, err := album.Attachment(w.as(t, login), list[0].Pictures[0])
		if layers.ErrorCode(err) != want || err == nil && (got.Sender != "" || got.IncidentID != 0) {
			t.Errorf("%s: %+v, %v", login, got, err)
		}
	}
	w.exec(t, `UPDATE report SET receive_time = receive_time - interval '3 hours'`)
	wantError(t, s.AddPicture(ctx, code, photograph(8)), layers.CodeConflict, "too_late")
}
