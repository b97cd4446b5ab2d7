package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"wanglou/layers/survey"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123456000, time.UTC)

// log is a sound chain of four.
func log() []survey.Link {
	var out []survey.Link
	last := ""
	for i, m := range []struct{ move, from, to string }{{"detect", "", "detected"}, {"redraw", "detected", "detected"}, {"issue", "detected", "issued"}, {"arrive", "issued", "on_site"}} {
		at := noon.Add(time.Duration(i) * time.Hour)
		details := `{"a": 1}`
		c, _ := json.Marshal(map[string]any{"number": "WJ1", "n": i + 1, "receive_time": at.Format("2006-01-02T15:04:05.000000Z"), "actor": "甲", "move": m.move, "from": m.from, "to": m.to, "reason": "理由", "details": details,
			"capture_before_sha256": "b", "capture_after_sha256": "a"})
		last = Hash(last, string(c))
		out = append(out, survey.Link{N: int64(i + 1), At: at, Actor: "甲", Move: m.move, From: survey.State(m.from), To: survey.State(m.to), Reason: "理由", Details: json.RawMessage(`{"a":1}`), Content: string(c), Hash: last})
	}
	return out
}

func TestVerify(t *testing.T) {
	t.Parallel()
	if last, err := Verify("WJ1", "b", "a", log()); err != nil || last != log()[3].Hash {
		t.Fatal(last, err)
	}
	for name, c := range map[string]struct {
		tamper func([]survey.Link) []survey.Link
		at     int64
	}{
		"none":            {func(l []survey.Link) []survey.Link { return nil }, 1},
		"first left out":  {func(l []survey.Link) []survey.Link { return l[1:] }, 1},
		"second left out": {func(l []survey.Link) []survey.Link { return append(l[:1:1], l[2:]...) }, 2},
		"swapped":         {func(l []survey.Link) []survey.Link { l[1], l[2] = l[2], l[1]; return l }, 2},
		"twice":           {func(l []survey.Link) []survey.Link { return append(l[:2:2], l[1:]...) }, 3},
		"reason":          {func(l []survey.Link) []survey.Link { l[2].Reason = "别的"; return l }, 3},
		"actor":           {func(l []survey.Link) []survey.Link { l[0].Actor = "乙"; return l }, 1},
		"time":            {func(l []survey.Link) []survey.Link { l[3].At = l[3].At.Add(time.Microsecond); return l }, 4},
		"details":         {func(l []survey.Link) []survey.Link { l[1].Details = json.RawMessage(`{"a":2}`); return l }, 2},
		"state":           {func(l []survey.Link) []survey.Link { l[2].To = survey.Dismissed; return l }, 3},
		"content":         {func(l []survey.Link) []survey.Link { l[2].Content += " "; return l }, 3},
		"content and its own hash": {func(l []survey.Link) []survey.Link {
			l[1].Content += " "
			l[1].Hash = Hash(l[0].Hash, l[1].Content)
			return l
		}, 3},
		"hash": {func(l []survey.Link) []survey.Link { l[3].Hash = l[2].Hash; return l }, 4},
	} {
		_, err := Verify("WJ1", "b", "a", c.tamper(log()))
		var b *Broken
		if !errors.As(err, &b) || b.N != c.at {
			t.Errorf("%s: %v, want link %d", name, err, c.at)
		}
	}
	for _, c := range [][3]string{{"WJ1", "x", "a"}, {"WJ1", "b", "x"}, {"WJ2", "b", "a"}} {
		if _, err := Verify(c[0], c[1], c[2], log()); err == nil {
			t.Error(fmt.Sprint(c), "holds")
		}
	}
}
