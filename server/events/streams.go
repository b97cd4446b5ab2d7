package events

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wanglou/layers/alarm"
	"wanglou/server/events/dahua"
	"wanglou/server/events/isapi"
	"wanglou/server/events/onvif"
	"wanglou/server/events/parts"
)

// news is what a stream brought: signs of alarms, or a picture of the last one, or a mere sign of life.
type news struct {
	signals []alarm.Signal
	picture []byte
}

// stream is an open stream of a source. Next waits for news; what it handed out before has been stored by then.
type stream interface {
	next(ctx context.Context) (*news, error)
	close()
}

// Silence is how long a source of a protocol may say nothing: three signs of life.
var silence = map[alarm.Protocol]time.Duration{alarm.ISAPI: 90 * time.Second, alarm.Dahua: 20 * time.Second, alarm.ONVIF: onvif.Patience + 15*time.Second}

// open connects to a source. It returns when its stream has begun.
func (r *Runner) open(ctx context.Context, t *alarm.Target) (stream, error) {
	quiet := silence[t.Protocol]
	if r.o.Silence > 0 {
		quiet = r.o.Silence
	}
	d := newDevice(r.o.Networks, t.Login, r.o.Basic, quiet)
	var (
		s   stream
		err error
	)
	switch t.Protocol {
	case alarm.ISAPI:
		s, err = openParts(ctx, d, t.Address+isapi.Path, r.alert)
	case alarm.Dahua:
		s, err = openParts(ctx, d, t.Address+dahua.Path, message)
	default:
		s, err = openPoint(ctx, d, t, r.o.Now)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return s, nil
}

// partStream is a multipart stream whose text parts read understands.
type partStream struct {
	d      *device
	body   io.Closer
	parts  *parts.Reader
	read   func(body []byte) ([]alarm.Signal, error)
	broken int // parts in a row that nobody understands
}

// mostBroken is how many parts a stream may send in a row that are nothing: one of a newer kind is passed over, a stream of them is none.
const mostBroken = 20

func openParts(ctx context.Context, d *device, address string, read func([]byte) ([]alarm.Signal, error)) (stream, error) {
	resp, err := d.ask(ctx, http.MethodGet, address, "", nil, false)
	if err != nil {
		return nil, err
	}
	p, err := parts.NewReader(resp.Body, resp.Header.Get("Content-Type"), alarm.MaxPicture)
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return &partStream{d: d, body: resp.Body, parts: p, read: read}, nil
}

func (s *partStream) close() {
	_ = s.body.Close()
	s.d.close()
}

func (s *partStream) next(context.Context) (*news, error) {
	p, err := s.parts.Next()
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(p.Type, "image/") {
		return &news{picture: p.Body}, nil
	}
	signals, err := s.read(p.Body)
	if err != nil {
		if s.broken++; s.broken >= mostBroken {
			return nil, parts.ErrGarbage
		}
		return &news{}, nil
	}
	s.broken = 0
	return &news{signals: signals}, nil
}

func (r *Runner) alert(body []byte) ([]alarm.Signal, error) {
	s, alive, err := isapi.Parse(body, r.o.Zone)
	if err != nil || alive {
		return nil, err
	}
	return []alarm.Signal{s}, nil
}

func message(body []byte) ([]alarm.Signal, error) { return dahua.Parse(body) }

// point is a pull point of ONVIF.
type point struct {
	d       *device
	t       *alarm.Target
	base    *url.URL
	manager string        // its address
	ahead   time.Duration // of the device's clock
	now     func() time.Time
	renewed time.Time
}

func openPoint(ctx context.Context, d *device, t *alarm.Target, now func() time.Time) (stream, error) {
	base, err := url.Parse(t.Address)
	if err != nil {
		return nil, trouble(alarm.WhyNotThere)
	}
	p := &point{d: d, t: t, base: base, now: now}
	ask := base.String()
	if strings.Trim(base.Path, "/") == "" {
		ask = p.at(onvif.DevicePath)
	}
	// Logins are of a moment by the device's clock, which may be far off.
	if body, err := p.send(ctx, ask, onvif.AskClock()); err == nil {
		if at, ok := onvif.ReadClock(body); ok {
			p.ahead = at.Sub(now())
		}
	}
	body, err := p.send(ctx, ask, onvif.AskEvents(t.Login, p.stamp()))
	if err != nil {
		return nil, err
	}
	path, err := onvif.ReadEvents(body)
	if err != nil {
		return nil, err
	}
	service := p.at(path)
	if body, err = p.send(ctx, service, onvif.Subscribe(t.Login, p.stamp(), service)); err != nil {
		return nil, err
	}
	if path, err = onvif.ReadSubscribed(body); err != nil {
		return nil, err
	}
	p.manager, p.renewed = p.at(path), now()
	return p, nil
}

func (p *point) stamp() onvif.Stamp { return onvif.NewStamp(p.now().Add(p.ahead)) }

// at is a path of the device that was entered, whatever host it names.
func (p *point) at(path string) string { return p.base.Scheme + "://" + p.base.Host + path }

func (p *point) send(ctx context.Context, to string, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, onvif.Patience+10*time.Second)
	defer cancel()
	resp, err := p.d.ask(ctx, http.MethodPost, to, onvif.ContentType, message, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(io.LimitReader(resp.Body, onvif.MaxBody+1))
}

// next pulls: that is the device's leave to forget what it told before, which is stored.
func (p *point) next(ctx context.Context) (*news, error) {
	if p.now().Sub(p.renewed) > onvif.Lifetime/2 {
		body, err := p.send(ctx, p.manager, onvif.Renew(p.t.Login, p.stamp(), p.manager))
		if err == nil {
			err = onvif.ReadDone(body)
		}
		if err != nil {
			return nil, err
		}
		p.renewed = p.now()
	}
	body, err := p.send(ctx, p.manager, onvif.Pull(p.t.Login, p.stamp(), p.manager))
	if err != nil {
		return nil, err
	}
	signals, err := onvif.ReadMessages(body)
	return &news{signals: signals}, err
}

// close lets go of the pull point, so that the device has room for the next one.
func (p *point) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, _ = p.send(ctx, p.manager, onvif.Unsubscribe(p.t.Login, p.stamp(), p.manager)) // else it ends by itself
	p.d.close()
}
