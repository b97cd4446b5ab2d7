package events

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"net"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/layers/alarm"
	"wanglou/layers/attachment"
	"wanglou/layers/camera"
	"wanglou/layers/report"
	"wanglou/server/events/fake"
	"wanglou/server/events/onvif"
	"wanglou/server/evidence"
	"wanglou/server/reach"
)

// store is an alarm.Store and an Alarms in memory, with a rule of episodes like the database's.
type store struct {
	mu      sync.Mutex
	targets []alarm.Target
	kinds   map[string]string
	all     []*kept
	states  map[int64]alarm.State
	reports []*report.Alarm
	shown   [][]attachment.Picture
	away    bool // the database
}

type kept struct {
	alarm.Alarm
	alarm.Episode
	signs  int
	report int64
	why    string
	over   bool
}

func newStore(targets ...alarm.Target) *store {
	return &store{targets: targets, states: map[int64]alarm.State{}, kinds: map[string]string{"linedetection": "intrusion", "VideoBlind": "camera_blocked", "RuleEngine/LineDetector/Crossed": "intrusion", "IO": "device_alarm"}}
}

func (s *store) with(f func()) { s.mu.Lock(); defer s.mu.Unlock(); f() }

func (s *store) Lead(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

func (s *store) Targets(context.Context) ([]alarm.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.targets), nil
}

func (s *store) Take(_ context.Context, source int64, sig *alarm.Signal, more int, now time.Time) (alarm.Taken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return alarm.Taken{}, layers.Errorf(layers.CodeUnavailable, "away")
	}
	kind := s.kinds[sig.Event]
	if kind == "" {
		return alarm.Taken{Passed: true}, nil
	}
	for _, k := range s.all {
		if k.Channel == sig.Channel && k.Kind == kind && k.Holds(now, time.Minute) {
			k.LastAt, k.Ended, k.signs = now, !sig.Active, k.signs+1+more
			return alarm.Taken{Alarm: k.ID}, nil
		}
	}
	if !sig.Active {
		return alarm.Taken{}, nil
	}
	k := &kept{Alarm: alarm.Alarm{ID: int64(len(s.all) + 1), Source: "fake", Channel: sig.Channel, Event: sig.Event, Kind: kind, Text: sig.Text, At: sig.When(now), CameraID: 7, Playable: true}, Episode: alarm.Episode{LastAt: now}, signs: 1 + more}
	s.all = append(s.all, k)
	return alarm.Taken{Alarm: k.ID, New: true}, nil
}

func (s *store) Picture(_ context.Context, id int64, b []byte) error {
	s.with(func() {
		if k := s.all[id-1]; k.Alarm.Picture == nil && k.report == 0 {
			k.Alarm.Picture = b
		}
	})
	return nil
}

func (s *store) Due(_ context.Context, now time.Time, patience time.Duration, _ int) (out []alarm.Alarm, err error) {
	s.with(func() {
		for _, k := range s.all {
			if k.report == 0 && !k.over && (k.Alarm.Picture != nil || now.Sub(k.At) > patience) {
				out = append(out, k.Alarm)
			}
		}
	})
	return out, nil
}

func (s *store) Told(_ context.Context, id, report int64) error {
	s.with(func() { s.all[id-1].report = report })
	return nil
}

func (s *store) Failed(_ context.Context, id int64, why string, again *time.Time) error {
	s.with(func() { s.all[id-1].why, s.all[id-1].over = why, again == nil })
	return nil
}

func (s *store) Seen(_ context.Context, states map[int64]alarm.State) error {
	s.with(func() {
		for id, t := range states {
			was := s.states[id]
			t.Alarms, t.Signs, t.Passed, t.Dropped = t.Alarms+was.Alarms, t.Signs+was.Signs, t.Passed+was.Passed, t.Dropped+was.Dropped
			s.states[id] = t
		}
	})
	return nil
}

func (s *store) Forget(context.Context, time.Time) error { return nil }

func (s *store) Alarm(_ context.Context, a *report.Alarm, pictures []attachment.Picture) (*report.Outcome, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports, s.shown = append(s.reports, a), append(s.shown, pictures)
	return &report.Outcome{Report: &report.Report{ID: int64(len(s.reports))}}, nil
}

