package proxy

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/crs"
	"wanglou/tiles"
)

var viewer = (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}}).Scope()

const secret = "s3cr3t+key/=="

// upstreamServer is another server, and what it was asked.
type upstreamServer struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	answer http.HandlerFunc
}

func newUpstream(t *testing.T, answer http.HandlerFunc) *upstreamServer {
	t.Helper()
	u := &upstreamServer{answer: answer}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.asked = append(u.asked, r.URL.String())
		answer := u.answer
		u.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstreamServer) set(answer http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer = answer
}

func (u *upstreamServer) requests() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]string(nil), u.asked...)
}

func (u *upstreamServer) host() string { return strings.TrimPrefix(u.URL, "http://") }

type fixture struct {
	t     *testing.T
	dir   string
	group *Group
	log   *lockedBuffer
	now   atomic.Int64 // seconds after the start
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var start = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// open writes sources.yaml and takes it up; %h in it is the upstream's host.
func open(t *testing.T, u *upstreamServer, text string) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), log: &lockedBuffer{}}
	if u != nil {
		text = strings.ReplaceAll(text, "%h", u.host())
	}
	write(t, filepath.Join(f.dir, "tk.txt"), secret+"\n")
	write(t, filepath.Join(f.dir, "sources.yaml"), text)
	f.reopen()
	return f
}

func (f *fixture) reopen() {
	f.group = &Group{path: filepath.Join(f.dir, "sources.yaml"), dir: f.dir, log: slog.New(slog.NewTextHandler(f.log, nil)),
		now: func() time.Time { return start.Add(time.Duration(f.now.Load()) * time.Second) }}
	f.group.Scan(context.Background())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) tile(name string, z uint8, x, y uint32) (tiles.Tile, error) {
	f.t.Helper()
	s, ok := f.group.Source(name)
	if !ok {
		f.t.Fatalf("%s is not offered: %s", name, f.log)
	}
	return s.Tile(f.t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: z, X: x, Y: y}})
}

func picture(t testing.TB, at func(x, y int) color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			img.SetNRGBA(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func plain(t testing.TB) []byte {
	return picture(t, func(x, y int) color.NRGBA { return color.NRGBA{1, 2, 3, 255} })
}

const local = "networks: [127.0.0.0/8]\nhosts: ['%h']\n"

func TestKeysStayHere(t *testing.T) {
	t.Parallel()
	body := plain(t)
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body) })
	f := open(t, u, local+"sources: [{name: a, url: 'http://%h/{z}/{x}/{y}?tk={key}', key_file: tk.txt, title: {zh: 影像, en: Imagery}}]")
	got, err := f.tile("a", 3, 6, 3)
	if err != nil || !bytes.Equal(got.Body, body) || got.Format != tiles.FormatPNG || got.ETag == "" || !got.Made.Equal(start) {
		t.Fatalf("%+v, %v", got, err)
	}
	if asked := u.requests(); len(asked) != 1 || asked[0] != "/3/6/3?tk=s3cr3t%2Bkey%2F%3D%3D" {
		t.Errorf("asked %v", asked)
	}
	s, _ := f.group.Source("a")
	again, err := s.Tile(t.Context(), tiles.Request{Scope: viewer, Coord: tiles.Coord{Z: 3, X: 6, Y: 3}, ETag: got.ETag})
	if err != nil || !again.Unchanged || again.Body != nil || len(u.requests()) != 1 {
		t.Errorf("with its tag: %+v, %v", again, err)
	}
	u.Close() // every error from here on is one that a careless program would log with the address
	_, err = f.tile("a", 3, 6, 4)
	if layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("error = %v", err)
	}
	everything := f.log.String() + fmt.Sprint(err) + fmt.Sprintf("%+v", s.Info())
	for _, form := range []string{secret, "s3cr3t", "tk="} {
		if strings.Contains(everything, form) {
			t.Errorf("%s is told: %s", form, everything)
		}
	}
	if !strings.Contains(f.log.String(), "gives no tile") {
		t.Errorf("nobody is told: %s", f.log)
	}
	if got, err := s.Tile(t.Context(), tiles.Request{Scope: &auth.Scope{}}); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("nobody gets %+v, %v", got, err)
	}
}

