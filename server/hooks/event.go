package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// mimeEvent is CloudEvents 1.0 in its structured form.
const mimeEvent = "application/cloudevents+json; charset=utf-8"

// secretPrefix begins a secret, as Standard Webhooks has it; base64 follows.
const secretPrefix = "whsec_"

// event is a CloudEvent. Data is the frame of docs/protocol.md.
type event struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Time        string          `json:"time"`
	ContentType string          `json:"datacontenttype"`
	Data        json.RawMessage `json:"data"`
}

// newEvent returns the id and the bytes of the event for a frame. Equal frames have equal ids: who gets one twice may drop it.
func newEvent(layer, kind string, frame []byte, now time.Time) (id string, body []byte, err error) {
	sum := sha256.Sum256(frame)
	id = hex.EncodeToString(sum[:12])
	body, err = json.Marshal(event{
		SpecVersion: "1.0", ID: id, Source: "/layers/" + layer, Type: "wanglou.layer." + kind, Time: now.UTC().Format(time.RFC3339Nano), ContentType: "application/json", Data: frame,
	})
	return id, body, err
}

// sign returns the header webhook-signature of Standard Webhooks: HMAC-SHA256 over id, time and body.
func sign(secret, id string, at time.Time, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		key = []byte(secret)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