// runner runs one over a store until the test ends; stop ends it before.
func runner(t *testing.T, s *store, change ...func(*Options)) (r *Runner, stop func()) {
	t.Helper()
	folder, err := evidence.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Store: s, Alarms: s, Evidence: folder, Networks: reach.Ranges{netip.MustParsePrefix("127.0.0.0/8")}, Reload: 20 * time.Millisecond, Patience: 20 * time.Millisecond, Retry: 10 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	r = New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return r, stop
}

// pretend starts a camera, and returns how it is reached.
func pretend(t *testing.T, p alarm.Protocol) (*fake.Camera, alarm.Target) {
	t.Helper()
	c := fake.New("admin", "se cret&1")
	server := httptest.NewServer(c)
	t.Cleanup(func() { c.Cut(); server.CloseClientConnections(); server.Close() })
	return c, alarm.Target{ID: 1, Protocol: p, Address: server.URL, Login: camera.Login{User: "admin", Password: "se cret&1"}}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for " + what)
		}
	}
}

func (r *Runner) stateOf(id int64) alarm.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.states[id]; s != nil {
		return s.State
	}
	return alarm.State{}
}

func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (s *store) count() (n int) { s.with(func() { n = len(s.reports) }); return n }

func (s *store) signs() (n int) {
	s.with(func() {
		for _, k := range s.all {
			n += k.signs
		}
	})
	return n
}

// Of each protocol an event becomes a report; what is passed over and what identifies people does not.
func TestEachProtocol(t *testing.T) {
	t.Parallel()
	for _, p := range alarm.Protocols {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			c, target := pretend(t, p)
			c.Ahead = 5 * time.Hour
			s := newStore(target)
			r, _ := runner(t, s, func(o *Options) {
				if p == alarm.ISAPI {
					o.Patience = time.Minute // its picture comes, however busy the machine is
				}
			})
			eventually(t, "the stream", func() bool { return r.stateOf(1).Name == alarm.Up })
			now := time.Now().Truncate(time.Second)
			switch p {
			case alarm.ISAPI:
				c.Alert(2, "videoloss", "inactive", now, nil)
				c.Alert(2, "VMD", "active", now, nil)
				c.Alert(2, "facedetection", "active", now, photo(t))
				c.Alert(2, "linedetection", "active", now, photo(t))
			case alarm.Dahua:
				c.Part("text/plain", []byte("Heartbeat"))
				c.Code(1, "VideoMotion", "Start", "")
				c.Code(1, "FaceRecognition", "Start", `{"Candidates":[{"Person":{"Name":"x"}}]}`)
				c.Code(1, "VideoBlind", "Start", "")
			case alarm.ONVIF:
				c.Notify("tns1:RuleEngine/CellMotionDetector/Motion", "2", "true", now)
				c.Notify("tns1:RuleEngine/Recognition/LicensePlate", "2", "true", now)
				c.Notify("tns1:RuleEngine/LineDetector/Crossed", "2", "true", now)
			}
			eventually(t, "the report", func() bool { return s.count() == 1 })
			s.with(func() {
				a := s.reports[0]
				if a.SourceID != "event-1" || a.Source != alarm.ReportSource || !strings.Contains(a.Description, " · 2 · ") || strings.Contains(string(a.Raw), "Person") || len(s.shown[0]) > 0 != (p == alarm.ISAPI) {
					t.Errorf("%+v %s %v", a, a.Raw, s.shown[0])
				}
			})
			if st := r.stateOf(1); st.Passed != 1 || st.Dropped != 1 || st.Alarms != 1 || st.HeardAt == nil || st.LastEvent == "" {
				eventually(t, "the counts", func() bool { // they may have been stored meanwhile
					s.mu.Lock()
					defer s.mu.Unlock()
					st := s.states[1]
					return st.Passed == 1 && st.Dropped == 1 && st.Alarms == 1
				})
			}
		})
	}
}

