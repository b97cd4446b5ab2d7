package postgis_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cap"
	"wanglou/layers/realdata"
	"wanglou/postgis"
)

var _ cap.Store = (*postgis.Alerts)(nil)

const (
	squareInVillage = "<polygon>29.62,119.52 29.62,119.58 29.68,119.58 29.68,119.52 29.62,119.52</polygon>"
	squareInEast    = "<polygon>29.70,119.75 29.70,119.80 29.80,119.80 29.80,119.75 29.70,119.75</polygon>"
	squareOverBoth  = "<polygon>29.70,119.65 29.70,119.75 29.80,119.75 29.80,119.65 29.70,119.65</polygon>"
	squareAbroad    = "<polygon>31.20,121.40 31.20,121.50 31.30,121.50 31.30,121.40 31.20,121.40</polygon>"
)

// message writes a CAP message that was sent n minutes after the first, and holds for hours; refs names those of the same sender that it refers to.
func message(id, status, kind string, n int, where string, refs ...string) string {
	sent := time.Now().UTC().Truncate(time.Hour).Add(time.Duration(n) * time.Minute)
	var to []string
	for _, r := range refs {
		to = append(to, "qx.example,"+r+","+sent.Format(time.RFC3339))
	}
	info := ""
	if kind == "Alert" || kind == "Update" {
		info = fmt.Sprintf(`<info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
			<expires>%s</expires><headline>暴雨预警 %s</headline><description>雨量大。</description><instruction>请转移。</instruction><area><areaDesc>某镇</areaDesc>%s</area></info>`,
			sent.Add(6*time.Hour).Format(time.RFC3339), id, where)
	}
	return fmt.Sprintf(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>%s</identifier><sender>qx.example</sender><sent>%s</sent><status>%s</status><msgType>%s</msgType><scope>Public</scope><references>%s</references>%s</alert>`,
		id, sent.Format(time.RFC3339), status, kind, strings.Join(to, " "), info)
}

func take(ctx context.Context, store *postgis.Alerts, raw string) (*cap.Outcome, error) {
	a, err := cap.Parse([]byte(raw))
	if err != nil {
		return nil, err
	}
	return store.Take(ctx, a, []byte(raw))
}

func mustTake(t testing.TB, ctx context.Context, store *postgis.Alerts, raw string) *cap.Outcome {
	t.Helper()
	out, err := take(ctx, store, raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A warning is a report, an update takes its place in the same incident, a cancel ends it.
func TestAlertLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	raw := message("a1", "Actual", "Alert", 0, squareInVillage)
	out := mustTake(t, admin, store, raw)
	m := out.Alert
	if out.Repeated || m.State != cap.Active || m.AreaPath != village || m.ReportID == 0 || m.Rank != 1 || m.Box == nil || *m.Box != [4]float64{119.52, 29.62, 119.58, 29.68} || m.Infos[0].Headline != "暴雨预警 a1" {
		t.Fatalf("%+v", out)
	}
	if got := queryOne[string](t, w, `SELECT concat_ws('|', channel, state, title, description, address, source, source_id, area_path, raw->>'severity', ST_Within(geom, ST_MakeEnvelope(119.52, 29.62, 119.58, 29.68, 4326)), source_time = $2)
		FROM report WHERE id = $1`, m.ReportID, m.Sent); got != "system|received|暴雨预警 a1|雨量大。\n\n请转移。|某镇|cap:qx.example|a1|"+village+"|Severe|t|t" {
		t.Errorf("report %q", got)
	}
	if got := queryOne[[]byte](t, w, `SELECT raw FROM alert WHERE id = $1`, m.ID); string(got) != raw {
		t.Errorf("kept as %q", got)
	}

	again := mustTake(t, admin, store, raw)
	if !again.Repeated || again.Alert.ID != m.ID || queryOne[int64](t, w, `SELECT count(*) FROM report`) != 1 {
		t.Errorf("%+v: a repeat does nothing", again)
	}
	_, err := take(admin, store, strings.Replace(raw, "请转移", "请避险", 1))
	wantRefusal(t, "another content", err, layers.CodeConflict, "identifier", "other_content")

	in := w.create(t, inVillage)
	w.exec(t, `UPDATE report SET state = 'attached', incident_id = $2 WHERE id = $1`, m.ReportID, in.ID)
	out = mustTake(t, admin, store, message("a2", "Actual", "Update", 5, squareInVillage, "a1", "a0"))
	if out.Alert.State != cap.Active || out.Alert.IncidentID != in.ID || len(out.Ended) != 1 || out.Ended[0].Identifier != "a1" || out.Ended[0].State != cap.Updated ||
		len(out.Missing) != 1 || out.Missing[0].Identifier != "a0" {
		t.Errorf("%+v", out)
	}
	if got := queryOne[string](t, w, `SELECT state || incident_id FROM report WHERE id = $1`, out.Alert.ReportID); got != fmt.Sprint("attached", in.ID) {
		t.Errorf("the update's report is %s", got)
	}
	out = mustTake(t, admin, store, message("a3", "Actual", "Cancel", 9, "", "a2"))
	if out.Alert.State != cap.Kept || out.Alert.ReportID != 0 || len(out.Ended) != 1 || out.Ended[0].State != cap.Cancelled {
		t.Errorf("%+v", out)
	}
	if list, err := store.Alerts(admin, cap.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("%d are active, %v", len(list), err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action = 'alert.receive'`); n != 3 {
		t.Errorf("%d audit rows", n)
	}

	// Somebody has written a report under the name of an alert that has not come: it comes all the same.
	w.exec(t, `INSERT INTO report (channel, title, source, source_id) VALUES ('system', 'x', 'cap:qx.example', 'early')`)
	if out = mustTake(t, admin, store, message("early", "Actual", "Alert", 0, squareInVillage)); queryOne[string](t, w, `SELECT source_id FROM report WHERE id = $1`, out.Alert.ReportID) != fmt.Sprint("early#", out.Alert.ID) {
		t.Errorf("%+v", out.Alert)
	}
	mustTake(t, admin, store, message("late", "Actual", "Cancel", 1, "", "early"))

	// What is closed is closed: a later update is for somebody to look at.
	mustTake(t, admin, store, message("b1", "Actual", "Alert", 0, squareInVillage))
	w.exec(t, `UPDATE report SET state = 'attached', incident_id = $1 WHERE source_id = 'b1'`, in.ID)
	w.exec(t, `UPDATE incident SET closed_at = now() WHERE id = $1`, in.ID)
	if out = mustTake(t, admin, store, message("b2", "Actual", "Update", 1, squareInVillage, "b1")); out.Alert.IncidentID != 0 {
		t.Errorf("%+v", out.Alert)
	}
}