// What is kept is given while it is fresh, asked for anew then, and given with its age when the upstream is away.
func TestAgeAndAbsence(t *testing.T) {
	t.Parallel()
	body := plain(t)
	var conditional atomic.Int32
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			conditional.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(body)
	})
	f := open(t, u, local+"cache: {max_age: 1h}\nsources: [{name: a, url: 'http://%h/{z}/{x}/{y}'}]")
	if _, err := f.tile("a", 1, 0, 0); err != nil {
		t.Fatal(err)
	}
	f.reopen() // the files outlive the process
	if _, err := f.tile("a", 1, 0, 0); err != nil || len(u.requests()) != 1 {
		t.Fatalf("%v after %v", err, u.requests())
	}
	f.now.Store(3601)
	got, err := f.tile("a", 1, 0, 0)
	if err != nil || !bytes.Equal(got.Body, body) || conditional.Load() != 1 || got.Stale || got.Made.Equal(start) {
		t.Fatalf("%+v, %v, %d", got, err, conditional.Load())
	}
	u.set(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	f.now.Store(9000)
	got, err = f.tile("a", 1, 0, 0)
	if err != nil || !bytes.Equal(got.Body, body) || !got.Stale || !got.Made.Equal(start.Add(3601*time.Second)) {
		t.Fatalf("away: %+v, %v", got, err)
	}
	n := len(u.requests())
	for i := range uint32(20) { // who failed is left alone for a moment
		if _, err := f.tile("a", 8, i, 0); layers.ErrorCode(err) != layers.CodeUnavailable {
			t.Fatal(err)
		}
	}
	if more := len(u.requests()) - n; more != 0 {
		t.Errorf("asked %d times more", more)
	}
	u.set(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	f.now.Add(11)
	if got, err := f.tile("a", 8, 1, 0); err != nil || len(got.Body) != 0 {
		t.Errorf("a tile that is not there: %+v, %v", got, err)
	}
	by, size := f.group.Stats()
	if n := by["a"]; n.Fetched != 2 || n.Stale != 1 || n.Kept != 1 || n.Failed != 20 || size == 0 {
		t.Errorf("stats = %+v, %d bytes", n, size)
	}
}

func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	body := plain(t)
	begun, release := make(chan struct{}, 100), make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-release
		_, _ = w.Write(body)
	})
	f := open(t, u, local+"sources: [{name: a, url: 'http://%h/{z}/{x}/{y}'}]")
	s, _ := f.group.Source("a")
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := t.Context()
			if i == 0 {
				c = ctx
			}
			_, err := s.Tile(c, tiles.Request{Scope: viewer})
			if (err != nil) != (i == 0) {
				t.Errorf("%d: %v", i, err)
			}
		})
		if i == 0 {
			<-begun
		}
	}
	leave() // the one who asked first goes away
	time.AfterFunc(50*time.Millisecond, func() { close(release) })
	wg.Wait()
	if n := len(u.requests()); n > 2 { // the second where the others came after the first answer was there, and before it was kept
		t.Errorf("asked %d times", n)
	}
}

