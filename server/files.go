package server

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"wanglou/layers"
	"wanglou/tiles"
	"wanglou/tiles/proxy"
)

// Assets are the files that maps are made of, beside tiles. What is nil is not there.
type Assets struct {
	Archives Archives
	Proxies  Proxies
	Tilesets Tilesets
	Glyphs   Glyphs
}

// Proxies counts what became of the tiles of other servers.
type Proxies interface {
	Stats() (by map[string]proxy.Stats, bytes int64)
}

// Archives opens the files of archives as a whole.
type Archives interface {
	OpenWhole(name string) (*tiles.Whole, error)
}

// stall is how long a client may take for the next part of a file. A file may take longer than any other answer; a client that does not
// read is cut off all the same.
const stall = time.Minute

// getArchive answers with a PMTiles file, or with the parts of it that clients ask for by Range.
func (s *Server) getArchive(c echo.Context) error {
	name, ok := strings.CutSuffix(c.Param("file"), ".pmtiles")
	if !ok || s.assets.Archives == nil {
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address")
	}
	f, err := s.assets.Archives.OpenWhole(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	c.Response().Header().Set(echo.HeaderContentType, "application/vnd.pmtiles")
	s.sendFile(c, "archive", f.Tag, f.Modified, f)
	return nil
}

// sendFile answers with a file that only those who are signed in may have: whole, in parts, or not at all where the client's copy still
// holds. The caller has set type and encoding.
func (s *Server) sendFile(c echo.Context, kind, tag string, modified time.Time, content io.ReadSeeker) {
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Cookie")
	before := c.Response().Size
	http.ServeContent(&patient{c.Response(), http.NewResponseController(c.Response())}, c.Request(), "", modified, content)
	s.metrics.fileBytes.WithLabelValues(kind).Add(float64(c.Response().Size - before))
}

// patient moves the deadline of writing along with what the client takes.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(stall)) // not every writer of tests has one
	return p.ResponseWriter.Write(b)
}

var (
	descProxied    = prometheus.NewDesc("wanglou_proxied_tiles_total", "Tiles of other servers, by source and result (kept, fetched, stale, failed).", []string{"source", "result"}, nil)
	descProxyBytes = prometheus.NewDesc("wanglou_proxied_cache_bytes", "Bytes of other servers' tiles on disk.", nil, nil)
)

// proxyGauges reads what the proxies count.
type proxyGauges struct{ server *Server }

// Describe implements prometheus.Collector.
func (g proxyGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- descProxied
	ch <- descProxyBytes
}

// Collect implements prometheus.Collector.
func (g proxyGauges) Collect(ch chan<- prometheus.Metric) {
	if g.server.assets.Proxies == nil {
		return
	}
	by, bytes := g.server.assets.Proxies.Stats()
	for name, n := range by {
		for result, v := range map[string]int64{"kept": n.Kept, "fetched": n.Fetched, "stale": n.Stale, "failed": n.Failed} {
			ch <- prometheus.MustNewConstMetric(descProxied, prometheus.CounterValue, float64(v), name, result)
		}
	}
	ch <- prometheus.MustNewConstMetric(descProxyBytes, prometheus.GaugeValue, float64(bytes))
}
