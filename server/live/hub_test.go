package live_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/layerstest"
	"wanglou/server/live"
	"wanglou/server/live/livetest"
)

// node is one hub behind a real socket.
type node struct {
	t       testing.TB
	hub     *live.Hub
	replica *layers.Replica
	source  *layerstest.Source
	url     string
	stop    func() // ends Run and waits for it

	mu   sync.Mutex
	peer live.Peer // of the next client
}

func plots() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "plot", Geometry: layers.GeometryPolygon, Columns: layerstest.PlotColumns, Delivery: layers.DeliverTiles, MaxZoom: 14})
}

func points() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "point", Geometry: layers.GeometryPoint, Columns: layerstest.PlotColumns, Delivery: layers.DeliverFeatures, MaxZoom: 14})
}

// scope returns the rights of a user who sees the areas.
func scope(areas ...string) *auth.Scope {
	return (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: areas}).Scope()
}

// newNode returns a node over the source whose clocks stand still unless o says otherwise.
func newNode(t testing.TB, source *layerstest.Source, o live.Options) *node {
	n := &node{t: t, source: source, replica: layerstest.Live(t, source)}
	if o.Replica != nil {
		n.replica = o.Replica
	}
	o.Replica, o.Version = n.replica, "test"
	for _, d := range []*time.Duration{&o.Heartbeat, &o.Recheck, &o.PingEvery, &o.WriteTimeout} {
		if *d == 0 {
			*d = time.Hour
		}
	}
	if o.Tick == 0 {
		o.Tick = time.Millisecond
	}
	n.hub = live.New(o)
	n.peer = live.Peer{Session: "s1", UserID: 1, Scope: scope("*"), Check: func(context.Context) (*auth.Scope, error) { return scope("*"), nil }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.hub.Run(ctx) }() // ctx's error
	n.stop = func() { cancel(); <-done }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		p := n.peer
		n.mu.Unlock()
		_ = n.hub.Serve(w, r, p) // the handshake's error is the client's too
	}))
	n.url = server.URL
	t.Cleanup(func() { n.stop(); server.Close() })
	return n
}

func (n *node) as(p live.Peer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.Check == nil {
		p.Check = n.peer.Check
	}
	n.peer = p
}

// within is how long a test waits for what must come; it only matters when it does not come.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (n *node) dial() *livetest.Client {
	n.t.Helper()
	c, err := livetest.Dial(within(n.t), n.url, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(c.Cut)
	return c
}

func subscribe(t testing.TB, c *livetest.Client, layer string, geometry bool, columns ...string) {
	t.Helper()
	if err := c.Subscribe(within(t), layer, geometry, columns...); err != nil {
		t.Fatal(err)
	}
}

