package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	fanoutClients = 1000
	fanoutRate    = 500 // changes a second
	fanoutSeconds = 20
	fanoutCameras = 20_000
	idleClients   = 5000
)

// fanout measures the live stream in front of many: 1,000 consoles that follow the state of 20,000 cameras, of which 500 change a second. Each console has
// to get each change. The reference for the latency is a bare reader of logical decoding; for processor time, memory and reconnecting a websocket server
// that sends as many frames of the same size and does nothing else.
var fanout = bench{figures: []string{"fanout-p50", "fanout-p99", "fanout-cpu", "reconnect-storm", "client-bytes"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, fanoutCameras, 0, 0); err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	plain, err := startBroadcast(ctx, e)
	if err != nil {
		return nil, err
	}
	defer plain.stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()

	total := fanoutRate * fanoutSeconds
	crowd := &audience{total: total, parsed: map[uint64][]int64{}, seed: maphash.MakeSeed()}
	if err := crowd.come(ctx, fanoutClients, srv.live); err != nil {
		return nil, err
	}
	e.say("fanout: %d clients have the cameras", fanoutClients)

	decoder := newArrivals(total)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	replicating := make(chan struct{})
	go func() { decoder.fail(readDecoded(reading, address, replicating, decoder.note)) }()
	select {
	case <-replicating:
	case <-decoder.done:
		return nil, fmt.Errorf("logical decoding: %w", decoder.err)
	}
	before, err := processCPUSeconds(srv.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	crowd.listening.Store(true)
	sent, err := sendChanges(ctx, db, total, fanoutRate)
	if err != nil {
		return nil, err
	}
	<-decoder.done
	if err := crowd.wait(ctx); err != nil {
		return nil, err
	}
	after, err := processCPUSeconds(srv.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	stopReading()
	latencies := crowd.milliseconds(sent)
	reference, err := decoder.milliseconds(sent)
	if err != nil {
		return nil, fmt.Errorf("logical decoding: %w", err)
	}
	for _, p := range []struct {
		name string
		of   float64
	}{{"fanout-p50", 0.5}, {"fanout-p99", 0.99}} {
		v := percentile(latencies, p.of)
		figures = append(figures, figure{name: p.name, value: v, unit: "ms", ratio: v / percentile(reference, p.of), against: "logical-decoding"})
	}

	frames, size := crowd.frames()
	e.say("fanout: %d frames a client of %d bytes on average, none lost", frames, size)
	var heard atomic.Int64
	others, err := comeTo(ctx, fanoutClients, plain.dial, func(*websocket.Conn, []byte) { heard.Add(1) })
	if err != nil {
		return nil, err
	}
	plainBefore, err := processCPUSeconds(plain.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	if err := plain.broadcast(ctx, frames, size, 10); err != nil {
		return nil, err
	}
	for heard.Load() < int64(fanoutClients*frames) {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return nil, err
		}
	}
	plainAfter, err := processCPUSeconds(plain.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	delivered := float64(fanoutClients) * float64(total) / 1e6
	figures = append(figures, figure{name: "fanout-cpu", value: (after - before) / delivered, unit: "s/million", ratio: (after - before) / (plainAfter - plainBefore), against: "bare-broadcast"})

	// All lines break at once.
	crowd.leave()
	storm, err := crowd.returnAll(ctx, srv.live)
	if err != nil {
		return nil, err
	}
	for _, c := range others {
		_ = c.CloseNow()
	}
	began := time.Now()
	again, err := comeTo(ctx, fanoutClients, plain.dial, func(*websocket.Conn, []byte) {})
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure{name: "reconnect-storm", value: storm.Seconds(), unit: "s", ratio: storm.Seconds() / time.Since(began).Seconds(), against: "bare-broadcast"})
	for _, c := range again {
		_ = c.CloseNow()
	}
	crowd.leave()

	// Most consoles are quiet most of the time.
	ours, err := perClient(ctx, srv.memory, func() error {
		idle := &audience{parsed: map[uint64][]int64{}, seed: maphash.MakeSeed()}
		return idle.come(ctx, idleClients, srv.live)
	})
	if err != nil {
		return nil, err
	}
	theirs, err := perClient(ctx, plain.memory, func() error {
		_, err := comeTo(ctx, idleClients, plain.dial, func(*websocket.Conn, []byte) {})
		return err
	})
	if err != nil {
		return nil, err
	}
	return append(figures, figure{name: "client-bytes", value: ours, unit: "bytes", ratio: ours / theirs, against: "bare-broadcast"}), nil
}}

// perClient returns how many bytes more a server holds for each of idleClients.
func perClient(ctx context.Context, memory func(context.Context) (float64, error), come func() error) (float64, error) {
	before, err := memory(ctx)
	if err != nil {
		return 0, err
	}
	if err := come(); err != nil {
		return 0, err
	}
	if err := pause(ctx, time.Second); err != nil { // what was made for the welcome goes
		return 0, err
	}
	after, err := memory(ctx)
	return (after - before) / idleClients, err
}

// memory returns the bytes of the server's heap and stacks after a collection.
func (s *server) memory(ctx context.Context) (float64, error) {
	if _, err := get(ctx, s.client, "http://"+s.address+"/debug/pprof/heap?gc=1"); err != nil {
		return 0, err
	}
	text, err := get(ctx, s.client, "http://"+s.address+"/metrics")
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, 0
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "go_memstats_heap_inuse_bytes" || name == "go_memstats_stack_inuse_bytes" {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum, found = sum+n, found+1
		}
	}
	if found != 2 {
		return 0, errors.New("the metrics do not tell how much memory is used")
	}
	return sum, nil
}

