package demo

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/knowledge"
)

// knowledgeText is written for the demo: rules as they are usual in Chinese counties, not those of a real one.
//
//go:embed knowledge.txt
var knowledgeText string

// illustrative marks the entries as the demo's, where people read it.
const illustrative = "示意"

// knowledgeLabels are the fields of an entry's second line: codes, department, keywords, last day.
var knowledgeLabels = regexp.MustCompile(`(类|部|词|止): *`)

// knowledgeEntries reads the demo's knowledge base: "=== title | English title", a line of labelled fields, and the body.
func knowledgeEntries() ([]*knowledge.Entry, error) {
	var out []*knowledge.Entry
	for _, part := range strings.Split(knowledgeText, "=== ")[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		fields, body, _ := strings.Cut(rest, "\n")
		e := &knowledge.Entry{Body: body, Source: illustrative}
		e.Title, e.TitleEN, _ = strings.Cut(head, " | ")
		at := knowledgeLabels.FindAllStringSubmatchIndex(fields, -1)
		for i, m := range at {
			end := len(fields)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			switch value := strings.TrimSpace(fields[m[1]:end]); fields[m[2]:m[3]] {
			case "类":
				e.Categories = strings.Fields(value)
			case "部":
				e.Department = value
			case "词":
				e.Keywords = strings.Fields(value)
			case "止":
				e.ValidUntil = value
			}
		}
		if err := e.Validate(); err != nil {
			return nil, fmt.Errorf("knowledge %q: %w", e.Title, err)
		}
		out = append(out, e)
	}
	return out, nil
}

func (c *county) writeKnowledge(ctx context.Context, tx pgx.Tx) error {
	entries, err := knowledgeEntries()
	if err != nil {
		return err
	}
	for i, e := range entries {
		if _, err := tx.Exec(ctx, `INSERT INTO knowledge (title, title_en, body, categories, keywords, department, valid_until, source, source_id)
			VALUES ($1, $2, $3, $4, $5, $6, nullif($7, '')::date, $8, $9)`,
			e.Title, e.TitleEN, e.Body, e.Categories, e.Keywords, e.Department, e.ValidUntil, e.Source, strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	return nil
}
