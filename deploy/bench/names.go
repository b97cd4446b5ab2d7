package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/mozillazg/go-pinyin"

	"wanglou/postgis"
)

const (
	searchNamesCount     = 1_000_000
	searchNamesQuestions = 1_000
)

// searchNames measures how long a person waits for the search box: mixed questions, one after the other, through the whole server, over a million names of places. The reference
// asks the same of the same rows by ILIKE, which reads them all; that takes long, so it is asked one question in forty. It knows no Pinyin.
var searchNames = bench{figures: []string{"search-names"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(3, 7)) // #nosec G404 -- the same on every run
	e.say("writing %d names", searchNamesCount)
	some, err := seedNames(ctx, db, r)
	if err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	ask := func(q string) (found int, took float64, err error) {
		body, took, err := srv.ask(ctx, "/api/search?limit=20&q="+url.QueryEscape(q))
		if err != nil {
			return 0, 0, err
		}
		var answer struct {
			Items []json.RawMessage `json:"items"`
		}
		err = json.Unmarshal(body, &answer)
		return len(answer.Items), took, err
	}
	began := time.Now()
	for { // the names are read and indexed
		_, _, err := ask("路")
		if err == nil {
			break
		}
		if time.Since(began) > 5*time.Minute || ctx.Err() != nil {
			return nil, err
		}
	}
	e.say("the first answer came after %.1f s", time.Since(began).Seconds())
	if resident, err := residentBytes(srv.cmd.Process.Pid); err == nil {
		e.say("the server has %.0f MB resident", resident/1e6)
	}
	var ours, reference []float64
	byKind := make([][]float64, len(nameQuestions))
	for i := range searchNamesQuestions {
		kind := i % len(nameQuestions)
		q := nameQuestions[kind].ask(some[r.IntN(len(some))], r)
		found, took, err := ask(q)
		if err != nil {
			return nil, err
		}
		ours = append(ours, took)
		byKind[kind] = append(byKind[kind], took)
		if found == 0 {
			return nil, fmt.Errorf("%q (%s) finds nothing, and is made of a name", q, nameQuestions[kind].name)
		}
		if i/len(nameQuestions)%5 != 0 || kind%2 != 0 {
			continue
		}
		scanned, took, err := namesByScan(ctx, db, q)
		if err != nil {
			return nil, err
		}
		reference = append(reference, took)
		if nameQuestions[kind].same && found != scanned {
			return nil, fmt.Errorf("%q finds %d names, a scan %d", q, found, scanned)
		}
	}
	for i, kind := range byKind {
		e.say("%s: p50 %s ms, p99 %s ms", nameQuestions[i].name, digits(percentile(kind, 0.5)), digits(percentile(kind, 0.99)))
	}
	e.say("p50 %s ms; a scan %s ms", digits(percentile(ours, 0.5)), digits(percentile(reference, 0.5)))
	p99 := percentile(ours, 0.99)
	return []figure{{name: "search-names", value: p99, unit: "ms", ratio: p99 / percentile(reference, 0.99), against: "ilike-scan"}}, nil
}}

// nameQuestions make questions of a name that exists. Where same is set a scan has to find as many.
var nameQuestions = []struct {
	name string
	same bool
	ask  func(name []rune, r *rand.Rand) string
}{
	{"two characters", true, func(n []rune, r *rand.Rand) string { i := r.IntN(2); return string(n[i : i+2]) }},
	{"initials of Pinyin", false, func(n []rune, _ *rand.Rand) string { return spell(n[:4], true) }},
	{"one character", true, func(n []rune, _ *rand.Rand) string { return string(n[3]) }},
	{"Pinyin", false, func(n []rune, r *rand.Rand) string { i := r.IntN(3); return spell(n[i:i+2], false) }},
	{"a whole name", true, func(n []rune, _ *rand.Rand) string { return string(n) }},
	{"one syllable", false, func(n []rune, r *rand.Rand) string { i := r.IntN(4); return spell(n[i:i+1], false) }},
	{"four characters", true, func(n []rune, _ *rand.Rand) string { return string(n[:4]) }},
	{"two words", false, func(n []rune, _ *rand.Rand) string { return string(n[2:4]) + " " + string(n[:1]) }},
}

func spell(s []rune, initials bool) string {
	args := pinyin.NewArgs()
	if initials {
		args.Style = pinyin.FirstLetter
	}
	return strings.Join(pinyin.LazyPinyin(string(s), args), "")
}

// seedNames writes places whose names are like those of a county: some hundred characters in front, few behind, numbers. It returns some of the names.
func seedNames(ctx context.Context, db *postgis.DB, r *rand.Rand) (some [][]rune, err error) {
	front := []rune("桐庐富春江城南旧县横村莪山分水瑶琳百合新凤川钟金东门迎宾康乐龙潭梅林洋塘大奇望平阳白云翰乔中杭上下青高翔石珠深澳环溪荻浦徐畈彰坞窄岭阆苑孝门舒湾芦茨茆坪双坑皇甸梓洲君")
	back := []string{"路口", "小区", "大厦", "学校", "广场", "公园", "村委", "桥头", "码头", "医院", "市场", "工厂"}
	if _, err := db.Pool.Exec(ctx, `CREATE UNLOGGED TABLE bench_name (name text NOT NULL, rank smallint NOT NULL)`); err != nil {
		return nil, err
	}
	if _, err = db.Pool.CopyFrom(ctx, pgx.Identifier{"bench_name"}, []string{"name", "rank"}, pgx.CopyFromSlice(searchNamesCount, func(i int) ([]any, error) {
		name := fmt.Sprintf("%c%c%s", front[r.IntN(len(front))], front[r.IntN(len(front))], back[r.IntN(len(back))])
		if i%3 > 0 {
			name += fmt.Sprintf("%d号", r.IntN(900)+1)
		}
		if i%4 == 0 {
			name = fmt.Sprintf("%c%s", front[r.IntN(len(front))], name)
		}
		if i%997 == 0 {
			some = append(some, []rune(name))
		}
		return []any{name, int16(i % 9)}, nil
	})); err != nil {
		return nil, err
	}
	_, err = db.Pool.Exec(ctx, `INSERT INTO basemap_place (kind, name, rank, geom) SELECT 'village', name, rank, ST_SetSRID(ST_MakePoint(119.2 + random() * 0.8, 29.6 + random() * 0.5), 4326) FROM bench_name`)
	return some, err
}

// namesByScan is the plainest way: every row is read. It returns how many were found, 20 at most.
func namesByScan(ctx context.Context, db *postgis.DB, q string) (found int, took float64, err error) {
	began := time.Now()
	rows, err := db.Pool.Query(ctx, `SELECT id, name FROM basemap_place WHERE name ILIKE '%' || $1 || '%' OR name_en ILIKE '%' || $1 || '%' ORDER BY name ILIKE $1 || '%' DESC, length(name), rank LIMIT 20`, q)
	if err != nil {
		return 0, 0, err
	}
	ids, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (id int64, err error) {
		var name string
		return id, row.Scan(&id, &name)
	})
	return len(ids), float64(time.Since(began)) / float64(time.Millisecond), err
}
