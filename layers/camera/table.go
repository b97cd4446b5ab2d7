package camera

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wanglou/layers"
)

// Limits of a file that is imported.
const (
	MaxFile      = 8 << 20
	MaxFileRows  = 50_000
	maxRowErrors = 20 // that are told
)

// RowError is what is wrong with a row.
type RowError struct {
	Row    int    `json:"row"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Value  string `json:"value,omitempty"`
}

// FileImport is what an import did, or would do. With errors it did nothing.
type FileImport struct {
	Rows    int        `json:"rows"`
	Added   int        `json:"added"`   // devices; cameras of a file of cameras
	Changed int        `json:"changed"` // the same
	Moved   int        `json:"moved"`   // cameras that hang elsewhere now
	Same    int        `json:"same"`    // rows that say what is so already
	Left    int        `json:"left"`    // entries of a catalogue that are no cameras, or new and without a place
	Errors  []RowError `json:"errors"`
	More    int        `json:"more"` // errors that are not listed
}

// Wrong notes an error of a row.
func (p *FileImport) Wrong(row int, field, reason, value string) {
	if len(p.Errors) >= maxRowErrors {
		p.More++
		return
	}
	if r := []rune(value); len(r) > 60 {
		value = string(r[:60]) + "…"
	}
	p.Errors = append(p.Errors, RowError{row, field, reason, value})
}

// wrongBy notes what a check has said of a row.
func (p *FileImport) wrongBy(row int, err error, value string) {
	var e *layers.Error
	if errors.As(err, &e) {
		p.Wrong(row, e.Field, e.Reason, value)
	}
}

// record is a row of a file by the names of columns; what the file does not have is not in it.
type record struct {
	row    int // 1 is the first below the header
	fields map[string]string
}

func (r record) get(column string) string { return strings.TrimSpace(r.fields[column]) }

// readTable reads CSV with a header (comma, semicolon or tab), or GeoJSON whose features have the same as properties; UTF-8, or GB 18030. columns are the names that people give them, in small
// letters; of a feature's point lon and lat are made. Rows without a word are passed over.
func readTable(r io.Reader, columns map[string]string, wanted ...string) ([]record, error) {
	b, err := readFile(r)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(b) {
		if b, err = simplifiedchinese.GB18030.NewDecoder().Bytes(b); err != nil || bytes.ContainsRune(b, utf8.RuneError) {
			return nil, layers.Invalid("", "encoding", "the text is neither UTF-8 nor GB 18030")
		}
	}
	var rows []record
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); bytes.HasPrefix(trimmed, []byte("{")) {
		rows, err = readFeatures(trimmed, columns)
	} else {
		rows, err = readLines(b, columns, wanted)
	}
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, layers.Invalid("", "no_rows", "the file has no rows")
	case len(rows) > MaxFileRows:
		return nil, layers.Errorf(layers.CodeTooLarge, "a file has at most %d rows", MaxFileRows)
	}
	return rows, nil
}

// readFile reads all of a file, without the mark that it is UTF-8.
func readFile(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the file could not be read whole", Err: err}
	}
	if len(b) > MaxFile {
		return nil, layers.Errorf(layers.CodeTooLarge, "over %d MB", MaxFile>>20)
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), nil
}

func readLines(b []byte, columns map[string]string, wanted []string) ([]record, error) {
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
		if column := columnOf(columns, name); column != "" {
			if _, twice := at[column]; !twice {
				at[column] = i
			}
		}
	}
	for _, column := range wanted {
		if _, has := at[column]; !has {
			return nil, layers.Invalid(column, "no_column", "the file has no column %s", column)
		}
	}
	var rows []record
	for n := 1; len(rows) <= MaxFileRows; n++ {
		line, err := c.Read()
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
		fields := make(map[string]string, len(at))
		for column, i := range at {
			fields[column] = ""
			if i < len(line) {
				fields[column] = line[i]
			}
		}
		rows = appendRecord(rows, record{n, fields})
	}
	return rows, nil
}

func readFeatures(b []byte, columns map[string]string) ([]record, error) {
	var file struct {
		Type     string
		Features []struct {
			Geometry *struct {
				Type        string
				Coordinates json.RawMessage
			}
			Properties map[string]any
		}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // an id of 20 digits is no float
	if err := d.Decode(&file); err != nil || file.Type != "FeatureCollection" {
		return nil, layers.Invalid("", "malformed_json", "it is not a collection of GeoJSON")
	}
	var rows []record
	for i, f := range file.Features {
		fields := map[string]string{}
		for name, v := range f.Properties {
			column := columnOf(columns, name)
			if column == "" {
				continue
			}
			switch v := v.(type) {
			case nil:
				fields[column] = ""
			case string:
				fields[column] = v
			case json.Number:
				fields[column] = v.String()
			default: // of lists and objects what stands there, for those who know it
				text, err := json.Marshal(v)
				if err != nil {
					return nil, err
				}
				fields[column] = string(text)
			}
		}
		var at []float64
		if g := f.Geometry; g != nil && g.Type == "Point" && json.Unmarshal(g.Coordinates, &at) == nil && len(at) >= 2 {
			fields["lon"], fields["lat"] = strconv.FormatFloat(at[0], 'f', -1, 64), strconv.FormatFloat(at[1], 'f', -1, 64)
		}
		rows = appendRecord(rows, record{i + 1, fields})
	}
	return rows, nil
}

func columnOf(columns map[string]string, name string) string {
	return columns[strings.ToLower(strings.TrimSpace(name))]
}

func appendRecord(rows []record, r record) []record {
	for column := range r.fields {
		if r.get(column) != "" {
			return append(rows, r)
		}
	}
	return rows // an empty line
}
