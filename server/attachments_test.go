package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/server"
	"wanglou/server/evidence"
	"wanglou/server/servertest"
)

// album implements attachment.Service and attachment.Keeper for one case.
type album struct {
	mu   sync.Mutex
	all  []*attachment.Attachment
	read int // originals
}

func (s *album) Begin(ctx context.Context, a *attachment.Attachment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.all {
		if b.ClientID == a.ClientID {
			*a = *b
			return nil
		}
	}
	a.ID, a.IncidentID, a.SenderID, a.BegunAt = int64(len(s.all)+1), 7, auth.ActorFrom(ctx).User.ID, a.SourceTime
	b := *a
	s.all = append(s.all, &b)
	return nil
}

func (s *album) get(id int64, ok func(*attachment.Attachment) bool) (*attachment.Attachment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id > int64(len(s.all)) || !ok(s.all[id-1]) {
		return nil, layers.Errorf(layers.CodeNotFound, "none")
	}
	a := *s.all[id-1]
	return &a, nil
}

func (s *album) Attachment(_ context.Context, id int64) (*attachment.Attachment, error) {
	return s.get(id, func(a *attachment.Attachment) bool { return a.DoneAt != nil })
}

func (s *album) UnderWay(ctx context.Context, id int64) (*attachment.Attachment, error) {
	return s.get(id, func(a *attachment.Attachment) bool { return a.SenderID == auth.ActorFrom(ctx).User.ID })
}

func (s *album) Finish(_ context.Context, id int64, f attachment.Files) (*attachment.Attachment, error) {
	s.mu.Lock()
	s.all[id-1].Files, s.all[id-1].DoneAt = f, &s.all[id-1].BegunAt
	s.mu.Unlock()
	return s.get(id, func(*attachment.Attachment) bool { return true })
}

func (s *album) OfIncident(context.Context, int64) (out []*attachment.Attachment, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.all {
		if a.DoneAt != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

func (s *album) Original(ctx context.Context, _ *attachment.Attachment) error {
	if !auth.ActorFrom(ctx).Scope.May(auth.ActionReadOriginal) {
		return layers.Errorf(layers.CodeForbidden, "no")
	}
	s.read++
	return nil
}

func (s *album) Expire(context.Context) (int64, error) { return 0, nil }

func (s *album) Unknown(_ context.Context, sums []string) ([]string, error) { return sums, nil }

func (s *album) Unfinished(context.Context, []int64) ([]int64, error) { return nil, nil }

// snapshot is a JPEG that says where it was taken.
func snapshot(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, image.NewGray(image.Rect(0, 0, 640, 400)), nil); err != nil {
		t.Fatal(err)
	}
	return append(append([]byte("\xff\xd8\xff\xe1\x00\x1cExif\x00\x00GPS 29.79N 119.68E  "), []byte{}...), buf.Bytes()[2:]...)
}

func announce(src []byte, n int) map[string]any {
	sum := sha256.Sum256(src)
	return map[string]any{"client_id": fmt.Sprintf("0b6f8c1e-9a52-4c5e-8f0d-3a1b2c3d4e%02x", n), "task_id": 9, "role": "before", "type": "image/jpeg", "size": len(src),
		"sha256": hex.EncodeToString(sum[:]), "source_time": "2026-05-01T07:59:00Z", "point": []float64{119.68, 29.79}}
}

func newAlbum(t *testing.T) (*world, *album, *evidence.Folder) {
	t.Helper()
	s := &album{}
	folder, err := evidence.Open(filepath.Join(t.TempDir(), "attachments"))
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, func(o *server.Options) { o.Attachments, o.Evidence = s, folder }), s, folder
}

// patch sends a part of a file.
func patch(t *testing.T, c *servertest.Client, id int64, offset int, part []byte) *servertest.Response {
	t.Helper()
	return c.Do("PATCH", fmt.Sprintf("/api/attachments/%d", id), part, "Content-Type", "application/offset+octet-stream", "Upload-Offset", fmt.Sprint(offset))
}

type uploaded struct {
	ID       int64
	Received int
	DoneAt   *time.Time `json:"done_at"`
	HasThumb bool       `json:"has_thumb"`
}

