package postgis

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/knowledge"
	"wanglou/layers/words"
)

// Knowledge implements knowledge.Service. It is safe for concurrent use. What a text is found by is computed in the index (00017_knowledge.sql), so that rows
// which come by any other way are found too.
type Knowledge struct{ db *DB }

// NewKnowledge returns the knowledge base of db.
func NewKnowledge(db *DB) *Knowledge { return &Knowledge{db} }

const (
	// holds is whether an entry holds today.
	holds = `((valid_until < current_date) IS NOT TRUE AND (valid_from > current_date) IS NOT TRUE)`

	knowledgeColumns = `id, revision, title, title_en, body, categories, keywords, department, coalesce(valid_from::text, ''), coalesce(valid_until::text, ''),
		source, NOT ` + holds + `, updated_at`
)

func scanKnowledge(row pgx.CollectableRow) (*knowledge.Entry, error) {
	var e knowledge.Entry
	err := row.Scan(&e.ID, &e.Revision, &e.Title, &e.TitleEN, &e.Body, &e.Categories, &e.Keywords, &e.Department, &e.ValidFrom, &e.ValidUntil, &e.Source, &e.Expired, &e.UpdatedAt)
	e.UpdatedAt = e.UpdatedAt.UTC()
	return &e, err
}

// snippetWidth is how much of a body a list shows, in characters.
const snippetWidth = 90

// Search implements knowledge.Service.
func (s *Knowledge) Search(ctx context.Context, question knowledge.Question) (*knowledge.Answer, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	q := knowledge.ParseQuery(question.Text)
	found, loose, err := s.find(ctx, question, q)
	if err != nil {
		return nil, err
	}
	if loose {
		q = knowledge.Query{Words: q.Loosened()}
	}
	a := &knowledge.Answer{Items: []knowledge.Hit{}, Loose: loose}
	for _, e := range found {
		a.Items = append(a.Items, knowledge.Hit{ID: e.ID, Title: q.Parts(e.Title), TitleEN: e.TitleEN, Snippet: q.Snippet(e.Body, snippetWidth), Categories: e.Categories,
			Department: e.Department, ValidUntil: e.ValidUntil, Source: e.Source, Expired: e.Expired, UpdatedAt: e.UpdatedAt})
	}
	return a, nil
}

// The places where words are looked for; each has its index.
const (
	inHead = `knowledge_terms(title, keywords, NULL) @@ @query::tsquery`
	inAll  = `knowledge_terms(title, keywords, body) @@ @query::tsquery`

	// missing counts the words that a title does not hold.
	missing = `(SELECT count(*) FROM unnest(@words::text[]) w WHERE strpos(title_folded, w) = 0)`
)

// find asks one index after the other, as far as it needs: titles and keywords, everything, and at last titles with some of the words.
func (s *Knowledge) find(ctx context.Context, question knowledge.Question, q knowledge.Query) (found []*knowledge.Entry, loose bool, err error) {
	args := pgx.NamedArgs{"category": question.Category, "limit": question.Limit, "seen": []int64{}}
	if strings.TrimSpace(question.Text) == "" {
		found, err = s.page(ctx, `TRUE`, `updated_at DESC`, args)
		return found, false, err
	}
	if len(q.Words) == 0 { // signs alone: nothing is found by them
		return nil, false, nil
	}
	args["query"], args["words"], args["whole"] = q.TSQuery(), q.Words, words.Fold(strings.TrimSpace(question.Text))
	absent := missing
	if args["word"] = q.Words[0]; len(q.Words) == 1 {
		absent = `(strpos(title_folded, @word) = 0)` // a third of the time, where many are sorted
	}
	found, err = s.page(ctx, inHead, `title_folded = @whole DESC, `+absent+`, `+holds+` DESC, updated_at DESC`, args)
	if err != nil {
		return nil, false, err
	}
	if missed := question.Limit - len(found); missed > 0 {
		ids := make([]int64, len(found))
		for i, e := range found {
			ids[i] = e.ID
		}
		args["seen"] = ids
		args["limit"] = missed + apart
		order := holds + ` DESC, updated_at DESC`
		if len(q.Words) > 1 {
			order = missing + `, ` + order
		}
		more, err := s.page(ctx, inAll, order, args)
		if err != nil {
			return nil, false, err
		}
		found = append(found, more...)
	}
	found = together(q, found)
	if len(found) > 0 {
		return found[:min(len(found), question.Limit)], false, nil
	}
	terms := q.Loosened()
	if len(terms) == 0 {
		return nil, false, nil
	}
	args["query"], args["words"], args["seen"], args["limit"] = knowledge.AnyOf(terms), terms, []int64{}, question.Limit
	// One pair of a long question is chance: half of them is a likeness.
	args["most"] = len(terms) / 2
	found, err = s.page(ctx, inHead+` AND `+missing+` <= @most`, missing+`, `+holds+` DESC, updated_at DESC`, args)
	return found, len(found) > 0, err
}

