package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"go.yaml.in/yaml/v3"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server"
	"wanglou/server/servertest"
)

// neighbour is what a town's user must never be shown: everything of the areas that are not theirs.
type neighbour struct {
	node    *node
	scope   *auth.Scope
	hidden  map[string][]int64 // ids by layer
	secrets map[string]string  // numbers and codes that name one thing → layer and id
	bound   orb.Bound          // of hidden things in the town next door
}

// marks are the columns that name a thing for good.
var marks = []string{"number", "device_id", "code", "name"}

// neighbourOf lists what the demo county holds outside of a town.
func neighbourOf(t *testing.T, n *node, login string) *neighbour {
	t.Helper()
	var s struct{ User auth.User }
	n.as(login).Get("/api/session").Want(200).Into(&s)
	b := &neighbour{node: n, scope: s.User.Scope(), hidden: map[string][]int64{}, secrets: map[string]string{}}
	own := map[string]bool{}
	for _, l := range n.Replica.Layers() {
		if !l.Scoped() {
			continue
		}
		n.Replica.All(l.Name, func(f *layers.Feature) bool {
			sees := b.scope.Sees(l, f)
			if !sees {
				b.hidden[l.Name] = append(b.hidden[l.Name], f.ID)
				if f.Geometry != nil && l.Name == "camera" && len(b.hidden[l.Name]) < 200 {
					b.bound = b.bound.Union(f.Bound)
					if len(b.hidden[l.Name]) == 1 {
						b.bound = f.Bound
					}
				}
			}
			for _, name := range marks {
				i := l.Index(name)
				if i < 0 {
					continue
				}
				if v, _ := f.Values[i].(string); len(v) >= 4 {
					if own[v] = own[v] || sees; !sees {
						b.secrets[v] = fmt.Sprintf("%s %d", l.Name, f.ID)
					}
				}
			}
			return true
		})
	}
	for v := range own { // a name that both have tells nothing
		if own[v] {
			delete(b.secrets, v)
		}
	}
	for _, name := range []string{"camera", "incident", "unit", "position", "detection"} {
		if len(b.hidden[name]) == 0 {
			t.Fatalf("the county has no %s outside of the town of %s: nothing is proved", name, login)
		}
	}
	return b
}

// word is a text in JSON, or a field of CSV or HTML.
var word = regexp.MustCompile(`[">,;]([^"\\<>,;\n]{4,})`)

// check fails when an answer names something of the neighbour's.
func (b *neighbour) check(t *testing.T, what string, body []byte) {
	t.Helper()
	for _, m := range word.FindAllSubmatch(body, -1) {
		if of, ok := b.secrets[string(m[1])]; ok {
			t.Errorf("%s shows %q of %s", what, m[1], of)
			return
		}
	}
}

// addresses returns every GET address of the contract, with the neighbour's ids put in.
func (b *neighbour) addresses(t *testing.T) []string {
	t.Helper()
	var spec struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(server.Spec, &spec); err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, methods := range spec.Paths {
		if methods["get"] == nil || path == "/live" || strings.HasSuffix(path, "/live") || path == "/api/events/{layer}" { // see stream
			continue
		}
		path = strings.NewReplacer("/ogc/collections/{collection}", "/ogc/collections/{layer}", "{feature}", "{id}", "{set}", "WebMercatorQuad").Replace(path)
		switch {
		case strings.Contains(path, "{layer}"):
			for name, ids := range b.hidden {
				at := strings.Replace(path, "{layer}", name, 1)
				switch {
				case strings.HasSuffix(path, "/items"), strings.HasSuffix(path, "/download"):
					out = append(out, at+"?limit=1000", at+"?limit=1000&bbox=-180,-90,180,90", at+"?f=csv", at+"?f=geojson")
					continue
				case !strings.HasSuffix(path, "/features") && !strings.Contains(path, "{id}"):
					out = append(out, at)
					continue
				case !strings.Contains(path, "{id}"):
					out = append(out, at+"?bbox=-180,-90,180,90&limit=1000", at+"?near=119.69,29.8&radius=50000&limit=1000")
					continue
				}
				for _, id := range ids[:min(20, len(ids))] {
					out = append(out, strings.Replace(at, "{id}", fmt.Sprint(id), 1))
				}
			}
		case strings.Contains(path, "/incidents/{id}"):
			for _, id := range b.hidden["incident"] {
				out = append(out, strings.Replace(path, "{id}", fmt.Sprint(id), 1))
			}
		case strings.Contains(path, "/tasks/{id}"):
			for _, id := range b.hidden["task"] {
				out = append(out, strings.Replace(path, "{id}", fmt.Sprint(id), 1))
			}
		case path == "/api/search":
			some := slices.Collect(maps.Keys(b.secrets))
			for _, secret := range some[:min(40, len(some))] {
				out = append(out, path+"?limit=50&q="+url.QueryEscape(secret))
			}
			out = append(out, path+"?limit=50&q=1", path+"?limit=50&q="+url.QueryEscape("路"))
		case path == "/api/incidents":
			out = append(out, path, path+"?open=true", path+"?area=330122", path+"?area=")
		case strings.Contains(path, "{source}"):
			// see tiles
		default:
			out = append(out, strings.NewReplacer("{id}", "1", "{layer}", "camera").Replace(path))
		}
	}
	return out
}

