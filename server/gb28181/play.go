package gb28181

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"wanglou/server/gb28181/manscdp"
	"wanglou/server/video/nal"
)

// Why a device does not play. Other errors are those of its silence.
var (
	ErrAway    = errors.New("the device is not registered")
	ErrBusy    = errors.New("the device sends all the pictures that it can")
	ErrDenied  = errors.New("the device refuses to send the picture")
	ErrNoVideo = errors.New("the device offers no picture in the form of the standard")
	ErrEnded   = errors.New("the device has ended the picture")
	ErrNoMedia = errors.New("the device has agreed to send, and nothing comes")
	ErrSSRC    = errors.New("the device sends packets of another SSRC than it told")
	ErrNoPort  = errNoPort
)

const (
	answerTime = 10 * time.Second // recorders wake cameras
	byeTime    = 2 * time.Second
)

// Play is a picture that plays. Next is used by one goroutine.
type Play struct {
	s      *Server
	device string
	call   *call
	m      *media
	ctx    context.Context
	end    context.CancelCauseFunc
}

// call is a dialog with a device: what requests within it repeat.
type call struct {
	invite *sip.Request
	answer *sip.Response
	tx     sip.ClientTransaction
}

// Play asks a device for the picture of one of its channels; it plays until ctx ends or Close.
func (s *Server) Play(ctx context.Context, device, channel string) (*Play, error) {
	if !manscdp.ID(device) || !manscdp.ID(channel) {
		return nil, ErrAway
	}
	s.mu.Lock()
	d := s.devices[device]
	if d == nil || d.Gone || s.o.Now().After(d.ExpiresAt) || s.client == nil {
		s.mu.Unlock()
		return nil, ErrAway
	}
	address, transport := d.Address, d.Transport
	s.mu.Unlock()
	host, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	m, err := s.listenMedia()
	if err != nil {
		return nil, err
	}
	p := &Play{s: s, device: device, m: m}
	p.ctx, p.end = context.WithCancelCause(ctx)
	context.AfterFunc(p.ctx, m.close) // what waits is freed
	here, err := s.mediaAddress(address)
	if err != nil {
		p.end(err)
		return nil, err
	}
	ssrc := s.newSSRC()
	req, err := s.inviteRequest(address, transport, channel, here, ssrc, offer(s.o.ID, netip.AddrPortFrom(here, m.port()), s.o.MediaTCP, ssrc))
	if err != nil {
		p.end(err)
		return nil, err
	}
	s.invited.Add(1)
	if p.call, err = s.invite(p.ctx, req); err != nil {
		p.end(err)
		return nil, err
	}
	a := parseAnswer(p.call.answer.Body())
	m.ssrc, m.hosts, m.alive = ssrc, []netip.Addr{host.Addr().Unmap()}, time.Now()
	if a.ssrc != 0 {
		m.ssrc = a.ssrc
	}
	if a.host.IsValid() && s.o.Networks.Allows(a.host) {
		m.hosts = append(m.hosts, a.host)
	}
	s.mu.Lock()
	s.plays[callID(p.call.invite)] = p
	s.mu.Unlock()
	if a.refused {
		_ = p.Close()
		return nil, ErrNoVideo
	}
	return p, nil
}

// Next returns the next picture.
func (p *Play) Next() (*nal.Unit, error) { return p.m.next(p.ctx) }

// Close tells the device that the picture is not wanted any more.
func (p *Play) Close() error {
	p.s.mu.Lock()
	_, playing := p.s.plays[callID(p.call.invite)]
	delete(p.s.plays, callID(p.call.invite))
	p.s.mu.Unlock()
	p.end(net.ErrClosed)
	defer p.call.tx.Terminate()
	if !playing { // the device ended it
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), byeTime)
	defer cancel()
	return p.s.bye(ctx, p.call, p.s.whereabouts(p.device, p.call.invite))
}

// whereabouts is where a device was last heard from, if it speaks as it did when it was asked: networks translate ports, and connections are made anew.
func (s *Server) whereabouts(device string, asked *sip.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.devices[device]; d != nil && sip.NetworkToUpper(d.Transport) == asked.Transport() && hostOf(d.Address) == hostOf(asked.Destination()) {
		return d.Address
	}
	return asked.Destination()
}

// stopped ends a picture because of its device; Next tells why.
func (s *Server) stopped(p *Play, why error) {
	s.mu.Lock()
	delete(s.plays, callID(p.call.invite))
	s.mu.Unlock()
	p.end(why)
}

// playsOf lists the pictures of a device, or of all devices. The lock is not held.
func (s *Server) playsOf(device string) (out []*Play) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.plays {
		if device == "" || p.device == device {
			out = append(out, p)
		}
	}
	return out
}

// newSSRC makes the number by which packets of a picture are known: 0 for live, five digits of the platform's domain, four of its own.
func (s *Server) newSSRC() uint32 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	domain, _ := strconv.ParseUint(s.o.ID[3:8], 10, 32)
	return uint32(domain)*10_000 + uint32(binary.BigEndian.Uint16(b[:]))%9_999 + 1 // #nosec G115 -- five digits
}

