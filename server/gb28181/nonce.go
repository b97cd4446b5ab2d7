package gb28181

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

const (
	nonceFor    = time.Minute
	maxUsed     = 100_000
	maxFailures = 20 // wrong passwords of one address in failuresFor
	failuresFor = time.Minute
	maxStrikers = 10_000
)

// nonces makes what devices answer with their password. A nonce costs no memory until it was answered rightly: it says itself when, for which device and for which
// address it was made. It is taken once.
type nonces struct {
	key     [32]byte
	mu      sync.Mutex
	used    map[string]time.Time
	strikes map[string]*strike
}

type strike struct {
	n     int
	since time.Time
}

func newNonces() *nonces {
	n := &nonces{used: map[string]time.Time{}, strikes: map[string]*strike{}}
	_, _ = rand.Read(n.key[:]) // never fails
	return n
}

func (n *nonces) make(device, host string, now time.Time) string {
	b := make([]byte, 16, 32)
	binary.BigEndian.PutUint64(b, uint64(now.UnixMilli())) //nolint:gosec // after 1970
	_, _ = rand.Read(b[8:])
	return hex.EncodeToString(append(b, n.sum(b, device, host)...))
}

func (n *nonces) sum(b []byte, device, host string) []byte {
	h := hmac.New(sha256.New, n.key[:])
	h.Write(b)
	h.Write([]byte(device + "\x00" + host))
	return h.Sum(nil)[:16]
}

// fresh reports whether the nonce is one of ours, for this device at this address, young, and not used.
func (n *nonces) fresh(nonce, device, host string, now time.Time) bool {
	b, err := hex.DecodeString(nonce)
	if err != nil || len(b) != 32 || !hmac.Equal(b[16:], n.sum(b[:16], device, host)) {
		return false
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // we made it
	n.mu.Lock()
	defer n.mu.Unlock()
	_, used := n.used[nonce]
	return !used && now.Sub(at) <= nonceFor && !at.After(now)
}

// use takes a nonce, once: false where somebody was faster.
func (n *nonces) use(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, used := n.used[nonce]; used || len(n.used) >= maxUsed {
		return false
	}
	n.used[nonce] = now
	return true
}

// failed counts a wrong password of an address.
func (n *nonces) failed(host string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.strikes[host]
	if s == nil || now.Sub(s.since) > failuresFor {
		if s == nil && len(n.strikes) >= maxStrikers {
			return
		}
		s = &strike{since: now}
		n.strikes[host] = s
	}
	s.n++
}

// barred reports whether an address has to wait: it has guessed too often. Right passwords do not count, however many register from one address at once.
func (n *nonces) barred(host string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.strikes[host]
	return s != nil && s.n >= maxFailures && now.Sub(s.since) <= failuresFor
}

// forget lets go of what does not count any more.
func (n *nonces) forget(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for nonce, at := range n.used {
		if now.Sub(at) > nonceFor {
			delete(n.used, nonce)
		}
	}
	for host, s := range n.strikes {
		if now.Sub(s.since) > failuresFor {
			delete(n.strikes, host)
		}
	}
}
