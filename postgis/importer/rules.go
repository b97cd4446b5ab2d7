package importer

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/layers/knowledge"
	"wanglou/layers/report"
)

// checks are the domain's own rules for rows of a layer, beside what the table checks. get returns a column's value, nil where nothing is mapped to it.
var checks = map[string]func(get func(column string) any) error{
	"camera":    checkCamera,
	"report":    checkReport,
	"knowledge": checkKnowledge,
}

// somewhere stands in for the place, which is checked for itself.
var somewhere = orb.Point{1, 1}

func checkCamera(get func(string) any) error {
	c := camera.Camera{Name: text(get("name")), DeviceID: text(get("device_id")), Status: camera.Unknown, Point: somewhere,
		Height: number(get("height_m")), Azimuth: number(get("azimuth_deg")), FOV: number(get("fov_deg")), Range: number(get("range_m"))}
	if s := text(get("status")); s != "" {
		c.Status = camera.Status(s)
	}
	return c.Validate()
}

func checkReport(get func(string) any) error {
	r := report.Report{Channel: report.Import, State: report.Received, Title: text(get("title")), Description: text(get("description")), Address: text(get("address"))}
	if s := text(get("channel")); s != "" {
		r.Channel = report.Channel(s)
	}
	if at, ok := get("source_time").(time.Time); ok && at.After(time.Now().Add(24*time.Hour)) {
		return layers.Invalid("source_time", "out_of_range", "the report is of tomorrow or later: %s", at.Format(time.RFC3339))
	}
	return r.Validate()
}

func checkKnowledge(get func(string) any) error {
	e := knowledge.Entry{Title: text(get("title")), TitleEN: text(get("title_en")), Body: text(get("body")), Department: text(get("department"))}
	e.Keywords, _ = get("keywords").([]string)
	e.Categories, _ = get("categories").([]string)
	return e.Validate()
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) *float64 {
	if f, ok := v.(float64); ok {
		return &f
	}
	return nil
}

// areaMoves is the answer to an area that would change its place in the tree while others stand below it; text holds both paths.
func areaMoves(text string) *layers.Error {
	from, to, _ := strings.Cut(text, "\n")
	return layers.Invalid("path", "area_moves", "it would move from %s to %s, and areas below it, and rights, would not follow", from, to)
}

// noParent is the answer to an area that has none above it; text is the code that the file names.
func noParent(text string) *layers.Error {
	if text != "" && utf8.ValidString(text) {
		return layers.Invalid(parentColumn, "unknown_reference", "there is no area with the code %s above it", text)
	}
	return layers.Invalid(parentColumn, "outside_county", "it lies in no area of a higher level")
}
