package postgis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// offerComment is what the COMMENT of a table, view or function says of how it is offered. Its first line is the title, "中文 | English"; what
// follows is key=value pairs or a JSON object with the same keys. A comment that is a JSON object has the title in it:
//
//	公交站 | Bus stops                      {"title": "公交站 | Bus stops", "id": "stop_no",
//	id=stop_no role=viewer minzoom=10       "role": "viewer", "minzoom": 10}
type offerComment struct {
	title            layers.Text
	off              bool          // offer=false: not offered
	id               string        // column that tells rows apart
	area             string        // column with the area path; default area_path
	rank             string        // column: of a crowded tile the highest stay
	time             string        // column that datetime asks for
	srid             int           // of geometries that do not say it themselves
	roles            []auth.Role   // who may read it
	scoped           bool          // of a function: it asks by itself for query->'areas'
	minZoom, maxZoom int           // -1: not said
	columns          []string      // what is shown; nil is all
	ttl              time.Duration // how old an answer may be; 0: the default
	attribution      string
	notes            []string // what in it is not understood
}

// parseOfferComment never fails: what it does not understand becomes a note, and a role that there is not lets nobody but admins in.
func parseOfferComment(comment, name string) offerComment {
	c := offerComment{minZoom: -1, maxZoom: -1}
	first, rest, _ := strings.Cut(comment, "\n")
	if strings.HasPrefix(strings.TrimSpace(comment), "{") {
		first, rest = "", comment
	}
	values := map[string]string{}
	if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "{") {
		values = c.readJSON(rest)
	} else {
		values = c.readPairs(rest)
	}
	if t, ok := values["title"]; ok {
		first = t
		delete(values, "title")
	}
	c.title = title(first, name)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		c.set(key, values[key])
	}
	return c
}

func (c *offerComment) note(format string, args ...any) {
	c.notes = append(c.notes, "COMMENT: "+fmt.Sprintf(format, args...))
}

// readJSON flattens an object: lists become the text that key=value has for them.
func (c *offerComment) readJSON(text string) map[string]string {
	out := map[string]string{}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		c.note("its JSON cannot be read: %v", err)
		c.roles = []auth.Role{auth.RoleAdmin} // it may have said who may read it
		return out
	}
	for key, v := range object {
		if list, ok := v.([]any); ok {
			parts := make([]string, len(list))
			for i, p := range list {
				parts[i] = fmt.Sprint(p)
			}
			out[strings.ToLower(key)] = strings.Join(parts, ",")
			continue
		}
		out[strings.ToLower(key)] = fmt.Sprint(v)
	}
	return out
}

// readPairs reads key=value, separated by space or lines; a value with spaces stands in double quotes. Other words are prose.
func (c *offerComment) readPairs(text string) map[string]string {
	out := map[string]string{}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		word := text
		if i := strings.IndexAny(text, " \t\r\n"); i >= 0 {
			word = text[:i]
		}
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			text = text[len(word):]
			continue
		}
		if strings.HasPrefix(value, `"`) {
			quoted := text[len(key)+2:]
			end := strings.IndexByte(quoted, '"')
			if end < 0 {
				end = len(quoted)
			}
			value, text = quoted[:end], quoted[min(end+1, len(quoted)):]
		} else {
			text = text[len(word):]
		}
		out[strings.ToLower(key)] = value
	}
	return out
}

func (c *offerComment) set(key, value string) {
	switch key {
	case "offer":
		c.off = isFalse(value)
	case "id":
		c.id = value
	case "area":
		c.area = value
	case "rank":
		c.rank = value
	case "time":
		c.time = value
	case "attribution":
		c.attribution = value
	case "scoped":
		c.scoped = !isFalse(value)
	case "columns":
		c.columns = splitList(value)
	case "role", "roles":
		c.setRoles(value)
	case "srid":
		c.srid = c.number(key, value, 1, 998_999)
	case "minzoom":
		c.minZoom = c.number(key, value, 0, maxOfferZoom)
	case "maxzoom":
		c.maxZoom = c.number(key, value, 0, maxOfferZoom)
	case "ttl":
		c.ttl = time.Duration(max(0, c.number(key, value, 0, 86_400))) * time.Second
	default:
		c.note("%q is not known", key)
	}
}

func (c *offerComment) setRoles(value string) {
	for _, s := range splitList(value) {
		r := auth.Role(s)
		c.roles = append(c.roles, r)
		if _, delivered := auth.Delivered[r]; !delivered {
			c.note("%q is not a role of the program: besides admins, it is for who has a role of the county by that name", s)
		}
	}
}

// number returns value, or -1 (0 where that is the least) and a note.
func (c *offerComment) number(key, value string, low, high int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		c.note("%s must be a number from %d to %d, not %q", key, low, high, value)
		return low - 1
	}
	return n
}

func isFalse(s string) bool { return s == "false" || s == "no" || s == "off" || s == "0" }

func splitList(s string) []string {
	out := []string{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