func TestWhoMayBeAsked(t *testing.T) {
	t.Parallel()
	body := plain(t)
	inside := newUpstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(body) })
	u := newUpstream(t, nil)
	u.set(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1/0/0":
			http.Redirect(w, r, inside.URL+"/secret", http.StatusFound)
		case "/1/0/1":
			http.Redirect(w, r, "/moved?"+r.URL.RawQuery, http.StatusMovedPermanently)
		case "/moved":
			if r.Header.Get("Referer") != "" {
				t.Errorf("Referer: %s", r.Header.Get("Referer"))
			}
			_, _ = w.Write(body)
		case "/1/1/0":
			http.Redirect(w, r, "/1/1/0", http.StatusFound)
		case "/1/1/1":
			_, _ = w.Write([]byte("<html>log in</html>"))
		case "/2/0/0":
			_, _ = w.Write(make([]byte, maxTile+1))
		case "/2/0/1":
			w.WriteHeader(http.StatusForbidden)
		}
	})
	f := open(t, u, local+"sources: [{name: a, url: 'http://%h/{z}/{x}/{y}?tk={key}', key_file: tk.txt}]")
	for _, c := range []struct {
		z      uint8
		x, y   uint32
		reason string
	}{{1, 0, 0, "upstream_refused"}, {1, 0, 1, ""}, {1, 1, 0, "upstream_refused"}, {1, 1, 1, "upstream_broken"}, {2, 0, 0, "upstream_broken"}, {2, 0, 1, "upstream_refused"}} {
		f.now.Add(60)
		_, err := f.tile("a", c.z, c.x, c.y)
		if c.reason == "" && err == nil {
			continue
		}
		e, ok := err.(*layers.Error)
		if !ok || e.Reason != c.reason || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if n := inside.requests(); len(n) != 0 {
		t.Errorf("the server inside was asked %v", n)
	}
	// The name is in the list, and turns out to be an address that is not.
	g := open(t, u, "hosts: ['%h']\nsources: [{name: a, url: 'http://%h/{z}/{x}/{y}'}]")
	before := len(u.requests())
	if _, err := g.tile("a", 0, 0, 0); err == nil || !strings.Contains(err.Error(), "may not be asked") {
		t.Errorf("error = %v", err)
	}
	if len(u.requests()) != before {
		t.Error("it was asked all the same")
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tk.txt"), "abc")
	text := `
hosts: ["*.tianditu.gov.cn", "*.is.autonavi.com", "*.map.gtimg.com", geo.local]
sources:
  - {name: img, kind: tianditu, layer: img, key_file: tk.txt, labels: cia}
  - {name: cia, kind: tianditu, layer: cia, key_file: tk.txt, overlay: true}
  - {name: amap, kind: amap, layer: map}
  - {name: qq, kind: tencent, layer: satellite}
  - {name: tms, kind: tms, url: "http://geo.local/{z}/{x}/{y}.png"}
  - {name: wmts, kind: wmts, url: "http://geo.local/wmts?TILEMATRIX=EPSG:3857:{TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}"}
`
	path := filepath.Join(dir, "sources.yaml")
	write(t, path, text)
	_, ups, err := read(path, dir)
	if err != nil {
		t.Fatal(err)
	}
	c := tiles.Coord{Z: 6, X: 53, Y: 26}
	for i, want := range []string{
		"https://t7.tianditu.gov.cn/img_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=img&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX=6&TILEROW=26&TILECOL=53&tk=abc",
		"https://t7.tianditu.gov.cn/cia_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=cia&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX=6&TILEROW=26&TILECOL=53&tk=abc",
		"https://wprd04.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scl=1&style=7&x=53&y=26&z=6",
		"https://p3.map.gtimg.com/sateTiles/6/3/2/53_37.jpg",
		"http://geo.local/6/53/37.png",
		"http://geo.local/wmts?TILEMATRIX=EPSG:3857:6&TILEROW=26&TILECOL=53",
	} {
		if got := ups[i].address(c); got != want {
			t.Errorf("%s: %s, want %s", ups[i].info.Name, got, want)
		}
	}
	if ups[0].system != crs.WGS84 || ups[2].system != crs.GCJ02 || ups[3].system != crs.GCJ02 || ups[0].info.Labels != "cia" || !ups[1].info.Overlay {
		t.Errorf("%+v", ups)
	}
	for _, c := range []struct{ source, want string }{
		{"{name: a, kind: baidu}", "grid of its own"},
		{"{name: a, kind: tianditu, layer: img_c, key: x}", "_c (degrees)"},
		{"{name: a, kind: tianditu, layer: img}", "none is given"},
		{"{name: 'A b', url: 'http://geo.local/{z}/{x}/{y}'}", "not usable"},
		{"{name: a, url: 'http://other.local/{z}/{x}/{y}'}", "not in hosts"},
		{"{name: a, url: 'http://geo.local@other.local/{z}/{x}/{y}'}", "without a user"},
		{"{name: a, url: 'file:///etc/{z}/{x}/{y}'}", "http or https"},
		{"{name: a, url: 'http://{s}.local/{z}/{x}/{y}', subdomains: [geo, evil]}", "evil.local is not in hosts"},
		{"{name: a, url: 'http://geo.local/{z}/{x}/{q}'}", "{q} is not known"},
		{"{name: a, url: 'http://geo.local/{z}'}", "has to name"},
		{"{name: a, url: 'http://geo.local/{z}/{x}/{y}', system: bd09}", "system"},
		{"{name: a, url: 'http://geo.local/{z}/{x}/{y}', adress: x}", "adress"},
		{"{name: a, url: 'http://geo.local/{z}/{x}/{y}', min_zoom: 9, max_zoom: 3}", "zooms"},
		{"{name: a, url: 'http://geo.local/{z}/{x}/{y}'}, {name: a, url: 'http://geo.local/{z}/{x}/{y}'}", "taken already"},
	} {
		write(t, path, "hosts: [geo.local, '*.tianditu.gov.cn']\nsources: ["+c.source+"]")
		if _, _, err := read(path, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.source, err)
		}
	}
}

