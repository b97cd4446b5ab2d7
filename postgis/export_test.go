package postgis

import "time"

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
