package cap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// node is one element of a document: what is said in it, or the elements within.
type node struct {
	name xml.Name
	text string
	kids []*node
}

var errDoctype = layers.Invalid("", "doctype", "a document with a DOCTYPE or entities of its own is refused")

// parseTree reads a document whole. It resolves nothing: a DOCTYPE, and with it every entity but XML's own five, is refused.
func parseTree(body []byte) (*node, error) {
	if len(body) > MaxBody {
		return nil, layers.Errorf(layers.CodeTooLarge, "a message has at most %d bytes", MaxBody)
	}
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(body) {
		return nil, layers.Invalid("", "not_utf8", "a message is UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") { // a part of UTF-8
			return r, nil
		}
		return nil, layers.Invalid("", "not_utf8", "a message is UTF-8, not %s", short(charset))
	}
	var (
		root  *node
		open  []*node
		texts [][]byte // of the open elements
		count int
	)
	for {
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil && len(open) == 0:
			return root, nil
		case err != nil:
			return nil, malformed(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errDoctype
		case xml.StartElement:
			n := &node{name: t.Name}
			switch count++; {
			case len(open) == 0 && root != nil:
				return nil, malformed(errors.New("a second document follows"))
			case len(open) >= maxDepth:
				return nil, layers.Invalid("", "too_deep", "elements lie more than %d deep in one another", maxDepth)
			case count > maxElements:
				return nil, layers.Invalid("", "too_many_elements", "a message has at most %d elements", maxElements)
			case len(open) == 0:
				root = n
			default:
				up := open[len(open)-1]
				up.kids = append(up.kids, n)
			}
			open, texts = append(open, n), append(texts, nil)
		case xml.EndElement:
			last := len(open) - 1
			open[last].text = strings.TrimSpace(string(texts[last]))
			open, texts = open[:last], texts[:last]
		case xml.CharData:
			switch {
			case len(open) > 0:
				texts[len(texts)-1] = append(texts[len(texts)-1], t...)
			case len(bytes.TrimSpace(t)) > 0:
				return nil, malformed(errors.New("there is text outside of the document"))
			}
		}
	}
}

// malformed is for what is no XML. An error of ours stays what it is.
func malformed(err error) error {
	var known *layers.Error
	if errors.As(err, &known) {
		return known
	}
	return &layers.Error{Code: layers.CodeInvalid, Reason: "malformed_xml", Msg: "the body is not XML", Err: err}
}

// short cuts what is quoted in an error.
func short(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}
