package dahua

import (
	"bufio"
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wanglou/layers/alarm"
)

// SnapPath is where devices tell their events with a picture behind each (snapManager). Not all have it.
const SnapPath = "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[All]&heartbeat=5"

// ParseSnap reads what stands before a picture, lines like Events[0].EventBaseInfo.Code=TrafficParking: the events that it tells, none of a mere sign of life. Code, action, index, and the names of rule and region are
// read, and nothing else: plates and traits of persons and cars stand there too.
func ParseSnap(body []byte) ([]alarm.Signal, error) {
	if len(body) > MaxBody || !utf8.Valid(body) {
		return nil, ErrMessage
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || bytes.EqualFold(body, []byte("Heartbeat")) {
		return nil, nil
	}
	type event struct{ code, action, index, name, region string }
	all := map[int]*event{}
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, MaxBody+1)
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		number, field, is := strings.Cut(strings.TrimPrefix(key, "Events["), "].")
		n, err := strconv.Atoi(number)
		if !ok || !is || !strings.HasPrefix(key, "Events[") || err != nil || n < 0 || n >= maxEvents {
			continue
		}
		e := all[n]
		if e == nil {
			e = &event{}
			all[n] = e
		}
		switch value = strings.TrimSpace(value); field {
		case "EventBaseInfo.Code", "Code":
			e.code = value
		case "EventBaseInfo.Action", "Action":
			e.action = value
		case "EventBaseInfo.Index", "Index":
			e.index = value
		case "Name":
			e.name = value
		case "RegionName", "RegionName[0]":
			e.region = value
		}
	}
	var numbers []int
	for n := range all {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var out []alarm.Signal
	for _, n := range numbers {
		e := all[n]
		if !known(e.code) {
			continue
		}
		s := alarm.Signal{Event: e.code, Channel: channel(e.index), Active: !strings.EqualFold(e.action, "Stop")}
		if s.Text = line(e.region); s.Text == "" {
			s.Text = line(e.name)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, ErrMessage
	}
	return out, nil
}

// known tells whether a code can be one.
func known(code string) bool {
	return code != "" && utf8.RuneCountInString(code) <= alarm.MaxEvent && !strings.ContainsFunc(code, func(r rune) bool { return r < ' ' })
}

// channel is the number of a channel, from 1: devices count from 0.
func channel(index string) string {
	if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < 100_000 {
		return strconv.Itoa(i + 1)
	}
	return ""
}
