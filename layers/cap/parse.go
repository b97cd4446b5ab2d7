package cap

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

const namespace = "urn:oasis:names:tc:emergency:cap:"

// Parse reads one message. It returns the first thing that is wrong: CodeInvalid with field and reason ("info[0].expires": "no_offset"), CodeTooLarge.
// Elements that CAP does not know, and those of other namespaces, are passed over.
func Parse(body []byte) (*Alert, error) {
	root, err := parseTree(body)
	if err != nil {
		return nil, err
	}
	version, ok := strings.CutPrefix(root.name.Space, namespace)
	switch {
	case root.name.Local != "alert":
		return nil, layers.Invalid("alert", "required", "the document is <%s>, not <alert>", short(root.name.Local))
	case !ok && !strings.Contains(root.name.Space, "/cap/1.0"):
		return nil, layers.Invalid("alert", "wrong_namespace", "the namespace is %q, not %q", short(root.name.Space), namespace+"1.2")
	case version != "1.2" && version != "1.1":
		return nil, layers.Invalid("alert", "unsupported_version", "CAP 1.2 and 1.1 are taken, not %s", short(root.name.Space))
	}
	r := &reader{space: root.name.Space, room: maxPoints}
	a := r.alert(root)
	if r.err != nil {
		return nil, r.err
	}
	if entangled(a.Shapes()) {
		return nil, layers.Invalid("info", "too_complex", "the shapes cross each other too often to be joined")
	}
	a.Version = version
	return a, nil
}

