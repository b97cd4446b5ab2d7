package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/postgis"
)

const (
	knowledgeEntries   = 42_000
	knowledgeQuestions = 1000
)

// knowledgeSearch measures how long whoever takes calls waits for the knowledge base: mixed questions, one after the other, through the whole server. The
// reference asks the same of the same rows by ILIKE, which reads them all. That takes long, so it is asked one question in thirty.
var knowledgeSearch = bench{figures: []string{"knowledge-search"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	w, err := newWriter()
	if err != nil {
		return nil, err
	}
	e.say("writing %d entries", knowledgeEntries)
	began := time.Now()
	if err := seedKnowledge(ctx, db, w); err != nil {
		return nil, err
	}
	e.say("written and indexed in %.0f s", time.Since(began).Seconds())
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	// The account of the benches only reads; questions are for who takes calls.
	if _, err := db.Pool.Exec(ctx, `UPDATE app_user SET roles = '{duty_officer}' WHERE login = $1`, benchLogin); err != nil {
		return nil, err
	}
	ask := func(q string) (found int, took float64, err error) {
		body, took, err := srv.ask(ctx, "/api/knowledge?limit=20&q="+url.QueryEscape(q))
		if err != nil {
			return 0, 0, err
		}
		var answer struct {
			Items []json.RawMessage `json:"items"`
			Loose bool              `json:"loose"`
		}
		err = json.Unmarshal(body, &answer)
		if answer.Loose {
			answer.Items = nil
		}
		return len(answer.Items), took, err
	}
	questions := w.questions(knowledgeQuestions + 50)
	for until := time.Now().Add(10 * time.Second); ; { // the server hears of the role in a moment
		_, _, err := ask("")
		if err == nil {
			break
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, q := range questions[knowledgeQuestions:] { // plans and pages are there
		if _, _, err := ask(q); err != nil {
			return nil, err
		}
	}
	var ours, reference []float64
	byKind := make([][]float64, 10)
	for i, q := range questions[:knowledgeQuestions] {
		found, took, err := ask(q)
		if err != nil {
			return nil, err
		}
		ours = append(ours, took)
		byKind[i%10] = append(byKind[i%10], took)
		if (i+i/10)%10 != 0 || i/10%3 != 0 { // each kind in turn
			continue
		}
		scanned, took, err := askByScan(ctx, db, q)
		if err != nil {
			return nil, err
		}
		reference = append(reference, took)
		if (i%10 == 1 || i%10 == 5) && found != scanned { // one Chinese word: both have to find the same
			return nil, fmt.Errorf("%q finds %d entries, a scan %d", q, found, scanned)
		}
	}
	for i, kind := range byKind {
		e.say("questions like %q: p50 %s ms, p99 %s ms", questions[i], digits(percentile(kind, 0.5)), digits(percentile(kind, 0.99)))
	}
	e.say("p50 %s ms; a scan %s ms", digits(percentile(ours, 0.5)), digits(percentile(reference, 0.5)))
	p99 := percentile(ours, 0.99)
	return []figure{{name: "knowledge-search", value: p99, unit: "ms", ratio: p99 / percentile(reference, 0.99), against: "ilike-scan"}}, nil
}}

// askByScan is the plainest way: every row is read. It returns how many were found, 20 at most.
func askByScan(ctx context.Context, db *postgis.DB, q string) (found int, took float64, err error) {
	began := time.Now()
	rows, err := db.Pool.Query(ctx, `SELECT id, title, left(body, 90) FROM knowledge WHERE title ILIKE '%' || $1 || '%' OR body ILIKE '%' || $1 || '%' OR array_to_string(keywords, ' ') ILIKE '%' || $1 || '%'
		ORDER BY title ILIKE '%' || $1 || '%' DESC, updated_at DESC LIMIT 20`, q)
	if err != nil {
		return 0, 0, err
	}
	ids, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (id int64, err error) {
		var title, body string
		return id, row.Scan(&id, &title, &body)
	})
	return len(ids), float64(time.Since(began)) / float64(time.Millisecond), err
}

// seedKnowledge writes the entries. The indexes are made when all are there.
func seedKnowledge(ctx context.Context, db *postgis.DB, w *writer) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var indexes []string
	if err := conn.QueryRow(ctx, `SELECT array_agg(pg_get_indexdef(indexrelid)) FROM pg_index WHERE indrelid = 'knowledge'::regclass AND indexprs IS NOT NULL`).Scan(&indexes); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SET maintenance_work_mem = '256MB'; DROP INDEX knowledge_terms, knowledge_head_terms`); err != nil {
		return err
	}
	start := time.Now().AddDate(0, 0, -3000)
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"knowledge"}, []string{"title", "body", "keywords", "valid_until", "updated_at", "source"},
		pgx.CopyFromSlice(knowledgeEntries, func(i int) ([]any, error) {
			var until any
			if w.IntN(10) == 0 {
				until = start
			}
			return []any{w.title(), w.body(), []string{w.one(w.things)}, until, start.Add(time.Duration(w.IntN(3000*24)) * time.Hour), "bench"}, nil
		})); err != nil {
		return err
	}
	for _, sql := range append(indexes, `ALTER INDEX knowledge_terms ALTER COLUMN 1 SET STATISTICS 0`, `ALTER INDEX knowledge_head_terms ALTER COLUMN 1 SET STATISTICS 0`, `VACUUM ANALYZE knowledge`) {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("seed the knowledge base: %w", err)
		}
	}
	return nil
}
