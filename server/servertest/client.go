// Package servertest is a client of the API for tests. Every answer it gets is held against openapi.yaml: status, content
// type and schema, and that no property is sent that the contract does not name.
package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"wanglou/server"
)

// contract reads openapi.yaml once for all tests of a package.
var contract = sync.OnceValues(func() (validator.Validator, error) {
	doc, err := libopenapi.NewDocument(server.Spec)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions(), config.WithStrictMode(), config.WithoutSecurityValidation(),
		// Attributes of features and details of logs are what the database holds; params are what the reason's text needs.
		config.WithStrictIgnorePaths("$.body.properties.*", "$.body.features[*].properties.*", "$.body.geometry.*", "$.body.footprint.*", "$.body.items[*].footprint.*", "$.body.files[*].info.*", "$.body.items[*].files[*].info.*", "$.body.features[*].geometry.*",
			"$.body.params.*", "$.body.items[*].reasons[*].params.*", "$.body.items[*].details.*", "$.body.log[*].details.*", "$.body.vector_layers[*].*", "$.body.items[*].layers[*].fields.*"))
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// Client is one browser: it keeps its cookies and follows no redirects.
type Client struct {
	T    testing.TB
	Base string // http://host:port
	HTTP *http.Client
}

// NewClient returns a client of the server at base.
func NewClient(t testing.TB, base string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{T: t, Base: base, HTTP: &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// Response is one answer.
type Response struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
}

// Get asks for a path.
func (c *Client) Get(path string, header ...string) *Response {
	c.T.Helper()
	return c.Do(http.MethodGet, path, nil, header...)
}

// Do sends body as JSON; a string or []byte is sent as it is. header has names and values in turn.
func (c *Client) Do(method, path string, body any, header ...string) *Response {
	c.T.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.T.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(c.T.Context(), method, c.Base+path, r)
	if err != nil {
		c.T.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		c.T.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.T.Fatal(err)
	}
	out := &Response{t: c.T, what: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: text}
	res.Body = io.NopCloser(bytes.NewReader(text))
	c.check(req, res, out)
	return out
}

// check holds an answer against the contract. Addresses of the console and of tools are no part of it.
func (c *Client) check(req *http.Request, res *http.Response, out *Response) {
	c.T.Helper()
	if p := req.URL.Path; !strings.HasPrefix(p, "/api/") && !strings.HasPrefix(p, "/tiles/") && p != "/readyz" {
		return
	}
	tile := strings.HasPrefix(req.URL.Path, "/tiles/") && out.Status < http.StatusBadRequest && !strings.HasSuffix(req.URL.Path, ".json")
	if !tile && (out.Header.Get("X-Request-Id") == "" || out.Header.Get("Content-Security-Policy") == "") { // tiles bear no headers for pages
		c.T.Errorf("%s: an answer without request id or content policy", out.what)
	}
	if len(out.Body) == 0 || !strings.Contains(out.Header.Get("Content-Type"), "json") || out.Header.Get("Content-Encoding") != "" {
		return // nothing that has a schema, or that the test unpacks by itself
	}
	v, err := contract()
	if err != nil {
		c.T.Fatalf("openapi.yaml: %v", err)
	}
	if ok, errs := v.ValidateHttpResponse(req, res); !ok {
		for _, e := range errs {
			if e.ValidationType == "path" && (out.Status == http.StatusNotFound || out.Status == http.StatusMethodNotAllowed) {
				continue // an address that is not there
			}
			c.T.Errorf("%s: the answer breaks the contract: %s\n%s", out.what, e, out.Body)
		}
	}
}

// Want fails the test unless the status is as wanted, and returns the answer.
func (r *Response) Want(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.Status, status, r.Body)
	}
	return r
}

// WantError fails the test unless the answer is an error of that code, of that field, and, where one is given, for that reason.
func (r *Response) WantError(status int, code, field string, reason ...string) *Response {
	r.t.Helper()
	var e struct{ Code, Field, Reason, Message string }
	r.Want(status).Into(&e)
	if e.Code != code || e.Field != field || (len(reason) > 0 && e.Reason != reason[0]) || e.Message == "" {
		r.t.Errorf("%s: error %s %q of field %q, want %s %q of %q: %s", r.what, e.Code, e.Reason, e.Field, code, reason, field, r.Body)
	}
	return r
}

// Into reads the JSON body.
func (r *Response) Into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Fatalf("%s: %v: %s", r.what, err, r.Body)
	}
}

// Login starts a session.
func (c *Client) Login(login, password string) *Response {
	c.T.Helper()
	return c.Do(http.MethodPost, "/api/session", map[string]string{"login": login, "password": password})
}

// As returns a new client with a session of the login.
func As(t testing.TB, base, login, password string) *Client {
	t.Helper()
	c := NewClient(t, base)
	c.Login(login, password).Want(http.StatusOK)
	return c
}

// Cookies returns the header that carries the client's cookies, for websockets.
func (c *Client) Cookies() http.Header {
	u, err := url.Parse(c.Base)
	if err != nil {
		c.T.Fatal(err)
	}
	h := http.Header{}
	for _, cookie := range c.HTTP.Jar.Cookies(u) {
		h.Add("Cookie", fmt.Sprintf("%s=%s", cookie.Name, cookie.Value))
	}
	return h
}
