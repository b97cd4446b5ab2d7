package gb28181

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/report"
	"wanglou/server/gb28181/manscdp"
)

// message takes MESSAGE: of a device that is registered, from the address that it registered from, about itself or what hangs on it. Everybody else is told to
// register.
func (s *Server) message(ctx context.Context, req *sip.Request, tx sip.ServerTransaction) {
	from, host, now := req.From(), hostOf(req.Source()), s.o.Now()
	if from == nil || !manscdp.ID(from.Address.User) {
		s.refuse(req, tx, 400, "Bad Request")
		return
	}
	id := from.Address.User
	if !s.known(id, host, now) {
		s.refuse(req, tx, 403, "Forbidden")
		return
	}
	if len(req.Body()) > manscdp.MaxBody {
		s.refuse(req, tx, 413, "Request Entity Too Large")
		return
	}
	m, err := manscdp.Parse(req.Body(), s.o.Zone)
	if err != nil {
		s.refuse(req, tx, 400, "Bad Request")
		return
	}
	if m.Kind == manscdp.Alarm && m.Root == "Notify" {
		s.alarm(ctx, id, m, req, tx)
		return
	}
	if m.DeviceID != id && !s.hangsOn(m.DeviceID, id) {
		s.refuse(req, tx, 403, "Forbidden")
		return
	}
	s.heard.Add(1)
	s.touch(id, req.Source(), now)
	s.answer(req, tx, 200, "OK")
	switch {
	case m.Kind == manscdp.Catalog && m.Root != "Query":
		s.page(ctx, id, m)
	case m.About != nil:
		s.told(id, m)
	}
}

// known reports whether a device is registered at host.
func (s *Server) known(id, host string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[id]
	return d != nil && !d.Gone && now.Before(d.ExpiresAt) && host != "" && hostOf(d.Address) == host
}

func (s *Server) hangsOn(channel, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[id]
	return d != nil && d.channels[channel]
}

// touch notes a sign of life. The port may be another one since: networks translate.
func (s *Server) touch(id, source string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.devices[id]; d != nil {
		d.HeardAt, d.Address, d.dirty = now, source, true
		if now.After(d.asked) {
			s.wantCatalog(d, now)
		}
	}
}

// kinds of alarm by the method that devices tell; others are alarms of cameras.
var kinds = map[int]string{2: "device_alarm", 6: "device_fault"}

// alarm hands an alarm in. It is acknowledged when it is stored; until then the device tells it again.
func (s *Server) alarm(ctx context.Context, id string, m *manscdp.Message, req *sip.Request, tx sip.ServerTransaction) {
	if m.DeviceID != id && !s.hangsOn(m.DeviceID, id) {
		s.refuse(req, tx, 403, "Forbidden")
		return
	}
	select {
	case s.alarms <- struct{}{}:
		defer func() { <-s.alarms }()
	default:
		s.answer(req, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return
	}
	a, now := s.reportOf(id, m), s.o.Now()
	s.touch(id, req.Source(), now)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := s.o.Alarms.Alarm(ctx, a, nil)
	var known *layers.Error
	switch {
	case err == nil:
	case errors.As(err, &known) && known.Code == layers.CodeInvalid:
		// A camera that nobody knows and that says no place: told again it is no better.
		s.o.Logger.Warn("an alarm of a device cannot be taken", "device", m.DeviceID, "field", known.Field, "reason", known.Reason)
		s.refuse(req, tx, 488, "Not Acceptable Here")
		return
	default:
		s.o.Logger.Warn("an alarm of a device cannot be stored", "device", m.DeviceID, "err", err)
		s.answer(req, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "5"))
		return
	}
	s.alarmed.Add(1)
	s.answer(req, tx, 200, "OK")
	s.send(ctx, id, manscdp.Answer(manscdp.Alarm, m.SN, m.DeviceID))
}

// reportOf is an alarm as the intake takes it. Alarms of one camera, second and type are the same one, told again.
func (s *Server) reportOf(id string, m *manscdp.Message) *report.Alarm {
	n := m.Alarm
	a := &report.Alarm{Channel: report.Camera, Source: "gb28181", Kind: kinds[n.Method], Device: m.DeviceID, Description: n.Description, Time: n.Time}
	if a.Kind == "" {
		a.Kind = "camera_alarm"
	}
	now := s.o.Now()
	if a.Time.IsZero() || a.Time.After(now.Add(time.Hour)) || now.Sub(a.Time) > 7*24*time.Hour { // a clock that was never set
		a.Time = now.Truncate(time.Second)
	}
	a.SourceID = m.DeviceID + "-" + strconv.FormatInt(a.Time.Unix(), 10) + "-" + strconv.Itoa(n.Method) + "-" + strconv.Itoa(n.Type)
	if n.Point != nil {
		p := orb.Point(*n.Point)
		a.Point = &p
	}
	raw, err := json.Marshal(map[string]any{"device": id, "channel": m.DeviceID, "sn": m.SN, "priority": n.Priority, "method": n.Method, "type": n.Type})
	if err == nil {
		a.Raw = raw
	}
	if a.Description == "" {
		a.Description = fmt.Sprintf("GB/T 28181: method %d, type %d", n.Method, n.Type)
	}
	return a
}
