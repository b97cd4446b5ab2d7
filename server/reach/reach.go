// Package reach says which addresses of the county's network the server itself may connect to for others: cameras and recorders whose addresses people type
// in. What is not allowed by range is refused when it is dialled, after its name was resolved, so that no name can lead into the own network.
package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// ErrRefused is the answer to an address outside of the ranges.
var ErrRefused = errors.New("the address is not in the ranges that may be reached")

// Ranges are what may be reached. The zero value is nothing.
type Ranges []netip.Prefix

// Parse reads ranges like 10.8.0.0/16.
func Parse(list []string) (Ranges, error) {
	var out Ranges
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a range like 10.8.0.0/16", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Allows reports whether an address lies in one of the ranges.
func (r Ranges) Allows(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range r {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Dial connects to the first allowed address of a host; it is the address that was checked that is connected to.
func (r Ranges) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	last := error(ErrRefused)
	d := net.Dialer{Timeout: 5 * time.Second}
	for _, a := range addrs {
		if !r.Allows(a) {
			continue
		}
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(a.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}
