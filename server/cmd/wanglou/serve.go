package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"wanglou/frontend"
	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/postgis"
	"wanglou/postgis/demo"
	"wanglou/postgis/importer"
	"wanglou/server"
	"wanglou/server/dossier"
	"wanglou/server/events"
	"wanglou/server/evidence"
	"wanglou/server/live"
	"wanglou/server/probe"
	"wanglou/server/whep"
	"wanglou/tiles"
	"wanglou/tiles/glyphs"
	"wanglou/tiles/proxy"
	"wanglou/tiles/tileset"
)

// ServeCmd runs the server.
type ServeCmd struct {
	Addr         string       `env:"WANGLOU_ADDR" default:"127.0.0.1:8080" help:"Address to listen on. Other machines reach 0.0.0.0:8080."`
	TLSCert      string       `name:"tls-cert" env:"WANGLOU_TLS_CERT" type:"existingfile" placeholder:"FILE" help:"Certificate chain, PEM: serve https."`
	TLSKey       string       `name:"tls-key" env:"WANGLOU_TLS_KEY" type:"existingfile" placeholder:"FILE" help:"Private key of the certificate, PEM."`
	HTTPS        bool         `name:"https" env:"WANGLOU_HTTPS" help:"A proxy in front serves https: cookies are marked Secure."`
	TrustedProxy []string     `env:"WANGLOU_TRUSTED_PROXY" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8."`
	Compress     bool         `name:"compress-live" env:"WANGLOU_COMPRESS_LIVE" help:"Compress the live stream: for slow lines; costs CPU and memory for each client."`
	TileCache    int          `name:"tile-cache-mb" env:"WANGLOU_TILE_CACHE_MB" default:"256" help:"Memory for drawn tiles, MB."`
	NoWork       bool         `name:"no-work" env:"WANGLOU_NO_WORK" help:"Leave jobs to wanglou work, here or on other machines that share the data folder."`
	Cameras      []string     `name:"camera-network" env:"WANGLOU_CAMERA_NETWORK" placeholder:"CIDR" help:"Where cameras and recorders stand, e.g. 10.8.0.0/16: no other address is asked for a picture."`
	WebRTC       string       `name:"webrtc-listen" env:"WANGLOU_WEBRTC_LISTEN" placeholder:"ADDRESS" help:"Send live pictures by WebRTC to pages without https, through this one UDP port, e.g. 0.0.0.0:8189. Default: they get them by HLS, a second later."`
	Transcodes   int          `name:"h265-transcodes" env:"WANGLOU_H265_TRANSCODES" default:"2" help:"Cameras whose H.265 is turned into H.264 at once, for browsers that show no H.265. Each costs a good part of a core (docs/video.md). 0: none."`
	MediaServer  string       `name:"media-server" env:"WANGLOU_MEDIA_SERVER" placeholder:"URL" help:"Where another server plays all cameras by RTSP, e.g. rtsp://10.8.0.9:8554/{device_id}; also {id} and {stream}. It stands in --camera-network. Default: cameras are asked themselves."`
	Masked       int          `name:"masked-streams" env:"WANGLOU_MASKED_STREAMS" default:"4" help:"Cameras with privacy masks whose live pictures are transcoded at once, to burn them in. Beyond that they have stills."`
	Simulate     bool         `env:"WANGLOU_SIMULATE" help:"Make the demo county live, as the command simulate does; in any other database nothing is simulated."`
	Publish      PublishFlags `embed:"" prefix:"publish-"`
	Webhooks     WebhookFlags `embed:"" prefix:"webhook-"`
	Push         PushFlags    `embed:"" prefix:"push-"`
	Relay        RelayFlags   `embed:"" prefix:"relay-"`
	Probe        ProbeFlags   `embed:"" prefix:"probe-"`
	SIP          SIPFlags     `embed:"" prefix:"sip-"`
	Bucket       BucketFlags  `embed:"" prefix:"bucket-"`
	eventRetry   time.Duration
	Pprof        bool `env:"WANGLOU_PPROF" help:"Serve /debug/pprof to this machine."`
}

// replayCache is the memory for the drawn tiles of one replay, in bytes.
const replayCache = 32 << 20

// Run serves until ctx ends.
func (c *ServeCmd) Run(ctx context.Context, app *App) error {
	m := &Main{App: app, Config: *c}
	if err := m.Open(ctx); err != nil {
		return err
	}
	defer m.Close()
	if err := m.greet(ctx); err != nil {
		return err
	}
	return m.Run(ctx)
}