func until(t testing.TB, c *livetest.Client, what string, done func() bool) {
	t.Helper()
	if err := c.Until(within(t), done); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// settled reports whether a copy says that it is where the node is. A content may be said to end a little before what it
// holds; that little is then told twice.
func settled(n *node, l *livetest.Layer) bool {
	return strings.HasPrefix(l.Token, n.replica.Position().Token()+"/")
}

// closed reads until the connection ends and returns the close code.
func closed(t testing.TB, c *livetest.Client) websocket.StatusCode {
	t.Helper()
	for {
		if _, err := c.Next(within(t)); err != nil {
			code := websocket.CloseStatus(err)
			if code == -1 {
				t.Fatalf("the connection broke: %v", err)
			}
			return code
		}
	}
}

func plot(id int64, status, area string) layers.Change {
	g := layerstest.Square(119.6+float64(id)/1000, 29.8, 0.0005)
	return layers.Change{Layer: "plot", Feature: &layers.Feature{ID: id, Geometry: g, Values: []any{"地块", status, area}}}
}

func remove(id int64) layers.Change {
	return layers.Change{Layer: "plot", Kind: layers.Delete, Feature: &layers.Feature{ID: id}}
}

func TestSnapshotThenDiffs(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	n.source.Commit(plot(1, "open", "a"), plot(2, "open", "a"))
	c := n.dial()
	subscribe(t, c, "plot", true)
	l := c.Layers["plot"]
	until(t, c, "the snapshot", func() bool { return len(l.Rows) == 2 })
	if l.Rows[1].Values["status"] != `"open"` || !strings.HasPrefix(l.Rows[1].Geometry, `{"type":"Polygon"`) {
		t.Errorf("row 1 is %v", l.Rows[1])
	}
	n.source.Commit(plot(1, "closed", "a"), remove(2), plot(3, "open", "a"))
	until(t, c, "the diff", func() bool { return l.Rows[1].Values["status"] == `"closed"` && len(l.Rows) == 2 })
	if _, ok := l.Rows[2]; ok {
		t.Error("2 was not removed")
	}
	if s := n.hub.Stats(); s.Clients != 1 || s.Snapshots != 1 || s.Diffs < 1 || s.Frames < 3 || s.Bytes == 0 {
		t.Errorf("stats %+v", s)
	}
	if err := c.Send(within(t), map[string]string{"type": "unsubscribe", "layer": "plot"}); err != nil {
		t.Fatal(err)
	}
	subscribe(t, c, "point", false) // refused; its answer shows that the unsubscription was read
	until(t, c, "the error", func() bool { return len(c.Errors) == 1 })
	frames := c.Frames
	n.source.Commit(plot(4, "open", "a"))
	subscribe(t, c, "point", false)
	until(t, c, "the second error", func() bool { return len(c.Errors) == 2 })
	if c.Frames != frames+1 {
		t.Error("an unsubscribed layer was told of")
	}
}

func TestStateAloneNamesTilesOfWhatMoved(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	n.source.Commit(plot(1, "open", "a"))
	c := n.dial()
	subscribe(t, c, "plot", false, "status")
	l := c.Layers["plot"]
	until(t, c, "all there is", func() bool { return settled(n, l) && len(l.Rows) == 1 })
	l.Tiles = nil
	n.source.Commit(plot(1, "closed", "a"))
	until(t, c, "the new state", func() bool { return l.Rows[1].Values["status"] == `"closed"` })
	if len(l.Tiles) != 0 || l.Rows[1].Geometry != "" || len(l.Rows[1].Values) != 1 {
		t.Errorf("tiles %v for a change of state, row %v", l.Tiles, l.Rows[1])
	}
	n.source.Commit(remove(1))
	until(t, c, "the deletion", func() bool { return len(l.Rows) == 0 })
	if len(l.Tiles) == 0 {
		t.Error("no tiles named for a deletion")
	}
}

func TestResumeAsksForTheDifferenceAlone(t *testing.T) {
	t.Parallel()
	source := layerstest.NewSource(plots())
	for i := range int64(100) {
		source.Commit(plot(i+1, "open", "a"))
	}
	n, other := newNode(t, source, live.Options{}), newNode(t, source, live.Options{})
	c := n.dial()
	subscribe(t, c, "plot", true)
	until(t, c, "the snapshot", func() bool { return len(c.Layers["plot"].Rows) == 100 })
	c.Cut()
	source.Commit(plot(7, "closed", "a"), remove(8))
	again := other.dial() // another node of the same database
	again.Layers = c.Layers
	subscribe(t, again, "plot", true)
	l := again.Layers["plot"]
	until(t, again, "the diff", func() bool { return l.Rows[7].Values["status"] == `"closed"` && len(l.Rows) == 99 && settled(other, l) })
	if s := other.hub.Stats(); s.Snapshots != 0 {
		t.Errorf("%d snapshots for a client that had a token", s.Snapshots)
	}
	// A client that is up to date is told so.
	last := other.dial()
	last.Layers = again.Layers
	token := l.Token
	subscribe(t, last, "plot", true)
	f, err := last.Next(within(t))
	if err != nil || f.Type != "diff" || len(f.IDs) > 0 || f.Token != token {
		t.Errorf("%+v, %v", f, err)
	}
	// Other rights: the copy is made anew.
	n.as(live.Peer{Session: "s2", UserID: 2, Scope: scope("nowhere")})
	foreign := n.dial()
	foreign.Layers = again.Layers
	subscribe(t, foreign, "plot", true)
	until(t, foreign, "the empty snapshot", func() bool { return len(l.Rows) == 0 })
}

func TestANewHistoryStartsAnew(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	n.source.Commit(plot(1, "open", "a"))
	c := n.dial()
	subscribe(t, c, "plot", true)
	l := c.Layers["plot"]
	until(t, c, "the snapshot", func() bool { return len(l.Rows) == 1 })
	n.source.SetEpoch("test.2")
	until(t, c, "the new history", func() bool { return strings.HasPrefix(l.Token, "test.2/") })
	if len(l.Rows) != 1 || n.hub.Stats().Snapshots != 2 {
		t.Errorf("%d rows, %+v", len(l.Rows), n.hub.Stats())
	}
}

func TestSubscriptionsWaitForTheFirstLoad(t *testing.T) {
	t.Parallel()
	replica := layers.NewReplica(layers.ReplicaOptions{})
	source := layerstest.NewSource(plots())
	source.Commit(plot(1, "open", "a"))
	n := newNode(t, source, live.Options{Replica: replica})
	c := n.dial()
	if c.Heartbeat.Source != "connecting" {
		t.Errorf("heartbeat %s", c.Heartbeat.Raw)
	}
	subscribe(t, c, "plot", true)
	subscribe(t, c, "nothing", true)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = source.Run(ctx, replica) }() // ctx's error
	until(t, c, "rows and refusal", func() bool { return len(c.Layers["plot"].Rows) == 1 && len(c.Errors) == 1 })
	if e := c.Errors[0]; e.Code != "not_found" || e.Layer != "nothing" || e.Reason != "unknown_layer" {
		t.Errorf("error %s", e.Raw)
	}
}

