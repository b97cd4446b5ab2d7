package camera

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wanglou/layers"
)

// Limits of a file of devices.
const (
	MaxParentFile = 8 << 20
	MaxParentRows = 50_000
	maxRowErrors  = 20 // that are told
)

// RowCamera is the kind of a row that hangs a camera on a parent.
const RowCamera = "camera"

// ParentRow is one row of a file: a device with its own id and that of what it hangs on, or a camera, by its device id or its name.
type ParentRow struct {
	Row    int // 1 is the first below the header
	Kind   string
	Code   string // its id in the file; of a camera 20 digits, or "" where its name is told
	Name   string
	Parent string // Code of what it hangs on; "" for nothing
}

// RowError is what is wrong with a row.
type RowError struct {
	Row    int    `json:"row"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Value  string `json:"value,omitempty"`
}

// ParentImport is what an import did, or would do. With errors it did nothing.
type ParentImport struct {
	Rows    int        `json:"rows"`
	Added   int        `json:"added"`   // devices
	Changed int        `json:"changed"` // devices
	Moved   int        `json:"moved"`   // cameras
	Same    int        `json:"same"`    // rows that say what is so already
	Errors  []RowError `json:"errors"`
	More    int        `json:"more"` // errors that are not listed
}

// Wrong notes an error of a row.
func (p *ParentImport) Wrong(row int, field, reason, value string) {
	if len(p.Errors) >= maxRowErrors {
		p.More++
		return
	}
	if r := []rune(value); len(r) > 60 {
		value = string(r[:60]) + "…"
	}
	p.Errors = append(p.Errors, RowError{row, field, reason, value})
}

// columns by the names that people give them.
var parentColumns = map[string]string{
	"kind": "kind", "type": "kind", "类型": "kind", "种类": "kind", "设备类型": "kind",
	"id": "id", "code": "id", "编号": "id", "编码": "id", "设备编码": "id", "device_id": "id",
	"name": "name", "名称": "name", "设备名称": "name",
	"parent": "parent", "parent_id": "parent", "上级": "parent", "上级编号": "parent", "上级编码": "parent", "上级设备": "parent",
}

var parentKindWords = map[string]string{
	"recorder": "recorder", "nvr": "recorder", "dvr": "recorder", "录像机": "recorder", "硬盘录像机": "recorder", "switch": "switch", "交换机": "switch", "power": "power", "供电区": "power", "电源": "power", "配电箱": "power",
	"camera": RowCamera, "摄像机": RowCamera, "摄像头": RowCamera, "探头": RowCamera,
}

// ReadParents reads a file of devices: CSV with a header (comma, semicolon or tab), or GeoJSON whose features have the same as properties; UTF-8, or GB 18030. What is wrong with single
// rows is told by CheckRows.
func ReadParents(r io.Reader) ([]ParentRow, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxParentFile+1))
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the file could not be read whole", Err: err}
	}
	if len(b) > MaxParentFile {
		return nil, layers.Errorf(layers.CodeTooLarge, "over %d MB", MaxParentFile>>20)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		if b, err = simplifiedchinese.GB18030.NewDecoder().Bytes(b); err != nil || bytes.ContainsRune(b, utf8.RuneError) {
			return nil, layers.Invalid("", "encoding", "the text is neither UTF-8 nor GB 18030")
		}
	}
	var rows []ParentRow
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); bytes.HasPrefix(trimmed, []byte("{")) {
		rows, err = parentFeatures(trimmed)
	} else {
		rows, err = parentLines(b)
	}
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, layers.Invalid("", "no_rows", "the file has no rows")
	case len(rows) > MaxParentRows:
		return nil, layers.Errorf(layers.CodeTooLarge, "a file has at most %d rows", MaxParentRows)
	}
	return rows, nil
}

func parentLines(b []byte) ([]ParentRow, error) {
	first, _, _ := strings.Cut(string(b[:min(len(b), 4096)]), "\n")
	c := csv.NewReader(bytes.NewReader(b))
	c.FieldsPerRecord, c.TrimLeadingSpace = -1, true
	for _, comma := range ";\t" {
		if strings.Count(first, string(comma)) > strings.Count(first, string(c.Comma)) {
			c.Comma = comma
		}
	}
	header, err := c.Read()
	if err != nil {
		return nil, layers.Invalid("", "no_rows", "the file has no header")
	}
	at := map[string]int{}
	for i, name := range header {
		if column := parentColumns[strings.ToLower(strings.TrimSpace(name))]; column != "" {
			if _, twice := at[column]; !twice {
				at[column] = i
			}
		}
	}
	if err := wantColumns(func(c string) bool { _, has := at[c]; return has }); err != nil {
		return nil, err
	}
	var rows []ParentRow
	for n := 1; ; n++ {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			e := layers.Invalid("", "malformed_csv", "line %d: %v", wrong.Line, wrong.Err)
			e.Params = map[string]string{"line": fmt.Sprint(wrong.Line)}
			return nil, e
		}
		if err != nil {
			return nil, err
		}
		get := func(column string) string {
			if i, has := at[column]; has && i < len(record) {
				return record[i]
			}
			return ""
		}
		if len(rows) > MaxParentRows {
			return rows, nil
		}
		rows = appendRow(rows, n, get)
	}
}

func wantColumns(has func(string) bool) error {
	for _, column := range []string{"kind", "parent"} {
		if !has(column) {
			return layers.Invalid(column, "no_column", "the file has no column %s", column)
		}
	}
	return nil
}

func parentFeatures(b []byte) ([]ParentRow, error) {
	var file struct {
		Type     string
		Features []struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(b, &file); err != nil || file.Type != "FeatureCollection" {
		return nil, layers.Invalid("", "malformed_json", "it is not a collection of GeoJSON")
	}
	var rows []ParentRow
	for i, f := range file.Features {
		fields := map[string]string{}
		for name, v := range f.Properties {
			if column := parentColumns[strings.ToLower(strings.TrimSpace(name))]; column != "" && v != nil {
				if text, is := v.(string); is {
					fields[column] = text
				} else if number, is := v.(float64); is {
					fields[column] = fmt.Sprintf("%.0f", number)
				}
			}
		}
		rows = appendRow(rows, i+1, func(c string) string { return fields[c] })
	}
	return rows, nil
}

func appendRow(rows []ParentRow, n int, get func(string) string) []ParentRow {
	r := ParentRow{Row: n, Kind: strings.TrimSpace(get("kind")), Code: strings.TrimSpace(get("id")), Name: strings.TrimSpace(get("name")), Parent: strings.TrimSpace(get("parent"))}
	if r.Kind+r.Code+r.Name+r.Parent == "" {
		return rows // an empty line
	}
	return append(rows, r)
}

// CheckRows tidies rows and notes what is wrong with them whatever the registry holds.
func CheckRows(rows []ParentRow, out *ParentImport) {
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		kind := parentKindWords[strings.ToLower(r.Kind)]
		switch {
		case kind == "":
			out.Wrong(r.Row, "kind", "unknown_value", r.Kind)
			continue
		case kind == RowCamera && r.Code == "" && r.Name == "":
			out.Wrong(r.Row, "id", "required", "")
			continue
		case kind == RowCamera && r.Code != "" && !deviceID(r.Code):
			out.Wrong(r.Row, "id", "bad_device_id", r.Code)
			continue
		case kind != RowCamera && r.Code == "":
			out.Wrong(r.Row, "id", "required", "")
			continue
		}
		r.Kind = kind
		for _, f := range []struct {
			name string
			text *string
			most int
			need bool
		}{{"id", &r.Code, 100, false}, {"name", &r.Name, 200, kind != RowCamera}, {"parent", &r.Parent, 100, false}} {
			if err := layers.Line(f.name, f.text, f.most, f.need); err != nil {
				var e *layers.Error
				errors.As(err, &e)
				out.Wrong(r.Row, f.name, e.Reason, *f.text)
			}
		}
		key := kind + "\x00" + r.Code
		if kind != RowCamera {
			key = "\x00" + r.Code
		} else if r.Code == "" {
			key += "\x00" + r.Name
		}
		if seen[key] {
			out.Wrong(r.Row, "id", "twice", r.Code+r.Name)
		}
		seen[key] = true
	}
}
