package relay_test

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/layerstest"
	"wanglou/server/relay"
	"wanglou/server/relay/relaytest"
)

// run runs f until the test ends, or until the returned function is called.
func run(t testing.TB, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = f(ctx) }) // it returns ctx's error alone
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func follow(t testing.TB, o relay.Options) *layers.Replica {
	r := layers.NewReplica(layers.ReplicaOptions{})
	run(t, func(ctx context.Context) error { return relay.NewReader(o).Run(ctx, r) })
	return r
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// harness is the database of layerstest behind a publisher and NATS.
type harness struct {
	layerstest.Harness
	cluster *relaytest.Server
	cut     func(t *testing.T)
}

func (h harness) NewSource(*testing.T) layers.Source { return relay.NewReader(h.cluster.Options()) }
func (h harness) Cut(t *testing.T)                   { h.cut(t) }

func newHarness(t *testing.T) harness {
	h := harness{Harness: layerstest.NewHarness(t), cluster: relaytest.New(t)}
	run(t, relay.NewPublisher(h.Harness.NewSource(t), h.cluster.Options()).Run)
	h.cut = h.Harness.Cut
	return h
}

func TestReaderDatabaseCut(t *testing.T) {
	t.Parallel()
	layerstest.Exercise(t, func(t *testing.T) layerstest.Harness { return newHarness(t) })
}

// The readers' own lines are cut, and the publisher's with them.
func TestReaderLineCut(t *testing.T) {
	t.Parallel()
	layerstest.Exercise(t, func(t *testing.T) layerstest.Harness {
		h := newHarness(t)
		h.cut = func(*testing.T) { h.cluster.Cut() }
		return h
	})
}

func plot(id int64, status string) layers.Change {
	return layers.Change{Layer: "plot", Feature: &layers.Feature{ID: id, Geometry: orb.Point{119.6, 29.8}, Values: []any{
		status, int64(-7), 0.1, true, time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC), `{"a":[1,2.5]}`, []string{"一", ""}, nil,
	}}}
}

func plots() *layerstest.Source {
	var columns []layers.Column
	for _, typ := range []layers.ColumnType{layers.ColumnText, layers.ColumnInt, layers.ColumnFloat, layers.ColumnBool, layers.ColumnTime, layers.ColumnJSON, layers.ColumnStrings} {
		columns = append(columns, layers.Column{Name: string(typ), Type: typ})
	}
	columns = append(columns, layers.Column{Name: "nothing", Type: layers.ColumnInt})
	return layerstest.NewSource(layers.NewLayer(layers.Layer{Name: "plot", Title: layers.Text{ZH: "地块", EN: "Plot"}, Geometry: layers.GeometryPoint,
		Columns: columns, Delivery: layers.DeliverTiles, MaxZoom: 16, Tiling: layers.Tiling{Rank: "int", Labels: true}}))
}

func statusOf(r *layers.Replica, id int64) any {
	if f := r.Get("plot", id); f != nil {
		return f.Values[0]
	}
	return nil
}

// equal demands that both hold the same rows.
func equal(t *testing.T, got, want *layers.Replica) {
	t.Helper()
	lg, fg, _ := got.Read("plot")
	lw, fw, _ := want.Read("plot")
	if len(fg) != len(fw) || lg.Title != lw.Title || lg.Tiling != lw.Tiling || lg.MaxZoom != lw.MaxZoom {
		t.Fatalf("%d rows of %+v, want %d of %+v", len(fg), lg, len(fw), lw)
	}
	for i, f := range fg {
		if f.ID != fw[i].ID || !reflect.DeepEqual(f.Values, fw[i].Values) || !orb.Equal(f.Geometry, fw[i].Geometry) {
			t.Fatalf("row %+v, want %+v", f, fw[i])
		}
	}
}

// Every kind of value arrives as it was, by snapshot and by commit.
func TestValues(t *testing.T) {
	t.Parallel()
	c, source := relaytest.New(t), plots()
	source.Commit(plot(1, "by snapshot"))
	run(t, relay.NewPublisher(source, c.Options()).Run)
	r := follow(t, c.Options())
	until(t, "the snapshot", func() bool { return statusOf(r, 1) == "by snapshot" })
	source.Commit(plot(2, "by commit"))
	until(t, "the commit", func() bool { return statusOf(r, 2) == "by commit" })
	equal(t, r, layerstest.Live(t, source))
}

// NATS goes away and comes back with what it had: nothing is shown as live meanwhile, and nothing is lost.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	c, source := relaytest.New(t), plots()
	run(t, relay.NewPublisher(source, c.Options()).Run)
	r := follow(t, c.Options())
	until(t, "the source to be live", func() bool { return r.Status().State == layers.SourceLive })
	source.Commit(plot(1, "before"))
	until(t, "the commit", func() bool { return statusOf(r, 1) == "before" })
	before := r.Position()
	c.Down()
	until(t, "the loss to be told", func() bool { return r.Status().State == layers.SourceLost })
	source.Commit(plot(2, "meanwhile"))
	c.Up()
	until(t, "the source to be live again", func() bool { return r.Status().State == layers.SourceLive })
	if statusOf(r, 2) != "meanwhile" {
		t.Error("live without what happened meanwhile")
	}
	if d, ok := r.Since("plot", before); !ok || len(d.Set) != 1 {
		t.Errorf("a client from before got %+v, %v; want a diff of one row", d, ok)
	}
}