// Whatever is not Actual is kept, is no report, is in no list of what is in force, and ends nothing.
func TestAlertsOfNoForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	mustTake(t, admin, store, message("real", "Actual", "Alert", 0, squareInVillage))
	n := 0
	for _, status := range []string{"Exercise", "System", "Test", "Draft", "Actual"} {
		for _, kind := range []string{"Alert", "Update", "Cancel", "Ack", "Error"} {
			if status == "Actual" && kind != "Ack" && kind != "Error" {
				continue
			}
			n++
			out := mustTake(t, admin, store, message(status+kind, status, kind, 1, squareInVillage, "real"))
			if out.Alert.State != cap.Kept || out.Alert.ReportID != 0 || len(out.Ended) != 0 {
				t.Errorf("%s %s: %+v", status, kind, out.Alert)
			}
		}
	}
	mustTake(t, admin, store, message("stop", "Actual", "Cancel", 2, "", "TestAlert"))
	for all, want := range map[bool]int{false: 1, true: n + 2} {
		if list, err := store.Alerts(admin, cap.Filter{All: all}); err != nil || len(list) != want || list[0].Identifier != "real" {
			t.Errorf("%d alerts, %v; want %d", len(list), err, want)
		}
	}
	if got := queryOne[int64](t, w, `SELECT count(*) FROM report`); got != 1 {
		t.Errorf("%d reports", got)
	}
}

