// Package gb28181 is where recorders and cameras register by themselves (GB/T 28181, SIP over UDP and TCP): they are believed after Digest alone, and afterwards only
// from the address that they registered from. What they tell goes where it would go from anybody else: signs of life to the status machine of layers/camera,
// catalogues to the registry, alarms to the intake of reports. See docs/gb28181.md.
package gb28181

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"golang.org/x/sync/errgroup"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/report"
	"wanglou/server/gb28181/manscdp"
	"wanglou/server/reach"
)

// Alarms takes what devices raise: report.Service.
type Alarms interface {
	Alarm(ctx context.Context, a *report.Alarm, pictures []attachment.Picture) (*report.Outcome, error)
}

// Options of a server. Zero values take the defaults.
type Options struct {
	ID       string       // 20 digits, of this platform; required
	Realm    string       // default the first ten digits of ID
	Password string       // of devices that have none of their own; "" lets those not in
	Networks reach.Ranges // from where devices are heard; default none: nobody is
	Store    camera.Signals
	Alarms   Alarms
	Zone     *time.Location // of the times that devices write; default time.Local
	Logger   *slog.Logger
	Now      func() time.Time
	Flush    time.Duration // between two writings of signs of life; default 5 s
	Page     time.Duration // that is waited for the next part of a catalogue; default 30 s

	MediaPorts   Ports
	MediaAddress netip.Addr    // that devices send pictures to; default that of this machine which they are reached from
	MediaTCP     bool          // devices connect to send pictures; else they send by UDP
	Silence      time.Duration // after which a picture has ended; default 10 s
}

// Limits of what devices may ask of this server.
const (
	maxDevices   = 20_000
	maxConns     = 20_000
	maxExpires   = 24 * time.Hour
	usualExpires = time.Hour
	reloadEvery  = 30 * time.Second
	askers       = 16 // catalogues asked for at once
	alarmsAtOnce = 32
)

// Server hears devices. It is safe for concurrent use.
type Server struct {
	o      Options
	nonces *nonces
	client *sipgo.Client

	mu        sync.Mutex
	devices   map[string]*device
	passwords map[string]camera.Login
	ask       chan string
	alarms    chan struct{}

	plays   map[string]*Play             // by Call-ID
	queries map[query]chan manscdp.About // that wait for an answer

	heard, refused, alarmed atomic.Int64
	invited, strange, lost  atomic.Int64
	port, listens           atomic.Int64 // the last one that a picture came to; that of SIP
}

// device is one that has registered. The fields are the server's, under its lock.
type device struct {
	camera.Device
	dirty    bool
	channels map[string]bool
	asked    time.Time // when its catalogue is due again
	pages    *pages    // of a catalogue that is under way
}

// Stats are what a server has done since its process began.
type Stats struct {
	Devices, Heard, Refused, Alarms int64
	Plays                           int64 // now
	Invites                         int64 // pictures that devices were asked for
	Strange                         int64 // packets of pictures from others than the device, or of another number than it told
	Lost                            int64 // packets of pictures that did not come
}

// Platform is what a device has to be told that shall register here.
type Platform struct {
	ID    string `json:"id"`
	Realm string `json:"realm"`
	Port  int    `json:"port"` // of UDP and TCP; 0 before it listens
}

// Platform returns it.
func (s *Server) Platform() Platform { return Platform{s.o.ID, s.o.Realm, int(s.listens.Load())} }

// New returns a server.
func New(o Options) (*Server, error) {
	if !manscdp.ID(o.ID) {
		return nil, layers.Invalid("--sip-id", "bad_device_id", "the platform's id has 20 digits, %.40q has not", o.ID)
	}
	if o.Realm == "" {
		o.Realm = o.ID[:10]
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Flush <= 0 {
		o.Flush = 5 * time.Second
	}
	if o.Page <= 0 {
		o.Page = 30 * time.Second
	}
	if o.Silence <= 0 {
		o.Silence = 10 * time.Second
	}
	return &Server{o: o, nonces: newNonces(), devices: map[string]*device{}, plays: map[string]*Play{}, queries: map[query]chan manscdp.About{}, ask: make(chan string, maxDevices), alarms: make(chan struct{}, alarmsAtOnce)}, nil
}

// Stats returns the counts.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{int64(len(s.devices)), s.heard.Load(), s.refused.Load(), s.alarmed.Load(), int64(len(s.plays)), s.invited.Load(), s.strange.Load(), s.lost.Load()}
}

// Listen takes an address for UDP and TCP alike.
func Listen(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	packets, err := lc.ListenPacket(ctx, "udp", l.Addr().String())
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	if c, ok := packets.(*net.UDPConn); ok {
		_ = c.SetReadBuffer(8 << 20) // thousands register at once after a power cut; the system may give less
	}
	return packets, l, nil
}