// Without a configuration nothing is offered and nothing is made; one that breaks changes nothing.
func TestConfigurationsComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := &lockedBuffer{}
	g := Open(t.Context(), dir, slog.New(slog.NewTextHandler(log, nil)))
	if entries, _ := os.ReadDir(dir); len(g.Sources()) != 0 || len(entries) != 0 || g.fetch != nil || log.String() != "" {
		t.Errorf("sources %v, files %v, log %s", g.Sources(), entries, log)
	}
	path := filepath.Join(dir, "sources.yaml")
	write(t, path, "hosts: [geo.local]\nsources: [{name: a, url: 'http://geo.local/{z}/{x}/{y}'}]")
	g.Scan(t.Context())
	if _, ok := g.Source("a"); !ok {
		t.Fatalf("not taken up: %s", log)
	}
	write(t, path, "hosts: [geo.local]\nsources: [{name: b, url: 'nonsense'}]")
	g.Scan(t.Context())
	if _, ok := g.Source("a"); !ok || !strings.Contains(log.String(), "not taken up") {
		t.Errorf("a broken file changed something: %s", log)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	g.Scan(t.Context())
	if len(g.Sources()) != 0 {
		t.Error("still offered")
	}
}

func TestTheDiskIsBounded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	const size = 10_000
	bound := int64(10 * (size + fileOverhead + 300))
	d, err := openDisk(dir, bound, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	name := func(i int) string { return tileFile("a", tiles.Coord{Z: 9, X: uint32(i)}) }
	for i := range 50 {
		if err := d.put(name(i), &kept{body: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
		_ = d.get(name(0)) // used all the time
	}
	there := 0
	for i := range 50 {
		if d.get(name(i)) != nil {
			there++
		}
	}
	if d.get(name(0)) == nil || d.get(name(49)) == nil || d.get(name(1)) != nil || there > 10 || d.size() > bound {
		t.Errorf("%d there, %d bytes", there, d.size())
	}
	onDisk := 0
	_ = filepath.WalkDir(dir, func(_ string, e os.DirEntry, _ error) error {
		if !e.IsDir() {
			onDisk++
		}
		return nil
	})
	if onDisk != there {
		t.Errorf("%d files, %d known", onDisk, there)
	}
	write(t, filepath.Join(dir, name(0)), "torn")
	if d.get(name(0)) != nil {
		t.Error("a torn file is a tile")
	}
	write(t, filepath.Join(dir, "a", "half.new"), "x")
	if d, err = openDisk(dir, bound, []string{"b"}); err != nil || d.size() != 0 {
		t.Errorf("a source that went left %d bytes: %v", d.size(), err)
	}
}

// ruler is an upstream in GCJ-02 whose tiles draw their own coordinates: red and green are the pixel inside its tile, blue is which tile.
func ruler(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var z, x, y int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d/%d", &z, &x, &y); err != nil {
			t.Error(err)
		}
		_, _ = w.Write(picture(t, func(px, py int) color.NRGBA { return color.NRGBA{uint8(px), uint8(py), uint8(x%16*16 + y%16), 255} }))
	}
}

