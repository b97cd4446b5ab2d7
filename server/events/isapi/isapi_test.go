package isapi

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wanglou/layers/alarm"
)

const line = `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<ipAddress>10.8.0.64</ipAddress><portNo>80</portNo><protocol>HTTP</protocol><macAddress>44:19:b6:00:00:00</macAddress>
<channelID>2</channelID><dateTime>2026-05-01T08:00:07+08:00</dateTime><activePostCount>1</activePostCount>
<eventType>linedetection</eventType><eventState>active</eventState><eventDescription>linedetection alarm</eventDescription>
<DetectionRegionList><DetectionRegionEntry><regionID>3</regionID><sensitivityLevel>50</sensitivityLevel></DetectionRegionEntry></DetectionRegionList>
<channelName>东门</channelName></EventNotificationAlert>`

func TestParse(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 7, 0, time.UTC)
	beijing := time.FixedZone("", 8*3600)
	for name, c := range map[string]struct {
		body  string
		want  alarm.Signal
		alive bool
	}{
		"a line is crossed": {line, alarm.Signal{Event: "linedetection", Channel: "2", Active: true, Text: "region 3", Time: at}, false},
		"it is over":        {strings.Replace(line, ">active<", ">inactive<", 1), alarm.Signal{Event: "linedetection", Channel: "2", Text: "region 3", Time: at}, false},
		"a sign of life":    {strings.NewReplacer("linedetection<", "videoloss<", ">active<", ">inactive<").Replace(line), alarm.Signal{}, true},
		"no picture":        {strings.Replace(line, "linedetection<", "videoloss<", 1), alarm.Signal{Event: "videoloss", Channel: "2", Active: true, Text: "region 3", Time: at}, false},
		"an old recorder": {"\xef\xbb\xbf<EventNotificationAlert version=\"1.0\"><channelID></channelID><dynChannelID> 33 </dynChannelID><dateTime>2026-05-01T08:00:07</dateTime><eventType>VMD</eventType><eventState>active</eventState></EventNotificationAlert>",
			alarm.Signal{Event: "VMD", Channel: "33", Active: true, Time: at}, false},
		"an input":       {`<EventNotificationAlert><inputIOPortID>1</inputIOPortID><eventType>IO</eventType><dateTime>never</dateTime></EventNotificationAlert>`, alarm.Signal{Event: "IO", Channel: "1", Active: true}, false},
		"JSON":           {`{"ipAddress":"10.8.0.64","channelID":"1","dateTime":"2026-05-01T08:00:07+08:00","eventType":"fireSmokeDetection","eventState":"active"}`, alarm.Signal{Event: "fireSmokeDetection", Channel: "1", Active: true, Time: at}, false},
		"JSON heartbeat": {`{"eventType":"heartBeat","eventState":"active"}`, alarm.Signal{}, true},
	} {
		got, alive, err := Parse([]byte(c.body), beijing)
		if !got.Time.Equal(c.want.Time) {
			t.Errorf("%s: %v", name, got.Time)
		}
		got.Time = c.want.Time
		if got != c.want || alive != c.alive || err != nil {
			t.Errorf("%s: %+v %v %v", name, got, alive, err)
		}
	}
	for _, garbage := range []string{"", "x", "<html/>", "{}", "[]", "<EventNotificationAlert/>", "<EventNotificationAlert><eventType>a", `{"eventType":"` + strings.Repeat("x", 200) + `"}`, line + strings.Repeat(" ", MaxAlert)} {
		if _, _, err := Parse([]byte(garbage), time.UTC); err == nil {
			t.Errorf("%.40q is an alert", garbage)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(line))
	f.Add([]byte(`{"eventType":"io","inputIOPortID":1}`))
	f.Add([]byte(`<EventNotificationAlert><eventType>&#x41;</eventType><channelID>-1</channelID></EventNotificationAlert>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, alive, err := Parse(b, time.UTC)
		if err == nil && !alive && (s.Event == "" || !utf8.ValidString(s.Event+s.Channel+s.Text)) {
			t.Fatalf("%+v", s)
		}
	})
}
