package push

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"wanglou/layers/push"
	"wanglou/tiles/outbound"
)

var b64 = base64.RawURLEncoding

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := b64.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// open decrypts a message as a browser does: RFC 8291 over RFC 8188.
func open(private *ecdh.PrivateKey, auth, body []byte) ([]byte, error) {
	if len(body) < 86 || body[20] != 65 {
		return nil, fmt.Errorf("no header: %d bytes", len(body))
	}
	salt, server, sealed := body[:16], body[21:86], body[86:]
	if size := binary.BigEndian.Uint32(body[16:20]); int(size) < len(sealed) {
		return nil, fmt.Errorf("a record of %d for %d bytes", size, len(sealed))
	}
	public, err := ecdh.P256().NewPublicKey(server)
	if err != nil {
		return nil, err
	}
	shared, err := private.ECDH(public)
	if err != nil {
		return nil, err
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			panic(err)
		}
		return key
	}
	ikm := derive(shared, auth, "WebPush: info\x00"+string(private.PublicKey().Bytes())+string(server), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	text, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimRight(text, "\x00")
	if !bytes.HasSuffix(text, []byte{2}) {
		return nil, fmt.Errorf("no end of the last record")
	}
	return text[:len(text)-1], nil
}

// The example of RFC 8291, section 5: what opens it opens what we send.
func TestTheExampleOfTheStandardOpens(t *testing.T) {
	t.Parallel()
	private, err := ecdh.P256().NewPrivateKey(bytesOf(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	if got := b64.EncodeToString(private.PublicKey().Bytes()); got != "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" {
		t.Fatalf("public key %s", got)
	}
	text, err := open(private, bytesOf(t, "BTBZMqHH6r4Tts7J_aSIgg"), bytesOf(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"))
	if err != nil || string(text) != "When I grow up, I want to be a watermelon" {
		t.Fatalf("%q, %v", text, err)
	}
}

// service is a push service with one browser behind it.
type service struct {
	*httptest.Server
	private *ecdh.PrivateKey
	auth    []byte

	mu     sync.Mutex
	answer int
	wait   string
	got    []push.Note
	heads  []http.Header
	wrong  error
}

func newService(t *testing.T) *service {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{private: private, auth: make([]byte, 16), answer: http.StatusCreated}
	_, _ = rand.Read(s.auth)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		text, err := open(private, s.auth, body)
		var n push.Note
		if err == nil {
			err = json.Unmarshal(text, &n)
		}
		if err != nil {
			s.wrong = err
		}
		s.got, s.heads = append(s.got, n), append(s.heads, r.Header)
		if s.wait != "" {
			w.Header().Set("Retry-After", s.wait)
		}
		w.WriteHeader(s.answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) subscription() push.Subscription {
	return push.Subscription{ID: 4, Endpoint: s.URL + "/send/secret-of-the-browser", P256DH: b64.EncodeToString(s.private.PublicKey().Bytes()), Auth: b64.EncodeToString(s.auth)}
}

// queue is one delivery in memory.
type queue struct {
	push.Queue
	keys  push.Keys
	due   []push.Due
	done  []bool
	later []time.Time
	gone  []int64
}

func (q *queue) Keys(context.Context) (push.Keys, error)                 { return q.keys, nil }
func (q *queue) Spread(context.Context, time.Time) error                 { return nil }
func (q *queue) Due(context.Context, time.Time, int) ([]push.Due, error) { return q.due, nil }
func (q *queue) Done(_ context.Context, _ *push.Due, taken bool) error {
	q.done = append(q.done, taken)
	return nil
}
func (q *queue) Later(_ context.Context, _ *push.Due, at time.Time) error {
	q.later = append(q.later, at)
	return nil
}
func (q *queue) Gone(_ context.Context, id int64) error                        { q.gone = append(q.gone, id); return nil }
func (q *queue) Lead(ctx context.Context, f func(context.Context) error) error { return f(ctx) }

type worldOf struct {
	*queue
	*service
	worker *Worker
	now    time.Time
	log    *bytes.Buffer
}

func newWorldOf(t *testing.T) *worldOf {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &worldOf{service: newService(t), now: time.Now(), log: &bytes.Buffer{}}
	w.queue = &queue{keys: push.Keys{Public: b64.EncodeToString(private.PublicKey().Bytes()), Private: b64.EncodeToString(private.Bytes())}}
	w.queue.due = []push.Due{{EventID: 1, Subscription: w.subscription(), At: w.now.Add(-time.Minute), Note: push.Note{Kind: push.KindTask, Incident: 7, Number: "20261129-0007", Title: "占用消防通道", Severity: 1}}}
	u, _ := url.Parse(w.URL)
	w.worker = New(Options{Queue: w.queue, Rules: &outbound.Rules{Hosts: []string{u.Host}}, Contact: "admin@example.com", Now: func() time.Time { return w.now },
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Carrier: w.Client().Transport})
	return w
}

func (w *worldOf) look(t *testing.T) {
	t.Helper()
	if err := w.worker.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsSentOpensInTheBrowserAlone(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t)
	w.look(t)
	if w.wrong != nil || len(w.got) != 1 || w.got[0] != w.due[0].Note {
		t.Fatalf("%+v, %v", w.got, w.wrong)
	}
	if len(w.done) != 1 || !w.done[0] {
		t.Errorf("done %v", w.done)
	}
	h := w.heads[0]
	if h.Get("TTL") != "3540" || h.Get("Urgency") != "high" || h.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("headers %v", h)
	}
	checkSignature(t, h.Get("Authorization"), w.keys.Public, w.URL)
}

// checkSignature verifies the token of RFC 8292 with the key that stands beside it.
func checkSignature(t *testing.T, header, public, audience string) {
	t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || key != public || len(parts) != 3 {
		t.Fatalf("authorization %q", header)
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(bytesOf(t, parts[1]), &claims); err != nil || claims.Aud != audience || claims.Sub != "mailto:admin@example.com" || time.Until(time.Unix(claims.Exp, 0)) > 24*time.Hour {
		t.Errorf("claims %+v, %v", claims, err)
	}
	signature, sum := bytesOf(t, parts[2]), sha256.Sum256([]byte(parts[0]+"."+parts[1]))
	verifier, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bytesOf(t, key))
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.Verify(verifier, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is not of this key")
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name     string
		status   int
		wait     string
		attempts int
		late     time.Duration // since the event
		want     string
	}{
		{"gone", 410, "", 0, 0, "gone [4]"},
		{"unknown", 404, "", 0, 0, "gone [4]"},
		{"busy", 429, "120", 0, 0, "later 2m0s"},
		{"broken", 503, "", 0, 0, "later 5s"},
		{"broken again", 503, "", 3, 0, "later 40s"},
		{"broken for long", 503, "", push.MaxAttempts - 1, 0, "done [false]"},
		{"too large", 413, "", 0, 0, "done [false]"},
		{"redirected", 302, "", 0, 0, "done [false]"},
		{"too late", 201, "", 0, push.Fresh, "done [false]"},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t)
			w.answer, w.wait, w.due[0].Attempts = one.status, one.wait, one.attempts
			if one.late > 0 {
				w.due[0].At = w.now.Add(-one.late)
			}
			w.look(t)
			got := ""
			switch {
			case len(w.gone) > 0:
				got = fmt.Sprint("gone ", w.gone)
			case len(w.later) > 0:
				got = fmt.Sprint("later ", w.later[0].Sub(w.now))
			case len(w.done) > 0:
				got = fmt.Sprint("done ", w.done)
			}
			if got != one.want {
				t.Errorf("%s, want %s", got, one.want)
			}
			if strings.Contains(w.log.String(), "secret-of-the-browser") || strings.Contains(w.log.String(), w.keys.Private) {
				t.Errorf("the log tells a secret: %s", w.log)
			}
		})
	}
}

// A push service that is away is tried again; one that is allowed no more is not asked.
func TestServicesThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t)
	w.Close()
	w.look(t)
	if len(w.later) != 1 {
		t.Errorf("away: %+v", w.queue)
	}
	w = newWorldOf(t)
	w.worker.o.Rules.Hosts = []string{"push.example"}
	w.look(t)
	if len(w.got) != 0 || len(w.done) != 1 || w.done[0] {
		t.Errorf("not allowed: %d sent, done %v", len(w.got), w.done)
	}
	// By the operator's rules a name that turns out to be a private address is not dialled.
	w = newWorldOf(t)
	u, _ := url.Parse(w.URL)
	w.worker = New(Options{Queue: w.queue, Rules: &outbound.Rules{Hosts: []string{u.Host}}, Contact: "a@example.com"})
	w.look(t)
	if len(w.got) != 0 || len(w.later) != 1 {
		t.Errorf("private: %d sent, later %v", len(w.got), w.later)
	}
}
