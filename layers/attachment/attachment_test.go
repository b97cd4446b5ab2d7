package attachment

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

var now = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func good() *Attachment {
	return &Attachment{ClientID: "0B6F8C1E-9a52-4c5e-8f0d-3a1b2c3d4e5f", TaskID: 9, Role: Before, Type: JPEG, Size: 1000, SHA256: strings.Repeat("A0", 32), SourceTime: now.Add(-time.Hour), Point: &orb.Point{119.68, 29.79}}
}

func TestWhatIsAnnouncedIsChecked(t *testing.T) {
	t.Parallel()
	if a := good(); a.Validate(now) != nil || a.ClientID != strings.ToLower(a.ClientID) || a.SHA256 != strings.Repeat("a0", 32) {
		t.Errorf("%+v", a)
	}
	ahead := good()
	if ahead.SourceTime = now.Add(time.Hour); ahead.Validate(now) != nil || !ahead.SourceTime.Equal(now) {
		t.Errorf("a clock that runs ahead: %v", ahead.SourceTime)
	}
	for name, c := range map[string]struct {
		change        func(*Attachment)
		code          layers.Code
		field, reason string
	}{
		"no id":          {func(a *Attachment) { a.ClientID = "" }, layers.CodeInvalid, "client_id", "not_a_uuid"},
		"no owner":       {func(a *Attachment) { a.TaskID = 0 }, layers.CodeInvalid, "task_id", "required"},
		"role":           {func(a *Attachment) { a.Role = "selfie" }, layers.CodeInvalid, "role", "unknown_value"},
		"sum":            {func(a *Attachment) { a.SHA256 = "ff" }, layers.CodeInvalid, "sha256", "not_a_sha256"},
		"empty":          {func(a *Attachment) { a.Size = 0 }, layers.CodeInvalid, "size", "required"},
		"no time":        {func(a *Attachment) { a.SourceTime = time.Time{} }, layers.CodeInvalid, "source_time", "required"},
		"80 MB":          {func(a *Attachment) { a.Size = 80 << 20 }, layers.CodeTooLarge, "size", "file_too_large"},
		"a long film":    {func(a *Attachment) { a.Type, a.Size = MP4, MaxVideo+1 }, layers.CodeTooLarge, "size", "file_too_large"},
		"a program":      {func(a *Attachment) { a.Type = "application/x-sh" }, layers.CodeInvalid, "type", "unknown_file_type"},
		"an iPhone's":    {func(a *Attachment) { a.Type = "image/heic" }, layers.CodeInvalid, "type", "heic"},
		"latitude first": {func(a *Attachment) { a.Point = &orb.Point{29.79, 119.68} }, layers.CodeInvalid, "point", ""},
	} {
		a := good()
		c.change(a)
		var e *layers.Error
		if err := a.Validate(now); !errors.As(err, &e) || e.Code != c.code || e.Field != c.field || c.reason != "" && e.Reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	film := good()
	if film.Type, film.Size = MP4, 80<<20; film.Validate(now) != nil {
		t.Error("80 MB of film are refused")
	}
}

func TestTheSameAnnouncedTwice(t *testing.T) {
	t.Parallel()
	a := good()
	a.IncidentID = 7
	if !a.Same(good()) {
		t.Error("a repeat is another")
	}
	for _, change := range []func(*Attachment){func(b *Attachment) { b.Size++ }, func(b *Attachment) { b.SHA256 = strings.Repeat("0", 64) }, func(b *Attachment) { b.TaskID = 8 }, func(b *Attachment) { b.Role = After }, func(b *Attachment) { b.IncidentID = 6 }} {
		b := good()
		if change(b); a.Same(b) {
			t.Errorf("%+v is the same", b)
		}
	}
}

func TestTypesAreReadFromBytes(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]struct {
		kind   Type
		reason string
	}{
		"\xff\xd8\xff\xe0\x00\x10JFIF":                            {JPEG, ""},
		"\x89PNG\r\n\x1a\n\x00\x00":                               {PNG, ""},
		"RIFF\x10\x00\x00\x00WEBPVP8 ":                            {WebP, ""},
		"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42":        {MP4, ""},
		"\x00\x00\x00\x18ftypXXXX\x00\x00\x00\x00XXXXisom":        {MP4, ""},
		"\x00\x00\x00\x10ftypXXXX\x00\x00\x00\x00isom":            {"", "unknown_file_type"}, // of the next box
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic":        {"", "heic"},
		"\x00\x00\x00\x18ftypqt  \x00\x00\x00\x00qt      ":        {"", "unknown_file_type"},
		"<!doctype html><script>":                                 {"", "unknown_file_type"},
		"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x\">": {"", "unknown_file_type"},
		"RIFF\x10\x00\x00\x00AVI LIST":                            {"", "unknown_file_type"},
		"GIF89a":                                                  {"", "unknown_file_type"},
		"\x00\x00\x00\x18ftyp":                                    {"", "unknown_file_type"},
		"\xff\xd8":                                                {"", "unknown_file_type"},
		"":                                                        {"", "unknown_file_type"},
	} {
		kind, err := Sniff([]byte(head))
		var e *layers.Error
		if kind != want.kind || (want.reason == "") != (err == nil) || errors.As(err, &e) && e.Reason != want.reason {
			t.Errorf("%q: %q, %v", head, kind, err)
		}
	}
	var e *layers.Error
	if err := PNG.Confirm([]byte("\xff\xd8\xff\xe0")); !errors.As(err, &e) || e.Reason != "lying_type" || e.Params["found"] != "image/jpeg" {
		t.Errorf("a lie: %v", err)
	}
}
