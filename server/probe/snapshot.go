package probe

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/digest"
)

// maxSnapshot is how much of a picture is read: enough to see that it is one.
const maxSnapshot = 32 << 10

// snapshot asks a camera for one picture, within the time of ctx.
func (p *Prober) snapshot(ctx context.Context, t *camera.Target) look {
	transport := &http.Transport{Proxy: nil, DialContext: p.dialer().DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10, TLSHandshakeTimeout: 5 * time.Second}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	authorization := ""
	for range 2 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Address, nil)
		if err != nil {
			return look{camera.NoStream, "bad_address", ""}
		}
		req.URL.User = nil
		req.Header.Set("User-Agent", "Wanglou")
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := client.Do(req)
		if err != nil {
			return failedHTTP(err)
		}
		head, err := io.ReadAll(io.LimitReader(resp.Body, maxSnapshot))
		_ = resp.Body.Close()
		switch {
		case err != nil:
			return failedHTTP(err)
		case resp.StatusCode == 401 && authorization == "":
			if t.Login == (camera.Login{}) {
				return look{camera.WrongPassword, "no_password", ""}
			}
			var ok bool
			if authorization, ok = digest.Answer(resp.Header.Values("WWW-Authenticate"), http.MethodGet, req.URL.RequestURI(), t.Login, p.o.Basic); !ok {
				return look{camera.WrongPassword, "no_safe_login", ""}
			}
			continue
		}
		return picture(resp, head)
	}
	return look{camera.WrongPassword, "refused", ""}
}

func picture(resp *http.Response, head []byte) look {
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == 401, resp.StatusCode == 403:
		return look{camera.WrongPassword, "refused", ""}
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return look{camera.NoStream, "redirect", ""}
	case resp.StatusCode != 200:
		return look{camera.NoStream, "status_" + strconv.Itoa(resp.StatusCode), ""}
	case !strings.HasPrefix(kind, "image/"), bytes.HasPrefix(head, []byte("<")):
		return look{camera.NoStream, "not_a_picture", ""}
	case !bytes.HasPrefix(head, []byte{0xff, 0xd8, 0xff}) && !bytes.HasPrefix(head, []byte("\x89PNG\r\n")):
		return look{camera.Garbage, "not_a_picture", ""}
	}
	return look{camera.SeenOK, "", "JPEG"}
}

func failedHTTP(err error) look {
	l := failed(err)
	if strings.Contains(err.Error(), "malformed HTTP") {
		l = look{camera.Garbage, "not_http", ""}
	}
	return l
}