// Messages end in the same state in whatever order they come.
func TestAlertsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	all := []string{
		message("a", "Actual", "Alert", 0, squareInVillage), message("u1", "Actual", "Update", 1, squareInVillage, "a"), message("u2", "Actual", "Update", 2, squareOverBoth, "a", "u1"),
		message("c", "Actual", "Cancel", 3, "", "u1"), message("b", "Actual", "Alert", 0, squareInEast), message("tc", "Test", "Cancel", 4, "", "u2", "b"),
	}
	states := `SELECT string_agg(a.identifier || ' ' || a.state || ' by ' || coalesce(e.identifier, '-') || coalesce(' as ' || r.state, ''), ', ' ORDER BY a.identifier)
		FROM alert a LEFT JOIN alert e ON e.id = a.ended_by LEFT JOIN report r ON r.id = a.report_id`
	const want = "a updated by u2 as received, b active by - as received, c kept by -, tc kept by -, u1 cancelled by c as received, u2 active by - as received"
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 12 {
		order := r.Perm(len(all))
		for _, i := range order {
			mustTake(t, admin, store, all[i])
		}
		if got := queryOne[string](t, w, states); got != want {
			t.Fatalf("seed %d, order %v:\n got %s\nwant %s", seed, order, got, want)
		}
		w.exec(t, `UPDATE alert SET ended_by = NULL, state = 'active' WHERE ended_by IS NOT NULL`)
		w.exec(t, `DELETE FROM alert`)
		w.exec(t, `DELETE FROM report`)
	}
}

// An update that came first and was made an incident takes its alert along.
func TestAlertAfterItsUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	out := mustTake(t, admin, store, message("u", "Actual", "Update", 1, squareInVillage, "a"))
	if len(out.Missing) != 1 || len(out.Ended) != 0 {
		t.Errorf("%+v", out)
	}
	in := w.create(t, inVillage)
	w.exec(t, `UPDATE report SET state = 'attached', incident_id = $1`, in.ID)
	if out = mustTake(t, admin, store, message("a", "Actual", "Alert", 0, squareInVillage)); out.Alert.State != cap.Updated || out.Alert.IncidentID != in.ID {
		t.Errorf("%+v", out.Alert)
	}
}

// Who may hand in what, and who sees it.
func TestAlertRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	w.exec(t, `INSERT INTO app_user (login, name, password_hash, roles, areas) VALUES ('town', '西镇管理', '-', '{admin}', $1)`, []string{west})
	users, err := w.users.Users(admin)
	if err != nil {
		t.Fatal(err)
	}
	var town context.Context
	for _, u := range users {
		if u.Login == "town" {
			town = auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope().Limit(auth.AccessIntake)})
		}
	}
	for _, login := range []string{"duty", "anna", "viewer", "unit-w1"} {
		_, err := take(w.as(t, login), store, message("x", "Actual", "Alert", 0, squareInVillage))
		wantRefusal(t, login, err, layers.CodeForbidden, "", "role")
	}
	for where, what := range map[string]string{squareInEast: "next door", squareOverBoth: "over both", squareAbroad: "abroad", "": "nowhere"} {
		_, err := take(town, store, message("x", "Actual", "Alert", 0, where))
		wantRefusal(t, what, err, layers.CodeForbidden, "", "outside_areas")
	}
	if queryOne[int64](t, w, `SELECT count(*) FROM alert`)+queryOne[int64](t, w, `SELECT count(*) FROM report`) != 0 {
		t.Error("something was half written")
	}
	mustTake(t, town, store, message("village", "Actual", "Alert", 0, squareInVillage))
	mustTake(t, admin, store, message("both", "Actual", "Alert", 0, squareOverBoth))
	mustTake(t, admin, store, message("east", "Actual", "Alert", 0, squareInEast))
	mustTake(t, admin, store, message("abroad", "Actual", "Alert", 0, squareAbroad))
	mustTake(t, admin, store, message("nowhere", "Actual", "Alert", 0, ""))
	for login, want := range map[string]string{"admin": "nowhere abroad east both village", "duty": "east both village", "west": "both village", "east": "east both", "unit-e1": "east both"} {
		list, err := store.Alerts(w.as(t, login), cap.Filter{})
		var got []string
		for _, m := range list {
			got = append(got, m.Identifier)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s sees %q, %v; want %q", login, got, err, want)
		}
	}
	if _, err := store.Alerts(town, cap.Filter{}); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("who hands in may not read: %v", err)
	}
	out := mustTake(t, town, store, message("stop", "Actual", "Cancel", 1, "", "both", "village"))
	if len(out.Ended) != 1 || out.Ended[0].Identifier != "village" {
		t.Errorf("%+v: a town ends what is its own", out.Ended)
	}
}

func TestAlertPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	code := func(name, value string) string {
		return "<geocode><valueName>" + name + "</valueName><value>" + value + "</value></geocode>"
	}
	for i, c := range []struct{ where, area string }{
		{squareInVillage, village}, {squareOverBoth, county}, {squareAbroad, ""}, {"", ""},
		{code("行政区划", "330122001000"), west}, {code("x", "330122000000"), county}, {code("x", "330122001007"), village}, {code("x", "330122"), county},
		{code("邮政编码", "330122"), ""}, {code("x", "330199000000"), ""}, {code("x", "33012"), ""}, {squareInEast + code("x", "330122001000"), east},
		{squareInVillage + squareInEast, county}, {"<circle>29.65,119.55 1</circle>", village}, {"<circle>29.65,119.55 0</circle>", village},
	} {
		out := mustTake(t, admin, store, message(fmt.Sprint("p", i), "Actual", "Alert", 0, c.where))
		if out.Alert.AreaPath != c.area {
			t.Errorf("%s lies in %q, want %q", c.where, out.Alert.AreaPath, c.area)
		}
		if got := queryOne[bool](t, w, `SELECT coalesce(ST_IsValid(a.geom) AND ST_Intersects(r.geom, a.geom), a.geom IS NULL AND r.geom IS NULL) FROM alert a JOIN report r ON r.id = a.report_id WHERE a.id = $1`, out.Alert.ID); !got {
			t.Errorf("%s: the shape is not valid, or its point lies elsewhere", c.where)
		}
	}
	// The corners of a circle, measured by PostGIS on its own ellipsoid.
	out := mustTake(t, admin, store, message("circle", "Actual", "Alert", 0, "<circle>29.8,119.7 25</circle>"))
	off := queryOne[float64](t, w, `SELECT max(abs(ST_Distance(d.geom::geography, ST_SetSRID(ST_MakePoint(119.7, 29.8), 4326)::geography) - 25000)) FROM alert, ST_DumpPoints(geom) d WHERE id = $1`, out.Alert.ID)
	if off > 0.001 {
		t.Errorf("a corner is %g m off", off)
	}
	if area := queryOne[float64](t, w, `SELECT ST_Area(geom::geography) FROM alert WHERE id = $1`, out.Alert.ID); math.Abs(area/(math.Pi*25000*25000)-1) > 0.001 {
		t.Errorf("the area is %g m²", area)
	}
}

// Messages at once: each is stored once, and those that refer to each other find each other.
func TestAlertsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	a, u := message("a", "Actual", "Alert", 0, squareInVillage), message("u", "Actual", "Update", 1, squareInVillage, "a")
	errs := make(chan error)
	for i := range 8 {
		go func() {
			_, err := take(admin, store, []string{a, u}[i%2])
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := queryOne[string](t, w, `SELECT string_agg(identifier || state, ' ' ORDER BY identifier) || (SELECT count(*) FROM report) FROM alert`); got != "aupdated uactive2" {
		t.Error(got)
	}
}

func TestAlertTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	_, err := take(admin, store, message("a", "Actual", "Alert", 60*48, squareInVillage))
	wantRefusal(t, "of the day after tomorrow", err, layers.CodeInvalid, "sent", "in_future")
	mustTake(t, admin, store, message("old", "Actual", "Alert", -60*12, squareInVillage))
	for all, want := range map[bool]int{false: 0, true: 1} {
		list, err := store.Alerts(admin, cap.Filter{All: all})
		if err != nil || len(list) != want || want == 1 && list[0].State != cap.Expired {
			t.Errorf("%d alerts, %v; want %d", len(list), err, want)
		}
	}
}

// Messages of weather services and fire brigades, where they are at hand: all of elsewhere, so that who sees everywhere alone sees them.
func TestRealAlerts(t *testing.T) {
	t.Parallel()
	files := realdata.Glob(t, "cap/*.cap")
	w := newWorld(t)
	store, admin := postgis.NewAlerts(w.db), w.as(t, "admin")
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if m := mustTake(t, admin, store, string(raw)).Alert; m.State != cap.Expired || m.ReportID == 0 || m.AreaPath != "" || (m.Box == nil) != strings.HasSuffix(f, "weather.cap") {
			t.Errorf("%s: %+v", f, m)
		}
	}
}