func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, resp.Status)
	}
	return b, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// comeTo connects n clients, 64 at a time, and returns when each has heard something. Every frame is given to heard, whose bytes are good until it returns.
func comeTo(ctx context.Context, n int, dial func(context.Context) (*websocket.Conn, error), heard func(*websocket.Conn, []byte)) ([]*websocket.Conn, error) {
	conns := make([]*websocket.Conn, n)
	errs := make(chan error, n)
	slots := make(chan struct{}, 64)
	for i := range conns {
		go func() {
			slots <- struct{}{}
			conn, err := dial(ctx)
			if err != nil {
				<-slots
				errs <- err
				return
			}
			conns[i] = conn
			first := true
			err = listenTo(ctx, conn, func(b []byte) {
				if first {
					first = false
					<-slots
					errs <- nil
				} else {
					heard(conn, b)
				}
			})
			if first {
				<-slots
				errs <- err
			}
		}()
	}
	for range conns {
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return conns, nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// listenTo gives every frame to heard until the connection ends.
func listenTo(ctx context.Context, conn *websocket.Conn, heard func([]byte)) error {
	for {
		_, r, err := conn.Reader(ctx)
		if err != nil {
			return err
		}
		b := buffers.Get().(*bytes.Buffer)
		b.Reset()
		if _, err := b.ReadFrom(r); err != nil {
			return err
		}
		heard(b.Bytes())
		buffers.Put(b)
	}
}

// audience are consoles that follow the state of the cameras. Equal frames are read once for all.
type audience struct {
	total     int         // changes that each has to hear of
	listening atomic.Bool // from when on changes count
	seed      maphash.Seed

	mu     sync.Mutex
	parsed map[uint64][]int64 // ids of a diff by its bytes

	members []*member
}

// member is one console. Its fields are its own goroutine's until it is done.
type member struct {
	conn    *websocket.Conn
	token   string
	heard   []int64 // when the change of camera i+1 came, ns; 0: not yet
	missing int
	frames  int
	bytes   int
	ready   chan struct{} // closed at the first whole content
	done    chan struct{} // closed when nothing is missing
	ended   chan struct{} // closed when nobody listens any more
}

// come connects n members and waits until each has the cameras.
func (a *audience) come(ctx context.Context, n int, dial func(context.Context) (*websocket.Conn, error)) error {
	a.members = make([]*member, n)
	for i := range a.members {
		a.members[i] = &member{heard: make([]int64, a.total), missing: a.total, done: make(chan struct{})}
	}
	_, err := a.connect(ctx, dial, 64)
	return err
}

// returnAll connects all members again, at once, with what they have, and returns how long it took until each was up to date.
func (a *audience) returnAll(ctx context.Context, dial func(context.Context) (*websocket.Conn, error)) (time.Duration, error) {
	return a.connect(ctx, dial, len(a.members))
}

func (a *audience) connect(ctx context.Context, dial func(context.Context) (*websocket.Conn, error), atOnce int) (time.Duration, error) {
	began := time.Now()
	slots := make(chan struct{}, atOnce)
	errs := make(chan error, len(a.members))
	for _, m := range a.members {
		m.ready = make(chan struct{})
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			conn, err := dial(ctx)
			if err == nil {
				m.conn = conn
				m.ended = make(chan struct{})
				go func() {
					defer close(m.ended)
					_ = listenTo(ctx, conn, func(b []byte) { a.hear(m, b) }) // it ends when the line is cut
				}()
				q := map[string]any{"type": "subscribe", "layer": "camera", "geometry": false, "columns": []string{"status"}, "token": m.token}
				text, _ := json.Marshal(q) // of strings and a bool
				err = conn.Write(ctx, websocket.MessageText, text)
			}
			if err == nil {
				select {
				case <-m.ready:
				case <-ctx.Done():
					err = fmt.Errorf("a client waits for its cameras: %w", ctx.Err())
				}
			}
			errs <- err
		}()
	}
	for range a.members {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

func (a *audience) leave() {
	for _, m := range a.members {
		_ = m.conn.CloseNow()
		<-m.ended
	}
}

// hear takes one frame.
func (a *audience) hear(m *member, b []byte) {
	kind := string(b[len(`{"type":"`):][:4])
	if kind != "diff" && kind != "snap" {
		return
	}
	now := time.Now().UnixNano()
	if kind == "snap" && bytes.Contains(b[:min(len(b), 300)], []byte(`"more":true`)) {
		return
	}
	m.token = tokenOf(b)
	select {
	case <-m.ready:
	default:
		close(m.ready)
		return
	}
	if !a.listening.Load() || m.missing == 0 {
		return
	}
	m.frames, m.bytes = m.frames+1, m.bytes+len(b)
	for _, id := range a.ids(b) {
		if i := int(id) - 1; i >= 0 && i < len(m.heard) && m.heard[i] == 0 {
			m.heard[i] = now
			if m.missing--; m.missing == 0 {
				close(m.done)
			}
		}
	}
}

func tokenOf(b []byte) string {
	_, rest, _ := bytes.Cut(b[:min(len(b), 400)], []byte(`"token":"`))
	token, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(token)
}

// ids returns the ids of a diff, read once for all who get the same bytes.
func (a *audience) ids(b []byte) []int64 {
	key := maphash.Bytes(a.seed, b)
	a.mu.Lock()
	defer a.mu.Unlock()
	ids, ok := a.parsed[key]
	if !ok {
		var frame struct {
			IDs []int64 `json:"ids"`
		}
		_ = json.Unmarshal(b, &frame) // a frame that cannot be read has no ids: its changes will be missing
		ids = frame.IDs
		a.parsed[key] = ids
	}
	return ids
}

// wait returns when every member has heard of every change.
func (a *audience) wait(ctx context.Context) error {
	lost := 0
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, m := range a.members {
		select {
		case <-m.done:
		case <-ctx.Done():
			lost++
		}
	}
	if lost > 0 {
		return fmt.Errorf("%d of %d clients did not hear of every change", lost, len(a.members))
	}
	return nil
}

// milliseconds returns the latencies of all changes at all members.
func (a *audience) milliseconds(sent []time.Time) []float64 {
	out := make([]float64, 0, len(sent)*len(a.members))
	for _, m := range a.members {
		for i, at := range m.heard {
			out = append(out, float64(at-sent[i].UnixNano())/1e6)
		}
	}
	return out
}

// frames returns how many frames a member got while it listened, and their size, in the middle.
func (a *audience) frames() (n, size int) {
	var frames, sizes []int
	for _, m := range a.members {
		frames, sizes = append(frames, m.frames), append(sizes, m.bytes/max(1, m.frames))
	}
	slices.Sort(frames)
	slices.Sort(sizes)
	return frames[len(frames)/2], sizes[len(sizes)/2]
}