// Main is one server process with all its parts. Open makes it ready to be reached, Run serves, Close ends what Open began.
type Main struct {
	App    *App
	Config ServeCmd

	DB      *postgis.DB
	Replica *layers.Replica
	Server  *server.Server

	source      layers.Source
	history     *postgis.History
	offers      *postgis.Offers
	roads       *postgis.Roads
	folder      *tiles.Folder
	listener    net.Listener
	closeDB     func()
	proxy       *proxy.Group
	evidence    *evidence.Folder
	attachments *postgis.Attachments
	survey      *surveyParts
	prober      *probe.Prober
	whep        *whep.Gate
	signals     *signalling
	events      *events.Runner
}

// Open takes the address, opens the database and wires the parts.
func (m *Main) Open(ctx context.Context) (err error) {
	secure, proxies, err := m.Config.check()
	if err != nil {
		return err
	}
	media, err := camera.ParseMediaServer(m.Config.MediaServer)
	if err != nil {
		return err
	}
	if m.listener, err = listen(m.Config.Addr); err != nil {
		return err
	}
	if m.DB, m.closeDB, err = m.App.Open(ctx); err != nil {
		m.Close()
		return err
	}
	network, err := m.cameraNetwork(ctx)
	if err != nil {
		m.Close()
		return err
	}
	county, err := postgis.NewAreas(m.DB).County(ctx)
	if err != nil {
		m.Close()
		return err
	}
	if m.folder, err = tiles.OpenFolder(ctx, filepath.Join(m.App.Data, "tiles"), m.App.Logger); err != nil {
		m.Close()
		return err
	}
	publish := m.Config.Publish
	if m.offers, err = postgis.OpenOffers(ctx, m.DB, postgis.OfferOptions{Schemas: publish.Schema, Role: publish.Role, Connections: publish.Connections,
		Statement: publish.Timeout, Logger: m.App.Logger}); err != nil {
		m.Close()
		return err
	}
	m.Replica = layers.NewReplica(layers.ReplicaOptions{})
	m.source = m.Config.Relay.source(m.DB, m.App.Logger)
	m.history = postgis.NewHistory(m.DB, postgis.Publication, m.App.Logger)
	set := tiles.NewSet(m.Replica, m.Config.TileCache<<20)
	m.proxy = proxy.Open(ctx, m.App.Data, m.App.Logger)
	if m.survey, err = openSurvey(m.App, m.DB); err != nil {
		m.Close()
		return err
	}
	if err := m.Config.Bucket.use(m.survey.folder); err != nil {
		m.Close()
		return err
	}
	set.Add(m.survey.shelf, m.folder, m.proxy, tiles.Fixed{
		tiles.NewQuery(tiles.BasemapInfo(county.Bound, county.Attribution), tiles.ByCoord(postgis.NewBasemap(m.DB).Tile), tiles.QueryOptions{}),
	})
	set.Add(tiles.NewOffers(m.offers, tiles.OfferOptions{TimeToLive: publish.TTL}))
	if m.evidence, err = evidence.Open(filepath.Join(m.App.Data, "attachments")); err != nil {
		m.Close()
		return err
	}
	m.attachments = postgis.NewAttachments(m.DB)
	key, err := dossier.OpenKey(filepath.Join(m.App.Data, "keys", "evidence.pem"))
	if err != nil {
		m.Close()
		return err
	}
	letters := glyphs.Open(filepath.Join(m.App.Data, "fonts"), m.App.Logger)
	keys, err := openKeys(m.App.Data)
	if err != nil {
		m.Close()
		return err
	}
	m.prober = m.Config.Probe.prober(m.App, m.DB, keys, network)
	if m.signals, err = m.Config.SIP.open(ctx, m.App, m.DB, keys, network); err != nil {
		m.Close()
		return err
	}
	if m.Config.WebRTC != "" {
		if m.whep, err = whep.Open(m.Config.WebRTC, m.App.Logger); err != nil {
			m.Close()
			return &layers.Error{Code: layers.CodeInvalid, Field: "--webrtc-listen", Reason: "not_an_address", Msg: "cannot listen on " + m.Config.WebRTC, Err: err}
		}
	}
	sources := postgis.NewEvents(m.DB, keys, m.App.Logger)
	m.events = events.New(events.Options{Store: sources, Alarms: postgis.NewReports(m.DB), Evidence: m.evidence, Networks: network, Basic: m.Config.Probe.Basic, Logger: m.App.Logger,
		Still: func(ctx context.Context, id int64) ([]byte, error) { return m.Server.Still(ctx, id) }, // it is there when streams are held
		Retry: m.Config.eventRetry, Reload: m.Config.eventRetry})
	incidents, units := postgis.NewIncidents(m.DB), postgis.NewUnits(m.DB)
	m.roads = postgis.NewRoads(m.DB, m.App.Logger)
	units.UseRoads(m.roads)
	notes := postgis.NewPush(m.DB)
	pusher := m.Config.Push.options()
	pusher.Queue = notes
	m.Server = server.New(server.Options{
		Replica:     m.Replica,
		Tiles:       set,
		Offers:      m.offers,
		Users:       postgis.NewUsers(m.DB),
		Tokens:      postgis.NewTokens(m.DB),
		Cameras:     postgis.NewCameras(m.DB),
		Presets:     postgis.NewPresets(m.DB),
		Streams:     postgis.NewStreams(m.DB, keys, media),
		Devices:     m.signals.devices(),
		Cameranet:   network,
		WHEP:        m.whep,
		Transcodes:  m.Config.Transcodes,
		Masked:      m.Config.Masked,
		CameraBasic: m.Config.Probe.Basic,
		Buildings:   postgis.NewBuildings(m.DB),
		Fences:      postgis.NewFences(m.DB),
		Bookmarks:   postgis.NewBookmarks(m.DB),
		Prints:      postgis.NewPrints(m.DB),
		Markings:    postgis.NewMarkings(m.DB),
		Messages:    postgis.NewMessages(m.DB),
		Escalations: postgis.NewEscalations(m.DB),
		Roster:      postgis.NewRoster(m.DB),
		Handovers:   postgis.NewHandovers(m.DB),
		Knowledge:   postgis.NewKnowledge(m.DB),
		Reports:     postgis.NewReports(m.DB),
		Alerts:      postgis.NewAlerts(m.DB),
		Rules:       incidents,
		Dictionary:  postgis.NewDictionary(m.DB),
		Flow:        incidents,
		Requests:    postgis.NewRequests(m.DB),
		Plans:       postgis.NewPlans(m.DB),
		Webhooks:    postgis.NewHooks(m.DB, m.Config.Webhooks.rules().Allows),
		Deliveries:  m.Config.Webhooks.deliveries(),
		Incidents:   incidents,
		Figures:     incidents,
		Tasks:       postgis.NewTasks(m.DB),
		Patrols:     postgis.NewPatrols(m.DB),
		Roles:       postgis.NewRoles(m.DB),
		Walls:       postgis.NewWalls(m.DB),
		Alarms:      incidents,
		Board:       incidents,
		Push:        notes,
		Pusher:      pusher,
		Detections:  m.survey.detections,
		Comparisons: m.survey,
		Detectors:   m.survey,
		Measures:    m.survey,
		Plots:       importer.NewPlots(m.DB),
		Dossiers: &server.Dossiers{Key: key,
			Letters:  letters,
			Pictures: m.survey},
		Repairs:        postgis.NewRepairs(m.DB),
		Prober:         m.prober,
		Signals:        postgis.NewSignals(m.DB, keys, m.App.Logger),
		EventSources:   sources,
		CameraFiles:    postgis.NewCameras(m.DB),
		Parents:        postgis.NewParents(m.DB),
		TryEvents:      m.events.Try,
		Past:           m.history,
		NewTiles:       func(r *layers.Replica) server.TileSet { return tiles.NewSet(r, replayCache) },
		Captures:       m.survey.captures,
		Ingest:         m.survey.folder,
		Offsets:        m.survey.shelf,
		Jobs:           m.survey.queue,
		Attachments:    m.attachments,
		Evidence:       m.evidence,
		Sharing:        units,
		Units:          units,
		Areas:          postgis.NewAreas(m.DB),
		Sessions:       postgis.NewSessionStore(m.DB),
		Console:        frontend.Files(),
		Logger:         m.App.Logger,
		Version:        Version,
		TLS:            secure,
		HTTPS:          m.Config.HTTPS,
		TrustedProxies: proxies,
		Profile:        m.Config.Pprof,
		Assets: server.Assets{Archives: m.folder,
			Proxies:  m.proxy,
			Tilesets: tileset.Open(filepath.Join(m.App.Data, "tilesets"), m.App.Logger),
			Glyphs:   letters},
		Live: live.Options{Compress: m.Config.Compress},
	})
	return nil
}

