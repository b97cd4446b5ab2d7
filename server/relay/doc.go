// Package relay carries the log of one database over NATS JetStream, for installations with more nodes than the database has
// replication slots to give: one [Publisher] follows the database and writes what it is told into a stream, every node reads it through
// a [Reader], which is a [layers.Source] like the follower itself.
//
// The stream holds, on the subject <stream>.log, one message after another, each cut into fragments that NATS takes: a snapshot (an
// opening, its rows, an end), then commits. On <stream>.start the sequence number at which a whole snapshot begins: a node that is new
// reads the last of them and starts there. Beside the stream, on <stream>.alive, the publisher says once a second how its source is
// and how far it has written.
//
// There is one writer: every publish names the sequence number that it follows, so of two publishers the second makes the first one's next write
// fail. Each run of a publisher has a term of its own, and readers change terms with a snapshot alone. A gap in the sequence, whatever
// made it, makes a reader start anew.
package relay
