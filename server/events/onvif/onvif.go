// Package onvif writes and reads the few messages of ONVIF that events need: a pull point is made, pulled, renewed and let go of (WS-BaseNotification, SOAP 1.2), with a
// WS-UsernameToken whose password is digested.
package onvif

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what the profile of WS-UsernameToken asks for
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers/alarm"
	"wanglou/layers/camera"
)

// DevicePath is where devices are asked where their events are, when their address says nothing else.
const DevicePath = "/onvif/device_service"

// Times of a pull point.
const (
	Lifetime = 2 * time.Minute  // of a subscription that nobody renews
	Patience = 20 * time.Second // that one pull waits for events
	MaxBody  = 1 << 20
	most     = 100 // events of one pull
)

// ContentType of all messages.
const ContentType = `application/soap+xml; charset=utf-8`

// ErrMessage is the error of an answer that is not what was asked for.
var ErrMessage = errors.New("not an answer of ONVIF")

// ErrLogin is the error of a login that is refused.
var ErrLogin = errors.New("user or password is refused")

const (
	addressing = `http://www.w3.org/2005/08/addressing`
	events     = `http://www.onvif.org/ver10/events/wsdl`
	notify     = `http://docs.oasis-open.org/wsn/b-2`
)

// Stamp is what makes a login's digest one of a moment.
type Stamp struct {
	Nonce [16]byte
	Now   time.Time // by the device's clock
}

// NewStamp returns a stamp of a moment.
func NewStamp(now time.Time) Stamp {
	s := Stamp{Now: now}
	_, _ = rand.Read(s.Nonce[:]) // never fails
	return s
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}

// envelope wraps a body, with who asks and, where to is said, what is asked of whom.
func envelope(l camera.Login, at Stamp, to, action, body string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>`)
	if l != (camera.Login{}) {
		created := at.Now.UTC().Format("2006-01-02T15:04:05Z")
		sum := sha1.Sum([]byte(string(at.Nonce[:]) + created + l.Password)) //nolint:gosec // as above
		b.WriteString(`<Security s:mustUnderstand="1" xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><UsernameToken><Username>` + escape(l.User) +
			`</Username><Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">` + base64.StdEncoding.EncodeToString(sum[:]) +
			`</Password><Nonce EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">` + base64.StdEncoding.EncodeToString(at.Nonce[:]) +
			`</Nonce><Created xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">` + created + `</Created></UsernameToken></Security>`)
	}
	if action != "" {
		b.WriteString(`<a:Action xmlns:a="` + addressing + `" s:mustUnderstand="1">` + action + `</a:Action><a:To xmlns:a="` + addressing + `">` + escape(to) + `</a:To>`)
	}
	b.WriteString(`</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
	return []byte(b.String())
}

// AskClock asks for the device's time; that needs no login.
func AskClock() []byte {
	return envelope(camera.Login{}, Stamp{}, "", "", `<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>`)
}

// AskEvents asks where the device's events are.
func AskEvents(l camera.Login, at Stamp) []byte {
	return envelope(l, at, "", "", `<GetCapabilities xmlns="http://www.onvif.org/ver10/device/wsdl"><Category>Events</Category></GetCapabilities>`)
}

// Subscribe makes a pull point.
func Subscribe(l camera.Login, at Stamp, to string) []byte {
	return envelope(l, at, to, events+"/EventPortType/CreatePullPointSubscriptionRequest",
		`<CreatePullPointSubscription xmlns="`+events+`"><InitialTerminationTime>PT2M</InitialTerminationTime></CreatePullPointSubscription>`)
}

// Pull waits for events.
func Pull(l camera.Login, at Stamp, to string) []byte {
	return envelope(l, at, to, events+"/PullPointSubscription/PullMessagesRequest", `<PullMessages xmlns="`+events+`"><Timeout>PT20S</Timeout><MessageLimit>100</MessageLimit></PullMessages>`)
}

// Renew lets the subscription live on.
func Renew(l camera.Login, at Stamp, to string) []byte {
	return envelope(l, at, to, notify+"w-2/SubscriptionManager/RenewRequest", `<Renew xmlns="`+notify+`"><TerminationTime>PT2M</TerminationTime></Renew>`)
}

// Unsubscribe lets go of the subscription.
func Unsubscribe(l camera.Login, at Stamp, to string) []byte {
	return envelope(l, at, to, notify+"w-2/SubscriptionManager/UnsubscribeRequest", `<Unsubscribe xmlns="`+notify+`"/>`)
}

// answer is whichever of the answers came.
type answer struct {
	XMLName xml.Name `xml:"Envelope"`
	Body    struct {
		Fault *struct {
			Code struct {
				Value   string `xml:"Value"`
				Subcode struct {
					Value   string `xml:"Value"`
					Subcode struct {
						Value string `xml:"Value"`
					} `xml:"Subcode"`
				} `xml:"Subcode"`
			} `xml:"Code"`
		} `xml:"Fault"`
		Clock *struct {
			UTC *struct {
				Year   int `xml:"Date>Year"`
				Month  int `xml:"Date>Month"`
				Day    int `xml:"Date>Day"`
				Hour   int `xml:"Time>Hour"`
				Minute int `xml:"Time>Minute"`
				Second int `xml:"Time>Second"`
			} `xml:"SystemDateAndTime>UTCDateTime"`
		} `xml:"GetSystemDateAndTimeResponse"`
		Events   string  `xml:"GetCapabilitiesResponse>Capabilities>Events>XAddr"`
		Manager  string  `xml:"CreatePullPointSubscriptionResponse>SubscriptionReference>Address"`
		Messages *pulled `xml:"PullMessagesResponse"`
	} `xml:"Body"`
}

type pulled struct {
	All []struct {
		Topic   string `xml:"Topic"`
		Message struct {
			Time      string `xml:"UtcTime,attr"`
			Operation string `xml:"PropertyOperation,attr"`
			Source    []item `xml:"Source>SimpleItem"`
			Data      []item `xml:"Data>SimpleItem"`
		} `xml:"Message>Message"`
	} `xml:"NotificationMessage"`
}

type item struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:"Value,attr"`
}

