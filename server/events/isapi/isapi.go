// Package isapi reads the events of Hikvision's ISAPI (GET /ISAPI/Event/notification/alertStream): one EventNotificationAlert a part, XML or, of newer devices, JSON.
package isapi

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers/alarm"
)

// Path is where devices tell their events.
const Path = "/ISAPI/Event/notification/alertStream"

// MaxAlert is how many bytes an alert may have.
const MaxAlert = 64 << 10

// ErrAlert is the error of what is no alert.
var ErrAlert = errors.New("not an EventNotificationAlert")

// alert is what is read of an EventNotificationAlert; whatever else devices send with it (who, which plate) is not.
type alert struct {
	XMLName        xml.Name `xml:"EventNotificationAlert" json:"-"`
	ChannelID      number   `xml:"channelID" json:"channelID"`
	DynChannelID   number   `xml:"dynChannelID" json:"dynChannelID"` // of older recorders: the channel of a camera in the network
	InputIOPortID  number   `xml:"inputIOPortID" json:"inputIOPortID"`
	DateTime       string   `xml:"dateTime" json:"dateTime"`
	EventType      string   `xml:"eventType" json:"eventType"`
	EventState     string   `xml:"eventState" json:"eventState"`
	ActivePosts    number   `xml:"activePostCount" json:"activePostCount"`
	ChannelName    string   `xml:"channelName" json:"channelName"`
	DetectionRules struct {
		Entries []struct {
			RegionID number `xml:"regionID"`
		} `xml:"DetectionRegionEntry"`
	} `xml:"DetectionRegionList" json:"-"`
}

// number is one that devices write as such or as text, with blanks; what is none is 0.
type number int

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(b []byte) error {
	v, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err == nil && v >= 0 && v < 100_000 {
		*n = number(v)
	}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error { return n.UnmarshalText(bytes.Trim(b, `"`)) }

// Parse reads one alert. zone is that of times without one. alive is true of a mere sign of life: a lost picture that is not lost.
func Parse(body []byte, zone *time.Location) (s alarm.Signal, alive bool, err error) {
	if len(body) > MaxAlert {
		return s, false, ErrAlert
	}
	var a alert
	switch trimmed := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n"); {
	case bytes.HasPrefix(trimmed, []byte("{")):
		err = json.Unmarshal(trimmed, &a)
	default:
		d := xml.NewDecoder(bytes.NewReader(trimmed))
		d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // names of events are ASCII; other text that is not UTF-8 is left out
		d.Strict = false
		err = d.Decode(&a)
	}
	name := strings.TrimSpace(a.EventType)
	if err != nil || name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > alarm.MaxEvent || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return s, false, ErrAlert
	}
	active := !strings.EqualFold(strings.TrimSpace(a.EventState), "inactive")
	if strings.EqualFold(name, "videoloss") && !active || strings.EqualFold(name, "heartBeat") {
		return s, true, nil
	}
	s = alarm.Signal{Event: name, Active: active, Time: moment(a.DateTime, zone)}
	for _, id := range []number{a.ChannelID, a.DynChannelID, a.InputIOPortID} {
		if id > 0 {
			s.Channel = strconv.Itoa(int(id))
			break
		}
	}
	if e := a.DetectionRules.Entries; len(e) > 0 && e[0].RegionID > 0 {
		s.Text = "region " + strconv.Itoa(int(e[0].RegionID))
	}
	return s, false, nil
}

func moment(s string, zone *time.Location) time.Time {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04:05", s, zone); err == nil {
		return t
	}
	return time.Time{}
}
