// Package recorder is a simulated recorder of GB/T 28181, for tests, benches and the demo county: it registers, tells that it lives, answers for its catalogue page by
// page, raises alarms and plays pictures. It speaks SIP by itself, so that both sides do not share a mistake.
package recorder

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wanglou/layers/camera"
	"wanglou/server/digest"
)

// Recorder is one device. Its fields are set before it dials.
type Recorder struct {
	ID, Password, Server string
	Channels             []string // <Item> elements of its catalogue, in UTF-8; sent as GB 18030
	PageSize             int      // entries of one message; default 2

	Pictures *Pictures     // what its cameras show when they are asked; nil: nothing
	SSRC     atomic.Uint32 // that it answers with, whatever it was asked for
	Sends    atomic.Uint32 // that it sends with, whatever it has answered
	Refuse   atomic.Int32  // a status that it answers INVITE with
	Deaf     atomic.Bool   // it does not answer INVITE
	Mute     atomic.Bool   // it sends no packets

	conn     net.Conn
	network  string
	seq      atomic.Int64
	mu       sync.Mutex
	waiting  map[string]chan *Message
	calls    map[string]*call // by Call-ID
	Controls chan string      // bodies of what its cameras were told to do; nil: nobody reads them
	Answers  chan string      // bodies of what the platform answered to alarms; nil: nobody reads them
}

// Message is one that was read.
type Message struct {
	First  string // its first line
	Header textproto.MIMEHeader
	Body   []byte
}

// Code is the status of a response, 0 of a request.
func (m *Message) Code() int {
	f := strings.Fields(m.First)
	if len(f) < 2 || f[0] != "SIP/2.0" {
		return 0
	}
	n, _ := strconv.Atoi(f[1])
	return n
}

// Dial connects over "udp" or "tcp"; the recorder answers questions until it is closed.
func (r *Recorder) Dial(ctx context.Context, network, address string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	r.conn, r.network, r.waiting = c, strings.ToUpper(network), map[string]chan *Message{}
	go r.read()
	return nil
}

// Close ends it, without a farewell.
func (r *Recorder) Close() error {
	r.mu.Lock()
	for id, c := range r.calls {
		c.stop()
		delete(r.calls, id)
	}
	r.mu.Unlock()
	return r.conn.Close()
}

func (r *Recorder) read() {
	packet := make([]byte, 64<<10)
	stream := bufio.NewReader(r.conn)
	for {
		in := stream
		if r.network == "UDP" {
			n, err := r.conn.Read(packet)
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return
				}
				continue
			}
			in = bufio.NewReader(bytes.NewReader(packet[:n]))
		}
		m, err := Read(in)
		if err != nil {
			if r.network == "UDP" {
				continue
			}
			return
		}
		r.take(m)
	}
}

// Read reads one message.
func Read(in *bufio.Reader) (*Message, error) {
	t := textproto.NewReader(in)
	first, err := t.ReadLine()
	if err != nil {
		return nil, err
	}
	m := &Message{First: first}
	if m.Header, err = t.ReadMIMEHeader(); err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(m.Header.Get("Content-Length")))
	if n < 0 || n > 1<<20 {
		return nil, fmt.Errorf("%d bytes", n)
	}
	m.Body = make([]byte, n)
	_, err = io.ReadFull(in, m.Body)
	return m, err
}

var number = regexp.MustCompile(`<SN>(\d+)</SN>`)

func (r *Recorder) take(m *Message) {
	if m.Code() > 0 {
		r.mu.Lock()
		w := r.waiting[m.Header.Get("Call-Id")]
		r.mu.Unlock()
		if w != nil && m.Code() >= 200 {
			select {
			case w <- m:
			default: // told twice
			}
		}
		return
	}
	switch method, _, _ := strings.Cut(m.First, " "); method {
	case "INVITE":
		r.invited(m)
		return
	case "ACK":
		r.acknowledged(m)
		return
	case "BYE":
		r.hungUp(m)
		return
	}
	r.respond(m, "200 OK", "", nil)
	switch sn := number.FindSubmatch(m.Body); {
	case sn == nil:
	case bytes.Contains(m.Body, []byte("<Response>")):
		if r.Answers != nil {
			r.Answers <- string(m.Body)
		}
	case bytes.Contains(m.Body, []byte("<CmdType>DeviceControl<")):
		if r.Controls != nil {
			r.Controls <- string(m.Body)
		}
	case bytes.Contains(m.Body, []byte("<CmdType>DeviceInfo<")) && !r.Mute.Load():
		go r.about("DeviceInfo", string(sn[1]), "<DeviceName>模拟录像机</DeviceName><Manufacturer>Simulated</Manufacturer><Model>R-2</Model><Firmware>1.0</Firmware><Channel>"+strconv.Itoa(len(r.Channels))+"</Channel>")
	case bytes.Contains(m.Body, []byte("<CmdType>DeviceStatus<")) && !r.Mute.Load():
		go r.about("DeviceStatus", string(sn[1]), "<Online>ONLINE</Online><Status>OK</Status><Encode>ON</Encode><Record>OFF</Record><DeviceTime>2026-05-01T08:00:00</DeviceTime>")
	case bytes.Contains(m.Body, []byte("<CmdType>Catalog<")):
		go r.catalog(string(sn[1]))
	}
}

