// Package server is the way in from outside: HTTP, the live websocket, sessions and rights. It translates between the
// contract (openapi.yaml, docs/protocol.md) and the domain's services, which it knows by their interfaces alone.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/area"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/bookmark"
	"wanglou/layers/camera"
	"wanglou/layers/cap"
	"wanglou/layers/duty"
	"wanglou/layers/fence"
	"wanglou/layers/hook"
	"wanglou/layers/incident"
	"wanglou/layers/knowledge"
	"wanglou/layers/message"
	"wanglou/layers/offer"
	"wanglou/layers/report"
	"wanglou/layers/task"
	"wanglou/layers/unit"
	"wanglou/server/escalations"
	"wanglou/server/evidence"
	"wanglou/server/fences"
	"wanglou/server/hooks"
	"wanglou/server/live"
	"wanglou/server/ogc"
	"wanglou/tiles"
)

// TileSet finds the tiles of a name, or of several joined by commas.
type TileSet interface {
	// Source returns an error with CodeNotFound for names that are unknown, with CodeInvalid for those that cannot be joined.
	Source(name string) (tiles.Source, error)
	// Sources lists what there is, by name.
	Sources() []tiles.Source
}

// Options wire a server. All services are required; the other zero fields take the defaults.
type Options struct {
	Replica     *layers.Replica
	Tiles       TileSet
	Offers      offer.Service // what is read by SQL; default none
	Users       auth.Service
	Tokens      auth.Tokens // personal access tokens; default none are taken
	Incidents   incident.Service
	Figures     incident.Figures
	Tasks       task.Service
	Units       unit.Service
	Areas       area.Service
	Cameras     camera.Registry      // default none: cameras are read alone
	Webhooks    hook.Store           // default none
	Fences      fence.Store          // default none
	Bookmarks   bookmark.Service     // default none
	Attachments attachment.Service   // default none; together with Evidence
	Evidence    *evidence.Folder     // the bytes of attachments
	Sharing     unit.Sharing         // default none: units tell no places
	Knowledge   knowledge.Service    // default none
	Alerts      cap.Store            // default none
	Reports     report.Service       // default none are taken
	Messages    message.Service      // in cases; default none
	Roster      duty.Roster          // default none
	Handovers   duty.Handovers       // default none
	Escalations task.Escalations     // default none: nobody is told of tasks that are not acknowledged
	Rules       incident.RuleService // of time; default none
	Sessions    scs.Store            // may also be a scs.CtxStore and a scs.IterableCtxStore
	Console     fs.FS                // the built console; default none

	Past     layers.Recorder               // default none: there are no replays
	NewTiles func(*layers.Replica) TileSet // the tiles of a replay's replica; required with Past

	Logger  *slog.Logger
	Version string
	Now     func() time.Time

	TLS            *tls.Config    // serve https; default http
	HTTPS          bool           // clients come by https, through TLS or through a proxy: Secure cookies and HSTS
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; default nobody's
	Profile        bool           // /debug/pprof for this machine
	Assets         Assets         // files that maps are made of
	Deliveries     hooks.Options  // whom webhooks may tell, and their clocks; the rest is set here
	Live           live.Options   // clocks and limits of the websocket; Replica, Version, Logger and Now are set here
}

// Server is one node's HTTP server. Make one with [New]; it is safe for concurrent use.
type Server struct {
	replica   *layers.Replica
	tiles     TileSet
	present   picture
	replays   *replays
	offers    offer.Service // nil: none
	users     auth.Service
	incidents incident.Service
	figures   incident.Figures
	tasks     task.Service
	units     unit.Service
	areas     area.Service

	log     *slog.Logger
	version string
	now     func() time.Time
	https   bool
	tls     *tls.Config
	assets  Assets

	echo            *echo.Echo
	fixed           map[string][]string // headers of every answer
	live            *live.Hub
	sessions        *scs.SessionManager
	memory          *sessionStore // in front of the session table
	accounts        *accounts
	loginsByAddress *limiter
	loginsByLogin   *limiter
	intake          *limiter // messages of other systems, by account
	origins         *http.CrossOriginProtection
	console         *console
	metrics         *metrics
	counts          *countCache
	tree            *areaCache
	ogc             *ogc.API
	tokens          *tokenCache      // nil: none are taken
	fences          fence.Store      // nil: there are none
	bookmarks       bookmark.Service // nil: there are none
	messages        message.Service  // nil: there are none
	messagesByUser  *limiter
	roster          duty.Roster          // nil: there is none
	handovers       duty.Handovers       // nil: there are none
	escalations     task.Escalations     // nil: there are none
	attachments     attachment.Service   // nil: there are none
	evidence        *evidence.Folder     // nil with them
	sharing         unit.Sharing         // nil: no places are taken
	knowledge       knowledge.Service    // nil: there is none
	alerts          cap.Store            // nil: there are none
	reports         report.Service       // nil: none are taken
	rules           incident.RuleService // nil: there are none
	citizenReports  *limiter
	citizenLookups  *limiter
	citizenAll      *limiter
	webhooks        hook.Store        // nil: there are none
	deliveries      *hooks.Deliveries // of webhooks; nil with them
}

