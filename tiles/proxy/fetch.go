package proxy

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wanglou/tiles"
	"wanglou/tiles/outbound"
)

// maxTile bounds one picture of another server.
const maxTile = 4 << 20

// parallel is how many questions are under way to all upstreams together.
const parallel = 16

// fetcher asks other servers. It follows the allow-list down to the address that a name turns out to be.
type fetcher struct {
	client *http.Client
	slots  chan struct{}
}

var errRedirect = errors.New("the server sends elsewhere, to a host that may not be asked")

func newFetcher(c *Config) *fetcher {
	rules := &outbound.Rules{Hosts: c.Hosts, Networks: c.Networks}
	return &fetcher{slots: make(chan struct{}, parallel), client: &http.Client{Transport: rules.Transport(c.Timeout), Timeout: c.Timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 3 || !rules.Allows(r.URL.Host) || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errRedirect
		}
		r.Header.Del("Referer") // the address before has the key
		return nil
	}}}
}

func (f *fetcher) close() { f.client.CloseIdleConnections() }

// answer is what an upstream said. A nil body is an empty tile.
type answer struct {
	body      []byte
	format    tiles.Format
	validator string // its ETag, or ""
	unchanged bool   // what the caller holds still holds
}

// failure is why an upstream gave no tile, without its address: that has the key.
type failure struct {
	reason string // upstream_away, upstream_refused, upstream_broken
	text   string
}

func (f *failure) Error() string { return f.text }

// get asks for one tile. held is the validator of what is kept.
func (f *fetcher) get(ctx context.Context, u *upstream, c tiles.Coord, held string) (answer, error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return answer{}, &failure{"upstream_away", "too many questions are under way"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.address(c), nil)
	if err != nil {
		return answer{}, &failure{"upstream_broken", "the address cannot be made"}
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (Wanglou)")
	req.Header.Set("Accept", "image/*")
	if u.referer != "" {
		req.Header.Set("Referer", u.referer)
	}
	if held != "" {
		req.Header.Set("If-None-Match", held)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return answer{}, u.away(err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotModified && held != "":
		return answer{unchanged: true, validator: held}, nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusNoContent:
		return answer{}, nil
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode == 418: // Tianditu's own
		return answer{}, &failure{"upstream_refused", fmt.Sprintf("the server refuses (%d): is the key right, and its quota not used up?", res.StatusCode)}
	case res.StatusCode != http.StatusOK:
		return answer{}, &failure{"upstream_away", fmt.Sprintf("the server answers with %d", res.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxTile+1))
	if err != nil {
		return answer{}, u.away(err)
	}
	if len(body) > maxTile {
		return answer{}, &failure{"upstream_broken", "the tile is larger than 4 MiB"}
	}
	if len(body) == 0 {
		return answer{}, nil
	}
	a := answer{body: body, format: sniff(body), validator: res.Header.Get("ETag")}
	if a.format == "" {
		return answer{}, &failure{"upstream_broken", "the server answers with something that is no picture (" + clip(res.Header.Get("Content-Type")) + ")"}
	}
	return a, nil
}

// away says what went wrong, without the address.
func (u *upstream) away(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return &failure{"upstream_refused", outbound.ErrAddress.Error()}
	case errors.Is(err, errRedirect):
		return &failure{"upstream_refused", errRedirect.Error()}
	}
	text := err.Error()
	if u.key != "" {
		text = strings.NewReplacer(u.key, "…", url.QueryEscape(u.key), "…").Replace(text)
	}
	return &failure{"upstream_away", clip(text)}
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

// address returns where a tile is, with the key: for the request alone. The same tile is always asked of the same subdomain.
func (u *upstream) address(c tiles.Coord) string {
	number := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
	flipped := uint32(1)<<c.Z - 1 - c.Y
	sub := ""
	if n := len(u.subdomains); n > 0 {
		sub = u.subdomains[int(c.X+c.Y)%n]
	}
	return strings.NewReplacer("{z}", strconv.Itoa(int(c.Z)), "{x}", number(c.X), "{y}", number(c.Y), "{-y}", number(flipped), "{x/16}", number(c.X/16),
		"{-y/16}", number(flipped/16), "{s}", sub, "{key}", url.QueryEscape(u.key)).Replace(u.url)
}

// sniff tells a picture by its first bytes; "" for anything else.
func sniff(b []byte) tiles.Format {
	switch s := string(b[:min(len(b), 12)]); {
	case strings.HasPrefix(s, "\x89PNG\r\n\x1a\n"):
		return tiles.FormatPNG
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return tiles.FormatJPEG
	case len(s) == 12 && s[:4] == "RIFF" && s[8:] == "WEBP":
		return tiles.FormatWebP
	}
	return ""
}

func fnv64(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}
