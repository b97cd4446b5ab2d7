package server_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/layerstest"
	"wanglou/layers/task"
	"wanglou/layers/unit"
	"wanglou/server"
	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
	"wanglou/tiles"
)

// world is a server over services in memory, and the levers to move it.
type world struct {
	t        *testing.T
	server   *server.Server
	url      string
	source   *layerstest.Source
	replica  *layers.Replica
	users    *users
	cases    *cases
	registry *registry
	sessions *table
	tiles    *tileset
	clock    *clock
}

// newWorld returns a server that is reached by its url until the test ends.
func newWorld(t *testing.T, change ...func(*server.Options)) *world {
	t.Helper()
	return newWorldWith(t, nil, change...)
}

// newWorldWith is newWorld with further layers.
func newWorldWith(t *testing.T, more []*layers.Layer, change ...func(*server.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)}, tiles: &tileset{}}
	w.users = newUsers()
	w.cases = newCases()
	w.registry = &registry{w: w}
	w.sessions = &table{rows: map[string]row{}, clock: w.clock}
	w.source = layerstest.NewSource(append([]*layers.Layer{cameraLayer(), unitLayer(), positionLayer(), areaLayer(), incidentLayer()}, more...)...)
	w.replica = layerstest.Live(t, w.source)
	o := server.Options{
		Replica: w.replica, Tiles: w.tiles, Users: w.users, Incidents: w.cases, Figures: w.cases, Tasks: (*orders)(w.cases), Units: (*teams)(w.cases),
		Areas: w.cases, Cameras: w.registry, Sessions: w.sessions, Now: w.clock.Now, Version: "1.2.3",
		Console: fstest.MapFS{
			"index.html": {Data: []byte("<!doctype html><title>望楼</title>")}, "assets/app-1a2b.js": {Data: []byte("export {}")}, ".hidden": {Data: []byte("x")},
			"manifest.webmanifest": {Data: []byte("{}")},
		},
	}
	for _, c := range change {
		c(&o)
	}
	w.server = server.New(o)
	s := server.NewTestServer(w.server.Handler())
	t.Cleanup(s.Close)
	w.url = s.URL
	return w
}

// as returns a client that is logged in. The logins are those of newUsers, with their login as password.
func (w *world) as(login string) *servertest.Client {
	w.t.Helper()
	return servertest.As(w.t, w.url, login, login+"-password")
}

func (w *world) nobody() *servertest.Client { return servertest.NewClient(w.t, w.url) }

// start lets the server run as a program does, with its live stream, and reaches it from now on. The returned func ends it
// and waits; so does the end of the test.
func (w *world) start() (stop func()) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("the server ended with %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// dial connects a client's session to the live stream.
func (w *world) dial(c *servertest.Client) (*livetest.Client, error) {
	w.t.Helper()
	live, err := livetest.Dial(w.t.Context(), w.url+"/live", c.Cookies())
	if err == nil {
		w.t.Cleanup(live.Cut)
	}
	return live, err
}

func (w *world) mustDial(c *servertest.Client) *livetest.Client {
	w.t.Helper()
	live, err := w.dial(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return live
}

// wantClose reads frames until the server ends the connection, and compares the code.
func (w *world) wantClose(c *livetest.Client, code websocket.StatusCode) {
	w.t.Helper()
	if err := c.Until(w.t.Context(), func() bool { return false }); websocket.CloseStatus(err) != code {
		w.t.Errorf("closed with %v, want %d", err, code)
	}
}

// put commits features and waits until the replica has them.
func (w *world) put(changes ...layers.Change) {
	w.t.Helper()
	v := w.source.Commit(changes...)
	if _, err := w.replica.Wait(w.t.Context(), v-1); err != nil {
		w.t.Fatal(err)
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var errDown = errors.New("dial tcp 10.1.2.3: connection refused, password=hunter2")

// users implements auth.Service. Passwords are "<login>-password" unless set.
type users struct {
	mu        sync.Mutex
	byID      map[int64]*auth.User
	asked     int // calls of User
	passwords map[string]string
	audit     []auth.AuditEntry
	down      bool
}

func newUsers() *users {
	u := &users{byID: map[int64]*auth.User{}, passwords: map[string]string{}}
	for i, n := range []auth.User{
		{Login: "admin", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{"*"}},
		{Login: "duty", Roles: []auth.Role{auth.RoleDuty}, Areas: []string{"*"}},
		{Login: "town", Roles: []auth.Role{auth.RoleDuty, auth.RoleDispatcher}, Areas: []string{"c.t1"}},
		{Login: "viewer", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"c.t1"}},
		{Login: "unit", Roles: []auth.Role{auth.RoleUnit}, Areas: []string{"c.t1"}, UnitID: 5},
		{Login: "norole", Roles: nil, Areas: nil},
		{Login: "gone", Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}, Disabled: true},
	} {
		n.ID, n.Name = int64(i+1), n.Login
		u.byID[n.ID] = &n
	}
	return u
}

func (u *users) setDown(down bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.down = down
}

func (u *users) change(id int64, f func(*auth.User)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := *u.byID[id]
	f(&n)
	u.byID[id] = &n
}

func (u *users) Authenticate(_ context.Context, login, password string) (*auth.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.down {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: "the database cannot be reached", Err: errDown}
	}
	for _, n := range u.byID {
		if n.Login == login && !n.Disabled && password == cmp.Or(u.passwords[login], login+"-password") {
			return n, nil
		}
	}
	return nil, &layers.Error{Code: layers.CodeUnauthorized, Reason: "wrong_password", Msg: "login and password do not fit"}
}

func (u *users) User(_ context.Context, id int64) (*auth.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked++
	if u.down {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Msg: "the database cannot be reached", Err: errDown}
	}
	if n := u.byID[id]; n != nil {
		return n, nil
	}
	return nil, layers.Errorf(layers.CodeNotFound, "there is no such user")
}

