// Package server is the way in from outside: HTTP, the live websocket, sessions and rights. It translates between the
// contract (openapi.yaml, docs/protocol.md) and the domain's services, which it knows by their interfaces alone.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	tus "github.com/tus/tusd/v2/pkg/handler"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/area"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/bookmark"
	"wanglou/layers/camera"
	"wanglou/layers/camera/sight"
	"wanglou/layers/cap"
	"wanglou/layers/duty"
	"wanglou/layers/fence"
	"wanglou/layers/hook"
	"wanglou/layers/incident"
	"wanglou/layers/job"
	"wanglou/layers/knowledge"
	"wanglou/layers/marking"
	"wanglou/layers/message"
	"wanglou/layers/offer"
	"wanglou/layers/plan"
	"wanglou/layers/printed"
	"wanglou/layers/push"
	"wanglou/layers/report"
	"wanglou/layers/request"
	"wanglou/layers/survey"
	"wanglou/layers/task"
	"wanglou/layers/unit"
	"wanglou/layers/wall"
	"wanglou/server/escalations"
	"wanglou/server/evidence"
	"wanglou/server/fences"
	"wanglou/server/hls"
	"wanglou/server/hooks"
	"wanglou/server/ingest"
	"wanglou/server/live"
	"wanglou/server/ogc"
	"wanglou/server/probe"
	pusher "wanglou/server/push"
	"wanglou/server/reach"
	"wanglou/server/still"
	"wanglou/server/transcode"
	"wanglou/server/video"
	"wanglou/server/whep"
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
	Replica   *layers.Replica
	Tiles     TileSet
	Offers    offer.Service // what is read by SQL; default none
	Users     auth.Service
	Tokens    auth.Tokens // personal access tokens; default none are taken
	Incidents incident.Service
	Figures   incident.Figures
	Tasks     task.Service
	Units     unit.Service
	Areas     area.Service
	Cameras   camera.Registry // default none: cameras are read alone
	Repairs   camera.Repairs  // default none
	Signals   camera.Signals  // of devices that register by themselves; default none
	Prober    *probe.Prober   // whose counts /metrics tells; default none
	Streams   camera.Streams  // default none: no pictures

	CameraFiles  camera.Files                                            // the registry as a file; default none
	Parents      camera.Parents                                          // what cameras hang on; default none
	EventSources alarm.Sources                                           // whose streams of events are held; default none
	TryEvents    func(ctx context.Context, t *alarm.Target) (why string) // connects to one once: "" where its stream begins

	Buildings   sight.Source         // default none: nothing hides anything
	Devices     Devices              // that are asked for pictures; default none
	Cameranet   reach.Ranges         // where cameras may be dialled; default nowhere
	WHEP        *whep.Gate           // live pictures by WebRTC; default none
	Transcodes  int                  // pictures in H.265 that are turned into H.264 at once; default none
	Masked      int                  // cameras with masks that play at once; default none: they have stills alone
	CameraBasic bool                 // passwords may be sent in the clear to cameras that know nothing better
	Webhooks    hook.Store           // default none
	Fences      fence.Store          // default none
	Bookmarks   bookmark.Service     // default none
	Prints      printed.Service      // default none
	Markings    marking.Service      // default none
	Patrols     camera.Patrols       // default none
	Presets     camera.PresetStore   // default none
	Roles       auth.RoleStore       // default none: roles are as they are
	Walls       wall.Service         // default none
	Detections  survey.Reviews       // default none
	Comparisons Comparisons          // default none
	Detectors   Detectors            // default none
	Measures    survey.Measures      // on surface models; default none
	Plots       survey.Plots         // what detections are held against; default none
	Dossiers    *Dossiers            // default none: no evidence files
	Attachments attachment.Service   // default none; together with Evidence
	Evidence    *evidence.Folder     // the bytes of attachments
	Captures    survey.Captures      // default none; together with Ingest
	Ingest      *ingest.Folder       // the bytes of captures
	Offsets     Offsets              // of captures; default none are measured
	Jobs        job.Service          // default none
	Sharing     unit.Sharing         // default none: units tell no places
	Knowledge   knowledge.Service    // default none
	Alerts      cap.Store            // default none
	Reports     report.Service       // default none are taken
	Messages    message.Service      // in cases; default none
	Alarms      incident.Alarms      // default none
	Board       incident.Board       // of supervisors; default none
	Push        push.Service         // notifications of phones and browsers; default none; together with Pusher.Queue
	Roster      duty.Roster          // default none
	Handovers   duty.Handovers       // default none
	Escalations task.Escalations     // default none: nobody is told of tasks that are not acknowledged
	Rules       incident.RuleService // of time; default none
	Dictionary  report.Dictionary    // default none: categories are as they are
	Requests    request.Service      // what is asked and decided in cases; default none
	Flow        incident.Flow        // between levels, and filing conditions; default none
	Plans       plan.Service         // default none
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
	Pusher         pusher.Options // of notifications: whom they may be handed to; Logger and Now are set here
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
	intake          *limiter       // messages of other systems, by account
	cameraFiles     camera.Files   // nil: there is no registry
	parents         camera.Parents // nil: there are none
	eventSources    alarm.Sources  // nil: there are none
	tryEvents       func(ctx context.Context, t *alarm.Target) string
	eventTrials     *limiter // of connecting to devices, by account
	origins         *http.CrossOriginProtection
	console         *console
	metrics         *metrics
	counts          *countCache
	tree            *areaCache
	names           *nameIndex // what is searched
	ogc             *ogc.API
	tokens          *tokenCache      // nil: none are taken
	fences          fence.Store      // nil: there are none
	bookmarks       bookmark.Service // nil: there are none
	prints          printed.Service  // nil: nobody counts
	markings        marking.Service  // nil: there are none
	patrols         camera.Patrols   // nil: there are none
	presets         camera.PresetStore
	roles           auth.RoleStore  // nil: they are as they are
	detections      survey.Reviews  // nil: there are none
	comparisons     Comparisons     // nil: there are none
	detectors       Detectors       // nil: no model runs here
	measures        survey.Measures // nil: there are none
	measuring       chan struct{}   // holds one for each measurement under way
	plots           survey.Plots    // nil: there are none
	importing       sync.Mutex      // held while a file of plots is read
	dossiers        *Dossiers       // nil: there are none
	repairs         camera.Repairs  // nil: there are none
	signals         camera.Signals  // nil: there are none
	prober          *probe.Prober   // nil: nobody looks
	messages        message.Service // nil: there are none
	walls           wall.Service    // nil: there are none
	wallCopies      wallCopies
	messagesByUser  *limiter
	alarms          incident.Alarms // nil: there are none
	board           incident.Board  // nil: there is none
	push            push.Service    // nil: nobody is notified
	pusher          *pusher.Worker  // nil with it
	pushByUser      *limiter
	roster          duty.Roster          // nil: there is none
	handovers       duty.Handovers       // nil: there are none
	escalations     task.Escalations     // nil: there are none
	attachments     attachment.Service   // nil: there are none
	evidence        *evidence.Folder     // nil with them
	captures        survey.Captures      // nil: there are none
	ingest          *ingest.Folder       // nil with them
	offsets         Offsets              // nil: none are measured
	tus             *tus.UnroutedHandler // nil: nothing is sent
	jobs            job.Service          // nil: there are none
	sharing         unit.Sharing         // nil: no places are taken
	knowledge       knowledge.Service    // nil: there is none
	alerts          cap.Store            // nil: there are none
	reports         report.Service       // nil: none are taken
	rules           incident.RuleService // nil: there are none
	dictionary      report.Dictionary    // nil: it stays as it is
	requests        request.Service      // nil: nothing is asked
	flow            incident.Flow        // nil: cases stay at their level
	plans           plan.Service         // nil: there are none
	flowByUser      *limiter
	whepByUser      *limiter
	controlByUser   *limiter
	turning         turning
	citizenReports  *limiter
	citizenPictures *limiter
	citizenLookups  *limiter
	citizenAll      *limiter
	streams         camera.Streams // nil: there are none
	sights          *sights        // what cameras see
	coverages       coverages
	blinds          blinds
	devices         Devices      // nil: none are asked
	cameranet       reach.Ranges // where cameras may be dialled
	cameraBasic     bool
	video           *video.Hub
	masked          *video.Hub // of cameras with masks, as they may leave the server; nil: none do
	maskedBudget    int
	maskBell        bell           // masks were changed
	watchers        sync.WaitGroup // who watch: their leaving is still to be written down
	whep            whepSessions
	hls             hlsSessions
	transcodes      *transcode.Budget
	stills          *still.Maker
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
		cameraFiles:     o.CameraFiles,
		parents:         o.Parents,
		eventSources:    o.EventSources,
		tryEvents:       o.TryEvents,
		eventTrials:     newLimiter(5, 10*time.Second, o.Now),
		origins:         http.NewCrossOriginProtection(),
		console:         newConsole(o.Console),
		counts:          newCountCache(o.Replica, o.Now),
		tree:            newAreaCache(o.Areas, o.Now),
		fences:          o.Fences,
		bookmarks:       o.Bookmarks,
		prints:          o.Prints,
		markings:        o.Markings,
		patrols:         o.Patrols,
		presets:         o.Presets,
		roles:           o.Roles,
		walls:           o.Walls,
		detections:      o.Detections,
		comparisons:     o.Comparisons,
		detectors:       o.Detectors,
		measures:        o.Measures,
		measuring:       make(chan struct{}, mostMeasuring),
		plots:           o.Plots,
		dossiers:        o.Dossiers,
		repairs:         o.Repairs,
		signals:         o.Signals,
		prober:          o.Prober,
		messages:        o.Messages,
		alarms:          o.Alarms,
		board:           o.Board,
		push:            o.Push,
		pushByUser:      newLimiter(20, 10*time.Second, o.Now),
		escalations:     o.Escalations,
		roster:          o.Roster,
		handovers:       o.Handovers,
		messagesByUser:  newLimiter(30, 2*time.Second, o.Now),
		alerts:          o.Alerts,
		knowledge:       o.Knowledge,
		attachments:     o.Attachments,
		evidence:        o.Evidence,
		captures:        o.Captures,
		ingest:          o.Ingest,
		offsets:         o.Offsets,
		jobs:            o.Jobs,
		sharing:         o.Sharing,
		reports:         o.Reports,
		rules:           o.Rules,
		dictionary:      o.Dictionary,
		requests:        o.Requests,
		flow:            o.Flow,
		plans:           o.Plans,
		flowByUser:      newLimiter(60, time.Second, o.Now),
		citizenReports:  newLimiter(citizenReports, 2*time.Minute, o.Now),
		citizenPictures: newLimiter(citizenPictures, 30*time.Second, o.Now),
		citizenLookups:  newLimiter(citizenLookups, 5*time.Second, o.Now),
		citizenAll:      newLimiter(citizenAll, 500*time.Millisecond, o.Now),
		webhooks:        o.Webhooks,
		streams:         o.Streams,
		names:           newNameIndex(o.Replica, o.Areas, o.Now, o.Logger),
		sights:          newSights(o.Buildings, o.Now, o.Logger),
		devices:         o.Devices,
		cameranet:       o.Cameranet,
		cameraBasic:     o.CameraBasic,
		video:           video.New(video.Options{}),
		whep:            whepSessions{gate: o.WHEP, byID: map[string]whepSession{}},
		hls:             hlsSessions{shelf: hls.New(), byID: map[string]*hlsSession{}},
		transcodes:      transcode.NewBudget(o.Transcodes),
		controlByUser:   newLimiter(30, 200*time.Millisecond, o.Now),
		turning:         turning{byID: map[int64]*time.Timer{}, told: map[int64]teller{}},
		whepByUser:      newLimiter(64, 500*time.Millisecond, o.Now),
		stills:          still.New(o.Now),
	}
	if o.Masked > 0 {
		s.maskedBudget = o.Masked
		s.masked = video.New(video.Options{Pulls: o.Masked})
	}
	if o.Captures != nil && o.Ingest != nil {
		s.tus = newTus(o.Ingest, o.Captures, o.Logger)
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
		d.Store, d.Hub, d.Scope, d.Place, d.Logger, d.Now = o.Webhooks, s.live, s.scopeOf, s.placeOf, o.Logger, o.Now
		s.deliveries = hooks.New(d)
	}
	if o.Push != nil {
		p := o.Pusher
		p.Logger, p.Now = o.Logger, o.Now
		s.pusher = pusher.New(p)
	}
	s.present = picture{replica: s.replica, tiles: s.tiles, live: s.live, counts: s.counts}
	s.replays = &replays{recorder: o.Past, newTiles: o.NewTiles, options: o.Live, now: o.Now, byID: map[string]*replay{}}
	s.assets = o.Assets
	s.ogc = ogc.New(ogc.Options{Replica: o.Replica, Count: s.counts.count, Editors: editors(o), Offers: o.Offers, Origin: s.origin, Loaded: s.loaded, Version: o.Version})
	s.metrics = newMetrics(s)
	s.echo = s.router(o)
	return s
}

