package server

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

func TestQueryParameters(t *testing.T) {
	t.Parallel()
	read := func(raw string) error {
		q := newQuery(echo.New().NewContext(httptest.NewRequest("GET", "/?"+raw, nil), httptest.NewRecorder()))
		q.integer("limit", 1, 50, 20)
		q.number("radius", 1, 500, 100)
		q.flag("open")
		q.point("near")
		q.bound("bbox")
		q.text("q")
		return q.err()
	}
	for raw, want := range map[string]struct{ field, reason string }{
		"limit=0": {"limit", "out_of_range"}, "limit=51": {"limit", "out_of_range"}, "limit=x": {"limit", "wrong_type"}, "limit=1.5": {"limit", "wrong_type"},
		"limit=99999999999999999999": {"limit", "wrong_type"}, "radius=0.5": {"radius", "out_of_range"}, "radius=NaN": {"radius", "wrong_type"},
		"radius=Inf": {"radius", "out_of_range"}, "open=yes": {"open", "wrong_type"}, "near=1": {"near", "wrong_type"}, "near=1,2,3": {"near", "wrong_type"},
		"near=a,b": {"near", "wrong_type"}, "near=0,0": {"near", "null_island"}, "near=29.7,119.6": {"near", "swapped_coordinates"}, "near=412,20": {"near", "outside_world"},
		"bbox=1,2,3": {"bbox", "wrong_type"}, "bbox=3,2,1,4": {"bbox", "swapped_coordinates"}, "bbox=-181,0,1,1": {"bbox", "outside_world"}, "bbox=1,2,NaN,4": {"bbox", "wrong_type"},
		"lmit=3": {"lmit", "unknown_field"}, "limit=1&limit=2": {"limit", "repeated_field"},
		"q=a%00": {"q", "not_a_value"}, "q=%FF": {"q", "not_a_value"},
	} {
		var e *layers.Error
		if err := read(raw); !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != want.field || e.Reason != want.reason {
			t.Errorf("%s: %v, want %s of %s", raw, err, want.reason, want.field)
		}
	}
	for _, raw := range []string{"", "limit=50&radius=500&open=true", "near=119.68,29.79&bbox=119,29,120,30", "near=" + url.QueryEscape("119.68，29.79"), "q=" + url.QueryEscape("城南")} {
		if err := read(raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
