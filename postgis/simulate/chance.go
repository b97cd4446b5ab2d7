package simulate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// chance is a thing that happens again and again by itself, independently of when it happened before (Poisson).
type chance struct {
	*rand.Rand
	next time.Time // zero before the first question
}

func newChance(seed uint64, name string) chance {
	return chance{Rand: rand.New(rand.NewPCG(seed, digest(name)))}
}

// due reports whether it happens now, when it does so every mean on average. It is asked in a loop until it says no. What did not happen while
// nobody asked, for more than some seconds, does not happen later.
func (c *chance) due(now time.Time, mean time.Duration) bool {
	wait := time.Duration(c.ExpFloat64() * float64(mean))
	if c.next.IsZero() || now.Sub(c.next) > 5*time.Second {
		c.next = now.Add(wait)
		return false
	}
	if now.Before(c.next) {
		return false
	}
	c.next = c.next.Add(wait)
	return true
}

// dice returns the chances of one decision about one row: equal whenever and in whatever order they are asked.
func (s *simulation) dice(decision string, id, revision int64) *rand.Rand {
	return rand.New(rand.NewPCG(s.o.Seed, digest(fmt.Sprintf("%s/%d/%d", decision, id, revision))))
}

func digest(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}

// wait is how long somebody takes for something that usually takes mid.
func (s *simulation) wait(r *rand.Rand, mid time.Duration) time.Duration {
	return time.Duration(float64(mid) * (0.35 + 1.3*r.Float64()) / s.o.Rate)
}

// every is the mean span between things that usually happen once a mid.
func (s *simulation) every(mid time.Duration) time.Duration {
	return time.Duration(float64(mid) / s.o.Rate)
}

// since is the later of two times: nobody is late before the simulation began.
func (s *simulation) since(t time.Time) time.Time {
	if t.Before(s.began) {
		return s.began
	}
	return t
}

func pick[T any](r *rand.Rand, items []T) T { return items[r.IntN(len(items))] }
