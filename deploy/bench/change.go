package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"wanglou/postgis"
)

const (
	changeRate    = 200 // a second
	changeSeconds = 20
	changeCameras = 20_000
)

// change measures how long an UPDATE takes to reach a console: from the moment the statement is sent to PostgreSQL to the arrival of the
// frame at a websocket client of the whole server, at 200 single-row transactions a second. The reference reads the same
// changes beside it, straight out of logical decoding.
var change = bench{figures: []string{"change-p50", "change-p99"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, changeCameras, 0, 0); err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()

	total := changeRate * changeSeconds
	ctx, cancel := context.WithTimeout(ctx, 3*changeSeconds*time.Second)
	defer cancel()
	console, decoder := newArrivals(total), newArrivals(total)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	subscribed, replicating := make(chan struct{}), make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() { console.fail(readFrames(reading, srv, subscribed, console.note)) })
	readers.Go(func() { decoder.fail(readDecoded(reading, address, replicating, decoder.note)) })
	for _, started := range []chan struct{}{subscribed, replicating} {
		select {
		case <-started:
		case <-console.done:
			return nil, fmt.Errorf("websocket: %w", console.err)
		case <-decoder.done:
			return nil, fmt.Errorf("logical decoding: %w", decoder.err)
		}
	}

	sent, err := sendChanges(ctx, db, total, changeRate)
	if err != nil {
		return nil, err
	}
	<-console.done
	<-decoder.done
	stop()
	readers.Wait()
	ours, err := console.milliseconds(sent)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	reference, err := decoder.milliseconds(sent)
	if err != nil {
		return nil, fmt.Errorf("logical decoding: %w", err)
	}
	for _, p := range []struct {
		name string
		of   float64
	}{{"change-p50", 0.5}, {"change-p99", 0.99}} {
		v := percentile(ours, p.of)
		figures = append(figures, figure{name: p.name, value: v, unit: "ms", ratio: v / percentile(reference, p.of), against: "logical-decoding"})
	}
	return figures, nil
}}

// sendChanges updates one camera after the other, each once, so many a second, over a few connections, and returns when each statement was sent.
// The id is the index plus one.
func sendChanges(ctx context.Context, db *postgis.DB, total, rate int) ([]time.Time, error) {
	const writers = 4
	sent := make([]time.Time, total)
	begin := time.Now()
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := w; i < total; i += writers {
				select {
				case <-time.After(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
				case <-ctx.Done():
					errs <- ctx.Err()
					return
				}
				sent[i] = time.Now()
				if _, err := db.Pool.Exec(ctx, "UPDATE camera SET status = 'offline' WHERE id = $1", i+1); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var all error
	for range writers {
		all = errors.Join(all, <-errs)
	}
	return sent, all
}

// arrivals are the moments at which a reader saw each change first.
type arrivals struct {
	mu      sync.Mutex
	at      []time.Time
	missing int
	err     error
	done    chan struct{} // closed when everything arrived, or nothing more will
	once    sync.Once
}

func newArrivals(total int) *arrivals {
	return &arrivals{at: make([]time.Time, total), missing: total, done: make(chan struct{})}
}

// note takes down the arrival of the camera's change.
func (a *arrivals) note(id int64) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if id < 1 || int(id) > len(a.at) || !a.at[id-1].IsZero() {
		return
	}
	a.at[id-1] = now
	if a.missing--; a.missing == 0 {
		a.once.Do(func() { close(a.done) })
	}
}

// fail ends the waiting.
func (a *arrivals) fail(err error) {
	a.once.Do(func() { a.err = err; close(a.done) })
}

// milliseconds returns the latencies. A change that never arrived is an error.
func (a *arrivals) milliseconds(sent []time.Time) ([]float64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.missing > 0 {
		return nil, errors.Join(fmt.Errorf("%d of %d changes did not arrive", a.missing, len(a.at)), a.err)
	}
	out := make([]float64, len(sent))
	for i := range sent {
		out[i] = float64(a.at[i].Sub(sent[i])) / float64(time.Millisecond)
	}
	return out, nil
}

// readFrames subscribes to the cameras' state and notes every row of every diff.
func readFrames(ctx context.Context, srv *server, subscribed chan<- struct{}, note func(id int64)) error {
	return readLayer(ctx, srv, "camera", subscribed, note)
}

// readLayer subscribes to a layer's state and notes every row of every diff.
func readLayer(ctx context.Context, srv *server, layer string, subscribed chan<- struct{}, note func(id int64)) error {
	conn, err := srv.live(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"subscribe","layer":"`+layer+`","geometry":false}`)); err != nil {
		return err
	}
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		var frame struct {
			Type    string  `json:"type"`
			IDs     []int64 `json:"ids"`
			More    bool    `json:"more"`
			Message string  `json:"message"`
		}
		if err := json.Unmarshal(b, &frame); err != nil {
			return err
		}
		switch frame.Type {
		case "snapshot":
			if !frame.More {
				close(subscribed)
			}
		case "diff":
			for _, id := range frame.IDs {
				note(id)
			}
		case "error":
			return errors.New(frame.Message)
		}
	}
}

// readDecoded reads the publication from a slot of its own and notes every update: the least that anybody has to do to hear of changes.
func readDecoded(ctx context.Context, address string, replicating chan<- struct{}, note func(id int64)) error {
	conn, err := pgconn.Connect(ctx, address+"&replication=database")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	slot, err := pglogrepl.CreateReplicationSlot(ctx, conn, "bench_reference", "pgoutput", pglogrepl.CreateReplicationSlotOptions{Temporary: true})
	if err != nil {
		return err
	}
	start, err := pglogrepl.ParseLSN(slot.ConsistentPoint)
	if err != nil {
		return err
	}
	if err := pglogrepl.StartReplication(ctx, conn, slot.SlotName, start, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + postgis.Publication + "'"},
	}); err != nil {
		return err
	}
	close(replicating)
	for {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		data, ok := msg.(*pgproto3.CopyData)
		if !ok {
			return fmt.Errorf("unexpected %T", msg)
		}
		switch data.Data[0] {
		case pglogrepl.PrimaryKeepaliveMessageByteID:
			if err := pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: start}); err != nil {
				return err
			}
		case pglogrepl.XLogDataByteID:
			x, err := pglogrepl.ParseXLogData(data.Data[1:])
			if err != nil {
				return err
			}
			start = max(start, x.WALStart)
			if len(x.WALData) == 0 || x.WALData[0] != byte(pglogrepl.MessageTypeUpdate) {
				continue
			}
			m, err := pglogrepl.Parse(slices.Clone(x.WALData))
			if err != nil {
				return err
			}
			id, err := strconv.ParseInt(string(m.(*pglogrepl.UpdateMessage).NewTuple.Columns[0].Data), 10, 64)
			if err != nil {
				return err
			}
			note(id)
		}
	}
}
