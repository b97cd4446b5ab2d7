package hook

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// Kind is in what form a webhook is told.
type Kind string

const (
	KindEvent    Kind = "event"    // CloudEvents, for machines
	KindWeCom    Kind = "wecom"    // a group robot of 企业微信
	KindDingTalk Kind = "dingtalk" // of 钉钉
	KindFeishu   Kind = "feishu"   // of 飞书
)

// Kinds lists all of them.
var Kinds = []Kind{KindEvent, KindWeCom, KindDingTalk, KindFeishu}

// Bot reports whether people read what h is told: a few sentences in a group, of what is news alone.
func (h *Hook) Bot() bool { return h.Kind != "" && h.Kind != KindEvent }

// Limits of what robots are told.
const (
	maxTemplate = 500  // characters
	maxSecret   = 200  // characters
	maxText     = 1800 // bytes: the narrowest takes 2048
	MaxLines    = 10   // rows in one message; of those beyond, the number alone
)

// DefaultTemplate is what is said of one row where a robot has no template of its own.
const DefaultTemplate = "【{severity}】{title}\n地点：{place}\n状态：{state}\n编号：{number}\n{link}"

var placeholder = regexp.MustCompile(`\{([a-z_][a-z0-9_]*)\}`)

// validateBot reports the first wrong field of what robots have besides.
func (h *Hook) validateBot() error {
	switch {
	case !slices.Contains(Kinds, h.Kind):
		return layers.Invalid("kind", "not_a_value", "a webhook is one of %v", Kinds)
	case !h.Bot() && (h.Template != "" || h.Link != ""):
		return layers.Invalid("template", "not_a_robot", "only robots have a template and a link")
	case utf8.RuneCountInString(h.Template) > maxTemplate:
		return layers.Invalid("template", "too_long", "the template has over %d characters", maxTemplate)
	case utf8.RuneCountInString(h.Secret) > maxSecret:
		return layers.Invalid("secret", "too_long", "the secret has over %d characters", maxSecret)
	}
	if h.Link == "" {
		return nil
	}
	u, err := url.Parse(h.Link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(h.Link) > maxURL {
		return layers.Invalid("link", "not_a_value", "a link is the address of the console: http or https, with a host")
	}
	return nil
}

// Needs returns the columns of a layer that h's messages are made of: those that its template names, and those that make a row news.
func (h *Hook) Needs(l *layers.Layer) []string {
	var out []string
	add := func(name string) {
		if l.Index(name) >= 0 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, m := range placeholder.FindAllStringSubmatch(cmp.Or(h.Template, DefaultTemplate), -1) {
		add(m[1])
	}
	for _, name := range []string{"area_path", "state", "status", "severity"} {
		add(name)
	}
	return out
}

// Row is what is known of one row: its values by column, as JSON has them.
type Row struct {
	ID     int64
	Values map[string]any
}

// Mark is what of a row makes it news when it is another one: its state, and how grave it is.
func (r *Row) Mark() string {
	text := func(v any) string {
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	return text(r.Values["state"]) + text(r.Values["status"]) + "|" + text(r.Values["severity"])
}

// News returns the rows whose mark is not the one that was told, the gravest first, then by id.
func News(told map[int64]string, rows []Row) []Row {
	var out []Row
	for _, r := range rows {
		if before, ok := told[r.ID]; !ok || before != r.Mark() {
			out = append(out, r)
		}
	}
	grave := func(r Row) float64 {
		if s, ok := r.Values["severity"].(float64); ok {
			return s
		}
		return 9
	}
	slices.SortStableFunc(out, func(a, b Row) int { return cmp.Or(cmp.Compare(grave(a), grave(b)), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Compose writes one message of rows, of which more than [MaxLines] are told as a number. place names an area by its path.
func (h *Hook) Compose(rows []Row, place func(path string) string) string {
	var parts []string
	length, shown := 0, 0
	for i := range rows {
		text := h.sentence(&rows[i], place)
		if shown == MaxLines || length+len(text) > maxText-100 {
			if shown > 0 {
				break
			}
			text = cut(text, maxText-100)
		}
		parts, length, shown = append(parts, text), length+len(text)+2, shown+1
	}
	if more := len(rows) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("另有 %d 条变化", more))
	}
	return strings.Join(parts, "\n\n")
}

// sentence fills the template in for one row. Lines whose every place is empty are left out.
func (h *Hook) sentence(r *Row, place func(string) string) string {
	var lines []string
	for line := range strings.SplitSeq(cmp.Or(h.Template, DefaultTemplate), "\n") {
		asked, filled := 0, 0
		line = placeholder.ReplaceAllStringFunc(line, func(m string) string {
			asked++
			text := h.word(r, m[1:len(m)-1], place)
			if text != "" {
				filled++
			}
			return text
		})
		if asked == 0 || filled > 0 {
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func (h *Hook) word(r *Row, name string, place func(string) string) string {
	switch name {
	case "link":
		if h.Link == "" {
			return ""
		}
		return fmt.Sprintf("%s/?sel=%s/%d", strings.TrimRight(h.Link, "/"), h.Layer, r.ID)
	case "place":
		path, _ := r.Values["area_path"].(string)
		if path == "" {
			return ""
		}
		return plain(place(path))
	}
	v := r.Values[name]
	if v == nil {
		return ""
	}
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		text = strings.TrimSuffix(fmt.Sprintf("%.3f", f), ".000")
	}
	if known, ok := words[name][text]; ok {
		return known
	}
	return plain(text)
}

// plain takes the power out of what somebody wrote: no line of its own, and none of the marks by which robots call people.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '<':
			return '＜'
		case r == '>':
			return '＞'
		case r == '@':
			return '＠'
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, s)
}

// cut shortens a text to so many bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// words says codes in Chinese: robots speak to people.
var words = map[string]map[string]string{
	"severity": {"1": "紧急", "2": "较急", "3": "一般"},
	"state": {
		string(incident.Reported): "上报", string(incident.Verifying): "待核实", string(incident.Accepted): "受理", string(incident.Filed): "立案", string(incident.Dispatched): "已派遣",
		string(incident.Handling): "处置中", string(incident.Suspended): "挂账", string(incident.Checking): "待核查", string(incident.Closed): "结案",
	},
	"status": {"online": "在线", "offline": "离线", "fault": "故障", "unknown": "未知"},
}

// Shown is the address without what is secret in it: whoever knows a robot's whole address speaks in its group.
func (h *Hook) Shown() string {
	if !h.Bot() {
		return h.URL
	}
	u, err := url.Parse(h.URL)
	if err != nil {
		return "…"
	}
	if u.RawQuery != "" {
		return u.Scheme + "://" + u.Host + u.Path + "?…"
	}
	return u.Scheme + "://" + u.Host + u.Path[:strings.LastIndexByte(u.Path, '/')+1] + "…"
}
