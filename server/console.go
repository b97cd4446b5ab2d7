package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

// console serves the built console: files by their name, and index.html for every address that belongs to a page.
type console struct {
	files fs.FS

	mu   sync.Mutex
	tags map[string]string // ETag by file
}

// contentTypes are those that must not depend on the machine's tables.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".png": "image/png", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// isCompressed reports whether a file would not become smaller.
func isCompressed(name string) bool {
	switch path.Ext(name) {
	case ".png", ".jpg", ".webp", ".woff2", ".gz", ".mp4", ".m4s":
		return true
	}
	return false
}

func newConsole(files fs.FS) *console { return &console{files: files, tags: map[string]string{}} }

func (s *Server) getConsole(c echo.Context) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	err := s.console.serve(c, name)
	if errors.Is(err, fs.ErrNotExist) && isPage(c, name) {
		err = s.console.serve(c, "index.html")
	}
	if errors.Is(err, fs.ErrNotExist) {
		if name == "index.html" {
			return layers.Errorf(layers.CodeNotFound, "this program was built without the console")
		}
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	return err
}

// isPage reports whether an address that is no file belongs to the console: a person's browser asks, and not for a file.
func isPage(c echo.Context, name string) bool {
	for _, other := range []string{"api/", "tiles/", "archives/", "tilesets/", "fonts/", "sprites/", "styles/", "assets/", "debug/"} {
		if strings.HasPrefix(name+"/", other) {
			return false
		}
	}
	isSource := strings.HasPrefix(name, "preview/") // whose names have dots
	return (isSource || path.Ext(name) == "") && !hidden(name) && strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html")
}

// hidden reports whether a file is not meant to be served: its name, or that of a folder above it, begins with a dot.
func hidden(name string) bool { return strings.Contains("/"+name, "/.") }

// serve answers with a file, or returns fs.ErrNotExist.
func (f *console) serve(c echo.Context, name string) error {
	if f.files == nil || !fs.ValidPath(name) || hidden(name) {
		return fs.ErrNotExist
	}
	info, err := fs.Stat(f.files, name)
	if err != nil || info.IsDir() {
		return fs.ErrNotExist
	}
	body, err := fs.ReadFile(f.files, name)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	t := contentTypes[path.Ext(name)]
	if t == "" {
		t = mime.TypeByExtension(path.Ext(name))
	}
	if t != "" {
		h.Set(echo.HeaderContentType, t)
	}
	if strings.HasPrefix(name, "assets/") { // named by their content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("ETag", f.tag(name, body))
	http.ServeContent(c.Response(), c.Request(), name, time.Time{}, bytes.NewReader(body))
	return nil
}

// tag returns the file's ETag. It is weak because the answer may be compressed on its way.
func (f *console) tag(name string, body []byte) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.tags[name]; t != "" {
		return t
	}
	sum := sha256.Sum256(body)
	t := `W/"` + hex.EncodeToString(sum[:12]) + `"`
	f.tags[name] = t
	return t
}