const (
	maxHeader     = 64 << 10
	shutdownGrace = 10 * time.Second
)

// New returns a server that is not listening yet.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		replica: o.Replica, tiles: o.Tiles, offers: o.Offers, users: o.Users, incidents: o.Incidents, figures: o.Figures, tasks: o.Tasks, units: o.Units, areas: o.Areas,
		log: o.Logger, version: o.Version, now: o.Now, https: o.HTTPS || o.TLS != nil, tls: o.TLS,
		fixed:           fixedHeaders(o.HTTPS || o.TLS != nil),
		memory:          newSessionStore(o.Sessions, o.Now),
		accounts:        newAccounts(o.Users, o.Now),
		loginsByAddress: newLimiter(30, 10*time.Second, o.Now),
		loginsByLogin:   newLimiter(10, 30*time.Second, o.Now),
		intake:          newLimiter(100, 2*time.Second, o.Now),
		origins:         http.NewCrossOriginProtection(),
		console:         newConsole(o.Console),
		counts:          newCountCache(o.Replica, o.Now),
		tree:            newAreaCache(o.Areas, o.Now),
		fences:          o.Fences,
		bookmarks:       o.Bookmarks,
		messages:        o.Messages,
		escalations:     o.Escalations,
		roster:          o.Roster,
		handovers:       o.Handovers,
		messagesByUser:  newLimiter(30, 2*time.Second, o.Now),
		alerts:          o.Alerts,
		knowledge:       o.Knowledge,
		attachments:     o.Attachments,
		evidence:        o.Evidence,
		sharing:         o.Sharing,
		reports:         o.Reports,
		rules:           o.Rules,
		citizenReports:  newLimiter(citizenReports, 2*time.Minute, o.Now),
		citizenLookups:  newLimiter(citizenLookups, 5*time.Second, o.Now),
		citizenAll:      newLimiter(citizenAll, 500*time.Millisecond, o.Now),
		webhooks:        o.Webhooks,
	}
	if o.Tokens != nil {
		s.tokens = newTokenCache(o.Tokens, o.Now)
	}
	s.sessions = newSessionManager(s.memory)
	o.Live.Replica, o.Live.Version, o.Live.Logger, o.Live.Now = o.Replica, o.Version, o.Logger, o.Now
	o.Live.Walls = &live.Walls{}
	s.live = live.New(o.Live)
	if o.Webhooks != nil {
		d := o.Deliveries
		d.Store, d.Hub, d.Scope, d.Logger, d.Now = o.Webhooks, s.live, s.scopeOf, o.Logger, o.Now
		s.deliveries = hooks.New(d)
	}
	s.present = picture{replica: s.replica, tiles: s.tiles, live: s.live, counts: s.counts}
	s.replays = &replays{recorder: o.Past, newTiles: o.NewTiles, options: o.Live, now: o.Now, byID: map[string]*replay{}}
	s.assets = o.Assets
	s.ogc = ogc.New(ogc.Options{Replica: o.Replica, Count: s.counts.count, Editors: editors(o), Offers: o.Offers, Origin: s.origin, Loaded: s.loaded, Version: o.Version})
	s.metrics = newMetrics(s)
	s.echo = s.router(o)
	return s
}

// scopeOf returns what an account may do now, nil when there is none or it is barred.
func (s *Server) scopeOf(ctx context.Context, userID int64) (*auth.Scope, error) {
	user, scope, err := s.accounts.get(ctx, userID)
	switch {
	case layers.ErrorCode(err) == layers.CodeNotFound, err == nil && user.Disabled:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return scope, nil
}

// Handler returns the server's routes, for tests and for other listeners. The live stream moves while Run runs.
func (s *Server) Handler() http.Handler { return s.tileLane(answerHead(s.echo)) }

// Run serves connections of l until ctx ends, then lets the requests under way end, and sends the websockets away with
// 1001. It returns nil after an orderly end.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.Handler(),
		ConnContext:       withLaneConn,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		TLSConfig:         s.tls,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // handshakes of strangers
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hub := make(chan error, 1)
	go func() {
		err := s.live.Run(ctx)
		s.replays.close()
		hub <- err
	}()
	var told sync.WaitGroup
	defer told.Wait()
	if s.deliveries != nil {
		told.Go(func() { _ = s.deliveries.Run(ctx) }) // it ends with ctx
	}
	if s.fences != nil {
		watcher := fences.New(fences.Options{Store: s.fences, Replica: s.replica, Logger: s.log, Now: s.now})
		told.Go(func() { _ = watcher.Run(ctx) }) // it ends with ctx
	}
	if s.escalations != nil {
		watcher := escalations.New(escalations.Options{Store: s.escalations, Logger: s.log, Now: s.now})
		told.Go(func() { _ = watcher.Run(ctx) }) // it ends with ctx
	}
	served := make(chan error, 1)
	go func() {
		if s.tls != nil {
			served <- srv.ServeTLS(l, "", "")
		} else {
			served <- srv.Serve(laneListener{l})
		}
	}()
	select {
	case err := <-served: // the listener broke
		cancel()
		<-hub
		return err
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer stop()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were cut off at the end", "after", shutdownGrace)
		err = srv.Close()
	}
	<-hub
	return err
}