func TestLayersComeAndGo(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	c := n.dial()
	subscribe(t, c, "plot", true, "status", "colour")
	until(t, c, "the refused column", func() bool { return len(c.Errors) == 1 })
	subscribe(t, c, "plot", true)
	until(t, c, "the snapshot", func() bool { return c.Layers["plot"].Loaded })
	n.source.SetLayers(points())
	until(t, c, "the end of the layer", func() bool { return len(c.Errors) == 2 })
	subscribe(t, c, "point", true)
	until(t, c, "the new layer", func() bool { return c.Layers["point"].Loaded })
	if c.Errors[0].Reason != "unknown_column" || c.Errors[1].Reason != "unknown_layer" {
		t.Errorf("errors %v", c.Errors)
	}
}

// Who asks for binary form gets rows in it, and everything else as before.
func TestBinaryForm(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	c := n.dial()
	ctx := t.Context()
	for _, q := range []map[string]any{{"type": "subscribe", "layer": "plot", "format": "xml"}, {"type": "subscribe", "layer": "plot", "format": "binary"}} {
		if err := c.Send(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	until(t, c, "the refusal", func() bool { return len(c.Errors) == 1 })
	if c.Errors[0].Reason != "unknown_value" {
		t.Errorf("error %v", c.Errors[0])
	}
	typ, b, err := c.Conn.Read(ctx)
	if err != nil || typ != websocket.MessageBinary || !bytes.Contains(b, []byte(`{"type":"snapshot","layer":"plot"`)) {
		t.Errorf("a frame of type %v, %v: %q", typ, err, b)
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{}) // an hour between two: each one here has a reason
	c := n.dial()
	n.source.Down()
	until(t, c, "the loss", func() bool { return c.Heartbeat.Source == "lost" })
	n.source.Up()
	until(t, c, "the return", func() bool { return c.Heartbeat.Source == "live" && c.Heartbeat.Heard != nil })

	often := newNode(t, layerstest.NewSource(plots()), live.Options{Heartbeat: time.Millisecond})
	c = often.dial()
	first := c.Heartbeat.Time
	until(t, c, "the next heartbeat", func() bool { return c.Heartbeat.Time.After(first) })
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options live.Options
		peer    live.Peer
		provoke func(*testing.T, *node, *livetest.Client)
		want    websocket.StatusCode
	}{
		"session over":   {peer: live.Peer{Session: "s9"}, provoke: func(_ *testing.T, n *node, _ *livetest.Client) { n.hub.CloseSession("s9") }, want: live.CloseNoSession},
		"rights changed": {peer: live.Peer{UserID: 9}, provoke: func(_ *testing.T, n *node, _ *livetest.Client) { n.hub.CloseUser(9) }, want: live.CloseRights},
		"server stops":   {provoke: func(_ *testing.T, n *node, _ *livetest.Client) { go n.stop() }, want: websocket.StatusGoingAway},
		"not json":       {provoke: sends(`{"type":`), want: live.CloseBadFrame},
		"no object":      {provoke: sends(`["subscribe","plot"]`), want: live.CloseBadFrame},
		"unknown type":   {provoke: sends(`{"type":"shutdown","layer":"plot"}`), want: live.CloseBadFrame},
		"no layer":       {provoke: sends(`{"type":"subscribe"}`), want: live.CloseBadFrame},
		"wrong type":     {provoke: sends(`{"type":"subscribe","layer":"plot","geometry":"yes"}`), want: live.CloseBadFrame},
		"too large":      {provoke: sends(`{"type":"subscribe","layer":"` + strings.Repeat("x", 70_000) + `"}`), want: websocket.StatusMessageTooBig},
		"found over": {options: live.Options{Recheck: time.Millisecond}, want: live.CloseNoSession,
			peer: live.Peer{Check: func(context.Context) (*auth.Scope, error) { return nil, nil }}},
		"found changed": {options: live.Options{Recheck: time.Millisecond}, want: live.CloseRights,
			peer: live.Peer{Check: func(context.Context) (*auth.Scope, error) { return scope("a"), nil }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, layerstest.NewSource(plots()), test.options)
			test.peer.Scope = scope("*")
			n.as(test.peer)
			c := n.dial()
			if test.provoke != nil {
				subscribe(t, c, "plot", true)
				until(t, c, "the snapshot", func() bool { return c.Layers["plot"].Loaded })
				test.provoke(t, n, c)
			}
			if got := closed(t, c); got != test.want {
				t.Errorf("closed with %d, want %d", got, test.want)
			}
		})
	}
}

