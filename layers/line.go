package layers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line tidies a text of one line, a name for example, and reports what is wrong with it: CodeInvalid with required, too_long or not_a_value.
func Line(field string, text *string, most int, need bool) error {
	*text = strings.TrimSpace(*text)
	switch n := utf8.RuneCountInString(*text); {
	case !utf8.ValidString(*text), strings.ContainsFunc(*text, unicode.IsControl):
		return Invalid(field, "not_a_value", "it is not a line of text")
	case n == 0 && need:
		return Invalid(field, "required", "%s is required", field)
	case n > most:
		return Invalid(field, "too_long", "it has %d characters, at most %d are kept", n, most)
	}
	return nil
}
