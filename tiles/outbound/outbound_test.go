package outbound_test

import (
	"net/netip"
	"testing"

	"wanglou/tiles/outbound"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	office := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("169.254.0.0/16")}
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2001:4860::1": true, "10.1.2.3": true, "fd00::1": true,
		"127.0.0.1": false, "::1": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false, "fe80::1": false, "0.0.0.0": false, "::": false,
		"224.0.0.1": false, "100.64.0.1": false, "fc00::1": false, "64:ff9b::7f00:1": false,
	} {
		if got := (&outbound.Rules{Networks: office}).MayDial(netip.MustParseAddr(address).Unmap()); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	hosts := []string{"*.tianditu.gov.cn", "map.local:8080"}
	for host, want := range map[string]bool{
		"t0.tianditu.gov.cn": true, "T7.Tianditu.gov.cn:443": true, "tianditu.gov.cn": false, "eviltianditu.gov.cn": false, "t0.tianditu.gov.cn.evil.org": false,
		"map.local:8080": true, "map.local": false, "map.local:9090": false, "t0.tianditu.gov.cn:8080": false,
	} {
		if got := (&outbound.Rules{Hosts: hosts}).Allows(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}