// apart is how many more are read than are shown, for those that hold the pairs of a word and not the word.
const apart = 20

// together leaves out the entries which hold the pairs of a word apart from each other: the index does not know.
func together(q knowledge.Query, found []*knowledge.Entry) []*knowledge.Entry {
	return slices.DeleteFunc(found, func(e *knowledge.Entry) bool {
		return !q.In(e.Title + "\n" + strings.Join(e.Keywords, "\n") + "\n" + e.Body)
	})
}

// page returns the first entries in an order. Texts are read of those alone: the rows that are sorted are small.
func (s *Knowledge) page(ctx context.Context, where, order string, args pgx.NamedArgs) ([]*knowledge.Entry, error) {
	return collect(ctx, s.db.Pool, scanKnowledge, `WITH first AS MATERIALIZED (SELECT id AS first_id, row_number() OVER () AS place FROM (SELECT id FROM knowledge WHERE `+where+`
			AND (@category = '' OR EXISTS (SELECT FROM unnest(categories) c WHERE starts_with(c, @category))) AND id <> ALL (@seen::bigint[])
			ORDER BY `+order+`, id DESC LIMIT @limit) s)
		SELECT `+knowledgeColumns+` FROM first JOIN knowledge ON id = first_id ORDER BY place`, args)
}

// Get implements knowledge.Service.
func (s *Knowledge) Get(ctx context.Context, id int64) (*knowledge.Entry, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	return s.one(ctx, s.db.Pool, id, ``)
}

func (s *Knowledge) one(ctx context.Context, q querier, id int64, lock string) (*knowledge.Entry, error) {
	found, err := collect(ctx, q, scanKnowledge, `SELECT `+knowledgeColumns+` FROM knowledge WHERE id = $1 `+lock, id)
	if err == nil && len(found) == 0 {
		err = notFound("knowledge entry", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Create implements knowledge.Service.
func (s *Knowledge) Create(ctx context.Context, e *knowledge.Entry) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionKeepKnowledge); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "knowledge", knowledge.MaxEntries, "too_many_entries"); err != nil {
			return err
		}
		return s.write(ctx, tx, e, "knowledge.create", `INSERT INTO knowledge (title, title_en, body, categories, keywords, department, valid_from, valid_until, source)
			VALUES (@title, @title_en, @body, @categories, @keywords, @department, @valid_from, @valid_until, @source)`)
	})
}

// Update implements knowledge.Service.
func (s *Knowledge) Update(ctx context.Context, e *knowledge.Entry) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionKeepKnowledge); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		kept, err := s.one(ctx, tx, e.ID, `FOR UPDATE`)
		switch {
		case err != nil:
			return err
		case kept.Revision != e.Revision:
			return layers.Stale("revision")
		}
		return s.write(ctx, tx, e, "knowledge.update", `UPDATE knowledge SET title = @title, title_en = @title_en, body = @body, categories = @categories, keywords = @keywords,
			department = @department, valid_from = @valid_from, valid_until = @valid_until, source = @source WHERE id = @id`)
	})
}

// write runs the statement that stores e, reads e back and writes the audit row.
func (s *Knowledge) write(ctx context.Context, tx pgx.Tx, e *knowledge.Entry, action, sql string) error {
	if err := s.known(ctx, tx, e.Categories); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, sql+` RETURNING `+knowledgeColumns, pgx.NamedArgs{"id": e.ID, "title": e.Title, "title_en": e.TitleEN, "body": e.Body, "categories": e.Categories,
		"keywords": e.Keywords, "department": e.Department, "valid_from": dateOf(e.ValidFrom), "valid_until": dateOf(e.ValidUntil), "source": e.Source})
	if err != nil {
		return err
	}
	stored, err := pgx.CollectExactlyOneRow(rows, scanKnowledge)
	if err != nil {
		return err
	}
	*e = *stored
	return appendAudit(ctx, tx, action, subject("knowledge", e.ID), map[string]any{"title": e.Title, "revision": e.Revision})
}

// known reports the first code that is not in the dictionary.
func (s *Knowledge) known(ctx context.Context, tx pgx.Tx, codes []string) error {
	unknown, err := collect(ctx, tx, pgx.RowTo[string], `SELECT c FROM unnest($1::text[]) c WHERE NOT EXISTS (SELECT FROM category WHERE code = c)`, codes)
	if err == nil && len(unknown) > 0 {
		err = layers.Invalid("categories", "unknown_value", "%q is not a code of the dictionary", unknown[0])
	}
	return err
}

// Delete implements knowledge.Service.
func (s *Knowledge) Delete(ctx context.Context, id int64) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionKeepKnowledge); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		kept, err := s.one(ctx, tx, id, `FOR UPDATE`)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM knowledge WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "knowledge.delete", subject("knowledge", id), map[string]any{"title": kept.Title, "revision": kept.Revision})
	})
}

// dateOf returns a date that was validated, nil for none.
func dateOf(s string) any {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t
	}
	return nil
}
