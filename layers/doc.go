// Package layers holds the words of the map and the copy of it that every reader shares.
//
// A [Source] follows some database and hands commits to a [Replica]; the replica keeps every published
// feature in memory with the [Version] of its last change; tiles, live sessions and queries read it.
// The package does no I/O and imports nothing of ours. Geometry is always orb, EPSG:4326, longitude first.
package layers
