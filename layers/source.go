package layers

import "context"

// Source follows one database. Implementations: postgis.Follower, relay.Reader (over NATS), layerstest.Source; every one passes layerstest.Exercise.
type Source interface {
	// Run loads a snapshot into sink, then applies every later commit in order, until ctx ends. When the connection is
	// lost it reports SourceLost, reconnects by itself with backoff, and loads a new snapshot. It returns ctx's error,
	// or an [*Error] when going on makes no sense (the publication is missing, wal_level is not logical).
	Run(ctx context.Context, sink Sink) error
}

// Sink is the side of a replica that a source writes. Calls come from one goroutine.
type Sink interface {
	// Load makes the sink equal to the snapshot. With the same epoch this is one commit of differences, so that clients
	// see a diff, not a reset; with another epoch every reader starts anew.
	Load(Snapshot)
	// Apply applies a commit. A commit at or before the sink's version is ignored.
	Apply(Commit)
	// SetStatus records the health of the source.
	SetStatus(SourceStatus)
}
