package main

import (
	"context"
	"log/slog"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/server/relay"
)

// RelayFlags say where nodes read the log instead of at the database: see docs/nodes.md. Servers may hold a password.
type RelayFlags struct {
	Servers     string `env:"WANGLOU_RELAY_SERVERS" placeholder:"URL" help:"NATS servers with JetStream, e.g. nats://nats1,nats://nats2: one node publishes the database's log there, all read it. None: each node follows the database."`
	Credentials string `env:"WANGLOU_RELAY_CREDENTIALS" type:"existingfile" placeholder:"FILE" help:"Credentials of a NATS account."`
	Stream      string `env:"WANGLOU_RELAY_STREAM" default:"WANGLOU" help:"Name of the stream, and the first word of its subjects."`
	Replicas    int    `env:"WANGLOU_RELAY_REPLICAS" default:"1" help:"Copies of the stream in a cluster."`
	MB          int64  `name:"mb" env:"WANGLOU_RELAY_MB" default:"1024" help:"Size of the stream: at least four times that of the map."`
}

func (f *RelayFlags) on() bool { return f.Servers != "" }

func (f *RelayFlags) options(log *slog.Logger) relay.Options {
	return relay.Options{Servers: f.Servers, Credentials: f.Credentials, Stream: f.Stream, Replicas: f.Replicas, MaxBytes: f.MB << 20, Logger: log}
}

// source is what this node reads.
func (f *RelayFlags) source(db *postgis.DB, log *slog.Logger) layers.Source {
	if f.on() {
		return relay.NewReader(f.options(log))
	}
	return postgis.NewFollower(db, postgis.Publication, log)
}

// publish follows the database for all nodes while this is the one that does.
func (f *RelayFlags) publish(ctx context.Context, db *postgis.DB, log *slog.Logger) error {
	publisher := relay.NewPublisher(postgis.NewFollower(db, postgis.Publication, log), f.options(log))
	return db.Lead(ctx, "relay", publisher.Run)
}