func sends(text string) func(*testing.T, *node, *livetest.Client) {
	return func(t *testing.T, _ *node, c *livetest.Client) {
		if err := c.Conn.Write(within(t), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{MaxClients: 1})
	n.as(live.Peer{})
	refused := func(want websocket.StatusCode) {
		t.Helper()
		_, err := livetest.Dial(within(t), n.url, nil)
		if got := websocket.CloseStatus(err); got != want {
			t.Errorf("closed with %d (%v), want %d", got, err, want)
		}
	}
	refused(live.CloseNoSession)
	n.as(live.Peer{Scope: scope("*")})
	if _, err := livetest.Dial(within(t), n.url, http.Header{"Origin": {"https://elsewhere.example"}}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a page of another site: %v", err)
	}
	c := n.dial()
	refused(websocket.StatusTryAgainLater)
	c.Close()
	n.stop()
	refused(websocket.StatusGoingAway)
}

func TestADatabaseThatIsAwayEndsNoSession(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	n := newNode(t, layerstest.NewSource(plots()), live.Options{Recheck: time.Millisecond})
	n.as(live.Peer{Scope: scope("*"), Check: func(context.Context) (*auth.Scope, error) {
		select {
		case asked <- struct{}{}:
		default:
		}
		return nil, errors.New("no database")
	}})
	c := n.dial()
	for range 3 {
		select {
		case <-asked:
		case <-within(t).Done():
			t.Fatal("nobody asked")
		}
	}
	subscribe(t, c, "plot", true)
	until(t, c, "the snapshot", func() bool { return c.Layers["plot"].Loaded })
}

func TestNoRightsNoRows(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{})
	n.as(live.Peer{Scope: &auth.Scope{UserID: 3}})
	c := n.dial()
	subscribe(t, c, "plot", true)
	until(t, c, "the refusal", func() bool { return len(c.Errors) == 1 && c.Errors[0].Code == "forbidden" })
}

func TestASlowClientIsSentAway(t *testing.T) {
	t.Parallel()
	source := layerstest.NewSource(plots())
	name := strings.Repeat("很长的名字", 20_000)
	for i := range int64(100) { // 30 MB: more than sockets take unread
		ch := plot(i+1, "open", "a")
		ch.Feature.Values[0] = name
		source.Commit(ch)
	}
	n := newNode(t, source, live.Options{WriteTimeout: 200 * time.Millisecond})
	c := n.dial()
	subscribe(t, c, "plot", true)
	for n.hub.Stats().TooSlow == 0 { // and does not read
		if err := within(t).Err(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Millisecond)
	}
	if got := closed(t, c); got != live.CloseTooSlow {
		t.Errorf("closed with %d", got)
	}
	// It comes back with what it has and ends with the same copy.
	again := newNode(t, source, live.Options{}).dial()
	again.Layers["plot"] = &livetest.Layer{Rows: map[int64]livetest.Row{}}
	subscribe(t, again, "plot", true)
	until(t, again, "the rest", func() bool { return len(again.Layers["plot"].Rows) == 100 })
}

func TestAClientThatVanishedIsNoticed(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots()), live.Options{PingEvery: time.Millisecond, WriteTimeout: 10 * time.Millisecond})
	n.dial() // nobody reads, so nobody answers pings
	for n.hub.Stats().Clients > 0 {
		if err := within(t).Err(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Millisecond)
	}
}

func TestPointsOfOneLayerDoNotWakeAnother(t *testing.T) {
	t.Parallel()
	n := newNode(t, layerstest.NewSource(plots(), points()), live.Options{})
	c := n.dial()
	subscribe(t, c, "plot", true)
	subscribe(t, c, "point", true)
	until(t, c, "both", func() bool { return c.Layers["plot"].Loaded && c.Layers["point"].Loaded })
	before := c.Layers["plot"].Token
	n.source.Commit(layers.Change{Layer: "point", Feature: &layers.Feature{ID: 1, Geometry: orb.Point{119, 29}, Values: []any{"a", "b", "c"}}})
	until(t, c, "the point", func() bool { return len(c.Layers["point"].Rows) == 1 })
	if c.Layers["plot"].Token != before {
		t.Error("an empty diff was sent")
	}
}
