package server

import (
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wanglou/layers"
	"wanglou/layers/offer"
	"wanglou/tiles"
)

// metrics is what /metrics says. Each server has a registry of its own.
type metrics struct {
	handler  http.Handler
	requests *prometheus.HistogramVec
	tiles    *prometheus.CounterVec

	tilesDropped *prometheus.CounterVec
	logins       *prometheus.CounterVec
	underWay     prometheus.Gauge
	panics       prometheus.Counter

	fileBytes *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wanglou_http_request_seconds", Help: "Time to answer, by route template.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		tiles: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wanglou_tiles_total", Help: "Tiles answered, by source and result (tile, empty, unchanged, error)."}, []string{"source", "result"}),
		tilesDropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wanglou_tiles_dropped_total",
			Help: "Features that tiles left out to stay within the budget of their source, by source and kind (points, counted, polygons); a tile sent twice counts twice."}, []string{"source", "kind"}),
		logins:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wanglou_logins_total", Help: "Log-ins, by result (granted, refused, limited)."}, []string{"result"}),
		underWay: prometheus.NewGauge(prometheus.GaugeOpts{Name: "wanglou_http_requests_under_way", Help: "Requests being answered, websockets included."}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "wanglou_panics_total", Help: "Handlers that panicked."}),
	}
	m.fileBytes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wanglou_file_bytes_total", Help: "Bytes of files sent, by kind (archive, tileset, font, sprite)."}, []string{"kind"})
	r := prometheus.NewRegistry()
	r.MustRegister(m.fileBytes, proxyGauges{s}, probeGauges{s})
	r.MustRegister(m.requests, m.tiles, m.tilesDropped, m.logins, m.underWay, m.panics, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&gauges{server: s})
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return m
}

// tile counts an answer. Labels are names of sources, of which there are not many.
func (m *metrics) tile(label, result string) { m.tiles.WithLabelValues(label, result).Inc() }

func (m *metrics) request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// gauges reads what others count, when it is asked for.
type gauges struct{ server *Server }

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wanglou_"+name, help, labels, nil)
}

var (
	descClients   = description("live_clients", "Websockets connected.")
	descFrames    = description("live_frames_total", "Frames sent.")
	descBytes     = description("live_bytes_total", "Bytes sent in frames, before compression.")
	descSnapshots = description("live_snapshots_total", "Snapshots sent.")
	descDiffs     = description("live_diffs_total", "Diffs sent.")
	descSlow      = description("live_too_slow_total", "Clients sent away because they could not keep up.")
	descVersion   = description("replica_version", "Version the replica has come to.")
	descFeatures  = description("replica_features", "Features in the replica.", "layer")
	descLag       = description("replica_silence_seconds", "Time since the last sign of life of the database; -1 before the first.")
	descDrawn     = description("tiles_drawn_total", "Vector tiles of layers that were drawn anew.")
	descReused    = description("tiles_reused_total", "Vector tiles of layers that came out of the cache.")
	descUnchanged = description("tiles_unchanged_total", "Vector tiles of layers that the client still had.")
	descCache     = description("tiles_cache_bytes", "Bytes of vector tiles in the cache.")
	descOffers    = description("offers", "Sources read by SQL, by state (ready, failing, refused).", "state")
	descOfferLoad = description("offer_requests", "Requests at the database of sources read by SQL (running, waiting).", "state")
	descOfferShed = description("offer_shed_total", "Requests sent away because too many waited.")
	descDevices   = description("gb28181_devices", "Devices that are registered by GB/T 28181.")
	descHeard     = description("gb28181_heard_total", "Messages of devices that were taken.")
	descRefused   = description("gb28181_refused_total", "Messages that were refused, and packets from outside of the camera networks.")
	descPlays     = description("gb28181_plays", "Pictures that devices send now.")
	descInvites   = description("gb28181_invites_total", "Pictures that devices were asked for.")
	descStrange   = description("gb28181_strange_packets_total", "Packets of pictures from another address or of another SSRC than the device told.")
	descMissing   = description("gb28181_lost_packets_total", "Packets of pictures that did not come.")
	descSource    = description("source_state", "1 for the state the source is in.", "state")
)

// Describe implements prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descClients, descFrames, descBytes, descSnapshots, descDiffs, descSlow, descVersion, descFeatures, descLag, descDrawn, descReused, descUnchanged, descCache, descSource, descOffers, descOfferLoad, descOfferShed, descDevices, descHeard, descRefused, descPlays, descInvites, descStrange, descMissing} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v int64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	s := g.server
	l := s.live.Stats()
	gauge(descClients, float64(l.Clients))
	counter(descFrames, l.Frames)
	counter(descBytes, l.Bytes)
	counter(descSnapshots, l.Snapshots)
	counter(descDiffs, l.Diffs)
	counter(descSlow, l.TooSlow)
	gauge(descVersion, float64(s.replica.Position().Version))
	for _, layer := range s.replica.Layers() {
		gauge(descFeatures, float64(s.replica.Len(layer.Name)), layer.Name)
	}
	if set, ok := s.tiles.(interface {
		Stats() (tiles.VectorStats, int)
	}); ok {
		n, bytes := set.Stats()
		counter(descDrawn, int64(n.Drawn))
		counter(descReused, int64(n.Reused))
		counter(descUnchanged, int64(n.Unchanged))
		gauge(descCache, float64(bytes))
	}
	if s.offers != nil {
		states := map[offer.State]int{offer.StateReady: 0, offer.StateFailing: 0, offer.StateRefused: 0}
		for _, f := range s.offers.Offers() {
			states[s.offers.Status(f.Name).State]++
		}
		for state, n := range states {
			gauge(descOffers, float64(n), string(state))
		}
		load := s.offers.Load()
		gauge(descOfferLoad, float64(load.Running), "running")
		gauge(descOfferLoad, float64(load.Waiting), "waiting")
		counter(descOfferShed, load.Shed)
	}
	if s.devices != nil {
		n := s.devices.Stats()
		gauge(descDevices, float64(n.Devices))
		counter(descHeard, n.Heard)
		counter(descRefused, n.Refused)
		gauge(descPlays, float64(n.Plays))
		counter(descInvites, n.Invites)
		counter(descStrange, n.Strange)
		counter(descMissing, n.Lost)
	}
	status := s.replica.Status()
	silence := -1.0
	if !status.Heard.IsZero() {
		silence = s.now().Sub(status.Heard).Seconds()
	}
	gauge(descLag, silence)
	for _, state := range []layers.SourceState{layers.SourceConnecting, layers.SourceLive, layers.SourceLost} {
		v := 0.0
		if state == status.State {
			v = 1
		}
		gauge(descSource, v, string(state))
	}
}

func (s *Server) getMetrics(c echo.Context) error {
	s.metrics.handler.ServeHTTP(c.Response(), c.Request())
	return nil
}

// getProfile serves net/http/pprof; its own paths begin at /debug/pprof/ too.
func (s *Server) getProfile(c echo.Context) error {
	w, r := c.Response(), c.Request()
	switch c.Param("*") {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
	return nil
}
