// Package strictjson reads the JSON of requests: what it takes has one meaning, and what it refuses is told with the field and the reason.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

// MaxBody is how many bytes of JSON a request may have. Nothing that people type is larger.
const MaxBody = 1 << 20

// Decode reads the body of a request, application/json, into v, a pointer to a struct with json tags. It is strict: one JSON value, UTF-8, exact field
// names, no unknown and no repeated field. Errors name the field in dotted form: CodeInvalid, CodeTooLarge.
func Decode(c echo.Context, v any) error {
	raw, err := Read(c, echo.MIMEApplicationJSON)
	if err != nil {
		return err
	}
	return Unmarshal(raw, v)
}

// Read returns the body of a request, which has to be of one of the media types. A body over MaxBody is a *http.MaxBytesError.
func Read(c echo.Context, types ...string) ([]byte, error) { return ReadUpTo(c, MaxBody, types...) }

// ReadUpTo is Read with a limit of its own, in bytes.
func ReadUpTo(c echo.Context, most int64, types ...string) ([]byte, error) {
	if mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err != nil || !slices.Contains(types, mt) {
		return nil, layers.Invalid("", "content_type", "the body has to be %s", strings.Join(types, " or "))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, most))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, err
		}
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the body could not be read whole", Err: err}
	}
	return raw, nil
}

// Unmarshal reads one JSON value as [Decode] does.
func Unmarshal(raw []byte, v any) error {
	if err := checkFields(raw, reflect.TypeOf(v)); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return layers.Invalid(withoutEmbedded(wrong.Field, reflect.TypeOf(v)), "wrong_type", "%s is not what belongs here", wrong.Value)
		}
		return malformed(err)
	}
	return nil
}

// withoutEmbedded takes the names of embedded structs out of a path as encoding/json tells it: nobody outside knows them.
func withoutEmbedded(path string, t reflect.Type) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			t = t.Elem()
		}
		if t != nil && t.Kind() == reflect.Struct {
			field := fieldType(t, name)
			if field == nil {
				continue
			}
			t = field
		}
		names = append(names, name)
	}
	return strings.Join(names, ".")
}

// checkFields refuses names in raw that the type does not have. It looks at names alone; whether values fit is for Unmarshal.
func checkFields(raw []byte, t reflect.Type) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := walkFields(d, t, ""); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return layers.Invalid("", "malformed_json", "the body has more than one JSON value")
	}
	return nil
}

// walkFields reads one JSON value beside the type it is meant for; a nil type takes everything.
func walkFields(d *json.Decoder, t reflect.Type, path string) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tok, err := d.Token()
	if err != nil {
		return malformed(err)
	}
	switch tok {
	case json.Delim('{'):
		err = walkObject(d, t, path)
	case json.Delim('['):
		var elem reflect.Type
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			elem = t.Elem()
		}
		for i := 0; err == nil && d.More(); i++ {
			err = walkFields(d, elem, path+"["+strconv.Itoa(i)+"]")
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := d.Token(); err != nil {
		return malformed(err)
	}
	return nil
}

func walkObject(d *json.Decoder, t reflect.Type, path string) error {
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return malformed(err)
		}
		name, _ := tok.(string)
		field := name
		if path != "" {
			field = path + "." + name
		}
		if seen[name] {
			return layers.Invalid(field, "repeated_field", "the field is given twice")
		}
		seen[name] = true
		var ft reflect.Type
		if t != nil && t.Kind() == reflect.Struct {
			if ft = fieldType(t, name); ft == nil {
				return layers.Invalid(field, "unknown_field", "there is no such field")
			}
		}
		if err := walkFields(d, ft, field); err != nil {
			return err
		}
	}
	return nil
}

// fieldType returns the type of the field that json calls name, nil when there is none.
func fieldType(t reflect.Type, name string) reflect.Type {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name && tag != "-" {
			return f.Type
		}
	}
	return nil
}

func malformed(err error) error {
	return &layers.Error{Code: layers.CodeInvalid, Reason: "malformed_json", Msg: "the body is not JSON", Err: err}
}
