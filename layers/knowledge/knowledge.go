// Package knowledge is the knowledge base 知识库 beside whoever takes calls: short entries that say what to do, and how words find them.
//
//	knowledge.go an entry and its limits, the service
//	terms.go     what a text is found by, and what a question asks for
//	mark.go      where the words of a question stand in a text
package knowledge

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of entries, in characters where nothing else is said. The table of migration 00017 has the same.
const (
	MaxEntries    = 200_000 // in an installation
	maxTitle      = 120
	maxTitleEN    = 200
	maxBody       = 20_000
	maxKeywords   = 20
	maxKeyword    = 40
	maxCategories = 10
	maxDepartment = 80
	maxSource     = 120
	MaxQuestion   = 100
	MaxHits       = 50
)

// day is how dates are told: knowledge holds from the morning of one to the evening of another, in the installation's time zone.
const day = "2006-01-02"

// Entry is one piece of knowledge. The body is plain text in paragraphs; lines that begin with "## ", "- " or "1. " are headings and lists, **words** are strong.
type Entry struct {
	ID         int64     `json:"id"`
	Revision   int64     `json:"revision"`
	Title      string    `json:"title"`
	TitleEN    string    `json:"title_en"`
	Body       string    `json:"body"`
	Categories []string  `json:"categories"` // codes of the dictionary; none is about everything
	Keywords   []string  `json:"keywords"`   // other words that people say for it
	Department string    `json:"department"` // who answers for it
	ValidFrom  string    `json:"valid_from"` // date, "" is always
	ValidUntil string    `json:"valid_until"`
	Source     string    `json:"source"`
	Expired    bool      `json:"expired"` // it does not hold today: not yet, or not any more
	UpdatedAt  time.Time `json:"updated_at"`
}

var code = regexp.MustCompile(`^[0-9]{2,10}$`)

// Validate tidies the entry and reports the first wrong field: CodeInvalid.
func (e *Entry) Validate() error {
	for _, f := range []struct {
		field string
		text  *string
		most  int
		need  bool
	}{
		{"title", &e.Title, maxTitle, true}, {"title_en", &e.TitleEN, maxTitleEN, false}, {"body", &e.Body, maxBody, true},
		{"department", &e.Department, maxDepartment, false}, {"source", &e.Source, maxSource, false},
	} {
		if f.field == "body" {
			*f.text = strings.ReplaceAll(*f.text, "\r\n", "\n")
		}
		if *f.text = strings.TrimSpace(*f.text); *f.text == "" && f.need {
			return layers.Invalid(f.field, "required", "an entry needs a %s", f.field)
		}
		if err := text(f.field, *f.text, f.most); err != nil {
			return err
		}
	}
	var err error
	if e.Keywords, err = list("keywords", e.Keywords, maxKeywords, maxKeyword); err != nil {
		return err
	}
	if e.Categories, err = list("categories", e.Categories, maxCategories, maxKeyword); err != nil {
		return err
	}
	for _, c := range e.Categories {
		if !code.MatchString(c) {
			return layers.Invalid("categories", "unknown_value", "%q is not a code of the dictionary", c)
		}
	}
	from, err := date("valid_from", e.ValidFrom)
	if err != nil {
		return err
	}
	until, err := date("valid_until", e.ValidUntil)
	if err != nil {
		return err
	}
	if !from.IsZero() && !until.IsZero() && until.Before(from) {
		return layers.Invalid("valid_until", "before_start", "it ends before it begins")
	}
	return nil
}

func text(field, s string, most int) error {
	if n := utf8.RuneCountInString(s); n > most {
		return layers.Invalid(field, "too_long", "it has %d characters, at most %d are kept", n, most)
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return layers.Invalid(field, "not_a_value", "it is not text")
	}
	return nil
}

// list tidies a list: no empty ones, none twice.
func list(field string, in []string, most, longest int) ([]string, error) {
	out, seen := []string{}, map[string]bool{}
	for _, w := range in {
		w = strings.TrimSpace(w)
		if err := text(field, w, longest); err != nil {
			return nil, err
		}
		if w != "" && !seen[w] {
			seen[w], out = true, append(out, w)
		}
	}
	if len(out) > most {
		return nil, layers.Invalid(field, "too_long", "there are %d of them, at most %d are kept", len(out), most)
	}
	return out, nil
}

func date(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(day, s)
	if err != nil || t.Year() < 1900 {
		return time.Time{}, layers.Invalid(field, "not_a_value", "%q is not a date like 2026-05-31", s)
	}
	return t, nil
}

// Question is what somebody looks for.
type Question struct {
	Text     string // "" asks for the newest entries
	Category string // code, or the beginning of one: a large class; "" is every one
	Limit    int    // 1 to MaxHits
}

// Hit is an entry that was found, with what a list shows of it. Parts make up the title, and a piece of the body.
type Hit struct {
	ID         int64     `json:"id"`
	Title      []Part    `json:"title"`
	TitleEN    string    `json:"title_en"`
	Snippet    []Part    `json:"snippet"`
	Categories []string  `json:"categories"`
	Department string    `json:"department"`
	ValidUntil string    `json:"valid_until"`
	Source     string    `json:"source"`
	Expired    bool      `json:"expired"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Answer is what was found, the best first: where all words stand in the title, then in title and keywords, then anywhere; of those what holds today, then
// what was changed last.
type Answer struct {
	Items []Hit `json:"items"`
	Loose bool  `json:"loose"` // no entry holds all that was asked for: these have the most of it in their titles
}

// Service keeps the knowledge base. Reading asks for auth.ActionCreateIncident, writing for auth.ActionKeepKnowledge; changes write audit rows.
// Implemented by postgis.Knowledge.
type Service interface {
	Search(ctx context.Context, q Question) (*Answer, error)
	// Get returns one entry. CodeNotFound.
	Get(ctx context.Context, id int64) (*Entry, error)
	// Create stores an entry that was validated. CodeInvalid for a code that the dictionary has not, CodeConflict with reason "too_many_entries".
	Create(ctx context.Context, e *Entry) error
	// Update replaces an entry. CodeNotFound, CodeConflict with reason "stale_revision".
	Update(ctx context.Context, e *Entry) error
	// Delete forgets an entry; the audit row keeps its title. CodeNotFound.
	Delete(ctx context.Context, id int64) error
}
