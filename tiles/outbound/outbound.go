// Package outbound is how this server asks other servers: hosts that an operator has named, at addresses that they may have, and nobody else. Basemaps of other
// servers and webhooks go this way.
package outbound

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Rules say who may be asked.
type Rules struct {
	Hosts    []string       // "maps.example", "*.example" for every host below it, with a port where it is not that of http or https
	Networks []netip.Prefix // private addresses that hosts may turn out to have; without it public ones alone
}

// ErrAddress is the error of a host whose name turned out to be an address that may not be asked.
var ErrAddress = errors.New("the host has an address that may not be asked (networks)")

// Allows reports whether a host may be asked. Without a port a host has those of http and https.
func (r *Rules) Allows(host string) bool {
	host = strings.ToLower(host)
	bare := strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
	for _, h := range r.Hosts {
		h = strings.ToLower(h)
		if h == host || h == bare {
			return true
		}
		if below, ok := strings.CutPrefix(h, "*"); ok && strings.HasPrefix(below, ".") && (strings.HasSuffix(host, below) || strings.HasSuffix(bare, below)) {
			return true
		}
	}
	return false
}

// MayDial reports whether an address may be dialled: public ones may, others where the rules say so.
func (r *Rules) MayDial(a netip.Addr) bool {
	if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return false // the metadata services of clouds are among them
	}
	for _, n := range r.Networks {
		if n.Contains(a) {
			return true
		}
	}
	return !a.IsPrivate() && !a.IsLoopback() && !carrier.Contains(a) && !(a.Is6() && nat64.Contains(a))
}

var (
	carrier = netip.MustParsePrefix("100.64.0.0/10") // shared by carriers: private in all but name
	nat64   = netip.MustParsePrefix("64:ff9b::/96")  // any IPv4 address in IPv6's clothes
)

// Transport returns a transport that dials by the rules, uses no proxy of the environment, and waits for the first byte of an answer for so long.
func (r *Rules) Transport(wait time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		// Here the name has been resolved: what is checked is what is dialled.
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !r.MayDial(at.Addr().Unmap()) {
			return ErrAddress
		}
		return nil
	}}
	return &http.Transport{
		Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: wait, MaxResponseHeaderBytes: 64 << 10,
	}
}
