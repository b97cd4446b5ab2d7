package demo

import (
	"testing"

	"wanglou/postgis/dictionary"
)

func TestKnowledge(t *testing.T) {
	t.Parallel()
	entries, err := knowledgeEntries()
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 40 {
		t.Errorf("only %d entries", len(entries))
	}
	known := map[string]bool{}
	categories, err := dictionary.Categories()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range categories {
		known[c.Code] = true
	}
	titles := map[string]bool{}
	for _, e := range entries {
		if e.TitleEN == "" || e.Department == "" || len(e.Keywords) == 0 || titles[e.Title] {
			t.Errorf("incomplete, or there twice: %+v", e)
		}
		titles[e.Title] = true
		for _, code := range e.Categories {
			if !known[code] {
				t.Errorf("%s: there is no code %s", e.Title, code)
			}
		}
	}
}