// A thousand signs in one go are one report; their number is kept.
func TestBurst(t *testing.T) {
	t.Parallel()
	c, target := pretend(t, alarm.ISAPI)
	s := newStore(target)
	r, stop := runner(t, s)
	eventually(t, "the stream", func() bool { return r.stateOf(1).Name == alarm.Up })
	for range 1000 {
		c.Alert(1, "linedetection", "active", time.Now(), nil)
	}
	c.Alert(1, "linedetection", "inactive", time.Now(), nil)
	eventually(t, "all signs", func() bool { return s.signs() == 1001 })
	stop()
	if s.count() != 1 {
		t.Errorf("%d reports", s.count())
	}
}

// What was told while nobody could store it waits, and what was stored when the program ended becomes a report of the next one.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	c, target := pretend(t, alarm.ONVIF)
	s := newStore(target)
	s.away = true
	r, stop := runner(t, s, func(o *Options) { o.Patience = time.Hour }) // no report in this life
	eventually(t, "the stream", func() bool { return r.stateOf(1).Name == alarm.Up })
	c.Notify("tns1:RuleEngine/LineDetector/Crossed", "1", "true", time.Now())
	eventually(t, "the database", func() bool { s.with(func() { s.away = false }); return s.signs() == 1 })
	stop()
	if c.Left() == 0 {
		t.Error("the subscription was not let go of")
	}
	c.Notify("tns1:RuleEngine/LineDetector/Crossed", "2", "true", time.Now()) // meanwhile
	_, _ = runner(t, s)
	eventually(t, "both reports", func() bool { return s.count() == 2 })
}

// Whatever a device does, its source says what is wrong, and it is asked again.
func TestFaults(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + nobody.Addr().String()
	nobody.Close()
	for name, f := range map[string]struct {
		change func(*alarm.Target)
		do     func(c *fake.Camera)
		why    string
	}{
		"wrong password": {func(g *alarm.Target) { g.Login.Password = "x" }, nil, alarm.WhyPassword},
		"no password":    {func(g *alarm.Target) { g.Login = camera.Login{} }, nil, alarm.WhyNoPassword},
		"not allowed":    {func(g *alarm.Target) { g.Address = "http://10.99.99.99" }, nil, alarm.WhyRefused},
		"nobody there":   {func(g *alarm.Target) { g.Address = gone }, nil, alarm.WhyNoAnswer},
		"another device": {func(g *alarm.Target) { g.Address += "/x" }, nil, alarm.WhyNotThere},
		"silence":        {nil, func(*fake.Camera) {}, alarm.WhySilent},
		"garbage":        {nil, func(c *fake.Camera) { c.Raw(bytes.Repeat([]byte("garbage "), 20_000)) }, alarm.WhyGarbage},
		"other parts": {nil, func(c *fake.Camera) {
			for range 20 {
				c.Part("application/xml", []byte("<html/>"))
			}
		}, alarm.WhyGarbage},
		"too much": {nil, func(c *fake.Camera) { c.Raw([]byte("--fake\r\nContent-Length: 99999999\r\n\r\n")) }, alarm.WhyGarbage},
		"cut off":  {nil, func(c *fake.Camera) { c.Cut() }, alarm.WhyEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, target := pretend(t, alarm.ISAPI)
			if f.change != nil {
				f.change(&target)
			}
			s := newStore(target)
			r, _ := runner(t, s, func(o *Options) {
				o.Retry = 200 * time.Millisecond
				if name == "silence" {
					o.Silence = 100 * time.Millisecond
				}
			})
			if f.do != nil {
				eventually(t, "the stream", func() bool { return c.Listening() == 1 })
				f.do(c)
			}
			eventually(t, f.why, func() bool { st := r.stateOf(1); return st.Name == alarm.Down && st.Why == f.why })
			if f.do != nil {
				eventually(t, "another stream", func() bool { return c.Opened() > 1 })
			}
			if got := r.Try(t.Context(), &target); got != f.why && f.do == nil || f.do != nil && got != "" {
				t.Errorf("a trial says %q", got)
			}
		})
	}
}

