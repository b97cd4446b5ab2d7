package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"wanglou/layers"
)

// Encodings are the names that Decode takes beside "" (find out).
var Encodings = []string{"utf-8", "gb18030", "gbk", "utf-16", "latin1"}

// sniffed is how much of an input is looked at before it is read.
const sniffed = 1 << 20

// Text is an input as UTF-8.
type Text struct {
	io.Reader
	Encoding string // what it was
	Guessed  bool   // nobody had said so
}

// Decode returns r as UTF-8 without a byte order mark. With encoding "" the mark decides, then whether the first megabyte is UTF-8, then whether it is
// GB 18030, which holds GBK and GB 2312. CodeInvalid for an unknown name, and for an input that is none of them.
func Decode(r io.Reader, name string) (*Text, error) {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole := err != nil
	name = strings.ToLower(strings.TrimSpace(name))
	t := &Text{Encoding: name, Guessed: name == ""}
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")) && (name == "" || name == "utf-8"):
		_, _ = b.Discard(3)
		t.Encoding, t.Reader = "utf-8", b
		return t, nil
	case name == "" && (bytes.HasPrefix(head, []byte("\xFF\xFE")) || bytes.HasPrefix(head, []byte("\xFE\xFF"))):
		t.Encoding = "utf-16"
	case name == "" && validText(head, whole):
		t.Encoding = "utf-8"
	case name == "" && validGB18030(head, whole):
		t.Encoding = "gb18030"
	case name == "":
		return nil, layers.Invalid("encoding", "bad_encoding", "the text is neither UTF-8 nor GB 18030: say what it is with --encoding (%s)", strings.Join(Encodings, ", "))
	}
	var e encoding.Encoding
	switch t.Encoding {
	case "utf-8", "utf8":
		t.Encoding, t.Reader = "utf-8", b
		return t, nil
	case "gb18030", "gbk", "gb2312":
		e = simplifiedchinese.GB18030
	case "utf-16":
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		if !bytes.HasPrefix(head, []byte("\xFF\xFE")) && !bytes.HasPrefix(head, []byte("\xFE\xFF")) {
			e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		}
	case "latin1":
		e = charmap.ISO8859_1
	default:
		return nil, layers.Invalid("encoding", "unknown_value", "encoding %q is none of %s", name, strings.Join(Encodings, ", "))
	}
	t.Reader = transform.NewReader(b, e.NewDecoder())
	return t, nil
}

// validText reports whether b is UTF-8, but for a character that the end of b cuts.
func validText(b []byte, whole bool) bool {
	if !whole {
		for range utf8.UTFMax - 1 {
			if r, n := utf8.DecodeLastRune(b); r != utf8.RuneError || n != 1 {
				break
			}
			b = b[:len(b)-1]
		}
	}
	return utf8.Valid(b)
}

func validGB18030(b []byte, whole bool) bool {
	out, _, err := transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), b)
	if !whole { // what is cut at the end
		out = out[:max(0, len(out)-8)]
	}
	return err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}

// badText reports whether a record could not be read as the encoding it was said or guessed to be.
func badText(b []byte, encoding string) bool {
	return !utf8.Valid(b) || encoding != "utf-8" && bytes.Contains(b, []byte("\uFFFD"))
}

// wrongEncoding is the answer to such a record.
func wrongEncoding(encoding string) *layers.Error {
	other := "gb18030"
	if encoding != "utf-8" {
		other = "utf-8"
	}
	return layers.Invalid("", "bad_encoding", "the text is not %s all through: try --encoding %s", encoding, other)
}
