package camera

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKeyRing(t *testing.T) {
	t.Parallel()
	r := &KeyRing{}
	if _, _, err := r.Seal(1, Login{}); !errors.Is(err, ErrSealed) {
		t.Errorf("sealed without a key: %v", err)
	}
	if err := r.Rotate(); err != nil {
		t.Fatal(err)
	}
	l := Login{"admin", "p@ss:字/"}
	id, sealed, err := r.Seal(7, l)
	if err != nil || strings.Contains(string(sealed), "p@ss") {
		t.Fatal(err)
	}
	if _, again, _ := r.Seal(7, l); string(again) == string(sealed) {
		t.Error("the same login seals to the same bytes")
	}
	if err := r.Rotate(); err != nil {
		t.Fatal(err)
	}
	read, err := ParseKeys(r.File())
	if err != nil || read.Newest() != r.Newest() || read.Newest() == id {
		t.Fatalf("%v", err)
	}
	if got, err := read.Open(7, id, sealed); err != nil || got != l {
		t.Errorf("%v", err)
	}
	broken := append([]byte{}, sealed...)
	broken[len(broken)-1] ^= 1
	for name, try := range map[string]func() (Login, error){
		"another camera's": func() (Login, error) { return read.Open(8, id, sealed) },
		"changed":          func() (Login, error) { return read.Open(7, id, broken) },
		"short":            func() (Login, error) { return read.Open(7, id, sealed[:3]) },
		"another key":      func() (Login, error) { return read.Open(7, read.Newest(), sealed) },
	} {
		if _, err := try(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	read.Keep()
	if _, err := read.Open(7, id, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("a forgotten key opens: %v", err)
	}
	if _, err := ParseKeys([]byte("a secret")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v", l, l, l); strings.Contains(s, "p@ss") {
		t.Error(s)
	}
}

func TestSplitAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct {
		bare, user, password string
	}{
		"rtsp://10.0.0.1/1":                         {"rtsp://10.0.0.1/1", "", ""},
		"rtsp://u:p@10.0.0.1/1":                     {"rtsp://10.0.0.1/1", "u", "p"},
		"rtsp://u@10.0.0.1:8554/1?x=2":              {"rtsp://10.0.0.1:8554/1?x=2", "u", ""},
		"rtsp://admin:p%40ss@10.0.0.1/1":            {"rtsp://10.0.0.1/1", "admin", "p@ss"},
		"rtsp://admin:p@ss@10.0.0.1/1":              {"rtsp://10.0.0.1/1", "admin", "p@ss"},
		"rtsp://admin:a/b@10.0.0.1/1":               {"rtsp://10.0.0.1/1", "admin", "a/b"},
		"rtsp://10.0.0.1:554/user@home":             {"rtsp://10.0.0.1:554/user@home", "", ""},
		"http://10.0.0.1/snap.cgi?mail=a@b":         {"http://10.0.0.1/snap.cgi?mail=a@b", "", ""},
		"http://u:p@10.0.0.1/snap.cgi?mail=a@b.c":   {"http://10.0.0.1/snap.cgi?mail=a@b.c", "u", "p"},
		"rtsp://u:100%@[fd00::1]:554/h264/ch1/main": {"rtsp://[fd00::1]:554/h264/ch1/main", "u", "100%"},
		"not an address":                            {"not an address", "", ""},
		"":                                          {"", "", ""},
	} {
		bare, l, found := SplitAddress(address)
		if bare != want.bare || l.User != want.user || l.Password != want.password || found != (want.user != "") {
			t.Errorf("%s: %s, %s, %s, %v", address, bare, l.User, l.Password, found)
		}
	}
}
