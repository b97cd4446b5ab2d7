// Package live keeps clients' copies of the map equal to the replica, over whatever line a client has: a websocket, a
// stream of events, a func within the program (line.go). docs/protocol.md is the contract; this is how it is kept:
//
//   - No queue and no log: a subscription is a position in the replica's history. What a client gets next is the difference
//     between there and now, whether it was away for a tick, for a minute because its line is slow, or for a night.
//   - Time runs in rounds of at least 100 ms for all clients together. A change after quiet starts a round at once. In one
//     round everybody who comes from the same position with the same rights and selection gets the same bytes, made once.
//   - A selection (box, zoom, filter) keeps no list of what its client has: that a row left it is told from the change itself
//     (select.go), and another selection is the difference between two (shift.go).
//   - What a client holds in memory here is its subscriptions and the one frame that is being written.
//   - Rights are asked of [auth.Scope] for each row; a client whose rights change is sent away and comes back.
//
// [Hub] and its clients run in goroutines of their own: a reader and a writer for each client, one clock for all.
package live
