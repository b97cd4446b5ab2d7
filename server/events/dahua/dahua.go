// Package dahua reads the events of Dahua's HTTP API (GET /cgi-bin/eventManager.cgi?action=attach): lines of Code=…;action=…;index=…, with JSON behind them.
package dahua

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"wanglou/layers/alarm"
)

// Path is where devices tell their events, with a sign of life every five seconds.
const Path = "/cgi-bin/eventManager.cgi?action=attach&codes=[All]&heartbeat=5"

// MaxBody is how many bytes a message may have.
const MaxBody = 256 << 10

// ErrMessage is the error of what is no message.
var ErrMessage = errors.New("not a message of an event manager")

const maxEvents = 100 // of one message

// Parse reads one message: the events that it tells, none of a mere sign of life.
func Parse(body []byte) ([]alarm.Signal, error) {
	if len(body) > MaxBody || !utf8.Valid(body) {
		return nil, ErrMessage
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || bytes.EqualFold(body, []byte("Heartbeat")) {
		return nil, nil
	}
	var out []alarm.Signal
	for len(body) > 0 && len(out) < maxEvents {
		var (
			s    alarm.Signal
			more []byte
			ok   bool
		)
		s, more, ok = one(body)
		if !ok {
			if len(out) > 0 {
				return out, nil // what follows is part of the last one's data
			}
			return nil, ErrMessage
		}
		out = append(out, s)
		body = next(more)
	}
	return out, nil
}

// next skips to the next line that begins an event.
func next(b []byte) []byte {
	for len(b) > 0 {
		if bytes.HasPrefix(b, []byte("Code=")) {
			return b
		}
		_, after, found := bytes.Cut(b, []byte("\n"))
		if !found {
			return nil
		}
		b = after
	}
	return nil
}

// one reads an event, and returns what is behind its first line or its data.
func one(b []byte) (s alarm.Signal, rest []byte, ok bool) {
	head, data, found := b, []byte(nil), false
	if i := bytes.Index(b, []byte(";data=")); i >= 0 && bytes.IndexByte(b[:i], '\n') < 0 {
		head, data, found = b[:i], b[i+len(";data="):], true
	} else if i := bytes.IndexByte(b, '\n'); i >= 0 {
		head, rest = b[:i], b[i+1:]
	}
	fields := map[string]string{}
	for _, f := range strings.Split(strings.TrimSpace(string(head)), ";") {
		name, value, _ := strings.Cut(f, "=")
		fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	s.Event = fields["Code"]
	if !known(s.Event) {
		return s, nil, false
	}
	s.Active = !strings.EqualFold(fields["action"], "Stop")
	s.Channel = channel(fields["index"])
	if found {
		rest = text(data, &s)
	}
	return s, rest, true
}

// text reads the names of rule and region of an event's data, and nothing else: plates and traits of persons stand there too.
func text(data []byte, s *alarm.Signal) (rest []byte) {
	var d struct {
		Name       json.RawMessage
		RegionName json.RawMessage
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if decoder.Decode(&d) != nil {
		_, rest, _ = bytes.Cut(data, []byte("\n"))
		return rest
	}
	for _, raw := range []json.RawMessage{d.RegionName, d.Name} {
		var many []string
		var one string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if json.Unmarshal(raw, &many) != nil {
			continue
		}
		if t := line(strings.Join(many, " ")); t != "" {
			s.Text = t
			break
		}
	}
	return data[decoder.InputOffset():]
}

// line keeps some words of a device on one line.
func line(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)), " ")
	if r := []rune(s); len(r) > alarm.MaxText/2 {
		s = string(r[:alarm.MaxText/2])
	}
	return s
}
