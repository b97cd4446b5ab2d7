package postgis

import (
	"time"

	"github.com/alexedwards/argon2id"
)

// SetClock makes the cases' figures those of another moment.
func (s *Incidents) SetClock(now time.Time) { s.now = func() time.Time { return now } }

// SetClock makes recommendations those of another moment.
func (s *Units) SetClock(now time.Time) { s.now = func() time.Time { return now } }

// HashParams is the price of a password as "m=…,t=…,p=…".
func HashParams() (memoryKiB, iterations uint32, lanes uint8) {
	return hashParams.Memory, hashParams.Iterations, hashParams.Parallelism
}

// Nobody is the hash that unknown logins are compared with.
const Nobody = nobody

// DecodeGeometry is decodeGeometry, to be held against a real PostGIS.
var DecodeGeometry = decodeGeometry

// LightUsers is NewUsers with hashes that cost nothing: beside the race detector a real one takes over a second.
func LightUsers(db *DB) *Users {
	s := NewUsers(db)
	s.params = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	return s
}