func (u *users) Users(context.Context) ([]*auth.User, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.SortedFunc(maps.Values(u.byID), func(a, b *auth.User) int { return cmp.Compare(a.Login, b.Login) }), nil
}

func (u *users) Save(_ context.Context, n *auth.User, password string) error {
	if err := n.Validate(auth.Delivered); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if n.ID == 0 {
		n.ID = int64(len(u.byID) + 1)
	} else if u.byID[n.ID] == nil {
		return layers.Errorf(layers.CodeNotFound, "there is no such user")
	}
	c := *n
	u.byID[n.ID] = &c
	if password != "" {
		u.passwords[n.Login] = password
	}
	return nil
}

// log returns the actions of the audit log, oldest first.
func (u *users) log() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]string, len(u.audit))
	for i, e := range u.audit {
		out[i] = e.Login + " " + e.Action + " " + e.Subject
	}
	return out
}

func (u *users) Audit(_ context.Context, e auth.AuditEntry) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	e.ID = int64(len(u.audit) + 1)
	u.audit = append(u.audit, e)
	return nil
}

func (u *users) AuditLog(_ context.Context, before int64, limit int) ([]auth.AuditEntry, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []auth.AuditEntry
	for _, e := range slices.Backward(u.audit) {
		if (before == 0 || e.ID < before) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

// table is the session table: what it holds is what an attacker with a copy of the database would hold.
type table struct {
	clock  *clock
	mu     sync.Mutex
	rows   map[string]row
	reads  int
	writes int
	down   bool
}

type row struct {
	data   []byte
	expiry time.Time
}

func (s *table) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// counts returns how often the table was read and written.
func (s *table) counts() (reads, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads, s.writes
}

func (s *table) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.down {
		return nil, false, errDown
	}
	r, ok := s.rows[token]
	return r.data, ok && s.clock.Now().Before(r.expiry), nil
}

func (s *table) Commit(token string, data []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errDown
	}
	s.writes++
	s.rows[token] = row{data, expiry}
	return nil
}

func (s *table) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errDown
	}
	delete(s.rows, token)
	return nil
}

func (s *table) All() (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]byte{}
	for k, v := range s.rows {
		out[k] = v.data
	}
	return out, nil
}

// cases implements what has to do with incidents: one of each, and an error to answer with when it is set.
type cases struct {
	mu  sync.Mutex
	err error
	in  incident.Incident
	got []any // arguments of the last write

	over *incident.Incident // a case that is over
}

func newCases() *cases {
	at := time.Date(2026, 5, 1, 16, 0, 0, 0, time.FixedZone("", 8*3600))
	return &cases{in: incident.Incident{ID: 7, Number: "20260501-00007", Title: "占用消防通道", Category: "09012", Standard: "gbt47678.5-2026", Severity: 2,
		State: incident.Filed, Source: "console", AreaPath: "c.t1", Point: orb.Point{119.68, 29.79}, CreatedAt: at, UpdatedAt: at, Revision: 3}}
}

