package parts

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const usual = "multipart/mixed; boundary=boundary"

func all(t *testing.T, s, contentType string) (out []string, err error) {
	t.Helper()
	r, err := NewReader(iotest.OneByteReader(strings.NewReader(s)), contentType, 1000)
	if err != nil {
		return nil, err
	}
	for {
		p, err := r.Next()
		if err != nil {
			return out, err
		}
		out = append(out, p.Type+"|"+string(p.Body))
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stream, contentType string
		want                []string
		err                 error
	}{
		"as it should be": {"--boundary\r\nContent-Type: application/xml; charset=\"UTF-8\"\r\nContent-Length: 3\r\n\r\n<a>\r\n--boundary\r\nContent-Type: image/jpeg\r\nContent-Length: 2\r\n\r\n\xff\xd8\r\n", usual,
			[]string{"application/xml|<a>", "image/jpeg|\xff\xd8"}, io.EOF},
		"no length": {"--boundary\r\nContent-Type: text/plain\r\n\r\nHeartbeat\r\n--boundary\r\nContent-Type:text/plain\r\n\r\nx\r\ny\r\n--boundary\r\n", usual,
			[]string{"text/plain|Heartbeat", "text/plain|x\r\ny"}, io.ErrUnexpectedEOF},
		"a length too short":   {"--boundary\nContent-Length:2\n\nabcdef\n--boundary\nContent-Length:1\n\nz", usual, []string{"|ab", "|z"}, io.EOF},
		"dashes in the header": {"--myboundary\nContent-Length: 1\n\na", "multipart/x-mixed-replace; boundary=--myboundary", []string{"|a"}, io.EOF},
		"cut off":              {"--boundary\r\nContent-Length: 9\r\n\r\nabc", usual, nil, io.ErrUnexpectedEOF},
		"too large":            {"--boundary\r\nContent-Length: 1001\r\n\r\nabc", usual, nil, ErrTooLarge},
		"too large, unsaid":    {"--boundary\r\n\r\n" + strings.Repeat("abc\n", 300), usual, nil, ErrTooLarge},
		"nothing of the kind":  {strings.Repeat("garbage ", 10_000), usual, nil, ErrGarbage},
		"headers without end":  {"--boundary\r\n" + strings.Repeat("a: b\r\n", 40), usual, nil, ErrGarbage},
		"a page":               {"<html>", "text/html", nil, ErrGarbage},
		"no boundary":          {"", "multipart/mixed", nil, ErrGarbage},
	} {
		got, err := all(t, c.stream, c.contentType)
		if strings.Join(got, "¦") != strings.Join(c.want, "¦") || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A part with a length is there before anything comes after it.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer in.Close()
	go func() { _, _ = io.WriteString(out, "--boundary\r\nContent-Length: 1\r\n\r\na") }()
	r, err := NewReader(in, usual, 10)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := r.Next(); err != nil || string(p.Body) != "a" {
		t.Error(p, err)
	}
}

func FuzzNext(f *testing.F) {
	f.Add("--boundary\r\nContent-Type: application/xml\r\nContent-Length: 3\r\n\r\n<a>\r\n--boundary\r\n\r\nx\r\n--boundary--\r\n")
	f.Add("--boundary\n\n--boundary\n\n")
	f.Add("--boundary\r\nContent-Length: -1\r\nContent-Length: 99999999999999999999\r\n\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := NewReader(strings.NewReader(s), usual, 100)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; ; n++ {
			p, err := r.Next()
			if err != nil {
				return
			}
			if len(p.Body) > 100 || n > len(s) {
				t.Fatalf("part %d of %d bytes", n, len(p.Body))
			}
		}
	})
}
