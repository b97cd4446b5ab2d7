package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/report"
	"wanglou/server"
	"wanglou/server/evidence"
)

const tracked = "ABCDEFGH2345"

func (k *intake) Expects(_ context.Context, code string) error {
	if code != tracked {
		return layers.Errorf(layers.CodeNotFound, "there is no report under this code")
	}
	return nil
}

func (k *intake) AddPicture(_ context.Context, code string, p attachment.Picture) error {
	k.note(code, p)
	return nil
}

func (k *intake) Alarm(_ context.Context, a *report.Alarm, pictures []attachment.Picture) (*report.Outcome, error) {
	k.note(*a, pictures)
	return &report.Outcome{Report: &report.Report{ID: 5, IncidentID: 7, Pictures: make([]int64, len(pictures))}, Opened: true, Again: a.SourceID == "again"}, nil
}

func (k *intake) AlarmKinds(context.Context) ([]report.AlarmKind, error) {
	return []report.AlarmKind{{Code: "smoke", Title: "烟火报警", Severity: 1}}, nil
}

// newDarkroom is a world that takes reports and keeps their pictures.
func newDarkroom(t *testing.T) (*world, *intake, *evidence.Folder) {
	t.Helper()
	k := &intake{}
	folder, err := evidence.Open(filepath.Join(t.TempDir(), "attachments"))
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, func(o *server.Options) {
		o.Reports, o.Evidence, o.Attachments, o.Tokens = k, folder, &album{}, &tokens{users: o.Users}
	}), k, folder
}

func TestCitizenPicture(t *testing.T) {
	t.Parallel()
	w, k, folder := newDarkroom(t)
	src := snapshot(t)
	send := func(kind, code string, body []byte) int {
		return w.nobody().Do(http.MethodPost, "/api/citizen/pictures", body, "Content-Type", kind, "Wanglou-Tracking", code).Status
	}
	if got := send("image/jpeg", tracked, src); got != 204 {
		t.Fatal(got)
	}
	p := k.last()[1].(attachment.Picture)
	if k.last()[0] != tracked || p.Type != attachment.JPEG || p.Size != int64(len(src)) || p.Files.Thumb == "" || p.Files.Shared == p.SHA256 {
		t.Errorf("%+v", p)
	}
	for _, sum := range []string{p.SHA256, p.Files.Shared, p.Files.Thumb} {
		file, err := folder.Open(sum)
		if err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
	}
	for _, c := range []struct {
		kind, code string
		body       []byte
		want       int
	}{
		{"image/jpeg", "ABCDEFGHJKLM", src, 404},
		{"image/jpeg", "", src, 400},
		{"image/png", tracked, src, 400},
		{"image/jpeg", tracked, []byte("<svg/>"), 400},
		{"image/jpeg", tracked, nil, 400},
		{"", tracked, src, 400},
		{"image/jpeg", tracked, append(bytes.Clone(src), make([]byte, attachment.MaxPhoto)...), 413},
	} {
		if got := send(c.kind, c.code, c.body); got != c.want {
			t.Errorf("%s of %d bytes for %q: %d, want %d", c.kind, len(c.body), c.code, got, c.want)
		}
	}
	limited := 0
	for range 20 {
		if send("image/jpeg", "ABCDEFGHJKLM", nil) == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("one address may try codes without end")
	}
}

type formPart struct {
	name, kind string
	body       []byte
}

