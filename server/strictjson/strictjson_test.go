package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"wanglou/layers"
)

type sample struct {
	Title string    `json:"title"`
	Count int       `json:"count"`
	Point []float64 `json:"point"`
	Inner struct {
		Name string `json:"name"`
	} `json:"inner"`
	Items []struct {
		Name string `json:"name"`
	} `json:"items"`
	Revision *int64 `json:"revision"`
	Hidden   string `json:"-"`
	Shared
}

type Shared struct {
	Size  float64 `json:"size"`
	Place struct {
		Lon float64 `json:"lon"`
	} `json:"place"`
}

func decode(body []byte, contentType string) (sample, error) {
	r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	var v sample
	err := Decode(echo.New().NewContext(r, httptest.NewRecorder()), &v)
	return v, err
}

func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct{ field, reason string }{
		`{"titel":"x"}`:                      {"titel", "unknown_field"},
		`{"Title":"x"}`:                      {"Title", "unknown_field"},
		`{"Hidden":"x"}`:                     {"Hidden", "unknown_field"},
		`{"-":"x"}`:                          {"-", "unknown_field"},
		`{"inner":{"nme":"x"}}`:              {"inner.nme", "unknown_field"},
		`{"items":[{"name":"a"},{"nam":1}]}`: {"items[1].nam", "unknown_field"},
		`{"title":"a","title":"b"}`:          {"title", "repeated_field"},
		`{"title":1}`:                        {"title", "wrong_type"},
		`{"count":"1"}`:                      {"count", "wrong_type"},
		`{"count":1.5}`:                      {"count", "wrong_type"},
		`{"count":99999999999999999999}`:     {"count", "wrong_type"},
		`{"point":"here"}`:                   {"point", "wrong_type"},
		`{"inner":{"name":1}}`:               {"inner.name", "wrong_type"},
		`{"revision":"1"}`:                   {"revision", "wrong_type"},
		`{"size":"large"}`:                   {"size", "wrong_type"},
		`{"place":{"lon":"east"}}`:           {"place.lon", "wrong_type"},
		`[]`:                                 {"", "wrong_type"},
		`"x"`:                                {"", "wrong_type"},
		`{"title":"x"} {}`:                   {"", "malformed_json"},
		`{"title":"x"`:                       {"", "malformed_json"},
		`{"title":"x",}`:                     {"", "malformed_json"},
		`{'title':"x"}`:                      {"", "malformed_json"},
		``:                                   {"", "malformed_json"},
	} {
		_, err := decode([]byte(body), "application/json")
		var e *layers.Error
		if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != want.field || e.Reason != want.reason {
			t.Errorf("%s: %v, want %s of %q", body, err, want.reason, want.field)
		}
	}
	v, err := decode([]byte(`{"title":"占道","count":2,"point":[1,2],"items":[{"name":"a"}],"revision":null}`), "application/json; charset=utf-8")
	if err != nil || v.Title != "占道" || v.Count != 2 || len(v.Items) != 1 || v.Revision != nil {
		t.Errorf("%+v, %v", v, err)
	}
	for _, ct := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"} {
		if _, err := decode([]byte(`{}`), ct); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%q: %v", ct, err)
		}
	}
	if _, err := decode([]byte(`{"title":"`+strings.Repeat("x", MaxBody)+`"}`), "application/json"); !errors.As(err, new(*http.MaxBytesError)) {
		t.Errorf("a body over the limit: %v", err)
	}
}

// Whatever is sent, the answer is a value or an error for people.
func TestAnyBodyIsAnswered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{`{`, `}`, `[`, `]`, `,`, `:`, `"title"`, `"items"`, `"name"`, `"inner"`, `1`, `null`, `"x"`, ` `, `tru`, "\xff", `\u0000`}), 0, 12).Draw(t, "parts")
		_, err := decode([]byte(strings.Join(parts, "")), "application/json")
		if c := layers.ErrorCode(err); err != nil && c != layers.CodeInvalid {
			t.Fatalf("%v: %v", parts, err)
		}
	})
}

// What is taken has one meaning: written anew it is taken again, as the same.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"title":"a","count":1,"point":[119.7,29.8],"inner":{"name":"b"},"items":[{"name":"c"}],"revision":7}`))
	f.Add([]byte(`{"title":"a","title":"b"}`))
	f.Add([]byte(`{"Title":"a"}{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v, again sample
		if err := Unmarshal(raw, &v); err != nil {
			if layers.ErrorCode(err) != layers.CodeInvalid {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := Unmarshal(b, &again); err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%q: %+v became %+v: %v", raw, v, again, err)
		}
	})
}