func (k *cases) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func (k *cases) change(f func(*incident.Incident)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.in)
}

// args returns what the last call was made with.
func (k *cases) args() []any {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.got
}

func (k *cases) one(got ...any) (*incident.Incident, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(got) > 0 {
		k.got = got
	}
	if k.err != nil {
		return nil, k.err
	}
	in := k.in
	return &in, nil
}

func (k *cases) Create(_ context.Context, in *incident.Incident, key string) (*incident.Incident, error) {
	return k.one(*in, key)
}

func (k *cases) Move(_ context.Context, id int64, m incident.Move, reason string, revision int64, _ ...incident.With) (*incident.Incident, error) {
	return k.one(id, m, reason, revision)
}

func (k *cases) Correct(_ context.Context, id int64, c incident.Correction, revision int64) (*incident.Incident, error) {
	return k.one("correct", id, c, revision)
}

func (k *cases) Incident(_ context.Context, id int64) (*incident.Incident, error) {
	if id != 7 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no incident %d", id)
	}
	return k.one()
}

func (k *cases) Incidents(_ context.Context, f incident.Filter) ([]*incident.Incident, error) {
	in, err := k.one(f)
	return []*incident.Incident{in}, err
}

func (k *cases) Log(context.Context, int64) ([]incident.LogEntry, error) {
	at := k.in.CreatedAt
	return []incident.LogEntry{{ID: 1, IncidentID: 7, SourceTime: at, ReceiveTime: at, ActorName: "值班", Move: "create", To: incident.Filed, Details: map[string]any{"unit": "一队"}}}, nil
}

func (k *cases) Categories(context.Context) ([]incident.Category, error) {
	return []incident.Category{{Standard: "gbt47678.5-2026", Kind: "item", Code: "09012", Class: "街面秩序", Name: "占用消防通道"}}, nil
}

func (k *cases) Statistics(context.Context) (*incident.Statistics, error) {
	_, err := k.one()
	return &incident.Statistics{Hours: []incident.Hour{{Start: k.in.CreatedAt, Count: 3, Usual: 1.5}}, CreatedToday: 3}, err
}

func (k *cases) Review(context.Context, time.Time, time.Time) ([]incident.Reviewed, error) {
	in, err := k.one()
	if err != nil {
		return nil, err
	}
	return []incident.Reviewed{{Incident: in, State: in.State, Log: []incident.LogEntry{}}}, nil
}

func (k *cases) ByArea(context.Context, incident.AreaQuery) ([]incident.AreaFigures, error) {
	_, err := k.one()
	return []incident.AreaFigures{{ID: 2, Code: "330122001", Path: "c.t1", Name: "城南街道", Km2: 12.5, Counts: someCounts}}, err
}

func (k *cases) Behind(context.Context, incident.AreaQuery, int64, incident.Measure) ([]*incident.Incident, error) {
	in, err := k.one()
	return []*incident.Incident{in}, err
}

var someCounts = incident.Counts{Open: 3, Overdue: 1, Created: 4, Closed: 2, OnTime: 1, Due: 3}

func (k *cases) Split(context.Context, incident.AreaQuery, int64) ([]incident.Part, error) {
	_, err := k.one()
	return []incident.Part{{Split: incident.SplitHour, Key: "7", Counts: someCounts}}, err
}

func (k *cases) Multiples(context.Context, incident.AreaQuery, incident.Split) ([]incident.Multiple, error) {
	_, err := k.one()
	return []incident.Multiple{{Key: "7", ID: 2, Counts: someCounts}}, err
}

func (k *cases) Flows(context.Context, incident.AreaQuery) ([]incident.AreaFlow, error) {
	_, err := k.one()
	return []incident.AreaFlow{{From: 0, To: 2, Tasks: 2, Cases: 1}}, err
}

func (k *cases) BehindFlow(ctx context.Context, q incident.AreaQuery, _, to int64) ([]*incident.Incident, error) {
	return k.Behind(ctx, q, to, incident.MeasureOpen)
}