// The picture of a shifted map lies right in WGS 84, to less than a pixel, all over the country and at every zoom that it is looked at.
func TestShift(t *testing.T) {
	t.Parallel()
	u := newUpstream(t, ruler(t))
	f := open(t, u, local+"sources: [{name: gcj, system: gcj02, url: 'http://%h/{z}/{x}/{y}'}]")
	worst := 0.0
	for _, at := range []orb.Point{{119.68, 29.79}, {116.39, 39.91}, {87.6, 43.8}, {113.9, 22.5}} {
		for _, z := range []uint8{10, 14, 18} {
			wx, wy := worldPixel(at, z, 256)
			c := tiles.Coord{Z: z, X: uint32(wx / 256), Y: uint32(wy / 256)}
			got, err := f.tile("gcj", c.Z, c.X, c.Y)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(got.Body))
			if err != nil {
				t.Fatal(err)
			}
			checked := 0
			for py := 0; py < 256; py += 3 {
				for px := 0; px < 256; px += 3 {
					p := worldPoint(float64(c.X)*256+float64(px)+0.5, float64(c.Y)*256+float64(py)+0.5, z, 256)
					gx, gy := worldPixel(crs.WGS84ToGCJ02(p), z, 256)
					gx, gy = gx-0.5, gy-0.5 // from edges to middles of pixels
					tx, ty := math.Floor(gx/256), math.Floor(gy/256)
					if gx-tx*256 > 254 || gy-ty*256 > 254 {
						continue // between two tiles, where colours of both are mixed
					}
					v := color.NRGBAModel.Convert(img.At(px, py)).(color.NRGBA)
					if want := uint8(int(tx)%16*16 + int(ty)%16); v.B != want {
						t.Fatalf("%v at %d, %d: tile %02x, want %02x", c, px, py, v.B, want)
					}
					worst = max(worst, math.Abs(float64(v.R)-(gx-tx*256)), math.Abs(float64(v.G)-(gy-ty*256)))
					checked++
				}
			}
			if checked < 5000 {
				t.Fatalf("%v: only %d pixels were looked at", c, checked)
			}
		}
	}
	t.Logf("largest error %.3f pixels", worst)
	if worst > 0.6 { // half a step of colour is rounding
		t.Errorf("a pixel lies %.2f pixels from where it belongs", worst)
	}
	// Far from China, and where the shift is below a pixel, pictures are taken as they are.
	for _, c := range []tiles.Coord{{Z: 12, X: 1200, Y: 1500}, {Z: 3, X: 6, Y: 3}} {
		before := len(u.requests())
		if _, err := f.tile("gcj", c.Z, c.X, c.Y); err != nil || len(u.requests()) != before+1 {
			t.Errorf("%v: %v after %d questions", c, err, len(u.requests())-before)
		}
	}
}

// Between the places where it is worked out, the shift is interpolated: by how much that is wrong, for any tile of the country.
func TestShiftGridIsFineEnough(t *testing.T) {
	t.Parallel()
	worst := 0.0
	for lon := 74.0; lon < 135; lon += 7.3 {
		for lat := 3.0; lat < 54; lat += 5.1 {
			for z := uint8(4); z <= 18; z += 2 {
				wx, wy := worldPixel(orb.Point{lon, lat}, z, 256)
				c := tiles.Coord{Z: z, X: uint32(wx / 256), Y: uint32(wy / 256)}
				s := newShift(c, 256)
				for i := range 40 {
					px, py := i*97%256, i*61%256
					x, y := float64(c.X)*256+float64(px)+0.5, float64(c.Y)*256+float64(py)+0.5
					p := worldPoint(x, y, z, 256)
					if !crs.InChina(p) {
						continue
					}
					gx, gy := worldPixel(crs.WGS84ToGCJ02(p), z, 256)
					dx, dy := s.at(px, py)
					worst = max(worst, math.Hypot(gx-x-dx, gy-y-dy))
				}
			}
		}
	}
	t.Logf("largest error of interpolation %.3f pixels", worst)
	if worst > 0.5 {
		t.Errorf("%.2f pixels", worst)
	}
}

func BenchmarkShift(b *testing.B) {
	c := tiles.Coord{Z: 14, X: 13632, Y: 6745}
	s := newShift(c, 256)
	from, to := s.parts(14)
	var bodies [][]byte
	for range (to.X - from.X + 1) * (to.Y - from.Y + 1) {
		bodies = append(bodies, plain(b))
	}
	for b.Loop() {
		img, err := resample(c, 256, newShift(c, 256), from, to, bodies)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := encode(img, tiles.FormatPNG); err != nil {
			b.Fatal(err)
		}
	}
}
