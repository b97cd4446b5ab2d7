package reach

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

func TestAllows(t *testing.T) {
	t.Parallel()
	r, err := Parse([]string{"10.8.0.0/16", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"10.8.3.4": true, "::ffff:10.8.3.4": true, "10.9.0.1": false, "127.0.0.1": false, "::1": false, "fd00::1": true, "169.254.169.254": false} {
		if got := r.Allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if _, err := Parse([]string{"10.8.0.0"}); err == nil {
		t.Error("an address was taken for a range")
	}
}

func TestDial(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if _, err := (Ranges{}).Dial(t.Context(), "tcp", net.JoinHostPort(host, port)); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
		conn, err := Ranges{netip.MustParsePrefix("127.0.0.0/8")}.Dial(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}
