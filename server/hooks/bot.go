package hooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"wanglou/layers/hook"
)

// Robots take twenty messages a minute; one that has had enough says so in a code, and wants to be left alone for a while.
const (
	pace      = 3100 * time.Millisecond
	exhausted = time.Minute
)

// talk tells a robot what is news in one frame: one message, or none. What it was told of is stored, so that nothing is said twice, and a snapshot says nothing of what
// was there before.
func (d *Deliveries) talk(ctx context.Context, h *hook.Hook, class, kind, token string, frame []byte) error {
	f, err := readFrame(h, kind, frame)
	if err != nil {
		return err
	}
	if f.columns != nil {
		h.Columns = f.columns
	}
	told, err := d.o.Store.Told(ctx, h.ID)
	if err != nil {
		return err
	}
	silent := kind == "snapshot" && h.Position == "" // it has just been made
	news := hook.News(told, f.rows)
	if len(news) > 0 && !silent {
		text := h.Compose(news, func(path string) string { return d.o.Place(ctx, path) })
		sum := sha256.Sum256([]byte(text))
		if err := d.send(ctx, h, class, hex.EncodeToString(sum[:12]), []byte(text), ""); err != nil {
			return err
		}
	}
	if err := d.o.Store.Tell(ctx, h.ID, marks(news), f.removed); err != nil {
		return err
	}
	if err := d.o.Store.Delivered(ctx, h.ID, token); err != nil || len(news) == 0 || silent {
		return err
	}
	if !d.pause(ctx, d.o.Pace) {
		return ctx.Err()
	}
	return nil
}

func marks(rows []hook.Row) map[int64]string {
	out := make(map[int64]string, len(rows))
	for i := range rows {
		out[rows[i].ID] = rows[i].Mark()
	}
	return out
}

// read is what a frame holds, by rows.
type read struct {
	columns []string // of a snapshot
	rows    []hook.Row
	removed []int64
}

// readFrame reads a frame of the live protocol; a diff has the columns of h, as the snapshot before it had.
func readFrame(h *hook.Hook, kind string, frame []byte) (*read, error) {
	var in struct {
		Columns []string `json:"columns"`
		IDs     []int64  `json:"ids"`
		Values  [][]any  `json:"values"`
		Removed []int64  `json:"removed"`
	}
	if err := json.Unmarshal(frame, &in); err != nil {
		return nil, fmt.Errorf("a frame that cannot be read: %w", err)
	}
	out := &read{removed: in.Removed, columns: in.Columns}
	names := in.Columns
	if kind != "snapshot" {
		names = h.Columns
	}
	for i, id := range in.IDs {
		r := hook.Row{ID: id, Values: make(map[string]any, len(names))}
		for c, name := range names {
			if c < len(in.Values) && i < len(in.Values[c]) {
				r.Values[name] = in.Values[c][i]
			}
		}
		out.rows = append(out.rows, r)
	}
	return out, nil
}

// robotRequest returns where a robot is told a text, and the body: signed anew each time, since signatures hold for an hour at most.
func robotRequest(h *hook.Hook, text string, now time.Time) (address string, body []byte, err error) {
	address = h.URL
	content := map[string]any{"content": text}
	message := map[string]any{"msgtype": "text", "text": content}
	switch h.Kind {
	case hook.KindDingTalk:
		if h.Secret != "" {
			address, err = signDingTalk(h.URL, h.Secret, now)
		}
	case hook.KindFeishu:
		message = map[string]any{"msg_type": "text", "content": map[string]any{"text": text}}
		if h.Secret != "" {
			message["timestamp"], message["sign"] = strconv.FormatInt(now.Unix(), 10), signFeishu(h.Secret, now)
		}
	}
	if err != nil {
		return "", nil, errors.New(hook.WhyAddress)
	}
	body, err = json.Marshal(message)
	return address, body, err
}

// signDingTalk adds the signature of 钉钉 to an address: HMAC-SHA256, keyed with the secret, of time in milliseconds and secret.
func signDingTalk(address, secret string, now time.Time) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "\n" + secret))
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// signFeishu is the signature of 飞书: HMAC-SHA256 of nothing, keyed with time in seconds and secret.
func signFeishu(secret string, now time.Time) string {
	mac := hmac.New(sha256.New, []byte(strconv.FormatInt(now.Unix(), 10)+"\n"+secret))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tooMany are the codes by which robots say that they have had enough for now.
var tooMany = map[int64]bool{45009: true, 45033: true, 130101: true, 410100: true, 11232: true, 9499: true}

// robotAnswer reads what a robot says with status 200: a code other than 0 is a refusal, whatever the status.
func robotAnswer(body []byte) (after time.Duration, err error) {
	var in struct {
		ErrCode    *int64 `json:"errcode"`
		Code       *int64 `json:"code"`
		StatusCode *int64
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return 0, errors.New(hook.WhyRefused + "?")
	}
	for _, code := range []*int64{in.ErrCode, in.Code, in.StatusCode} {
		switch {
		case code == nil:
		case *code == 0:
			return 0, nil
		case tooMany[*code]:
			return exhausted, errors.New(hook.WhyRefused + strconv.FormatInt(*code, 10))
		default:
			return 0, errors.New(hook.WhyRefused + strconv.FormatInt(*code, 10))
		}
	}
	return 0, errors.New(hook.WhyRefused + "?")
}