func form(t *testing.T, parts ...formPart) ([]byte, string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="x"`, p.name)}}
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		to, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(p.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), w.FormDataContentType()
}

func TestIntakeOfAlarms(t *testing.T) {
	t.Parallel()
	w, k, _ := newDarkroom(t)
	var made struct{ Secret string }
	w.as("admin").Do(http.MethodPost, "/api/tokens", map[string]any{"name": "police", "access": "intake"}).Want(201).Into(&made)
	c, key := w.nobody(), "Bearer "+made.Secret
	const told = `{"channel":"camera","source":"police","source_id":"1","kind":"smoke","point":[119.68,29.79],"time":"2026-05-01T08:00:00Z"}`
	src := snapshot(t)
	var out struct {
		ReportID, IncidentID int64
		Pictures             int
	}
	c.Do(http.MethodPost, "/api/intake/alarms", told, "Content-Type", "application/json", "Authorization", key).Want(201)
	body, kind := form(t, formPart{"alarm", "application/json", []byte(told)}, formPart{"picture", "", src}, formPart{"picture", "image/jpeg", src})
	c.Do(http.MethodPost, "/api/intake/alarms", body, "Content-Type", kind, "Authorization", key).Want(201).Into(&out)
	a, pictures := k.last()[0].(report.Alarm), k.last()[1].([]attachment.Picture)
	if len(pictures) != 2 || a.Kind != "smoke" || string(a.Raw) != told || out.Pictures != 2 || !a.Time.Equal(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v %+v %+v", a, pictures, out)
	}
	c.Do(http.MethodPost, "/api/intake/alarms", strings.Replace(told, `"1"`, `"again"`, 1), "Content-Type", "application/json", "Authorization", key).Want(200)
	inline := strings.TrimSuffix(told, "}") + `,"picture":"` + base64.StdEncoding.EncodeToString(src) + `"}`
	c.Do(http.MethodPost, "/api/intake/alarms", inline, "Content-Type", "application/json", "Authorization", key).Want(201).Into(&out)
	if a, pictures := k.last()[0].(report.Alarm), k.last()[1].([]attachment.Picture); len(pictures) != 1 || strings.Contains(string(a.Raw), "picture") || pictures[0].Size != int64(len(src)) || out.Pictures != 1 {
		t.Errorf("%s %+v", a.Raw, pictures)
	}
	for picture, reason := range map[string]string{"no base64": "not_a_value", base64.StdEncoding.EncodeToString(make([]byte, 5<<20+1)): "too_large"} {
		c.Do(http.MethodPost, "/api/intake/alarms", strings.TrimSuffix(told, "}")+`,"picture":"`+picture+`"}`, "Content-Type", "application/json", "Authorization", key).WantError(400, "invalid", "picture", reason)
	}
	c.Do(http.MethodPost, "/api/intake/alarms", strings.TrimSuffix(told, "}")+`,"picture":"R0lGODlh"}`, "Content-Type", "application/json", "Authorization", key).WantError(400, "invalid", "type", "unknown_file_type")
	c.Do(http.MethodGet, "/api/intake/alarms/kinds", nil, "Authorization", key).Want(200)
	one := formPart{"alarm", "", []byte(told)}
	shot := formPart{"picture", "image/jpeg", src}
	for name, bad := range map[string]struct {
		parts         []formPart
		field, reason string
	}{
		"no alarm":          {[]formPart{shot}, "alarm", "required"},
		"two alarms":        {[]formPart{one, one}, "alarm", "unknown_field"},
		"five pictures":     {[]formPart{one, shot, shot, shot, shot, shot}, "picture", "too_many"},
		"no picture at all": {[]formPart{one, {"picture", "image/jpeg", []byte("GIF89a")}}, "type", "unknown_file_type"},
		"something else":    {[]formPart{one, {"x", "", nil}}, "x", "unknown_field"},
		"a field too many":  {[]formPart{{"alarm", "", []byte(`{"face":"x"}`)}}, "face", "unknown_field"},
	} {
		body, kind := form(t, bad.parts...)
		t.Log(name)
		c.Do(http.MethodPost, "/api/intake/alarms", body, "Content-Type", kind, "Authorization", key).WantError(400, "invalid", bad.field, bad.reason)
	}
	body, kind = form(t, one, shot)
	c.Do(http.MethodPost, "/api/intake/alarms", body[:len(body)-len(src)/2], "Content-Type", kind, "Authorization", key).WantError(400, "invalid", "", "truncated")
	c.Do(http.MethodPost, "/api/intake/alarms", told, "Content-Type", "text/plain", "Authorization", key).WantError(400, "invalid", "", "content_type")
	w.as("duty").Do(http.MethodPost, "/api/intake/alarms", told, "Content-Type", "application/json").Want(403)
}
