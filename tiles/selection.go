package tiles

import (
	"strconv"
	"strings"
	"time"

	"wanglou/layers"
)

// Selection says what of a source a tile shows. The zero value is everything.
type Selection struct {
	Where      string    // CQL2 text; "" is every feature
	From, To   time.Time // of the features' time, both ends included; zero is open
	Properties []string  // columns that features bring along, sorted; nil is all, empty is none
}

// All reports whether the selection leaves nothing out.
func (s *Selection) All() bool {
	return s.Where == "" && s.From.IsZero() && s.To.IsZero() && s.Properties == nil
}

// Class names the selection: equal selections of a source have equal tiles. It is part of cache keys and ETags, "" for everything.
func (s *Selection) Class() string {
	if s.All() {
		return ""
	}
	var b strings.Builder
	b.WriteString(s.Where)
	for _, t := range [...]time.Time{s.From, s.To} {
		b.WriteByte('\n')
		if !t.IsZero() {
			b.WriteString(strconv.FormatInt(t.UnixMicro(), 10))
		}
	}
	if s.Properties != nil {
		b.WriteByte('\n')
		b.WriteString(strings.Join(s.Properties, "\x00"))
	}
	return b.String()
}

// RefuseSelection is what sources say that cannot select: nil for the selection of everything.
func (r *Request) RefuseSelection() error {
	switch s := &r.Select; {
	case s.Where != "":
		return layers.Invalid("filter", "not_supported", "this source cannot be filtered")
	case !s.From.IsZero() || !s.To.IsZero():
		return layers.Invalid("datetime", "not_supported", "this source has no time")
	case s.Properties != nil:
		return layers.Invalid("properties", "not_supported", "this source gives its properties whole")
	}
	return nil
}