// Run hears devices until ctx ends; it closes what it listens on.
func (s *Server) Run(ctx context.Context, packets net.PacketConn, l net.Listener) error {
	ctx = auth.WithActor(ctx, auth.Operator("gb28181"))
	quiet := slog.New(slog.DiscardHandler) // the library would write what strangers send
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("Wanglou"), sipgo.WithUserAgentHostname(s.o.Realm),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet), sip.WithTransportLayerConnectionReuse(true)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return err
	}
	defer func() { _ = ua.Close() }()
	srv, err := sipgo.NewServer(ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return err
	}
	client, err := sipgo.NewClient(ua, sipgo.WithClientNAT(), sipgo.WithClientLogger(quiet))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.client = client
	s.mu.Unlock()
	if err := s.recall(ctx); err != nil {
		return err
	}
	srv.OnRegister(s.guarded(ctx, s.register))
	srv.OnMessage(s.guarded(ctx, s.message))
	srv.OnNotify(s.guarded(ctx, s.message))
	srv.OnBye(s.guarded(ctx, s.byeOf))
	if at, ok := l.Addr().(*net.TCPAddr); ok {
		s.listens.Store(int64(at.Port))
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		<-ctx.Done()
		s.hangUp()
		_, _ = packets.Close(), l.Close()
		return ctx.Err()
	})
	group.Go(func() error { return ended(ctx, srv.ServeUDP(&allowedPackets{PacketConn: packets, s: s})) })
	group.Go(func() error { return ended(ctx, srv.ServeTCP(&allowedConns{Listener: l, s: s})) })
	group.Go(func() error { return s.keep(ctx) })
	for range askers {
		group.Go(func() error { return s.askAll(ctx) })
	}
	return group.Wait()
}

// hangUp tells all devices that nobody watches any more.
func (s *Server) hangUp() {
	var all sync.WaitGroup
	for _, p := range s.playsOf("") {
		all.Go(func() { _ = p.Close() }) // who does not hear it notices that nobody takes its packets
	}
	all.Wait()
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = net.ErrClosed
	}
	return err
}

// guarded answers with an error of the server's where a handler breaks: one message breaks no other.
func (s *Server) guarded(ctx context.Context, handle func(context.Context, *sip.Request, sip.ServerTransaction)) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		defer func() {
			if r := recover(); r != nil {
				s.o.Logger.Error("a message of a device broke its handler", "panic", r)
				s.answer(req, tx, 500, "Server Internal Error")
			}
		}()
		handle(ctx, req, tx)
	}
}

func (s *Server) answer(req *sip.Request, tx sip.ServerTransaction, code int, reason string, more ...sip.Header) {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	for _, h := range more {
		res.AppendHeader(h)
	}
	_ = tx.Respond(res) // who does not hear it asks again
}

// refuse counts as well.
func (s *Server) refuse(req *sip.Request, tx sip.ServerTransaction, code int, reason string, more ...sip.Header) {
	s.refused.Add(1)
	s.answer(req, tx, code, reason, more...)
}

// recall takes up what was known before this process: devices go on telling without registering anew.
func (s *Server) recall(ctx context.Context) error {
	known, err := s.o.Store.Devices(ctx)
	if err != nil {
		return err
	}
	channels, err := s.o.Store.Channels(ctx)
	if err != nil {
		return err
	}
	passwords, err := s.o.Store.Passwords(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passwords = passwords
	for _, d := range known {
		if d.Gone || s.o.Now().After(d.ExpiresAt) {
			continue
		}
		s.devices[d.ID] = &device{Device: d, channels: setOf(channels[d.ID]), asked: s.o.Now().Add(catalogEvery)}
	}
	return nil
}

// keep writes signs of life, reads passwords anew, and forgets registrations that have run out.
func (s *Server) keep(ctx context.Context) error {
	flush, reload := time.NewTicker(s.o.Flush), time.NewTicker(reloadEvery)
	defer flush.Stop()
	defer reload.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			s.flush(last)
			return ctx.Err()
		case <-flush.C:
			s.flush(ctx)
		case <-reload.C:
			passwords, err := s.o.Store.Passwords(ctx)
			if err != nil {
				s.o.Logger.Warn("the passwords of devices cannot be read: the last ones go on", "err", err)
				continue
			}
			s.mu.Lock()
			s.passwords = passwords
			s.mu.Unlock()
			s.nonces.forget(s.o.Now())
		}
	}
}

func (s *Server) flush(ctx context.Context) {
	now := s.o.Now()
	var batch []camera.Device
	s.mu.Lock()
	for id, d := range s.devices {
		if d.dirty {
			batch = append(batch, d.Device)
			d.dirty = false
		}
		if d.Gone || now.After(d.ExpiresAt.Add(time.Minute)) {
			delete(s.devices, id)
		}
	}
	s.mu.Unlock()
	if err := s.o.Store.Heard(ctx, batch); err != nil {
		s.o.Logger.Warn("signs of devices cannot be stored: they are in the next batch", "devices", len(batch), "err", err)
		s.mu.Lock()
		for i := range batch {
			if d := s.devices[batch[i].ID]; d != nil {
				d.dirty = true
			} else if batch[i].Gone {
				s.devices[batch[i].ID] = &device{Device: batch[i], dirty: true}
			}
		}
		s.mu.Unlock()
	}
}

func setOf(ids []string) map[string]bool {
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// hostOf is the address of a source without its port, "" where it is none.
func hostOf(source string) string {
	host, _, err := net.SplitHostPort(source)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(host, "::ffff:")
}
