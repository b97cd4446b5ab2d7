package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"wanglou/postgis"
)

const (
	movingUnits   = 5000
	positionBatch = 500
	positionSends = 24 // of every unit's place
)

// positionsIn measures how many places of moving units a second go the whole way, from the UPDATE that stores them (500 a transaction, two writers, as fast as
// they can) to a console that follows them; also how long one takes
// at 5,000 a second, beside its own commit.
var positionsIn = bench{figures: []string{"positions-in", "positions-p99"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	alone, _, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer alone.Close()
	if err := seedUnits(ctx, alone); err != nil {
		return nil, err
	}
	quiet, err := sendPositions(ctx, alone, positionSends, 0)
	if err != nil {
		return nil, err
	}
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seedUnits(ctx, db); err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	conn, err := srv.live(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"subscribe","layer":"position","geometry":true,"columns":["speed_mps"]}`)); err != nil {
		return nil, err
	}
	console := &places{at: make([]int, movingUnits+1), conn: conn}
	if err := console.until(ctx, func() bool { return console.loaded }); err != nil {
		return nil, err
	}
	began := time.Now()
	written := make(chan error, 1)
	go func() {
		_, err := sendPositions(ctx, db, positionSends, 0)
		written <- err
	}()
	if err := console.until(ctx, func() bool { return console.behind(positionSends) == 0 }); err != nil {
		return nil, fmt.Errorf("%d units did not arrive at their last place: %w", console.behind(positionSends), err)
	}
	took := time.Since(began)
	if err := <-written; err != nil {
		return nil, err
	}
	total := float64(movingUnits * positionSends)
	figures = append(figures, figure{name: "positions-in", value: total / took.Seconds(), unit: "rows/s", ratio: quiet.took.Seconds() / took.Seconds(), against: "postgres-alone"})

	// At 5,000 a second: ten transactions, each of a tenth of the units.
	const seconds = 10
	console.from(positionSends)
	done := make(chan moves, 1)
	go func() {
		sent, err := sendPositions(ctx, db, seconds, movingUnits)
		written <- err
		done <- sent
	}()
	if err := console.until(ctx, func() bool { return console.behind(positionSends+seconds) == 0 }); err != nil {
		return nil, err
	}
	if err := <-written; err != nil {
		return nil, err
	}
	of := <-done
	latest, commit := percentile(console.milliseconds(of.sent), 0.99), percentile(of.commits, 0.99)
	return append(figures, figure{name: "positions-p99", value: latest, unit: "ms", ratio: latest / commit, against: "the-commit"}), nil
}}

func seedUnits(ctx context.Context, db *postgis.DB) error {
	_, err := db.Pool.Exec(ctx, `INSERT INTO unit (code, name, kind, area_path) SELECT 'u' || i, '单位 ' || i, 'team', '330122.330122001' FROM generate_series(1, 5000) i`)
	if err != nil {
		return err
	}
	_, err = db.Pool.Exec(ctx, `INSERT INTO position (id, area_path, kind, speed_mps, source_time, geom)
		SELECT id, area_path, kind, 0, now(), ST_SetSRID(ST_MakePoint(119.5 + id * 0.00005, 29.8), 4326) FROM unit`)
	return err
}

// moves are the transactions of one sending.
type moves struct {
	sent    []time.Time // when each began
	commits []float64   // ms that each took
	took    time.Duration
}

// sendPositions moves every unit so many times. rate is rows a second, 0 as fast as two connections can. The number of the move is in speed_mps.
func sendPositions(ctx context.Context, db *postgis.DB, times, rate int) (m moves, err error) {
	const batches = movingUnits / positionBatch
	var first int
	if err := db.Pool.QueryRow(ctx, `SELECT max(speed_mps)::int FROM position`).Scan(&first); err != nil {
		return m, err
	}
	m.sent, m.commits = make([]time.Time, times*batches), make([]float64, times*batches)
	began := time.Now()
	errs := make(chan error, 2)
	for w := range 2 {
		go func() {
			for i := w; i < times*batches; i += 2 {
				if rate > 0 {
					if err := pause(ctx, time.Until(began.Add(time.Duration(i)*time.Second*positionBatch/time.Duration(rate)))); err != nil {
						errs <- err
						return
					}
				}
				m.sent[i] = time.Now()
				move, low := first+1+i/batches, i%batches*positionBatch
				_, err := db.Pool.Exec(ctx, `UPDATE position SET geom = ST_Translate(geom, 0.00001, 0), speed_mps = @move, source_time = now(), receive_time = now() WHERE id > @low AND id <= @high`,
					pgx.NamedArgs{"move": move, "low": low, "high": low + positionBatch})
				if err != nil {
					errs <- err
					return
				}
				m.commits[i] = float64(time.Since(m.sent[i])) / float64(time.Millisecond)
			}
			errs <- nil
		}()
	}
	err = errors.Join(<-errs, <-errs)
	m.took = time.Since(began)
	return m, err
}

// places is a console that follows the units.
type places struct {
	conn   *websocket.Conn
	loaded bool
	at     []int // the last move of each unit, by id
	begin  int   // moves up to this one do not count
	heard  []arrival
}

// arrival is when the console first saw a move of the batch of a unit.
type arrival struct {
	move, batch int
	at          time.Time
}

func (p *places) from(move int) { p.begin, p.heard = move, nil }

// behind returns how many units have not made the move yet.
func (p *places) behind(move int) (n int) {
	for _, at := range p.at[1:] {
		if at < move {
			n++
		}
	}
	return n
}

func (p *places) until(ctx context.Context, done func() bool) error {
	for !done() {
		_, b, err := p.conn.Read(ctx)
		if err != nil {
			return err
		}
		var f struct {
			Type    string      `json:"type"`
			IDs     []int64     `json:"ids"`
			Values  [][]float64 `json:"values"`
			More    bool        `json:"more"`
			Message string      `json:"message"`
		}
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
		now := time.Now()
		switch f.Type {
		case "error":
			return errors.New(f.Message)
		case "snapshot":
			p.loaded = !f.More
		}
		for i, id := range f.IDs {
			if move := int(f.Values[0][i]); move > p.at[id] {
				p.at[id] = move
				if move > p.begin {
					p.heard = append(p.heard, arrival{move - p.begin - 1, (int(id) - 1) / positionBatch, now})
				}
			}
		}
	}
	return nil
}

// milliseconds returns how long each place that was heard of took. A place that the next one overtook within a round is not heard of.
func (p *places) milliseconds(sent []time.Time) []float64 {
	const batches = movingUnits / positionBatch
	out := make([]float64, 0, len(p.heard))
	for _, a := range p.heard {
		out = append(out, float64(a.at.Sub(sent[a.move*batches+a.batch]))/float64(time.Millisecond))
	}
	return out
}