// Run serves until ctx ends. The database may come and go meanwhile. It returns an error when the listener breaks, or when
// the database cannot be followed from the start on.
func (m *Main) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.source.Run(ctx, m.Replica) })
	if m.Config.Relay.on() {
		group.Go(func() error { return m.Config.Relay.publish(ctx, m.DB, m.App.Logger) })
	}
	group.Go(func() error { return m.prober.Run(ctx) })
	if m.signals != nil {
		group.Go(func() error { return m.signals.run(ctx) })
	}
	group.Go(func() error { return m.events.Run(ctx) })
	group.Go(func() error { return m.proxy.Run(ctx) })
	group.Go(func() error { return m.survey.shelf.Run(ctx) })
	group.Go(func() error { return m.survey.folder.Keep(ctx, m.survey.captures, m.App.Logger) })
	if !m.Config.NoWork {
		group.Go(func() error { return m.survey.worker().Run(ctx) })
	}
	group.Go(func() error { return m.evidence.Keep(ctx, m.attachments, m.App.Logger) })
	group.Go(func() error { return postgis.WatchRights(ctx, m.DB, m.Server.RightsChanged, m.App.Logger) })
	group.Go(func() error { return m.history.Run(ctx) })
	group.Go(func() error { return m.survey.watch(ctx) })
	group.Go(func() error { return m.survey.moveOriginals(ctx) })
	group.Go(func() error { return m.folder.Run(ctx) })
	group.Go(func() error { return m.offers.Run(ctx) })
	group.Go(func() error { return m.roads.Run(ctx) })
	group.Go(func() error { return m.Server.Run(ctx, m.listener) })
	if m.Config.Simulate {
		group.Go(func() error { return keepSimulating(ctx, m.DB, m.App.Logger) })
		group.Go(func() error { return playDemoCameras(ctx, m.DB, m.demoSignals(), m.App.Logger) })
	}
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Close lets go of the address and the database.
func (m *Main) Close() {
	if m.listener != nil {
		_ = m.listener.Close() // closed already when Run has ended
	}
	m.signals.close()
	if m.whep != nil {
		_ = m.whep.Close()
	}
	if m.offers != nil {
		m.offers.Close()
	}
	if m.closeDB != nil {
		m.closeDB()
	}
}

