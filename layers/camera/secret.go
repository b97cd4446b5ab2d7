package camera

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"wanglou/layers"
)

// Login is how a camera is entered. It prints as nothing: it is in no log by accident.
type Login struct{ User, Password string }

// String hides the password.
func (l Login) String() string { return "login" }

// GoString hides the password.
func (l Login) GoString() string { return "login" }

// KeyRing seals logins with its first key (AES-256-GCM) and opens what any of its keys sealed. A sealed login belongs to its camera: it opens for no other.
type KeyRing struct{ keys []key }

type key struct {
	id   string
	aead cipher.AEAD
	raw  []byte
}

// ErrSealed is what is said of a login that no key opens.
var ErrSealed = layers.Errorf(layers.CodeUnavailable, "a stored password cannot be opened: the file of keys is another one than when it was stored")

// ParseKeys reads a file of keys: one a line, id and 64 hexadecimal digits, the newest first.
func ParseKeys(file []byte) (*KeyRing, error) {
	r := &KeyRing{}
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		id, text, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		raw, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil || len(raw) != 32 {
			return nil, layers.Errorf(layers.CodeInvalid, "line %d of the file of keys is not an id and 64 hexadecimal digits", len(r.keys)+1) // never its text
		}
		if err := r.add(id, raw); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *KeyRing) add(id string, raw []byte) error {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return err
	}
	aead, err := cipher.NewGCM(block)
	if err == nil {
		r.keys = append(r.keys, key{id, aead, raw})
	}
	return err
}

// Rotate puts a new key in front; what the older ones sealed opens as before, until it is sealed anew.
func (r *KeyRing) Rotate() error {
	raw, id := make([]byte, 32), make([]byte, 4)
	_, _ = rand.Read(raw) // never fails
	_, _ = rand.Read(id)
	old := r.keys
	r.keys = nil
	if err := r.add(hex.EncodeToString(id), raw); err != nil {
		return err
	}
	r.keys = append(r.keys, old...)
	return nil
}

// Keep forgets all keys but the newest.
func (r *KeyRing) Keep() { r.keys = r.keys[:min(1, len(r.keys))] }

// Newest is the id of the key that seals.
func (r *KeyRing) Newest() string {
	if len(r.keys) == 0 {
		return ""
	}
	return r.keys[0].id
}

// File writes what ParseKeys reads.
func (r *KeyRing) File() []byte {
	var b bytes.Buffer
	for _, k := range r.keys {
		fmt.Fprintf(&b, "%s %s\n", k.id, hex.EncodeToString(k.raw))
	}
	return b.Bytes()
}

// Seal returns the id of the key and the sealed login of a camera.
func (r *KeyRing) Seal(cameraID int64, l Login) (keyID string, sealed []byte, err error) {
	return r.seal(bound(cameraID), l)
}

// SealDevice seals the login of a device that registers by itself: it opens for this device alone.
func (r *KeyRing) SealDevice(device string, l Login) (keyID string, sealed []byte, err error) {
	return r.seal(boundDevice(device), l)
}

func (r *KeyRing) seal(owner []byte, l Login) (keyID string, sealed []byte, err error) {
	if len(r.keys) == 0 {
		return "", nil, ErrSealed
	}
	plain, err := json.Marshal([2]string{l.User, l.Password})
	if err != nil {
		return "", nil, err
	}
	k := r.keys[0]
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return k.id, k.aead.Seal(nonce, nonce, plain, owner), nil
}

// Open returns the login that was sealed for the camera, ErrSealed where no key opens it.
func (r *KeyRing) Open(cameraID int64, keyID string, sealed []byte) (Login, error) {
	return r.open(bound(cameraID), keyID, sealed)
}

// OpenDevice is Open for what SealDevice sealed.
func (r *KeyRing) OpenDevice(device, keyID string, sealed []byte) (Login, error) {
	return r.open(boundDevice(device), keyID, sealed)
}

func (r *KeyRing) open(owner []byte, keyID string, sealed []byte) (Login, error) {
	for _, k := range r.keys {
		if k.id != keyID || len(sealed) < k.aead.NonceSize() {
			continue
		}
		n := k.aead.NonceSize()
		plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], owner)
		var pair [2]string
		if err != nil || json.Unmarshal(plain, &pair) != nil {
			return Login{}, ErrSealed
		}
		return Login{pair[0], pair[1]}, nil
	}
	return Login{}, ErrSealed
}

func bound(cameraID int64) []byte { return []byte("wanglou camera " + strconv.FormatInt(cameraID, 10)) }

func boundDevice(id string) []byte { return []byte("wanglou device " + id) }

// SplitAddress takes the login out of a stream's address. Addresses that cannot be read stay as they are, unless something like a login stands in them.
func SplitAddress(address string) (bare string, l Login, found bool) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, Login{}, false
	}
	// Passwords with "/", "?", "#" and "@" that nobody has escaped are common: the login ends at the last @ before what can only be a host.
	end := strings.LastIndexByte(rest, '@')
	if slash := strings.IndexByte(rest, '/'); slash >= 0 && end > slash {
		if at := strings.IndexByte(rest[:slash], '@'); at >= 0 {
			end = strings.LastIndexByte(rest[:slash], '@')
		} else if !strings.Contains(rest[:slash], ":") || allDigits(rest[strings.IndexByte(rest[:slash], ':')+1:slash]) {
			return address, Login{}, false // the @ is part of the path
		}
	}
	if end < 0 {
		return address, Login{}, false
	}
	user, password, _ := strings.Cut(rest[:end], ":")
	return scheme + "://" + rest[end+1:], Login{unescape(user), unescape(password)}, true
}

// JoinAddress puts a login into the bare address of a stream: the inverse of SplitAddress. An address that has one keeps it.
func JoinAddress(bare string, l Login) string {
	scheme, rest, ok := strings.Cut(bare, "://")
	if _, _, has := SplitAddress(bare); !ok || has || l == (Login{}) {
		return bare
	}
	return scheme + "://" + url.UserPassword(l.User, l.Password).String() + "@" + rest
}

func unescape(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