// A second publisher takes the stream over; the first one's next write fails, and it comes back with a snapshot of its own. Whoever writes
// in the end, the readers have everything.
func TestTwoPublishers(t *testing.T) {
	t.Parallel()
	c, source := relaytest.New(t), plots()
	stop := run(t, relay.NewPublisher(source, c.Options()).Run)
	r := follow(t, c.Options())
	until(t, "the source to be live", func() bool { return r.Status().State == layers.SourceLive })
	run(t, relay.NewPublisher(source, c.Options()).Run)
	for i := range int64(20) {
		source.Commit(plot(i+1, "both"))
	}
	stop()
	source.Commit(plot(21, "the second alone"))
	until(t, "the last commit", func() bool { return statusOf(r, 21) == "the second alone" && r.Len("plot") == 21 })
	equal(t, r, layerstest.Live(t, source))
}

// No publisher: silence is a loss.
func TestPublisherGone(t *testing.T) {
	t.Parallel()
	c, source := relaytest.New(t), plots()
	stop := run(t, relay.NewPublisher(source, c.Options()).Run)
	r := follow(t, c.Options())
	until(t, "the source to be live", func() bool { return r.Status().State == layers.SourceLive })
	stop()
	until(t, "the silence to be noticed", func() bool { return r.Status().State == layers.SourceLost })
}

// A long log is cut off behind a new snapshot: who reads on notices nothing, who comes reads little, who was away too long starts anew.
func TestLogIsCutOff(t *testing.T) {
	t.Parallel()
	c, source := relaytest.New(t), plots()
	o := c.Options()
	o.MaxBytes = 64 << 10
	run(t, relay.NewPublisher(source, o).Run)
	reading := follow(t, o)
	until(t, "the source to be live", func() bool { return reading.Status().State == layers.SourceLive })
	before := reading.Position()
	for i := range int64(3000) {
		source.Commit(plot(i%50+1, time.Duration(i).String()))
		if i%100 == 0 {
			until(t, "the reader to follow", func() bool { return statusOf(reading, i%50+1) == time.Duration(i).String() })
		}
	}
	last := source.Commit(plot(51, "last"))
	until(t, "the last commit", func() bool { return reading.Position().Version >= last })
	late := follow(t, o)
	until(t, "who comes late", func() bool { return late.Position().Version >= last })
	equal(t, reading, layerstest.Live(t, source))
	equal(t, late, reading)
	if d, ok := reading.Since("plot", before); !ok || len(d.Set) != 51 {
		t.Errorf("a client from the beginning got %d rows, %v; want a diff of 51", len(d.Set), ok)
	}
	conn, err := nats.Connect(o.Servers)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "WANGLOU")
	if err != nil {
		t.Fatal(err)
	}
	if s := stream.CachedInfo().State; s.FirstSeq == 1 {
		t.Errorf("the log still begins at its first message: %+v", s)
	}
}

// overtaken is a source whose second run begins with a snapshot of something that the first run has not told yet, and never tells.
type overtaken struct {
	runs   atomic.Int32
	reader chan struct{} // closed when there is one who reads on
	load   func(version layers.Version, status string) layers.Snapshot
}

func (o *overtaken) Run(ctx context.Context, sink layers.Sink) error {
	sink.SetStatus(layers.SourceStatus{State: layers.SourceLive, Heard: time.Now()})
	if o.runs.Add(1) > 1 {
		sink.Load(o.load(1000, "between"))
		<-ctx.Done()
		return ctx.Err()
	}
	sink.Load(o.load(100, "first"))
	select {
	case <-o.reader:
	case <-ctx.Done():
		return ctx.Err()
	}
	for v := layers.Version(101); v < 1000 && o.runs.Load() == 1; v++ {
		sink.Apply(layers.Commit{Version: v, Time: time.Now(), Changes: []layers.Change{plot(2, strings.Repeat("x", 4<<10))}})
	}
	<-ctx.Done()
	return ctx.Err()
}

// A snapshot for those who come may be newer than what those who read on were told: then they need it too.
func TestNewSnapshotOvertakesCommits(t *testing.T) {
	t.Parallel()
	layer, _, _ := layerstest.Live(t, plots()).Read("plot")
	source := &overtaken{reader: make(chan struct{}), load: func(version layers.Version, status string) layers.Snapshot {
		return layers.Snapshot{Position: layers.Position{Epoch: "test.1", Version: version}, Layers: []*layers.Layer{layer},
			Features: map[string][]*layers.Feature{"plot": {plot(1, status).Feature}}}
	}}
	o := relaytest.New(t).Options()
	o.MaxBytes = 4 << 20
	run(t, relay.NewPublisher(source, o).Run)
	r := follow(t, o)
	until(t, "the first snapshot", func() bool { return statusOf(r, 1) == "first" })
	close(source.reader)
	until(t, "what neither run told as a commit", func() bool { return statusOf(r, 1) == "between" })
	if r.Len("plot") != 1 {
		t.Errorf("%d rows, want the one of the snapshot", r.Len("plot"))
	}
}

// What is told of an address that cannot be read does not tell what stands in it.
func TestAddressIsNotTold(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	o := relay.Options{Servers: "nats://wall:geheim@[::1", Logger: slog.New(slog.NewTextHandler(&out, nil))}
	follow(t, o)
	until(t, "the log to tell", func() bool { return strings.Contains(out.String(), "is not read") })
	if strings.Contains(out.String(), "geheim") {
		t.Errorf("the log tells the password: %s", out.String())
	}
}

// syncBuffer is a buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