// URL is where a browser on this machine finds the server.
func (m *Main) URL() string {
	scheme := "http"
	if m.Config.TLSCert != "" {
		scheme = "https"
	}
	addr, ok := m.listener.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsUnspecified() {
		return scheme + "://" + m.listener.Addr().String()
	}
	return fmt.Sprintf("%s://localhost:%d", scheme, addr.Port)
}

// greet tells where the server is and, of the demo county, who may log in.
func (m *Main) greet(ctx context.Context) error {
	state, err := demo.Inspect(ctx, m.DB)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.App.Stdout, "\nWanglou 望楼 %s: %s\n", Version, m.URL())
	switch state {
	case demo.Seeded:
		return (&SeedCmd{}).printUsers(m.App)
	case demo.Empty:
		fmt.Fprintln(m.App.Stdout, "The database is empty: `wanglou seed` writes the demo county, `wanglou import` takes your data, `wanglou user add` makes an account.")
	}
	return nil
}

// check reads the flags that are more than text.
func (c *ServeCmd) check() (*tls.Config, []netip.Prefix, error) {
	if err := c.Probe.check(); err != nil {
		return nil, nil, err
	}
	var proxies []netip.Prefix
	for _, s := range c.TrustedProxy {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, nil, layers.Invalid("--trusted-proxy", "not_a_cidr", "%q is not a range like 10.0.0.0/8", s)
		}
		proxies = append(proxies, p)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return nil, nil, layers.Invalid("--tls-cert", "incomplete", "--tls-cert and --tls-key go together")
	}
	if c.TLSCert == "" {
		return nil, proxies, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, nil, &layers.Error{Code: layers.CodeInvalid, Field: "--tls-cert", Reason: "unreadable", Msg: "certificate and key cannot be used", Err: err}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, proxies, nil
}

// listen takes the address, and says what to do when it cannot be had.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "address_in_use", Err: err,
			Msg: fmt.Sprintf("another program listens on %s; stop it, or choose another address with --addr", addr)}
	case errors.Is(err, syscall.EACCES):
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "address_refused", Err: err,
			Msg: fmt.Sprintf("this user may not listen on %s; ports below 1024 are for root", addr)}
	}
	return nil, &layers.Error{Code: layers.CodeInvalid, Field: "--addr", Reason: "not_an_address", Msg: fmt.Sprintf("cannot listen on %s", addr), Err: err}
}