// respond answers a request; tag is added to its To.
func (r *Recorder) respond(m *Message, status, tag string, body []byte) {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for _, name := range []string{"Via", "From", "To", "Call-Id", "Cseq"} {
		for _, v := range m.Header.Values(name) {
			if name == "To" && !strings.Contains(v, "tag=") {
				v += tag
			}
			b.WriteString(name + ": " + v + "\r\n")
		}
	}
	if body != nil {
		b.WriteString("Content-Type: Application/SDP\r\nContact: <sip:" + r.ID + "@" + r.conn.LocalAddr().String() + ">\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	_, _ = io.WriteString(r.conn, b.String())
}

// about answers what it is asked of itself.
func (r *Recorder) about(kind, sn, what string) {
	_, _ = r.Tell(context.Background(), `<?xml version="1.0" encoding="GB2312"?><Response><CmdType>`+kind+`</CmdType><SN>`+sn+`</SN><DeviceID>`+r.ID+`</DeviceID><Result>OK</Result>`+what+`</Response>`) // the platform asks again
}

func (r *Recorder) catalog(sn string) {
	size := max(r.PageSize, 2)
	for i := 0; i < len(r.Channels); i += size {
		page := r.Channels[i:min(i+size, len(r.Channels))]
		_, _ = r.Tell(context.Background(), fmt.Sprintf(`<?xml version="1.0" encoding="GB2312"?><Response><CmdType>Catalog</CmdType><SN>%s</SN><DeviceID>%s</DeviceID><SumNum>%d</SumNum><DeviceList Num="%d">%s</DeviceList></Response>`,
			sn, r.ID, len(r.Channels), len(page), strings.Join(page, ""))) // the platform asks again
	}
}

// Do sends one request and waits for its answer. More are header lines.
func (r *Recorder) Do(ctx context.Context, method string, body []byte, more ...string) (*Message, error) {
	n := r.seq.Add(1)
	call := fmt.Sprintf("%s-%d", r.ID, n)
	return r.exchange(ctx, call, r.request(method, call, n, body, more))
}

// exchange sends a request and waits for the answer of its Call-ID.
func (r *Recorder) exchange(ctx context.Context, call string, request []byte) (*Message, error) {
	w := make(chan *Message, 1)
	r.mu.Lock()
	r.waiting[call] = w
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.waiting, call)
		r.mu.Unlock()
	}()
	if _, err := r.conn.Write(request); err != nil {
		return nil, err
	}
	select {
	case m := <-w:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *Recorder) request(method, call string, n int64, body []byte, more []string) []byte {
	var b bytes.Buffer
	here := r.conn.LocalAddr().String()
	fmt.Fprintf(&b, "%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bK%s\r\nFrom: <sip:%s@%s>;tag=%d\r\nTo: <sip:%s@%s>\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:%s@%s>\r\nMax-Forwards: 70\r\nUser-Agent: Simulated recorder\r\n",
		method, r.Server, r.Server[:10], r.network, here, call, r.ID, r.Server[:10], n, r.ID, r.Server[:10], call, n, method, r.ID, here)
	for _, line := range more {
		b.WriteString(line + "\r\n")
	}
	if len(body) > 0 {
		b.WriteString("Content-Type: Application/MANSCDP+xml\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.Bytes()
}

// Register answers the challenge; it returns the last status. Expires 0 takes leave.
func (r *Recorder) Register(ctx context.Context, expires int) (int, error) {
	line := "Expires: " + strconv.Itoa(expires)
	m, err := r.Do(ctx, "REGISTER", nil, line)
	if err != nil || m.Code() != 401 {
		return code(m), err
	}
	m, err = r.Do(ctx, "REGISTER", nil, line, "Authorization: "+r.Authorize(m))
	return code(m), err
}

// Authorize answers a challenge.
func (r *Recorder) Authorize(m *Message) string {
	return digest.Parse(m.Header.Get("Www-Authenticate")).Digest("REGISTER", "sip:"+r.Server+"@"+r.Server[:10], camera.Login{User: r.ID, Password: r.Password}, "c")
}

// Tell sends a body as GB 18030 and returns the status.
func (r *Recorder) Tell(ctx context.Context, body string) (int, error) {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(body))
	if err != nil {
		return 0, err
	}
	m, err := r.Do(ctx, "MESSAGE", b)
	return code(m), err
}

// Keepalive tells that it lives.
func (r *Recorder) Keepalive(ctx context.Context) (int, error) { return r.Tell(ctx, KeepaliveOf(r.ID)) }

// KeepaliveOf is what a device tells that lives.
func KeepaliveOf(id string) string {
	return `<?xml version="1.0"?><Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>` + id + `</DeviceID><Status>OK</Status></Notify>`
}

// AlarmOf is an alarm of a channel.
func AlarmOf(channel, at, text string) string {
	return `<?xml version="1.0" encoding="GB2312"?><Notify><CmdType>Alarm</CmdType><SN>9</SN><DeviceID>` + channel + `</DeviceID><AlarmPriority>1</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmTime>` + at +
		`</AlarmTime><AlarmDescription>` + text + `</AlarmDescription><Info><AlarmType>6</AlarmType></Info></Notify>`
}

func code(m *Message) int {
	if m == nil {
		return 0
	}
	return m.Code()
}
