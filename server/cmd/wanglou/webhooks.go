package main

import (
	"net/netip"
	"time"

	"wanglou/server/hooks"
	"wanglou/tiles/outbound"
)

// WebhookFlags say whom webhooks may tell: see docs/webhooks.md.
type WebhookFlags struct {
	Hosts    []string       `env:"WANGLOU_WEBHOOK_HOSTS" placeholder:"HOST" help:"Hosts that may be told of changes: \"bus.example\", \"*.example\", \"10.1.2.3:8080\". None: nobody may be told."`
	Networks []netip.Prefix `env:"WANGLOU_WEBHOOK_NETWORKS" placeholder:"CIDR" help:"Private addresses that those hosts may have, e.g. 10.0.0.0/8; without it public ones alone."`
	First    time.Duration  `hidden:"" default:"1s" help:"Until the second try."`
	Most     time.Duration  `hidden:"" default:"5m" help:"Between two tries at most."`
	Pace     time.Duration  `hidden:"" default:"3.1s" help:"Between two messages to a robot."`
	Poll     time.Duration  `hidden:"" default:"2s" help:"How soon a new webhook begins."`
}

func (f *WebhookFlags) rules() *outbound.Rules {
	return &outbound.Rules{Hosts: f.Hosts, Networks: f.Networks}
}

func (f *WebhookFlags) deliveries() hooks.Options {
	return hooks.Options{Rules: f.rules(), First: f.First, Most: f.Most, Poll: f.Poll, Pace: f.Pace}
}
