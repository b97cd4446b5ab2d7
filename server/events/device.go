package events

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"wanglou/layers/alarm"
	"wanglou/layers/camera"
	"wanglou/server/digest"
	"wanglou/server/events/isapi"
	"wanglou/server/events/onvif"
	"wanglou/server/events/parts"
	"wanglou/server/probe"
	"wanglou/server/reach"
)

// trouble is why a source is down: a Why of package alarm.
type trouble string

func (t trouble) Error() string { return string(t) }

// whyOf names what ended a stream.
func whyOf(err error) string {
	var (
		known   trouble
		timeout net.Error
		verify  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &known):
		return string(known)
	case errors.Is(err, probe.ErrNotAllowed):
		return alarm.WhyRefused
	case errors.Is(err, onvif.ErrLogin):
		return alarm.WhyPassword
	case errors.Is(err, parts.ErrGarbage), errors.Is(err, parts.ErrTooLarge), errors.Is(err, onvif.ErrMessage), errors.Is(err, isapi.ErrAlert), strings.Contains(err.Error(), "malformed HTTP"):
		return alarm.WhyGarbage
	case errors.As(err, &verify):
		return alarm.WhyCertificate
	case errors.Is(err, errSilent):
		return alarm.WhySilent
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return alarm.WhyEnded
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return alarm.WhyNoAnswer
	}
	return alarm.WhyNoAnswer
}

// errSilent is the error of a device that was heard, and is not any more.
var errSilent = errors.New("no sign of life")

// device asks one device, over connections of its own.
type device struct {
	client    *http.Client
	transport *http.Transport
	login     camera.Login
	basic     bool
}

// newDevice returns one that is within the networks, whose connections may say nothing for as long as silence.
func newDevice(networks reach.Ranges, l camera.Login, basic bool, silence time.Duration) *device {
	dialer := probe.Dialer(networks)
	dialer.Timeout = 5 * time.Second
	t := &http.Transport{Proxy: nil, MaxResponseHeaderBytes: 16 << 10, TLSHandshakeTimeout: 5 * time.Second, MaxConnsPerHost: 2, IdleConnTimeout: time.Minute,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &watched{c, silence}, nil
		}}
	return &device{login: l, basic: basic, transport: t,
		client: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (d *device) close() { d.transport.CloseIdleConnections() }

// watched is a connection that breaks when nothing has come for a while.
type watched struct {
	net.Conn
	silence time.Duration
}

// Read implements net.Conn.
func (c *watched) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		err = errSilent
	}
	return n, err
}

// ask sends a request, and once more with the answer to a challenge. The body of the answer is the caller's to close; it is one of status 200, or soap is true and it is a fault.
func (d *device) ask(ctx context.Context, method, url, contentType string, body []byte, soap bool) (*http.Response, error) {
	authorization := ""
	for range 2 {
		req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
		if err != nil {
			return nil, trouble(alarm.WhyNotThere)
		}
		req.Header.Set("User-Agent", "Wanglou")
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := d.client.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == 200 || soap && (resp.StatusCode == 400 || resp.StatusCode == 500) {
			return resp, nil
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		_ = resp.Body.Close()
		switch {
		case resp.StatusCode == 401 && authorization == "":
			if d.login == (camera.Login{}) {
				return nil, trouble(alarm.WhyNoPassword)
			}
			var ok bool
			if authorization, ok = digest.Answer(resp.Header.Values("WWW-Authenticate"), method, req.URL.RequestURI(), d.login, d.basic); !ok {
				return nil, trouble(alarm.WhyNoSafe)
			}
		case resp.StatusCode == 401, resp.StatusCode == 403:
			return nil, trouble(alarm.WhyPassword)
		default:
			return nil, trouble(alarm.WhyNotThere)
		}
	}
	return nil, trouble(alarm.WhyPassword)
}