// A source that somebody changes is asked with what it says now; one that is taken away is left alone.
func TestRenew(t *testing.T) {
	t.Parallel()
	c, target := pretend(t, alarm.Dahua)
	s := newStore(target)
	runner(t, s)
	eventually(t, "the stream", func() bool { return c.Opened() == 1 })
	s.with(func() { s.targets[0].Revision++ })
	eventually(t, "another stream", func() bool { return c.Opened() == 2 && c.Listening() == 1 })
	s.with(func() { s.targets = nil })
	eventually(t, "no stream", func() bool { return c.Listening() == 0 })
}

// Where a device sends no picture, or parts of its picture are nobody's to see, there is a still; where that fails, there is an alarm.
func TestStills(t *testing.T) {
	t.Parallel()
	own, still := photo(t), append(photo(t), 0)
	for name, c := range map[string]struct {
		a     alarm.Alarm
		still []byte
		want  []byte
	}{
		"its own":      {alarm.Alarm{CameraID: 7, Playable: true, Picture: own}, still, own},
		"a still":      {alarm.Alarm{CameraID: 7, Playable: true}, still, still},
		"masked":       {alarm.Alarm{CameraID: 7, Playable: true, Masked: true, Picture: own}, still, still},
		"masked, away": {alarm.Alarm{CameraID: 7, Playable: true, Masked: true, Picture: own}, nil, nil},
		"off":          {alarm.Alarm{CameraID: 7}, still, nil},
		"no picture":   {alarm.Alarm{CameraID: 7, Picture: []byte("<html>")}, still, nil},
	} {
		folder, err := evidence.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r := New(Options{Evidence: folder, Still: func(context.Context, int64) ([]byte, error) {
			if c.still == nil {
				return nil, layers.Errorf(layers.CodeNotFound, "no picture")
			}
			return c.still, nil
		}})
		got, err := r.pictures(t.Context(), &c.a)
		if err != nil || len(got) != min(1, len(c.want)) || c.want != nil && got[0].Size != int64(len(c.want)) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// Beside its events a Dahua device hands out a picture of each: it is the report's, once; what would tell people or cars apart has none.
func TestDahuaPictures(t *testing.T) {
	t.Parallel()
	c, target := pretend(t, alarm.Dahua)
	s := newStore(target)
	r, _ := runner(t, s, func(o *Options) { o.Patience = time.Minute })
	eventually(t, "both streams", func() bool { return c.Listening() == 1 && c.Snapping() == 1 })
	c.Code(1, "VideoBlind", "Start", "")
	eventually(t, "the alarm", func() bool { return s.signs() == 1 })
	c.Snap(1, "FaceRecognition", photo(t))
	c.Snap(1, "VideoBlind", photo(t))
	eventually(t, "the report", func() bool { return s.count() == 1 })
	s.with(func() {
		if len(s.all) != 1 || len(s.shown[0]) != 1 || strings.Contains(string(s.reports[0].Raw), "Plate") {
			t.Errorf("%d alarms, %v, %s", len(s.all), s.shown, s.reports[0].Raw)
		}
	})
	if st := r.stateOf(1); st.Name != alarm.Up {
		t.Errorf("%+v", st)
	}
	c.Cut()
	eventually(t, "both streams again", func() bool { return c.Listening() == 1 && c.Snapping() == 1 && c.Opened() > 1 })
}

// A pull point is renewed before its time is over, and the stream goes on.
func TestRenewed(t *testing.T) {
	t.Parallel()
	c, target := pretend(t, alarm.ONVIF)
	s := newStore(target)
	var later atomic.Int64
	r, _ := runner(t, s, func(o *Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	eventually(t, "the stream", func() bool { return r.stateOf(1).Name == alarm.Up && c.Pulling() == 1 }) // a pull that is on its way bears the time before
	c.Pass(onvif.Lifetime/2 + time.Second)                                                                // for both
	later.Store(int64(onvif.Lifetime/2 + time.Second))
	c.Notify("tns1:RuleEngine/CellMotionDetector/Motion", "1", "true", time.Now()) // ends the pull that waits
	eventually(t, "the renewal", func() bool { return c.Renewed() == 1 })
	if c.Opened() != 1 || c.Left() != 0 {
		t.Errorf("%d subscriptions, %d let go of", c.Opened(), c.Left())
	}
}
