package bucket_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/server/bucket"
	"wanglou/server/bucket/buckettest"
)

// noise is so many bytes, and their sum.
func noise(n int) ([]byte, string) {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	sum := sha256.Sum256(b)
	return b, hex.EncodeToString(sum[:])
}

// fileOf puts bytes on the disk and opens them.
func fileOf(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Original.TIF")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func reasonOf(err error) string {
	var known *layers.Error
	if errors.As(err, &known) {
		return known.Reason
	}
	return ""
}

// What is brought comes back byte for byte, whole and in ranges, under its own sum; a small file and one of several parts alike.
func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	b := s.Bucket(t)
	for _, size := range []int{1, 5 << 20, 12<<20 + 345} {
		content, sum := noise(size)
		if err := b.Put(t.Context(), fileOf(t, content), sum); err != nil {
			t.Fatalf("%d: %v", size, err)
		}
		key := "wanglou/" + sum[:2] + "/" + sum + ".tif"
		if b.Key(sum, "Original.TIF") != key || !bytes.Equal(s.Content(t, key), content) {
			t.Errorf("%d: something else is under %s", size, key)
		}
		parts := s.Parts()
		if err := b.Put(t.Context(), fileOf(t, content), sum); err != nil || s.Parts() != parts { // again: it is there
			t.Errorf("%d: %v, %d parts were sent again", size, err, s.Parts()-parts)
		}
		o, err := b.Open(t.Context(), sum, "x.tif", int64(size))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d: %d bytes, %v", size, len(got), err)
		}
		from := int64(size) * 2 / 3
		if _, err := o.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, min(1000, size-int(from)))
		if _, err := io.ReadFull(o, got); err != nil || !bytes.Equal(got, content[from:from+int64(len(got))]) {
			t.Errorf("%d: the range differs, %v", size, err)
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, at := range s.Addresses() {
		if strings.Contains(at, "Signature") || strings.Contains(at, buckettest.Secret) || !strings.Contains(at, "/"+buckettest.Name) {
			t.Errorf("asked for %s", at)
		}
	}
}

// A line that breaks in the middle of a file costs the part that was under way: what had come is not sent again.
func TestCutInTheMiddle(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	b := s.Bucket(t)
	content, sum := noise(23 << 20)
	s.CutAfter(12 << 20)
	if err := b.Put(t.Context(), fileOf(t, content), sum); layers.ErrorCode(err) != layers.CodeUnavailable || reasonOf(err) != "bucket_away" {
		t.Fatalf("%v", err)
	}
	came := s.Parts()
	if came != 2 {
		t.Errorf("%d parts came", came)
	}
	if _, err := b.Open(t.Context(), sum, "x.tif", int64(len(content))); reasonOf(err) != "bucket_away" {
		t.Error(err)
	}
	s.Leave(false)
	if _, err := b.Open(t.Context(), sum, "x.tif", int64(len(content))); reasonOf(err) != "file_gone" { // nothing half is there
		t.Error(err)
	}
	if err := b.Put(t.Context(), fileOf(t, content), sum); err != nil {
		t.Fatal(err)
	}
	if n := s.Parts() - came; n != 3 {
		t.Errorf("%d parts were sent to end it, want 3", n)
	}
	if !bytes.Equal(s.Content(t, b.Key(sum, "x.tif")), content) {
		t.Error("the bytes differ")
	}
}

// Who is refused is told so; a file that is not what it was never counts as kept, and one that was damaged in the bucket never arrives whole.
func TestRefusalsAndDamage(t *testing.T) {
	t.Parallel()
	s := buckettest.Start(t)
	content, sum := noise(100_000)
	for name, c := range map[string]struct {
		change func(*bucket.Options)
		want   string
	}{
		"another access key": {func(o *bucket.Options) { o.Access = "somebody" }, "bucket_denied"},
		"a wrong secret":     {func(o *bucket.Options) { o.Secret = "guessed-in-vain" }, "bucket_denied"},
		"no such bucket":     {func(o *bucket.Options) { o.Name = "elsewhere" }, "bucket_missing"},
		"nobody there":       {func(o *bucket.Options) { o.Endpoint = "http://127.0.0.1:1" }, "bucket_away"},
	} {
		o := s.Options()
		c.change(&o)
		b, err := bucket.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		err = b.Put(t.Context(), fileOf(t, content), sum)
		if layers.ErrorCode(err) != layers.CodeUnavailable || reasonOf(err) != c.want || strings.Contains(err.Error(), o.Secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := s.Bucket(t)
	if err := b.Put(t.Context(), fileOf(t, append([]byte("x"), content[1:]...)), sum); reasonOf(err) != "original_damaged" {
		t.Error(err)
	}
	if err := b.Put(t.Context(), fileOf(t, content), sum); err != nil {
		t.Fatal(err)
	}
	key := b.Key(sum, "x.tif")
	s.Replace(t, key, append([]byte("x"), content[1:]...))
	o, err := b.Open(t.Context(), sum, "x.tif", int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(o); reasonOf(err) != "bucket_differs" || len(got) == len(content) {
		t.Errorf("%d bytes of a damaged file, %v", len(got), err)
	}
	if err := b.Put(t.Context(), fileOf(t, content), sum); reasonOf(err) != "bucket_differs" || s.Content(t, key) != nil {
		t.Errorf("a damaged file stays: %v", err)
	}
	if err := b.Put(t.Context(), fileOf(t, content), sum); err != nil { // and the next time it is brought anew
		t.Error(err)
	}
	s.Replace(t, key, content[:5])
	if _, err := b.Open(t.Context(), sum, "x.tif", int64(len(content))); reasonOf(err) != "bucket_differs" {
		t.Error(err)
	}
}

func TestOpenOptions(t *testing.T) {
	t.Parallel()
	good := bucket.Options{Endpoint: "https://s3.example:9000", Name: "a", Access: "k", Secret: "s"}
	if _, err := bucket.Open(good); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*bucket.Options){
		"--bucket-endpoint": func(o *bucket.Options) { o.Endpoint = "https://k:s@s3.example" },
		"--bucket-name":     func(o *bucket.Options) { o.Name = "" },
		"--bucket-key-file": func(o *bucket.Options) { o.Secret = "" },
	} {
		o := good
		change(&o)
		var known *layers.Error
		if _, err := bucket.Open(o); !errors.As(err, &known) || known.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
