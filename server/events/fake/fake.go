// Package fake is cameras for tests and demonstrations: they tell events as Hikvision's, Dahua's and ONVIF's do, to whoever knows the password.
package fake

import (
	"crypto/sha1" //nolint:gosec // as WS-UsernameToken asks for
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"wanglou/server/digest"
)

// Camera is a device of all three protocols. It is an http.Handler, safe for concurrent use.
type Camera struct {
	User, Password string
	Ahead          time.Duration // of its clock

	mu      sync.Mutex
	listen  map[chan []byte]bool // streams that are open
	snaps   map[chan []byte]bool // the same, of pictures (Dahua)
	renewed int
	passed  time.Duration // of its clock beyond Ahead
	waiting []string      // notifications of ONVIF that nobody has pulled since they were told; what was handed out is forgotten with the next pull
	handed  int
	news    chan struct{}
	opened  int
	left    int // unsubscribed
	pulling int
}

// New returns a camera that asks for a login.
func New(user, password string) *Camera {
	return &Camera{User: user, Password: password, listen: map[chan []byte]bool{}, snaps: map[chan []byte]bool{}, news: make(chan struct{})}
}

// Opened is how many streams and subscriptions were begun.
func (c *Camera) Opened() int { c.mu.Lock(); defer c.mu.Unlock(); return c.opened }

// Listening is how many streams are open.
func (c *Camera) Listening() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.listen) }

// Snapping is how many streams of pictures are open.
func (c *Camera) Snapping() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.snaps) }

// Pass moves its clock on.
func (c *Camera) Pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.passed += d }

func (c *Camera) ahead() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.Ahead + c.passed }

// Renewed is how often a subscription was renewed.
func (c *Camera) Renewed() int { c.mu.Lock(); defer c.mu.Unlock(); return c.renewed }

// Pulling is how many pulls wait for something to be told.
func (c *Camera) Pulling() int { c.mu.Lock(); defer c.mu.Unlock(); return c.pulling }

// Left is how many subscriptions were let go of.
func (c *Camera) Left() int { c.mu.Lock(); defer c.mu.Unlock(); return c.left }

// Alert tells an event as Hikvision's do, with a picture behind it where there is one.
func (c *Camera) Alert(channel int, event, state string, at time.Time, picture []byte) {
	c.Part("application/xml; charset=\"UTF-8\"", fmt.Appendf(nil, `<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><ipAddress>127.0.0.1</ipAddress><channelID>%d</channelID><dateTime>%s</dateTime><activePostCount>1</activePostCount><eventType>%s</eventType><eventState>%s</eventState><eventDescription>%s alarm</eventDescription></EventNotificationAlert>`,
		channel, at.Format(time.RFC3339), event, state, event))
	if picture != nil {
		c.Part("image/jpeg", picture)
	}
}

// Code tells an event as Dahua's do.
func (c *Camera) Code(index int, code, action, data string) {
	if data != "" {
		data = ";data=" + data
	}
	c.Part("text/plain", fmt.Appendf(nil, "Code=%s;action=%s;index=%d%s", code, action, index, data))
}

// Snap tells an event with its picture as Dahua's snapManager does.
func (c *Camera) Snap(index int, code string, picture []byte) {
	text := fmt.Appendf(nil, "Events[0].EventBaseInfo.Code=%s\r\nEvents[0].EventBaseInfo.Action=Start\r\nEvents[0].EventBaseInfo.Index=%d\r\nEvents[0].TrafficCar.PlateNumber=X\r\n", code, index)
	c.send(c.snaps, part("text/plain", text))
	c.send(c.snaps, part("image/jpeg", picture))
}

// Part sends one part to all who listen.
func (c *Camera) Part(kind string, body []byte) {
	c.Raw(part(kind, body))
}

func part(kind string, body []byte) []byte {
	return append(fmt.Appendf(nil, "--fake\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", kind, len(body)), append(body, "\r\n"...)...)
}

// Raw sends bytes to all who listen; who reads slowly is waited for.
func (c *Camera) Raw(b []byte) { c.send(c.listen, b) }

func (c *Camera) send(all map[chan []byte]bool, b []byte) {
	c.mu.Lock()
	to := make([]chan []byte, 0, len(all))
	for l := range all {
		to = append(to, l)
	}
	c.mu.Unlock()
	for _, l := range to {
		select {
		case l <- b:
		case <-time.After(10 * time.Second):
		}
	}
}

// Cut ends all streams.
func (c *Camera) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, all := range []map[chan []byte]bool{c.listen, c.snaps} {
		for l := range all {
			delete(all, l)
			close(l)
		}
	}
}

// Notify tells an event as ONVIF's do: it waits until somebody pulls it, and again until that pull was followed by another one.
func (c *Camera) Notify(topic, token, state string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, fmt.Sprintf(`<wsnt:NotificationMessage><wsnt:Topic>%s</wsnt:Topic><wsnt:Message><tt:Message UtcTime="%s" PropertyOperation="Changed"><tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="%s"/></tt:Source><tt:Data><tt:SimpleItem Name="State" Value="%s"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`,
		topic, at.UTC().Format("2006-01-02T15:04:05Z"), token, state))
	close(c.news)
	c.news = make(chan struct{})
}