func (k *cases) Heat(context.Context, incident.AreaQuery, int64, incident.Measure) (*incident.Heat, error) {
	in, err := k.one()
	if err != nil {
		return nil, err
	}
	return &incident.Heat{Step: 0.001, Items: []incident.HeatCell{{Point: in.Point, Count: 3}}}, nil
}

func (k *cases) Outlines(context.Context, incident.Grouping) ([]incident.Outline, error) {
	_, err := k.one()
	return []incident.Outline{{ID: 2, Geometry: orb.Polygon{{{119.6, 29.7}, {119.7, 29.7}, {119.7, 29.8}, {119.6, 29.7}}}}}, err
}

func (k *cases) FindOver(context.Context, []string, int) ([]*incident.Incident, error) {
	if k.over == nil {
		return nil, nil
	}
	return []*incident.Incident{k.over}, nil
}

func (k *cases) Timeline(_ context.Context, _, _ time.Time, stretches int) ([]incident.Stretch, error) {
	_, err := k.one()
	return slices.Repeat([]incident.Stretch{{Count: 2, Urgent: 1}}, stretches), err
}

func (k *cases) County(context.Context) (*area.County, error) {
	return &area.County{Name: "桐庐县", Bound: orb.Bound{Min: orb.Point{119.1, 29.5}, Max: orb.Point{120, 30.1}}, Demo: true, Attribution: "示意",
		View: &area.View{Center: orb.Point{119.68, 29.79}, Zoom: 11, Pitch: 30}}, nil
}

func (k *cases) Areas(context.Context) ([]area.Area, error) {
	return []area.Area{
		{ID: 1, Code: "330122", Path: "c", Level: "county", Name: "桐庐县", NameEN: "Tonglu", Center: orb.Point{119.6, 29.8}, Bound: orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}}},
		{ID: 2, Code: "330122001", Path: "c.t1", Level: "town", Name: "城南街道", Center: orb.Point{119.7, 29.7}, Bound: orb.Bound{Min: orb.Point{119.6, 29.6}, Max: orb.Point{119.8, 29.8}}},
	}, nil
}

func (k *cases) Places(context.Context) ([]area.Place, error) {
	_, err := k.one()
	return []area.Place{{ID: 1, Kind: "bridge", Name: "富春江大桥", NameEN: "Fuchun River Bridge", Rank: 3, Point: orb.Point{119.69, 29.8}}}, err
}

func (k *cases) PlacesVersion(context.Context) (int64, error) {
	_, err := k.one()
	return 1, err
}

type orders cases

func (k *orders) task() (*task.Task, error) {
	in, err := (*cases)(k).one()
	if err != nil {
		return nil, err
	}
	at := in.CreatedAt
	return &task.Task{ID: 9, IncidentID: 7, UnitID: 5, UnitName: "一队", State: task.Acknowledged, AreaPath: "c.t1", DispatchedAt: at, AcknowledgedAt: &at, Revision: 2}, nil
}

func (k *orders) Dispatch(_ context.Context, incidentID, unitID int64, note string, revision int64) (*task.Task, error) {
	if _, err := (*cases)(k).one(incidentID, unitID, note, revision); err != nil {
		return nil, err
	}
	return k.task()
}

func (k *orders) Move(_ context.Context, id int64, m task.Move, reason string, revision int64, _ ...task.Origin) (*task.Task, error) {
	if _, err := (*cases)(k).one(id, m, reason, revision); err != nil {
		return nil, err
	}
	return k.task()
}

func (k *orders) DispatchJoint(_ context.Context, incidentID int64, j *task.Joint, revision int64) ([]*task.Task, error) {
	t, err := k.Dispatch(context.Background(), incidentID, j.Lead, j.Note, revision)
	return []*task.Task{t}, err
}

func (k *orders) Task(context.Context, int64) (*task.Task, error) { return k.task() }

func (k *orders) OfIncident(context.Context, int64) ([]*task.Task, error) {
	t, err := k.task()
	return []*task.Task{t}, err
}

func (k *orders) Mine(context.Context) ([]*task.Task, error) {
	t, err := k.task()
	return []*task.Task{t}, err
}

type teams cases

func (k *teams) Units(context.Context) ([]*unit.Unit, error) {
	return []*unit.Unit{
		{ID: 5, Code: "u5", Name: "一队", Kind: "team", AreaPath: "c.t1", Status: unit.Available, Point: &orb.Point{119.7, 29.8}, FixedAt: k.in.CreatedAt},
		{ID: 6, Code: "u6", Name: "二队", Kind: "team", Skills: []string{"06"}, AreaPath: "c.t1", Status: unit.OffDuty},
	}, nil
}