// A town's user against the real county: no address, no tile and no frame shows anything of the next town.
func TestHostileReader(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	b := neighbourOf(t, n, "duty.chengnan")
	c := n.as("duty.chengnan")
	t.Run("every address", func(t *testing.T) {
		all := b.addresses(t)
		if len(all) < 60 {
			t.Errorf("only %d addresses were tried", len(all))
		}
		shown := 0
		for _, path := range all {
			res := c.Get(path)
			b.check(t, path, res.Body)
			if res.Status == 200 {
				shown++
			}
			hidden := regexp.MustCompile(`/(features|items|incidents|tasks)/\d+`).MatchString(path)
			if hidden && res.Status != 404 {
				t.Errorf("%s: %d, want what is said of things that do not exist", path, res.Status)
			}
		}
		if shown < 10 {
			t.Errorf("only %d addresses answered", shown)
		}
	})
	t.Run("every tile", func(t *testing.T) { b.tiles(t, c) })
	t.Run("the live stream", func(t *testing.T) { b.stream(t, c) })
	t.Run("the live stream as events", func(t *testing.T) { b.events(t, c) })
}

// tiles decodes every tile of every layer over the hidden things.
func (b *neighbour) tiles(t *testing.T, c *servertest.Client) {
	tried, seen := 0, 0
	for _, l := range b.node.Replica.Layers() {
		if l.Geometry == layers.GeometryNone || !l.Scoped() {
			continue
		}
		for z := maptile.Zoom(0); z <= 13; z++ {
			lo, hi := maptile.At(b.bound.LeftTop(), z), maptile.At(b.bound.RightBottom(), z)
			for x := lo.X; x <= hi.X; x++ {
				for y := lo.Y; y <= hi.Y && tried < 2000; y++ {
					tried++
					path := fmt.Sprintf("/tiles/%s/%d/%d/%d", l.Name, z, x, y)
					res := c.Get(path, "Accept-Encoding", "gzip")
					if res.Status == 204 {
						continue
					}
					for _, id := range ids(t, res.Want(200)) {
						seen++
						f := b.node.Replica.Get(l.Name, id)
						if f == nil || !b.scope.Sees(l, f) {
							t.Errorf("%s shows %d", path, id)
						}
					}
				}
			}
		}
	}
	if tried < 100 || seen == 0 {
		t.Errorf("%d tiles with %d features were tried: nothing is proved", tried, seen)
	}
}

// ids returns the ids in a tile.
func ids(t *testing.T, res *servertest.Response) []int64 {
	t.Helper()
	body := res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	decoded, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var out []int64
	for _, l := range decoded {
		for _, f := range l.Features {
			id, ok := f.ID.(float64)
			if !ok {
				t.Fatalf("a feature with id %v", f.ID)
			}
			out = append(out, int64(id))
		}
	}
	return out
}

// stream subscribes to everything, and sees neither what is there nor what changes next door.
func (b *neighbour) stream(t *testing.T, c *servertest.Client) {
	var names []string
	for _, l := range b.node.Replica.Layers() {
		if l.Scoped() {
			names = append(names, l.Name)
		}
	}
	live := follow(t, c, nil, names...)
	until(t, live, "all layers", func() bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !live.Layers[name].Loaded })
	})
	rows := 0
	for _, name := range names {
		hidden := map[int64]bool{}
		for _, id := range b.hidden[name] {
			hidden[id] = true
		}
		for id := range live.Layers[name].Rows {
			if rows++; hidden[id] {
				t.Errorf("the stream shows %s %d", name, id)
			}
		}
	}
	if rows < 50 {
		t.Errorf("the stream showed %d rows: nothing is proved", rows)
	}
	var own int64
	for id := range live.Layers["camera"].Rows {
		own = id
		break
	}
	b.node.exec(`UPDATE camera SET name = 'hidden change' WHERE id = $1`, b.hidden["camera"][0])
	b.node.exec(`UPDATE incident SET title = 'hidden change' WHERE id = $1`, b.hidden["incident"][0])
	b.node.exec(`UPDATE camera SET name = 'own change' WHERE id = $1`, own)
	for live.Layers["camera"].Rows[own].Values["name"] != `"own change"` {
		f, err := live.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Raw, "hidden change") {
			t.Errorf("the stream tells of the next town: %s", f.Raw)
		}
	}
}

// events listens to every layer until it has the whole of it.
func (b *neighbour) events(t *testing.T, c *servertest.Client) {
	for name := range b.hidden {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/api/events/"+name+"?geometry=true", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.HTTP.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", name, resp, err)
		}
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		whole := false
		for !whole && lines.Scan() {
			b.check(t, "the events of "+name, lines.Bytes())
			whole = bytes.HasPrefix(lines.Bytes(), []byte(`data: {"type":"snapshot"`)) && bytes.Contains(lines.Bytes(), []byte(`"more":false`))
		}
		if !whole {
			t.Errorf("the events of %s ended early: %v", name, lines.Err())
		}
		cancel()
		_ = resp.Body.Close()
	}
}
