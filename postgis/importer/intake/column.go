package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Kind is what a column holds.
type Kind string

const (
	Words   Kind = "text"
	Int     Kind = "int"
	Float   Kind = "float"
	Bool    Kind = "bool"
	Date    Kind = "date"
	Time    Kind = "time"
	Strings Kind = "strings" // text[]
	JSON    Kind = "json"
)

// Column is a column that rows are written to.
type Column struct {
	Name     string
	Kind     Kind
	Bits     int  // of an Int: 16, 32 or 64
	Required bool // NOT NULL without a default
	NotNull  bool // NULL means the default
}

// Convert turns a field's value into what the column takes: nil, string, int64, float64, bool, time.Time, []string or json.RawMessage. Dates are strings
// (2006-01-02). Empty text is nil. Times without a zone are in loc. CodeInvalid with the column as the field.
func (c Column) Convert(v any, loc *time.Location) (any, error) {
	if s, ok := v.(string); ok {
		if strings.ContainsRune(s, 0) {
			return nil, layers.Invalid(c.Name, "nul_character", "the text holds a NUL character")
		}
		if v = strings.TrimSpace(s); v == "" {
			return nil, nil
		}
	}
	if v == nil {
		return nil, nil
	}
	switch c.Kind {
	case Int:
		return c.integer(v)
	case Float:
		return c.float(v)
	case Bool:
		return c.boolean(v)
	case Date, Time:
		return c.moment(v, loc)
	case Strings:
		return c.list(v)
	case JSON:
		return c.json(v)
	}
	return c.text(v)
}

func (c Column) bad(reason, want string, v any) error {
	e := layers.Invalid(c.Name, reason, "%.80q is not %s", fmt.Sprint(v), want)
	e.Params = map[string]string{"value": shorten(fmt.Sprint(v), 80)}
	return e
}

func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

func (c Column) text(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func (c Column) integer(v any) (any, error) {
	text, ok := number(v)
	if !ok {
		return nil, c.bad("not_a_number", "a whole number", v)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // 3.0 and 1e3 are whole as well
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return nil, c.bad("not_a_number", "a whole number", v)
		}
		n = int64(f)
	}
	if c.Bits > 0 && c.Bits < 64 && (n >= 1<<(c.Bits-1) || n < -1<<(c.Bits-1)) {
		return nil, c.bad("out_of_range", "a number that the column can hold", v)
	}
	return n, nil
}

func (c Column) float(v any) (any, error) {
	text, ok := number(v)
	if !ok {
		return nil, c.bad("not_a_number", "a number", v)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, c.bad("not_a_number", "a number", v)
	}
	return f, nil
}

// number returns the text of what may be a number.
func number(v any) (string, bool) {
	switch v := v.(type) {
	case json.Number:
		return v.String(), true
	case string:
		return v, true
	}
	return "", false
}

func (c Column) boolean(v any) (any, error) {
	switch strings.ToLower(fmt.Sprint(v)) {
	case "true", "t", "yes", "y", "1", "是", "有":
		return true, nil
	case "false", "f", "no", "n", "0", "否", "无":
		return false, nil
	}
	return nil, c.bad("not_a_value", "yes or no", v)
}

// moments are the forms of dates and times that exports have, those with a zone first.
var moments = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07", "2006/01/02 15:04:05.999999999Z07", "2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006/1/2 15:04:05.999999999", "2006/1/2 15:04", "2006年1月2日 15:04:05", "2006年1月2日15时04分05秒", "2006年1月2日 15时04分", "2006年1月2日 15:04",
	"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102150405", "20060102",
}

func (c Column) moment(v any, loc *time.Location) (any, error) {
	want := "a time such as 2026-03-01 08:30:00"
	if c.Kind == Date {
		want = "a date such as 2026-03-01"
	}
	var at time.Time
	switch v := v.(type) {
	case json.Number: // milliseconds of the epoch, as ArcGIS and JavaScript write times
		ms, err := v.Int64()
		if err != nil || ms < 1e11 || ms > 1e13 {
			return nil, c.bad("not_a_time", want, v)
		}
		at = time.UnixMilli(ms).In(loc)
	case string:
		for _, form := range moments {
			var err error
			if at, err = time.ParseInLocation(form, v, loc); err == nil {
				break
			}
		}
	}
	if at.IsZero() || at.Year() < 1 || at.Year() > 9999 {
		return nil, c.bad("not_a_time", want, v)
	}
	if c.Kind == Date {
		return at.Format(time.DateOnly), nil
	}
	return at, nil
}

func (c Column) list(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			out[i] = fmt.Sprint(e)
		}
		return out, nil
	case string:
		out := strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",;|，；、", r) })
		for i := range out {
			out[i] = strings.TrimSpace(out[i])
		}
		return out, nil
	}
	return nil, c.bad("not_a_value", "a list", v)
}

func (c Column) json(v any) (any, error) {
	if s, ok := v.(string); ok && json.Valid([]byte(s)) {
		return json.RawMessage(s), nil
	}
	b, err := json.Marshal(v)
	return json.RawMessage(b), err
}
