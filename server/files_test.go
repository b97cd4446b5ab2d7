package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/server"
	"wanglou/tiles"
	"wanglou/tiles/pmtiles"
	"wanglou/tiles/pmtiles/pmtilestest"
)

// archives is a folder with one archive, and a way to replace it.
type archives struct {
	t      *testing.T
	dir    string
	folder *tiles.Folder
}

func newArchives(t *testing.T) *archives {
	t.Helper()
	a := &archives{t: t, dir: t.TempDir()}
	var err error
	if a.folder, err = tiles.OpenFolder(t.Context(), a.dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.folder.Close() })
	return a
}

// put moves an archive into place whose only tile says body, and returns its bytes.
func (a *archives) put(name, body string) []byte {
	a.t.Helper()
	b := pmtilestest.Write(a.t, pmtilestest.Options{Type: pmtiles.TypePNG}, pmtilestest.Tile{Body: []byte(body)})
	next := filepath.Join(a.dir, "next")
	if err := os.WriteFile(next, b, 0o600); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(a.dir, name)); err != nil {
		a.t.Fatal(err)
	}
	if err := a.folder.Scan(context.Background()); err != nil {
		a.t.Fatal(err)
	}
	return b
}

func TestWholeArchives(t *testing.T) {
	t.Parallel()
	a := newArchives(t)
	b := a.put("heights.pmtiles", strings.Repeat("picture", 1000))
	w := newWorld(t, func(o *server.Options) { o.Assets.Archives = a.folder })
	viewer := w.as("viewer")

	whole := viewer.Get("/archives/heights.pmtiles", "Accept-Encoding", "gzip")
	tag := whole.Header.Get("ETag")
	if whole.Status != http.StatusOK || !bytes.Equal(whole.Body, b) || tag == "" || whole.Header.Get("Accept-Ranges") != "bytes" ||
		whole.Header.Get("Content-Encoding") != "" || whole.Header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("%d with %d of %d bytes, %v", whole.Status, len(whole.Body), len(b), whole.Header)
	}
	for _, c := range []struct {
		name   string
		header []string
		status int
		body   []byte
	}{
		{"the header", []string{"Range", "bytes=0-126"}, 206, b[:127]},
		{"the end", []string{"Range", "bytes=-10"}, 206, b[len(b)-10:]},
		{"the same file still", []string{"Range", "bytes=7-7", "If-Range", tag}, 206, b[7:8]},
		{"another file by now", []string{"Range", "bytes=7-7", "If-Range", `"older"`}, 200, b},
		{"unchanged", []string{"If-None-Match", tag}, 304, nil},
		{"only of this file", []string{"If-Match", `"older"`, "Range", "bytes=0-1"}, 412, nil},
	} {
		got := viewer.Get("/archives/heights.pmtiles", c.header...)
		if got.Status != c.status || !bytes.Equal(got.Body, c.body) {
			t.Errorf("%s: %d with %d bytes", c.name, got.Status, len(got.Body))
		}
	}
	if got := viewer.Get("/archives/heights.pmtiles", "Range", fmt.Sprintf("bytes=%d-", len(b))); got.Status != 416 || got.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", len(b)) {
		t.Errorf("behind the end: %d, %v", got.Status, got.Header)
	}
	head := viewer.Do(http.MethodHead, "/archives/heights.pmtiles", nil)
	if head.Status != 200 || len(head.Body) != 0 || head.Header.Get("Content-Length") != fmt.Sprint(len(b)) || head.Header.Get("ETag") != tag {
		t.Errorf("HEAD: %d, %v", head.Status, head.Header)
	}
	for path, status := range map[string]int{
		"/archives/none.pmtiles": 404, "/archives/heights": 404, "/archives/heights.mbtiles": 404, "/archives/..%2Fheights.pmtiles": 404, "/archives/next": 404,
	} {
		if got := viewer.Get(path); got.Status != status {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	if got := w.nobody().Get("/archives/heights.pmtiles"); got.Status != 401 {
		t.Errorf("nobody: %d", got.Status)
	}
	if got := w.as("norole").Get("/archives/heights.pmtiles"); got.Status != 403 {
		t.Errorf("without a role: %d", got.Status)
	}
}

// A reader that is under way when the file is replaced gets the old one to its end, and then learns that it is another.
func TestAnArchiveIsReplacedWhileItIsRead(t *testing.T) {
	t.Parallel()
	a := newArchives(t)
	old := a.put("heights.pmtiles", strings.Repeat("old", 3<<20)) // more than the buffers between the two ends hold
	w := newWorld(t, func(o *server.Options) { o.Assets.Archives = a.folder })
	viewer := w.as("viewer")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/archives/heights.pmtiles", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := viewer.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	start := make([]byte, 1000)
	if _, err := io.ReadFull(res.Body, start); err != nil {
		t.Fatal(err)
	}
	next := a.put("heights.pmtiles", "new")
	a.put("other.pmtiles", "x") // two looks at the folder later
	rest, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(append(start, rest...), old) {
		t.Fatalf("%d of %d bytes: %v", len(start)+len(rest), len(old), err)
	}
	part := viewer.Get("/archives/heights.pmtiles", "Range", "bytes=0-9", "If-Range", res.Header.Get("ETag"))
	if part.Status != 200 || !bytes.Equal(part.Body, next) {
		t.Errorf("the next part: %d with %d bytes", part.Status, len(part.Body))
	}
	if err := os.Remove(filepath.Join(a.dir, "heights.pmtiles")); err != nil {
		t.Fatal(err)
	}
	if got := viewer.Get("/archives/heights.pmtiles"); got.Status != 404 {
		t.Errorf("after it went: %d", got.Status)
	}
}
