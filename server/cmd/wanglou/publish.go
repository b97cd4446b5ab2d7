package main

import "time"

// PublishFlags say what of the database is served beside the publication: see docs/offers.md.
type PublishFlags struct {
	Schema      []string      `env:"WANGLOU_PUBLISH_SCHEMA" default:"open,gis" placeholder:"NAME" help:"Schemas whose tables, views and functions are served by SQL; they need not exist yet."`
	Role        string        `env:"WANGLOU_PUBLISH_ROLE" placeholder:"ROLE" help:"Role that reads them, e.g. one that was granted SELECT on those schemas alone. Empty: the login's own."`
	Connections int           `env:"WANGLOU_PUBLISH_CONNECTIONS" default:"4" help:"Connections for them."`
	Timeout     time.Duration `env:"WANGLOU_PUBLISH_TIMEOUT" default:"8s" help:"After which the database gives up one of their queries."`
	TTL         time.Duration `name:"ttl" env:"WANGLOU_PUBLISH_TTL" default:"30s" help:"How old a tile of them may be, where its COMMENT does not say."`
}