// mediaAddress is where a device sends to: what is configured, else the address of this machine that the device is reached from.
func (s *Server) mediaAddress(device string) (netip.Addr, error) {
	if s.o.MediaAddress.IsValid() {
		return s.o.MediaAddress, nil
	}
	c, err := net.Dial("udp", device) // sends nothing
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close() //nolint:errcheck // nothing was sent
	at, err := netip.ParseAddrPort(c.LocalAddr().String())
	return at.Addr().Unmap(), err
}

func (s *Server) inviteRequest(address, transport, channel string, here netip.Addr, ssrc uint32, body []byte) (*sip.Request, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: channel, Host: host, Port: n})
	req.SetTransport(sip.NetworkToUpper(transport))
	req.SetDestination(address)
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: s.o.ID, Host: s.o.Realm}}
	from.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: channel, Host: s.o.Realm}})
	req.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: s.o.ID, Host: here.String(), Port: int(s.listens.Load())}})
	req.AppendHeader(sip.NewHeader("Subject", fmt.Sprintf("%s:%010d,%s:0", channel, ssrc, s.o.ID)))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(body)
	return req, nil
}

// invite sends the request and waits for the last answer, which it acknowledges. Who stops waiting takes the question back.
func (s *Server) invite(ctx context.Context, req *sip.Request) (*call, error) {
	tx, err := s.client.TransactionRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	c := &call{invite: req, tx: tx}
	waiting, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for heard := false; ; {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				heard = true
				continue
			case res.IsSuccess():
				c.answer = res
				if err := s.acknowledge(c); err != nil {
					tx.Terminate()
					return nil, err
				}
				return c, nil
			}
			tx.Terminate()
			return nil, refusal(res.StatusCode)
		case <-tx.Done():
			return nil, fmt.Errorf("no answer: %w", tx.Err())
		case <-waiting.Done():
			go s.takeBack(c, heard)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, context.DeadlineExceeded
		}
	}
}

// refusal is what a status says that is no success.
func refusal(status int) error {
	switch status {
	case 486, 503, 600:
		return fmt.Errorf("%w: status %d", ErrBusy, status)
	}
	return fmt.Errorf("%w: status %d", ErrDenied, status)
}

// within makes a request of the dialog. It goes where the device is known to be, whatever its Contact says.
func (c *call) within(method sip.RequestMethod, seq uint32) *sip.Request {
	req := sip.NewRequest(method, *c.invite.Recipient.Clone())
	req.SetTransport(c.invite.Transport())
	req.SetDestination(c.invite.Destination())
	if c.answer != nil {
		if contact := c.answer.Contact(); contact != nil {
			req.Recipient = *contact.Address.Clone()
		}
	}
	to := sip.Header(c.invite.To())
	if c.answer != nil && c.answer.To() != nil {
		to = c.answer.To()
	}
	for _, h := range []sip.Header{c.invite.From(), to, c.invite.CallID()} {
		req.AppendHeader(sip.HeaderClone(h))
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	return req
}

func (s *Server) acknowledge(c *call) error {
	seq := c.invite.CSeq().SeqNo
	send := func() error { return s.client.WriteRequest(c.within(sip.ACK, seq)) }
	c.tx.OnRetransmission(func(*sip.Response) { _ = send() }) // it did not hear the one before
	return send()
}

func (s *Server) bye(ctx context.Context, c *call, address string) error {
	req := c.within(sip.BYE, c.invite.CSeq().SeqNo+1)
	req.SetDestination(address)
	res, err := s.client.Do(ctx, req)
	if err == nil && !res.IsSuccess() && res.StatusCode != 481 {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return err
}

// takeBack ends a question that nobody waits for any more: a device that answers it nevertheless is told so.
func (s *Server) takeBack(c *call, heard bool) {
	defer c.tx.Terminate()
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	if heard {
		req := c.within(sip.CANCEL, c.invite.CSeq().SeqNo)
		req.Recipient = *c.invite.Recipient.Clone()
		req.PrependHeader(sip.HeaderClone(c.invite.Via()))
		go func() { _, _ = s.client.Do(ctx, req) }()
	}
	for {
		select {
		case res := <-c.tx.Responses():
			if res.IsSuccess() {
				c.answer = res
				_ = s.acknowledge(c)
				_ = s.bye(ctx, c, c.invite.Destination())
				return
			}
			if !res.IsProvisional() {
				return
			}
		case <-c.tx.Done():
			return
		case <-ctx.Done():
			return
		}
	}
}

// byeOf takes BYE of a device, for a picture that it sends.
func (s *Server) byeOf(_ context.Context, req *sip.Request, tx sip.ServerTransaction) {
	s.mu.Lock()
	p := s.plays[callID(req)]
	s.mu.Unlock()
	if p == nil || hostOf(req.Source()) != hostOf(p.call.invite.Destination()) {
		s.refuse(req, tx, 481, "Call/Transaction Does Not Exist")
		return
	}
	s.answer(req, tx, 200, "OK")
	s.stopped(p, ErrEnded)
}

func callID(req *sip.Request) string {
	if h := req.CallID(); h != nil {
		return h.Value()
	}
	return ""
}
