package recorder

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"wanglou/server/video/rtp"
)

// call is a platform that looks at a channel.
type call struct {
	id      string
	invite  *Message
	channel string
	address string // that it sends to
	tcp     bool
	ssrc    uint32
	stop    context.CancelFunc
	ctx     context.Context
	acked   bool
}

// invited answers INVITE: as it is told to, or with its picture, once it is acknowledged.
func (r *Recorder) invited(m *Message) {
	host, port, y := "", "", ""
	tcp := false
	for line := range strings.Lines(string(m.Body)) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			host = v
		}
		if f := strings.Fields(line); strings.HasPrefix(line, "m=video ") && len(f) > 2 {
			port, tcp = f[1], strings.HasPrefix(f[2], "TCP/")
		}
		if v, ok := strings.CutPrefix(line, "y="); ok {
			y = v
		}
	}
	if n := r.Refuse.Load(); n > 0 {
		r.respond(m, strconv.Itoa(int(n))+" No", "", nil)
		return
	}
	if r.Deaf.Load() {
		return
	}
	n, err := strconv.ParseUint(y, 10, 32)
	if err != nil || host == "" || port == "" || r.Pictures == nil {
		r.respond(m, "488 Not Acceptable Here", "", nil)
		return
	}
	c := &call{id: m.Header.Get("Call-Id"), invite: m, channel: between(m.First, "sip:", "@"), address: net.JoinHostPort(host, port), tcp: tcp, ssrc: uint32(n)}
	if own := r.SSRC.Load(); own != 0 {
		c.ssrc = own
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	r.mu.Lock()
	if r.calls == nil {
		r.calls = map[string]*call{}
	}
	if old := r.calls[c.id]; old == nil { // else it asks again
		r.calls[c.id] = c
	}
	r.mu.Unlock()
	here, _, _ := net.SplitHostPort(r.conn.LocalAddr().String())
	profile, setup := "RTP/AVP", ""
	if tcp {
		profile, setup = "TCP/RTP/AVP", "a=setup:active\r\n"
	}
	r.respond(m, "200 OK", ";tag=rec", fmt.Appendf(nil, "v=0\r\no=%s 0 0 IN IP4 %s\r\ns=Play\r\nc=IN IP4 %s\r\nt=0 0\r\nm=video 15060 %s 96\r\n%sa=sendonly\r\na=rtpmap:96 PS/90000\r\ny=%010d\r\n",
		c.channel, here, here, profile, setup, c.ssrc))
}

// acknowledged begins to send.
func (r *Recorder) acknowledged(m *Message) {
	r.mu.Lock()
	c := r.calls[m.Header.Get("Call-Id")]
	begins := c != nil && !c.acked
	if begins {
		c.acked = true
	}
	r.mu.Unlock()
	if begins {
		go r.play(c)
	}
}

// Playing is how many look at it now.
func (r *Recorder) Playing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

// hungUp takes BYE.
func (r *Recorder) hungUp(m *Message) {
	r.ended(m.Header.Get("Call-Id"))
	r.respond(m, "200 OK", "", nil)
}

func (r *Recorder) ended(id string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[id]
	if c != nil {
		c.stop()
		delete(r.calls, id)
	}
	return c
}

// HangUp ends all pictures, as a device that is switched off in good order.
func (r *Recorder) HangUp(ctx context.Context) error {
	r.mu.Lock()
	ids := make([]string, 0, len(r.calls))
	for id := range r.calls {
		ids = append(ids, id)
	}
	r.mu.Unlock()
	for _, id := range ids {
		c := r.ended(id)
		// Within the dialog: the sides are changed.
		from, to := c.invite.Header.Get("To")+";tag=rec", c.invite.Header.Get("From")
		m, err := r.exchange(ctx, id, fmt.Appendf(nil, "BYE sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKbye%d\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			r.Server, r.Server[:10], r.network, r.conn.LocalAddr(), r.seq.Add(1), from, to, id))
		if err != nil {
			return err
		}
		if m.Code() != 200 {
			return fmt.Errorf("BYE was answered with %q", m.First)
		}
	}
	return nil
}

// play sends pictures until the call ends.
func (r *Recorder) play(c *call) {
	network := "udp"
	if c.tcp {
		network = "tcp"
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(c.ctx, network, c.address)
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	pictures := r.Pictures.watch()
	defer r.Pictures.leave(pictures)
	ssrc := c.ssrc
	if n := r.Sends.Load(); n != 0 {
		ssrc = n
	}
	var seq uint16
	for {
		select {
		case <-c.ctx.Done():
			return
		case one := <-pictures:
			if r.Mute.Load() {
				continue
			}
			if seq, err = send(conn, c.tcp, one, seq, ssrc); err != nil && c.tcp {
				return
			}
		}
	}
}

func send(w io.Writer, tcp bool, one picture, seq uint16, ssrc uint32) (uint16, error) {
	for all := one.pack(); len(all) > 0; seq++ {
		n := min(len(all), 1400)
		var b []byte
		if tcp {
			b = binary.BigEndian.AppendUint16(b, uint16(12+n)) // #nosec G115 -- under 1500
		}
		b = rtp.Append(b, rtp.Packet{Marker: n == len(all), Seq: seq, Time: one.time, SSRC: ssrc, Payload: all[:n]})
		if _, err := w.Write(b); err != nil {
			return seq, err
		}
		all = all[n:]
	}
	return seq, nil
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
