package gb28181

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"wanglou/layers/camera"
	"wanglou/server/digest"
	"wanglou/server/gb28181/manscdp"
)

// register takes REGISTER: a challenge first, then the registration, until it runs out or the device takes its leave with Expires: 0.
func (s *Server) register(_ context.Context, req *sip.Request, tx sip.ServerTransaction) {
	now, host := s.o.Now(), hostOf(req.Source())
	from, to, contact := req.From(), req.To(), req.Contact()
	if from == nil || to == nil || host == "" || !manscdp.ID(from.Address.User) || to.Address.User != from.Address.User || contact != nil && contact.Address.User != "" && contact.Address.User != from.Address.User {
		s.refuse(req, tx, 400, "Bad Request")
		return
	}
	id := from.Address.User
	if s.nonces.barred(host, now) {
		s.refuse(req, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", strconv.Itoa(int(failuresFor/time.Second))))
		return
	}
	var c digest.Challenge
	if h := req.GetHeader("Authorization"); h != nil {
		c = digest.Parse(h.Value())
	}
	fresh := s.nonces.fresh(c.Params["nonce"], id, host, now)
	if c.Scheme != "digest" || !fresh {
		stale := ""
		if c.Scheme == "digest" {
			stale = ", stale=true"
		}
		// MD5 alone is what all devices know; several challenges confuse old ones.
		s.answer(req, tx, 401, "Unauthorized", sip.NewHeader("WWW-Authenticate", `Digest realm="`+s.o.Realm+`", nonce="`+s.nonces.make(id, host, now)+`", algorithm=MD5`+stale))
		return
	}
	if password := s.password(id); password == "" || c.Params["username"] != id || c.Params["realm"] != s.o.Realm || !c.Valid("REGISTER", password) {
		s.nonces.failed(host, now)
		s.refuse(req, tx, 403, "Forbidden")
		return
	}
	if !s.nonces.use(c.Params["nonce"], now) {
		s.refuse(req, tx, 403, "Forbidden")
		return
	}
	expires := expiresOf(req)
	if !s.enroll(id, req, expires, now) {
		s.refuse(req, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", "600"))
		return
	}
	if expires == 0 {
		for _, p := range s.playsOf(id) {
			s.stopped(p, ErrAway)
		}
	}
	more := []sip.Header{sip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))), sip.NewHeader("Date", now.In(s.o.Zone).Format("2006-01-02T15:04:05.000"))} // devices set their clocks by it
	if contact != nil {
		more = append(more, sip.HeaderClone(contact))
	}
	s.answer(req, tx, 200, "OK", more...)
}

// password is the device's own, or that of all others.
func (s *Server) password(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own, has := s.passwords[id]; has {
		return own.Password
	}
	return s.o.Password
}

// expiresOf is how long a device wants to be registered, within what is granted.
func expiresOf(req *sip.Request) time.Duration {
	text := ""
	if h := req.GetHeader("Expires"); h != nil {
		text = h.Value()
	}
	if c := req.Contact(); c != nil {
		if v, has := c.Params.Get("expires"); has {
			text = v
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	switch {
	case err != nil || n < 0:
		return usualExpires
	case n == 0:
		return 0
	}
	return max(time.Minute, min(time.Duration(min(n, 1<<20))*time.Second, maxExpires))
}

// enroll notes the registration; false where there are too many.
func (s *Server) enroll(id string, req *sip.Request, expires time.Duration, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[id]
	if d == nil {
		if len(s.devices) >= maxDevices {
			return false
		}
		d = &device{channels: map[string]bool{}}
		s.devices[id] = d
	}
	agent := ""
	if h := req.GetHeader("User-Agent"); h != nil {
		agent = strings.ToValidUTF8(digest.Clean(h.Value()), "")
	}
	if r := []rune(agent); len(r) > 100 {
		agent = string(r[:100])
	}
	moved := hostOf(d.Address) != hostOf(req.Source())
	d.Device = camera.Device{ID: id, Address: req.Source(), Transport: sip.NetworkToLower(req.Transport()), Agent: agent, RegisteredAt: now, ExpiresAt: now.Add(expires), HeardAt: now, Gone: expires == 0}
	d.dirty = true
	if !d.Gone && (moved || now.After(d.asked)) {
		s.wantCatalog(d, now)
	}
	return true
}
