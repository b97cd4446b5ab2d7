// Package chain checks the log of a detection: each row is hashed with the one before it, so that none can be changed, left out, put in or moved without it being seen.
// Who can rewrite the whole database can also hash it anew: the hashes prove something where a copy of one of them lies elsewhere, as in a signed evidence file.
package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wanglou/layers/survey"
)

// Hash returns the hash of a row with that content after one with the hash before, "" for the first.
func Hash(before, content string) string {
	sum := sha256.Sum256([]byte(before + "\n" + content))
	return hex.EncodeToString(sum[:])
}

// content is what a row's content says of itself, as far as it is shown beside it.
type content struct {
	Number string  `json:"number"`
	N      int64   `json:"n"`
	Actor  string  `json:"actor"`
	Move   string  `json:"move"`
	From   string  `json:"from"`
	To     string  `json:"to"`
	Reason string  `json:"reason"`
	At     string  `json:"receive_time"`
	Detail *string `json:"details"`

	Before *string `json:"capture_before_sha256"`
	After  *string `json:"capture_after_sha256"`
}

// Broken says which row does not hold, and why.
type Broken struct {
	N   int64 // counted from 1
	Why string
}

func (b *Broken) Error() string { return fmt.Sprintf("link %d: %s", b.N, b.Why) }

// Verify checks a whole log. The captures' hashes are those of the detection's two originals, "" for what is not known. It returns the last hash, or a *Broken.
func Verify(number, before, after string, links []survey.Link) (string, error) {
	last, state := "", survey.State("")
	for i, l := range links {
		n := int64(i + 1)
		broken := func(format string, args ...any) (string, error) { return "", &Broken{n, fmt.Sprintf(format, args...)} }
		if l.Hash != Hash(last, l.Content) {
			return broken("its hash is not that of its content and the row before")
		}
		var c content
		d := json.NewDecoder(strings.NewReader(l.Content))
		if err := d.Decode(&c); err != nil {
			return broken("its content cannot be read: %v", err)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000000Z", c.At)
		switch {
		case err != nil || !at.Equal(l.At):
			return broken("it shows another time than was hashed")
		case c.Number != number && !strings.HasPrefix(c.Number, number) && !strings.HasPrefix(number, c.Number):
			return broken("it is of %q", c.Number)
		case c.N != n || l.N != n:
			return broken("it was number %d", c.N)
		case c.Actor != l.Actor || c.Move != l.Move || c.From != string(l.From) || c.To != string(l.To) || c.Reason != l.Reason:
			return broken("it shows something else than was hashed")
		case !sameJSON(c.Detail, l.Details):
			return broken("it shows other details than were hashed")
		case l.From != state:
			return broken("it begins at %q, the row before ended at %q", l.From, state)
		case !sameHash(c.Before, before) || !sameHash(c.After, after):
			return broken("a capture's original is another one than was hashed")
		}
		last, state = l.Hash, l.To
	}
	if len(links) == 0 {
		return "", &Broken{1, "there is none"}
	}
	return last, nil
}

func sameHash(hashed *string, shown string) bool {
	if hashed == nil {
		return true // the original came after this row
	}
	return *hashed == shown
}

func sameJSON(hashed *string, shown json.RawMessage) bool {
	if hashed == nil {
		return len(shown) == 0 || string(shown) == "null"
	}
	var a, b any
	if json.Unmarshal([]byte(*hashed), &a) != nil || json.Unmarshal(shown, &b) != nil {
		return false
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