func (k *teams) Recommend(ctx context.Context, _ int64) (unit.Recommendations, error) {
	units, err := k.Units(ctx)
	if _, e := (*cases)(k).one(); e != nil {
		return unit.Recommendations{}, e
	}
	return unit.Recommendations{Items: []unit.Recommendation{
		{Unit: units[0], Picked: true, Distance: 1200, ETA: 190, Reasons: []unit.Reason{{Code: unit.ReasonNearest, Params: map[string]float64{"distance_m": 1200}}}},
		{Unit: units[1], Distance: -1, ETA: -1},
	}, Wanted: 3, Shortfall: 2, Basis: unit.StraightLine}, err
}

// tileset has one source, "camera", and what it answers with.
type tileset struct {
	mu   sync.Mutex
	tile tiles.Tile
	err  error
	seen []string // class of each scope that asked
	more []tiles.Source
	in   func() // called by the next Tile, before it answers
}

// hook lets f be called inside of the next Tile.
func (s *tileset) hook(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in = f
}

// classes returns the classes of the scopes that asked, each once.
func (s *tileset) classes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.seen)))
}

func (s *tileset) Source(name string) (tiles.Source, error) {
	if name == "camera" || name == tiles.BasemapName || name == tiles.TerrainName {
		return s, nil
	}
	for _, src := range s.more {
		if src.Info().Name == name {
			return src, nil
		}
	}
	return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_source"}
}

func (s *tileset) Sources() []tiles.Source { return append([]tiles.Source{s}, s.more...) }

func (s *tileset) Info() tiles.Info {
	return tiles.Info{Name: "camera", Format: tiles.FormatMVT, MaxZoom: 14, Bound: orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}},
		Layers: []tiles.LayerInfo{{ID: "camera", Fields: map[string]string{"name": "String"}, MaxZoom: 14}}}
}

func (s *tileset) Tile(_ context.Context, r tiles.Request) (tiles.Tile, error) {
	s.mu.Lock()
	in := s.in
	s.in = nil
	s.mu.Unlock()
	if in != nil {
		in()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r.Scope.Class())
	if s.err != nil {
		return tiles.Tile{}, s.err
	}
	if r.ETag != "" && r.ETag == s.tile.ETag {
		return tiles.Tile{ETag: r.ETag, Unchanged: true}, nil
	}
	return s.tile.For(r.Accept)
}

func (s *tileset) set(t tiles.Tile, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tile, s.err = t, err
}

func text(names ...string) []layers.Column {
	out := make([]layers.Column, len(names))
	for i, n := range names {
		out[i] = layers.Column{Name: n, Type: layers.ColumnText}
	}
	return out
}

func cameraLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "camera", Title: layers.Text{ZH: "摄像机", EN: "Cameras"}, Geometry: layers.GeometryPoint, Delivery: layers.DeliverTiles, MaxZoom: 14,
		Columns: text("name", "device_id", "area_path", "status")})
}

func unitLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "unit", Geometry: layers.GeometryNone, Delivery: layers.DeliverFeatures, Columns: text("name", "name_en", "code", "area_path")})
}

func positionLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "position", Geometry: layers.GeometryPoint, Delivery: layers.DeliverMoving, MaxZoom: 14, Columns: text("area_path")})
}

func areaLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "area", Geometry: layers.GeometryPolygon, Delivery: layers.DeliverTiles, MaxZoom: 14, Columns: text("name", "path")})
}

func incidentLayer() *layers.Layer {
	return layers.NewLayer(layers.Layer{Name: "incident", Geometry: layers.GeometryPoint, Delivery: layers.DeliverFeatures, MaxZoom: 14, Columns: append(text("title", "number", "area_path", "state"), layers.Column{Name: "revision", Type: layers.ColumnInt})})
}

func feature(layer string, id int64, g orb.Geometry, values ...any) layers.Change {
	return layers.Change{Layer: layer, Feature: &layers.Feature{ID: id, Geometry: g, Values: values}}
}

func cameraAt(id int64, name, area string, lon, lat float64) layers.Change {
	return feature("camera", id, orb.Point{lon, lat}, name, nil, area, "online")
}