// reader takes the fields out of elements. After the first error it returns nothing of use.
type reader struct {
	space string
	room  int // corners that polygons may still have
	err   error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// all returns the elements of a name, of which there may be so many.
func (r *reader) all(n *node, path, name string, most int) []*node {
	var out []*node
	for _, k := range n.kids {
		if k.name.Local == name && k.name.Space == r.space {
			out = append(out, k)
		}
	}
	if len(out) > most {
		r.fail(layers.Invalid(path+name, "too_many_elements", "there are %d of %s, at most %d are taken", len(out), name, most))
		return nil
	}
	return out
}

// text returns what is said in the one element of a name, "" where there is none.
func (r *reader) text(n *node, path, name string, most int) string {
	found := r.all(n, path, name, 1<<30)
	switch {
	case len(found) == 0:
		return ""
	case len(found) > 1:
		r.fail(layers.Invalid(path+name, "repeated_field", "the field is given %d times", len(found)))
	}
	return r.fits(found[0], path+name, most)
}

func (r *reader) fits(n *node, field string, most int) string {
	if len(n.kids) > 0 {
		r.fail(layers.Invalid(field, "wrong_type", "a text belongs here, not elements"))
	}
	if c := utf8.RuneCountInString(n.text); c > most {
		r.fail(layers.Invalid(field, "too_long", "there are %d characters, at most %d are taken", c, most))
	}
	return n.text
}

func (r *reader) required(n *node, path, name string, most int) string {
	s := r.text(n, path, name, most)
	if s == "" {
		r.fail(layers.Invalid(path+name, "required", "a message says its %s", name))
	}
	return s
}

func (r *reader) oneOf(n *node, path, name string, of []string) string {
	s := r.required(n, path, name, maxLine)
	r.known(path+name, s, of)
	return s
}

func (r *reader) known(field, s string, of []string) {
	if r.err == nil && !slices.Contains(of, s) {
		r.fail(layers.Invalid(field, "unknown_value", "%q is none of %s", short(s), strings.Join(of, ", ")))
	}
}

// forbidden are characters that no identifier and no sender has: references are split at them.
const forbidden = " ,<&\t\r\n"

// name reads an identifier or a sender.
func (r *reader) name(n *node, path, name string) string {
	s := r.required(n, path, name, maxName)
	if strings.ContainsAny(s, forbidden) {
		r.fail(layers.Invalid(path+name, "not_allowed", "there is no space, comma, < or & in a %s", name))
	}
	return s
}

// moment is a time of CAP: to the second, with an offset. Z and fractions of a second, which it does not allow, are clear and so are taken.
var moment = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$`)

func parseTime(field, s string) (time.Time, error) {
	m := moment.FindStringSubmatch(s)
	switch {
	case m == nil:
		return time.Time{}, layers.Invalid(field, "not_a_value", "%q is not a time like 2026-05-01T08:00:00+08:00", short(s))
	case m[2] == "":
		return time.Time{}, layers.Invalid(field, "no_offset", "%q does not say in which offset from UTC", s)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, layers.Invalid(field, "not_a_value", "%q is not a time", s)
	}
	if y := t.UTC().Year(); y < 1990 || y > 2200 {
		return time.Time{}, layers.Invalid(field, "out_of_range", "%q is not a time of ours", s)
	}
	return t, nil
}

func (r *reader) time(n *node, path, name string) *time.Time {
	s := r.text(n, path, name, maxLine)
	if s == "" {
		return nil
	}
	t, err := parseTime(path+name, s)
	if err != nil {
		r.fail(err)
	}
	return &t
}

func (r *reader) alert(n *node) *Alert {
	a := &Alert{
		Identifier: r.name(n, "", "identifier"),
		Sender:     r.name(n, "", "sender"),
	}
	r.required(n, "", "sent", maxLine)
	if sent := r.time(n, "", "sent"); sent != nil {
		a.Sent = *sent
	}
	a.Status = Status(r.oneOf(n, "", "status", statuses))
	a.Type = Type(r.oneOf(n, "", "msgType", types))
	a.Scope = r.oneOf(n, "", "scope", scopes)
	a.Note = r.text(n, "", "note", maxText)
	a.References = r.references(n)
	if a.Type != NewAlert && len(a.References) == 0 {
		r.fail(layers.Invalid("references", "required", "a message of type %s says to which it refers", a.Type))
	}
	for i, k := range r.all(n, "", "info", maxInfos) {
		a.Infos = append(a.Infos, r.info(k, fmt.Sprintf("info[%d].", i)))
	}
	if (a.Type == NewAlert || a.Type == Update) && len(a.Infos) == 0 {
		r.fail(layers.Invalid("info", "required", "a message of type %s says what has happened", a.Type))
	}
	return a
}

// references reads "sender,identifier,sent sender,identifier,sent …".
func (r *reader) references(n *node) []Reference {
	triples := strings.Fields(r.text(n, "", "references", maxReferences*2*maxName))
	if len(triples) > maxReferences {
		r.fail(layers.Invalid("references", "too_many_elements", "there are %d references, at most %d are taken", len(triples), maxReferences))
		return nil
	}
	var out []Reference
	for i, triple := range triples {
		field := fmt.Sprintf("references[%d]", i)
		parts := strings.Split(triple, ",")
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
			r.fail(layers.Invalid(field, "not_a_value", "%q is not sender,identifier,sent", short(triple)))
			return nil
		}
		sent, err := parseTime(field, parts[2])
		if err != nil {
			r.fail(err)
			return nil
		}
		if utf8.RuneCountInString(parts[0]) > maxName || utf8.RuneCountInString(parts[1]) > maxName {
			r.fail(layers.Invalid(field, "too_long", "a name has at most %d characters", maxName))
		}
		out = append(out, Reference{Sender: parts[0], Identifier: parts[1], Sent: sent})
	}
	return out
}

func (r *reader) info(n *node, path string) Info {
	i := Info{
		Areas:       []Area{},
		Language:    r.text(n, path, "language", maxName),
		Event:       r.required(n, path, "event", maxLine),
		Urgency:     r.oneOf(n, path, "urgency", urgencies),
		Severity:    Severity(r.oneOf(n, path, "severity", severities)),
		Certainty:   r.oneOf(n, path, "certainty", certainties),
		Effective:   r.time(n, path, "effective"),
		Onset:       r.time(n, path, "onset"),
		Expires:     r.time(n, path, "expires"),
		SenderName:  r.text(n, path, "senderName", maxLine),
		Headline:    r.text(n, path, "headline", maxLine),
		Description: r.text(n, path, "description", maxText),
		Instruction: r.text(n, path, "instruction", maxText),
	}
	if i.Language == "" {
		i.Language = "en-US"
	}
	found := r.all(n, path, "category", maxCategories)
	if len(found) == 0 {
		r.fail(layers.Invalid(path+"category", "required", "an info has at least one category"))
	}
	for k, c := range found {
		field := fmt.Sprintf("%scategory[%d]", path, k)
		s := r.fits(c, field, maxLine)
		r.known(field, s, categories)
		i.Categories = append(i.Categories, s)
	}
	for k, c := range r.all(n, path, "area", maxAreas) {
		i.Areas = append(i.Areas, r.area(c, fmt.Sprintf("%sarea[%d].", path, k)))
	}
	return i
}

func (r *reader) area(n *node, path string) Area {
	a := Area{Description: r.required(n, path, "areaDesc", maxText)}
	for k, c := range r.all(n, path, "polygon", maxShapes) {
		field := fmt.Sprintf("%spolygon[%d]", path, k)
		p, err := polygon(field, r.fits(c, field, MaxBody), r.room)
		if err != nil {
			r.fail(err)
			return a
		}
		r.room -= len(p[0])
		a.Shapes = append(a.Shapes, p)
	}
	for k, c := range r.all(n, path, "circle", maxShapes) {
		field := fmt.Sprintf("%scircle[%d]", path, k)
		p, err := circle(field, r.fits(c, field, maxLine), r.room)
		if err != nil {
			r.fail(err)
			return a
		}
		r.room -= len(p[0])
		a.Shapes = append(a.Shapes, p)
	}
	for k, c := range r.all(n, path, "geocode", maxGeocodes) {
		at := fmt.Sprintf("%sgeocode[%d].", path, k)
		a.Geocodes = append(a.Geocodes, Geocode{Name: r.required(c, at, "valueName", maxLine), Value: r.required(c, at, "value", maxLine)})
	}
	return a
}
