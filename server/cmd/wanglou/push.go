package main

import (
	"net/netip"

	"wanglou/server/push"
	"wanglou/tiles/outbound"
)

// PushFlags say which push services of browsers may be asked: see docs/field.md.
type PushFlags struct {
	Hosts    []string       `env:"WANGLOU_PUSH_HOSTS" placeholder:"HOST" help:"Push services that may be asked to notify phones: \"fcm.googleapis.com\", \"*.push.apple.com\". None: phones are notified while the page is open."`
	Networks []netip.Prefix `env:"WANGLOU_PUSH_NETWORKS" placeholder:"CIDR" help:"Private addresses that those services may have."`
	Contact  string         `env:"WANGLOU_PUSH_CONTACT" default:"admin@wanglou.invalid" help:"Whom push services write to: an address of mail, or https."`
}

func (f *PushFlags) options() push.Options {
	return push.Options{Rules: &outbound.Rules{Hosts: f.Hosts, Networks: f.Networks}, Contact: f.Contact}
}
