// Package buckettest runs an S3-compatible storage for tests: gofakes3's protocol, in memory, behind a gate that checks signatures (Version 4) and breaks when it is told to.
package buckettest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"wanglou/server/bucket"
)

// The keys, and the one bucket that there is.
const (
	Name   = "originals"
	Access = "wanglou-test"
	Secret = "not-a-secret-in-tests"
	Region = "county-1"
)

// Storage is safe for concurrent use.
type Storage struct {
	URL     string
	backend *s3mem.Backend

	mu    sync.Mutex
	away  bool
	cut   int64 // bytes of bodies that are taken until the line breaks, -1: as many as come
	parts int   // that were taken
	seen  []string
}

// Start returns a storage with an empty bucket; it ends with the test.
func Start(t testing.TB) *Storage {
	t.Helper()
	s := &Storage{backend: s3mem.New(), cut: -1}
	if err := s.backend.CreateBucket(Name); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(s.backend, gofakes3.WithLogger(gofakes3.DiscardLog()), gofakes3.WithoutVersioning()).Server()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		away, cut := s.away, s.cut
		s.seen = append(s.seen, r.Method+" "+r.URL.String())
		s.mu.Unlock()
		if away {
			panic(http.ErrAbortHandler)
		}
		if code := judge(r); code != "" {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>no</Message></Error>`)
			return
		}
		if r.Method == http.MethodPut && cut >= 0 {
			r.Body = &cutting{ReadCloser: r.Body, storage: s}
		}
		inner.ServeHTTP(w, r)
		if r.Method == http.MethodPut && r.URL.Query().Has("partNumber") {
			s.mu.Lock()
			s.parts++
			s.mu.Unlock()
		}
	}))
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// Options are those of a bucket that is in the storage.
func (s *Storage) Options() bucket.Options {
	return bucket.Options{Endpoint: s.URL, Name: Name, Region: Region, Prefix: "wanglou/", Access: Access, Secret: Secret, Part: 5 << 20}
}

// Bucket opens the bucket.
func (s *Storage) Bucket(t testing.TB) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(s.Options())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Leave makes the storage answer nobody, or come back.
func (s *Storage) Leave(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// CutAfter breaks the line, and leaves, after so many bytes were taken.
func (s *Storage) CutAfter(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = n
}

// Parts is how many parts of files were taken so far.
func (s *Storage) Parts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts
}

// Addresses are what was asked for.
func (s *Storage) Addresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// Replace puts other bytes under a name, as a broken disk does; Drop takes them away.
func (s *Storage) Replace(t testing.TB, key string, content []byte) {
	t.Helper()
	if _, err := s.backend.PutObject(Name, key, map[string]string{}, bytes.NewReader(content), int64(len(content)), nil); err != nil {
		t.Fatal(err)
	}
}

// Drop takes away what is under a name.
func (s *Storage) Drop(t testing.TB, key string) {
	t.Helper()
	if _, err := s.backend.DeleteObject(Name, key); err != nil {
		t.Fatal(err)
	}
}

// Content is what is under a name, nil for nothing.
func (s *Storage) Content(t testing.TB, key string) []byte {
	t.Helper()
	o, err := s.backend.GetObject(Name, key, nil)
	if err != nil {
		return nil
	}
	defer func() { _ = o.Contents.Close() }()
	b, err := io.ReadAll(o.Contents)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cutting is a body whose line breaks.
type cutting struct {
	io.ReadCloser
	storage *Storage
}

func (c *cutting) Read(p []byte) (int, error) {
	s := c.storage
	s.mu.Lock()
	left := s.cut
	if left == 0 {
		s.away, s.cut = true, -1
	}
	s.mu.Unlock()
	if left == 0 {
		panic(http.ErrAbortHandler)
	}
	if left > 0 {
		p = p[:min(int64(len(p)), left)]
	}
	n, err := c.ReadCloser.Read(p)
	s.mu.Lock()
	if s.cut > 0 {
		s.cut = max(0, s.cut-int64(n))
	}
	s.mu.Unlock()
	return n, err
}

// judge returns the code with which a request is refused, "" for one that is signed by the keys.
func judge(r *http.Request) string {
	said, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return "AccessDenied"
	}
	part := map[string]string{}
	for p := range strings.SplitSeq(said, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		part[name] = value
	}
	access, scope, _ := strings.Cut(part["Credential"], "/")
	if access != Access {
		return "InvalidAccessKeyId"
	}
	want, err := hex.DecodeString(part["Signature"])
	if err != nil || !hmac.Equal(want, sign(r, scope, strings.Split(part["SignedHeaders"], ";"))) {
		return "SignatureDoesNotMatch"
	}
	return ""
}

// sign computes what a request's signature has to be.
func sign(r *http.Request, scope string, headers []string) []byte {
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20") + "\n"
	for _, h := range headers {
		value := strings.Join(r.Header.Values(h), ",")
		switch h {
		case "host":
			value = r.Host
		case "content-length":
			value = r.Header.Get("Content-Length")
		}
		canonical += h + ":" + strings.TrimSpace(value) + "\n"
	}
	canonical += "\n" + strings.Join(headers, ";") + "\n" + r.Header.Get("X-Amz-Content-Sha256")
	sum := sha256.Sum256([]byte(canonical))
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + Secret)
	for p := range strings.SplitSeq(scope, "/") {
		key = mac(key, p)
	}
	return mac(key, text)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}