func TestAPhotoComesInParts(t *testing.T) {
	t.Parallel()
	w, s, folder := newAlbum(t)
	c, src := w.as("unit"), snapshot(t)
	var a uploaded
	c.Do("POST", "/api/attachments", announce(src, 1)).Want(201).Into(&a)
	patch(t, c, a.ID, 0, src[:100]).Want(200).Into(&a)
	if a.Received != 100 || a.DoneAt != nil {
		t.Errorf("%+v", a)
	}
	patch(t, c, a.ID, 0, src[:100]).WantError(409, "conflict", "Upload-Offset", "wrong_offset")
	c.Get(fmt.Sprintf("/api/attachments/%d", a.ID)).Want(404)
	patch(t, w.as("duty"), a.ID, 100, src[100:]).Want(404)
	var again uploaded
	c.Do("POST", "/api/attachments", announce(src, 1)).Want(201).Into(&again)
	if again.ID != a.ID || again.Received != 100 {
		t.Errorf("begun again: %+v", again)
	}
	for range 2 { // the answer to the last part was lost
		patch(t, c, a.ID, 100, src[100:]).Want(200).Into(&a)
		if a.Received != len(src) || a.DoneAt == nil || !a.HasThumb {
			t.Errorf("%+v", a)
		}
	}
	path := fmt.Sprintf("/api/attachments/%d", a.ID)
	shared := w.as("viewer").Get(path).Want(200)
	h := shared.Header
	if bytes.Contains(shared.Body, []byte("GPS")) || h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Disposition") != `inline; filename="7-1.jpg"` ||
		!strings.HasPrefix(h.Get("Cache-Control"), "private") || h.Get("Content-Security-Policy") == "" {
		t.Errorf("%v", h)
	}
	if _, err := jpeg.Decode(bytes.NewReader(shared.Body)); err != nil {
		t.Error(err)
	}
	w.as("viewer").Get(path, "If-None-Match", h.Get("ETag")).Want(304)
	if small, err := jpeg.DecodeConfig(bytes.NewReader(c.Get(path + "?thumbnail=true").Want(200).Body)); err != nil || small.Width != 320 || small.Height != 200 {
		t.Errorf("%+v, %v", small, err)
	}
	if got := w.as("duty").Get(path + "?original=true").Want(200); !bytes.Equal(got.Body, src) || s.read != 1 || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the original: %v, %d times", got.Header, s.read)
	}
	c.Get(path + "?original=true").Want(403)
	c.Get(path+"?original=yes").WantError(400, "invalid", "original", "wrong_type")
	var detail struct{ Attachments []uploaded }
	w.as("duty").Get("/api/incidents/7").Want(200).Into(&detail)
	if len(detail.Attachments) != 1 || !detail.Attachments[0].HasThumb {
		t.Errorf("%+v", detail)
	}
	if n, err := folder.Sweep(t.Context(), s, time.Now().Add(time.Hour)); err != nil || n != 3 { // the fake knows none of them
		t.Errorf("%d files went, %v", n, err)
	}
	c.Get(path).Want(404)
}

func TestFilesThatLieAreRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := newAlbum(t)
	c, src := w.as("unit"), snapshot(t)
	send := func(n int, said, sent []byte) *servertest.Response {
		var a uploaded
		c.Do("POST", "/api/attachments", announce(said, n)).Want(201).Into(&a)
		return patch(t, c, a.ID, 0, sent)
	}
	page := bytes.Repeat([]byte("<script>alert(1)</script>"), 20)
	send(1, page, page).WantError(400, "invalid", "type", "unknown_file_type")
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	send(2, png, png).WantError(400, "invalid", "type", "lying_type")
	other := bytes.Clone(src)
	other[len(other)-20] ^= 1
	send(3, src, other).WantError(400, "invalid", "sha256", "hash_differs")
	send(4, src[:len(src)/2], src).WantError(400, "invalid", "size", "longer_than_said")
	half := src[:200]
	send(5, half, half).WantError(400, "invalid", "", "broken_file")
	large := announce(src, 6)
	large["size"] = 80 << 20
	c.Do("POST", "/api/attachments", large).WantError(413, "too_large", "size", "file_too_large")
	c.Do("PATCH", "/api/attachments/1", map[string]any{}).WantError(400, "invalid", "", "content_type")
	// Begun again after a mistake of the line, the same file comes through.
	var a uploaded
	c.Do("POST", "/api/attachments", announce(src, 3)).Want(201).Into(&a)
	if a.Received != 0 {
		t.Errorf("%+v", a)
	}
	patch(t, c, a.ID, 0, src).Want(http.StatusOK)
	// Who knows a sum has not got the file.
	c.Do("POST", "/api/attachments", announce(src, 7)).Want(201).Into(&a)
	if a.Received != 0 {
		t.Errorf("a sum alone was enough: %+v", a)
	}
}