// placeOf names an area and those above it, but for the county; the path itself while the tree cannot be read.
func (s *Server) placeOf(ctx context.Context, path string) string {
	all, err := s.tree.all(ctx)
	if err != nil {
		return path
	}
	var names []string
	for _, a := range all { // parents first
		if strings.HasPrefix(path+".", a.Path+".") && strings.Contains(a.Path, ".") {
			names = append(names, a.Name)
		}
	}
	return cmp.Or(strings.Join(names, " "), path)
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
	defer s.closeVideo()
	stopVideo := context.AfterFunc(ctx, s.closeVideo) // before the requests under way are waited for
	defer stopVideo()
	hub := make(chan error, 1)
	go func() {
		err := s.live.Run(ctx)
		s.replays.close()
		hub <- err
	}()
	var told sync.WaitGroup
	defer told.Wait()
	told.Go(func() { s.names.run(ctx) }) // it ends with ctx
	if s.deliveries != nil {
		told.Go(func() { _ = s.deliveries.Run(ctx) }) // it ends with ctx
	}
	if s.pusher != nil {
		told.Go(func() { _ = s.pusher.Run(ctx) }) // it ends with ctx
	}
	if s.fences != nil {
		watcher := fences.New(fences.Options{Store: s.fences, Replica: s.replica, Logger: s.log, Now: s.now})
		told.Go(func() { _ = watcher.Run(ctx) }) // it ends with ctx
	}
	if s.escalations != nil {
		o := escalations.Options{Store: s.escalations, Logger: s.log, Now: s.now}
		if s.requests != nil {
			o.Requests = s.requests
		}
		watcher := escalations.New(o)
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
	s.waitForWatchers(grace)
	<-hub
	return err
}