func read(body []byte) (*answer, error) {
	if len(body) > MaxBody {
		return nil, ErrMessage
	}
	var a answer
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	if err := d.Decode(&a); err != nil {
		return nil, ErrMessage
	}
	if f := a.Body.Fault; f != nil {
		for _, code := range []string{f.Code.Subcode.Value, f.Code.Subcode.Subcode.Value} {
			if strings.HasSuffix(code, "NotAuthorized") || strings.HasSuffix(code, "FailedAuthentication") || strings.HasSuffix(code, "InvalidSecurity") || strings.HasSuffix(code, "OperationProhibited") {
				return nil, ErrLogin
			}
		}
		return nil, ErrMessage
	}
	return &a, nil
}

// ReadClock returns the device's time; ok is false where it says none.
func ReadClock(body []byte) (at time.Time, ok bool) {
	a, err := read(body)
	if err != nil || a.Body.Clock == nil || a.Body.Clock.UTC == nil || a.Body.Clock.UTC.Year < 1970 || a.Body.Clock.UTC.Year > 9999 {
		return at, false
	}
	c := a.Body.Clock.UTC
	return time.Date(c.Year, time.Month(c.Month), c.Day, c.Hour, c.Minute, c.Second, 0, time.UTC), true
}

// ReadEvents returns the path of the device's events.
func ReadEvents(body []byte) (path string, err error) {
	a, err := read(body)
	if err != nil {
		return "", err
	}
	return pathOf(a.Body.Events)
}

// ReadSubscribed returns the path of the pull point.
func ReadSubscribed(body []byte) (path string, err error) {
	a, err := read(body)
	if err != nil {
		return "", err
	}
	return pathOf(a.Body.Manager)
}

// pathOf returns path and query of an address that a device told. The host is never the device's to say: it may know itself by another name than this network does, or send us elsewhere.
func pathOf(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || address == "" || !strings.HasPrefix(u.Path, "/") || len(address) > 1000 {
		return "", ErrMessage
	}
	return u.RequestURI(), nil
}

// ReadDone reports whether a renewal or a letting go was taken.
func ReadDone(body []byte) error {
	_, err := read(body)
	return err
}

// ReadMessages returns the events of one pull.
func ReadMessages(body []byte) ([]alarm.Signal, error) {
	a, err := read(body)
	if err != nil {
		return nil, err
	}
	if a.Body.Messages == nil {
		return nil, ErrMessage
	}
	var out []alarm.Signal
	for _, m := range a.Body.Messages.All[:min(len(a.Body.Messages.All), 10*most)] {
		s := alarm.Signal{Event: topic(m.Topic), Active: active(m.Message.Data) && m.Message.Operation != "Deleted"}
		if s.Event == "" {
			continue
		}
		for _, from := range m.Message.Source {
			switch from.Name {
			case "VideoSourceConfigurationToken", "VideoSourceToken", "VideoSource", "Source", "InputToken", "AnalyticsConfigurationToken", "VideoAnalyticsConfigurationToken":
				if s.Channel == "" || strings.HasPrefix(from.Name, "VideoSource") {
					s.Channel = words(from.Value, 64)
				}
			case "Rule":
				s.Text = words(from.Value, alarm.MaxText/2)
			}
		}
		if at, err := time.Parse(time.RFC3339, m.Message.Time); err == nil {
			s.Time = at
		}
		out = append(out, s)
	}
	return out, nil
}

// topic drops the prefixes of namespaces: they are the device's own.
func topic(s string) string {
	levels := strings.Split(strings.TrimSpace(s), "/")
	for i, l := range levels {
		if _, after, has := strings.Cut(l, ":"); has {
			levels[i] = after
		}
	}
	return words(strings.Join(levels, "/"), alarm.MaxEvent)
}

// active is the first thing of a property that is true or false; an event that says neither is one that happens and does not last.
func active(data []item) bool {
	for _, d := range data {
		switch strings.ToLower(strings.TrimSpace(d.Value)) {
		case "true", "1", "active", "on":
			return true
		case "false", "0", "inactive", "off":
			return false
		}
	}
	return true
}

func words(s string, most int) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}