// ServeHTTP implements http.Handler.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/ISAPI/Event/notification/alertStream":
		c.stream(w, r, c.listen, "multipart/mixed; boundary=fake")
	case r.URL.Path == "/cgi-bin/eventManager.cgi" && r.URL.Query().Get("action") == "attach":
		c.stream(w, r, c.listen, "multipart/x-mixed-replace; boundary=fake")
	case r.URL.Path == "/cgi-bin/snapManager.cgi" && r.URL.Query().Get("action") == "attachFileProc":
		c.stream(w, r, c.snaps, "multipart/x-mixed-replace; boundary=fake")
	case strings.HasPrefix(r.URL.Path, "/onvif/") && r.Method == http.MethodPost:
		c.onvif(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (c *Camera) stream(w http.ResponseWriter, r *http.Request, all map[chan []byte]bool, kind string) {
	given := digest.Parse(r.Header.Get("Authorization"))
	if given.Params["username"] != c.User || !given.Valid(r.Method, c.Password) || given.Params["uri"] != r.URL.RequestURI() {
		w.Header().Set("WWW-Authenticate", `Digest realm="fake", nonce="`+strconv.FormatInt(time.Now().UnixNano(), 36)+`", qop="auth"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	own := make(chan []byte)
	c.mu.Lock()
	all[own] = true
	if r.URL.Path != "/cgi-bin/snapManager.cgi" {
		c.opened++
	}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(all, own)
	}()
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	for {
		select {
		case b, more := <-own:
			if !more {
				return
			}
			if _, err := w.Write(b); err != nil {
				return
			}
			_ = flush.Flush()
		case <-r.Context().Done():
			return
		}
	}
}

const open = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>`

var inSeconds = regexp.MustCompile(`<Timeout>PT([0-9]+)S</Timeout>`)

func (c *Camera) onvif(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return
	}
	asked := string(b)
	answer := func(status int, body string) {
		w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, open+body+`</s:Body></s:Envelope>`)
	}
	if strings.Contains(asked, "GetSystemDateAndTime") {
		now := time.Now().Add(c.ahead()).UTC()
		answer(200, fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
			now.Hour(), now.Minute(), now.Second(), now.Year(), now.Month(), now.Day()))
		return
	}
	if !c.knows(b) {
		answer(400, `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>`)
		return
	}
	switch {
	case strings.Contains(asked, "<GetCapabilities"):
		answer(200, `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Events><tt:XAddr>http://192.0.2.1/onvif/events</tt:XAddr></tt:Events></tds:Capabilities></tds:GetCapabilitiesResponse>`)
	case strings.Contains(asked, "<CreatePullPointSubscription"):
		c.mu.Lock()
		c.opened++
		c.handed = 0
		c.mu.Unlock()
		answer(200, `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://192.0.2.1/onvif/pull</wsa:Address></tev:SubscriptionReference></tev:CreatePullPointSubscriptionResponse>`)
	case strings.Contains(asked, "<PullMessages"):
		answer(200, `<tev:PullMessagesResponse>`+c.pulled(r, asked)+`</tev:PullMessagesResponse>`)
	case strings.Contains(asked, "<Unsubscribe"):
		c.mu.Lock()
		c.left++
		c.mu.Unlock()
		answer(200, `<wsnt:UnsubscribeResponse/>`)
	default:
		c.mu.Lock()
		c.renewed++
		c.mu.Unlock()
		answer(200, `<wsnt:RenewResponse/>`)
	}
}

func (c *Camera) pulled(r *http.Request, asked string) string {
	patience := time.Second
	if m := inSeconds.FindStringSubmatch(asked); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits
		patience = time.Duration(n) * time.Second
	}
	c.mu.Lock()
	c.waiting, c.handed = c.waiting[c.handed:], 0
	c.pulling++
	defer func() { c.mu.Lock(); defer c.mu.Unlock(); c.pulling-- }()
	for len(c.waiting) == 0 {
		news := c.news
		c.mu.Unlock()
		select {
		case <-news:
		case <-time.After(patience):
			return ""
		case <-r.Context().Done():
			return ""
		}
		c.mu.Lock()
	}
	c.handed = len(c.waiting)
	told := strings.Join(c.waiting, "")
	c.mu.Unlock()
	return told
}

// knows reports whether a message has the digest of the password, of about now by the camera's clock.
func (c *Camera) knows(b []byte) bool {
	var m struct {
		Token struct {
			User    string `xml:"Username"`
			Digest  string `xml:"Password"`
			Nonce   string `xml:"Nonce"`
			Created string `xml:"Created"`
		} `xml:"Header>Security>UsernameToken"`
	}
	if xml.Unmarshal(b, &m) != nil || m.Token.User != c.User {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(m.Token.Nonce)
	at, wrong := time.Parse(time.RFC3339, m.Token.Created)
	sum := sha1.Sum([]byte(string(nonce) + m.Token.Created + c.Password)) //nolint:gosec // as above
	return err == nil && wrong == nil && time.Since(at.Add(-c.ahead())).Abs() < time.Minute && m.Token.Digest == base64.StdEncoding.EncodeToString(sum[:])
}
