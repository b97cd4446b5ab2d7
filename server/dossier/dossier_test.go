package dossier

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/survey"
	"wanglou/layers/survey/chain"
	"wanglou/tiles/glyphs"
)

func sound(t *testing.T) (Input, []byte) {
	t.Helper()
	key, err := OpenKey(filepath.Join(t.TempDir(), "keys", "evidence.pem"))
	if err != nil {
		t.Fatal(err)
	}
	f := &survey.File{Candidate: survey.Candidate{
		Number: "WJ20260501-007", State: survey.Issued, Kind: survey.New, Area: 80, Height: new(3.2), Detector: "高差检测", DetectorVersion: "1",
		Before: &survey.Flown{ID: 1, Name: "四月", SHA256: strings.Repeat("b", 64)}, After: &survey.Flown{ID: 2, Name: "五月", SHA256: strings.Repeat("a", 64), Withdrawn: true},
		Grounds: []survey.Ground{{What: "zone", Name: "永久基本农田", Text: "不得建房", Share: 1}}, Outline: survey.Outline{orb.Polygon{{{119.68, 29.79}, {119.6801, 29.79}, {119.6801, 29.7901}, {119.68, 29.7901}, {119.68, 29.79}}}},
	}}
	last, from := "", ""
	for i, to := range []string{"detected", "issued"} {
		at := time.Date(2026, 5, 1, 8+i, 0, 0, 1000, time.UTC)
		c, _ := json.Marshal(map[string]any{"number": f.Number, "n": i + 1, "receive_time": at.Format("2006-01-02T15:04:05.000000Z"), "actor": "甲", "move": "m", "from": from, "to": to, "reason": "",
			"capture_before_sha256": f.Before.SHA256, "capture_after_sha256": f.After.SHA256})
		last = chain.Hash(last, string(c))
		f.Log = append(f.Log, survey.Link{N: int64(i + 1), At: at, Actor: "甲", Move: "m", From: survey.State(from), To: survey.State(to), Content: string(c), Hash: last})
		from = to
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	in := Input{File: f, MadeAt: time.Date(2026, 5, 2, 8, 0, 0, 0, time.UTC), MadeBy: "乙", Key: key, Letters: glyphs.Open(t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil))),
		Pictures: []Picture{{CaptureID: 1, Original: f.Before.SHA256, JPEG: picture.Bytes()}, {CaptureID: 2, Original: f.After.SHA256}}}
	pdf, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return in, pdf
}

func TestAFileHolds(t *testing.T) {
	t.Parallel()
	in, pdf := sound(t)
	r, err := Verify(pdf, in.Key.Public())
	if err != nil || !r.OK() || !r.Signed || r.Head != in.File.Log[1].Hash {
		t.Fatalf("%+v %v", r, err)
	}
	if c := r.Document.Corners; r.Document.EPSG != 4549 || len(c) != 4 || !strings.HasPrefix(c[0][1], "3296") || !strings.HasPrefix(c[0][2], "469") {
		t.Errorf("EPSG:%d %v", r.Document.EPSG, c)
	}
	if r, err := Verify(pdf, "another"); err != nil || r.OK() {
		t.Errorf("another server's seal: %+v %v", r, err)
	}
}

// Whatever byte is changed, it is seen.
func TestTampering(t *testing.T) {
	t.Parallel()
	in, pdf := sound(t)
	last := bytes.LastIndex(pdf, []byte(seal))
	for i := 0; i < len(pdf); i++ {
		if i%97 != 0 && i < last { // of the seal every one
			continue
		}
		changed := bytes.Clone(pdf)
		changed[i] ^= 1
		if r, err := Verify(changed, in.Key.Public()); err == nil && r.OK() {
			t.Fatalf("byte %d of %d was changed unseen", i, len(pdf))
		}
	}
	for name, raw := range map[string][]byte{"cut": pdf[:len(pdf)-200], "appended": append(bytes.Clone(pdf), "x"...), "unsealed": pdf[:bytes.LastIndex(pdf, []byte(seal))]} {
		if r, err := Verify(raw, ""); err != nil || r.OK() {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	for _, raw := range [][]byte{nil, []byte("%PDF-1.4"), pdf[:400]} {
		if _, err := Verify(raw, ""); err == nil {
			t.Error("no evidence file is one")
		}
	}
}

// Who has the key may seal what is wrong, and the broken link is named.
func TestBrokenLinkIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*survey.File)
		says   string
	}{
		"actor":    {func(f *survey.File) { f.Log[1].Actor = "丙" }, "link 2:"},
		"left out": {func(f *survey.File) { f.Log = f.Log[1:] }, "link 1:"},
		"original": {func(f *survey.File) { f.After.SHA256 = strings.Repeat("c", 64) }, "another"},
		"state":    {func(f *survey.File) { f.State = survey.Cleared }, "the chain ends at issued"},
	} {
		in, _ := sound(t)
		c.change(in.File)
		pdf, err := Make(in)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Verify(pdf, "")
		if err != nil || r.OK() || !r.Signed || !strings.Contains(strings.Join(r.Problems, "; "), c.says) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n<< /Type /EmbeddedFile /Length 9 /Filter /FlateDecode >>\nstream\n123456789\nendstream"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := Verify(raw, ""); err == nil && r.OK() {
			t.Error("made out of nothing")
		}
	})
}
