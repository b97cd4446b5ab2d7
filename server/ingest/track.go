package ingest

import (
	"io"
	"regexp"
	"time"
)

// moment finds what may be a time of day in a CSV, a GPX or a GeoJSON.
var moment = regexp.MustCompile(`(\d{4})[-/:](\d{2})[-/:](\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?`)

// firstTime returns the first moment that a flight record names; zero where it names none. Without a zone it is local time of China, where flight records are written.
func firstTime(r io.Reader) time.Time {
	b, err := io.ReadAll(r)
	if err != nil {
		return time.Time{}
	}
	m := moment.FindSubmatch(b)
	if m == nil {
		return time.Time{}
	}
	zone := string(m[5])
	switch {
	case zone == "":
		zone = "+08:00"
	case len(zone) == 5:
		zone = zone[:3] + ":" + zone[3:]
	}
	t, err := time.Parse(time.RFC3339, string(m[1])+"-"+string(m[2])+"-"+string(m[3])+"T"+string(m[4])+zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
