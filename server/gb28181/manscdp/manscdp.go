// Package manscdp reads and writes the XML of GB/T 28181 (MANSCDP): what devices tell, and what they are asked. It is lenient, as devices are old: a declared
// encoding is believed only where the bytes agree, unknown elements are passed over, numbers that are none are left out. It does no I/O.
package manscdp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Limits of what is read.
const (
	MaxBody  = 256 << 10 // bytes
	MaxItems = 2000      // of one message
	maxText  = 200       // characters of a field
)

// Kinds of messages that are understood.
const (
	Keepalive    = "Keepalive"
	Catalog      = "Catalog"
	Alarm        = "Alarm"
	DeviceStatus = "DeviceStatus"
	DeviceInfo   = "DeviceInfo"

	// DeviceControl is told to devices alone.
	DeviceControl = "DeviceControl"
)

// Message is one body. Fields that do not belong to its kind are zero.
type Message struct {
	Root     string // "Notify", "Response", "Query", "Control"
	Kind     string // one of the constants, or what the device wrote
	SN       string
	DeviceID string // 20 digits: the device, or the channel, that it is about

	Status string // of a keep-alive and a device: "OK", "ERROR", "ON", "OFF", in capitals
	Online string // of a device: "ONLINE", "OFFLINE"

	Sum     int // of a catalogue: items of all its messages, 0 where it is not said
	Items   []Item
	Skipped int // items of this message without an id: areas, mostly

	Alarm *AlarmNotice
	About *About // of an answer to DeviceInfo or DeviceStatus
}

// About is what a device says of itself. What it does not say is empty.
type About struct {
	Name         string `json:"name,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Firmware     string `json:"firmware,omitempty"`
	Channels     int    `json:"channels,omitempty"`
	Result       string `json:"result,omitempty"` // OK, ERROR
	Online       string `json:"online,omitempty"` // ONLINE, OFFLINE
	Status       string `json:"status,omitempty"` // OK, ERROR
	Reason       string `json:"reason,omitempty"` // of an error
	Encode       string `json:"encode,omitempty"` // ON, OFF
	Record       string `json:"record,omitempty"` // ON, OFF
	Clock        string `json:"clock,omitempty"`  // as it writes it
}

// Item is one entry of a catalogue: a camera, or a group that others stand in.
type Item struct {
	ID           string // 20 digits
	Name         string
	Manufacturer string
	Parent       string // the last id of ParentID, "" where it is none
	Group        bool   // it is no camera
	Off          bool
	Fixed        bool        // it says that it does not turn
	Point        *[2]float64 // longitude, latitude as the device says them (WGS 84 by the standard); nil where it says none
}

// AlarmNotice is what an alarm says.
type AlarmNotice struct {
	Priority    int // 1 is the gravest, 0 where it is not said
	Method      int // 1 telephone, 2 device, 3 text message, 4 place, 5 video, 6 fault of a device, 7 other
	Type        int // of the method, 0 where it is not said
	Time        time.Time
	Description string
	Point       *[2]float64
}

// Err is what is said of a body that cannot be read.
var Err = errors.New("not a message of GB/T 28181")

type wire struct {
	XMLName  xml.Name
	CmdType  string
	SN       string
	DeviceID string
	Status   string
	Online   string
	SumNum   string

	DeviceName, Manufacturer, Model, Firmware, Channel, Result, Reason, Encode, Record, DeviceTime string

	List struct {
		Items []wireItem `xml:"Item"`
	} `xml:"DeviceList"`
	AlarmPriority, AlarmMethod, AlarmType, AlarmTime, AlarmDescription, Longitude, Latitude string
	Info                                                                                    struct {
		AlarmType string
	}
}

type wireItem struct {
	DeviceID, Name, Manufacturer, ParentID, Parental, Status, Longitude, Latitude, PTZType string
	Info                                                                                   struct {
		PTZType string
	}
}

// Parse reads a body. Times without a zone are of zone.
func Parse(body []byte, zone *time.Location) (*Message, error) {
	if len(body) > MaxBody {
		return nil, fmt.Errorf("%w: %d bytes", Err, len(body))
	}
	d := xml.NewDecoder(bytes.NewReader(decode(body)))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 already
	var w wire
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("%w: %w", Err, err)
	}
	if len(w.List.Items) > MaxItems {
		return nil, fmt.Errorf("%w: %d items", Err, len(w.List.Items))
	}
	m := &Message{
		Root: text(w.XMLName.Local), Kind: text(w.CmdType), SN: text(w.SN), DeviceID: text(w.DeviceID),
		Status: strings.ToUpper(text(w.Status)), Online: strings.ToUpper(text(w.Online)), Sum: min(max(number(w.SumNum), 0), 1<<20),
	}
	if !slices.Contains([]string{"Notify", "Response", "Query", "Control"}, m.Root) || !ID(m.DeviceID) {
		return nil, Err
	}
	for _, kind := range []string{Keepalive, Catalog, Alarm, DeviceStatus, DeviceInfo} {
		if strings.EqualFold(m.Kind, kind) {
			m.Kind = kind
		}
	}
	if m.Kind == "" && m.Root == "Notify" && w.AlarmMethod != "" {
		m.Kind = Alarm
	}
	switch m.Kind {
	case "":
		return nil, Err
	case Catalog:
		for i := range w.List.Items {
			if item, ok := w.List.Items[i].item(); ok {
				m.Items = append(m.Items, item)
			} else {
				m.Skipped++
			}
		}
	case Alarm:
		m.Alarm = w.alarm(zone)
	case DeviceInfo, DeviceStatus:
		if m.Root == "Response" {
			m.About = &About{Name: text(w.DeviceName), Manufacturer: text(w.Manufacturer), Model: text(w.Model), Firmware: text(w.Firmware), Channels: min(number(w.Channel), 1<<20), Result: strings.ToUpper(text(w.Result)),
				Online: m.Online, Status: m.Status, Reason: text(w.Reason), Encode: strings.ToUpper(text(w.Encode)), Record: strings.ToUpper(text(w.Record)), Clock: text(w.DeviceTime)}
		}
	}
	return m, nil
}

func (w *wire) alarm(zone *time.Location) *AlarmNotice {
	a := &AlarmNotice{Priority: number(w.AlarmPriority), Method: number(w.AlarmMethod), Type: number(w.AlarmType), Description: text(w.AlarmDescription), Point: point(w.Longitude, w.Latitude)}
	if n := number(w.Info.AlarmType); n != 0 { // where the standard has it; older devices write it at the root
		a.Type = n
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text(w.AlarmTime), zone); err == nil && at.Year() > 2000 && at.Year() < 2200 {
			a.Time = at
			break
		}
	}
	return a
}

func (w *wireItem) item() (Item, bool) {
	i := Item{ID: text(w.DeviceID), Name: text(w.Name), Manufacturer: text(w.Manufacturer), Point: point(w.Longitude, w.Latitude)}
	switch strings.ToUpper(text(w.Status)) {
	case "OFF", "OFFLINE", "ERROR", "VLOST", "NOTONLINE":
		i.Off = true
	}
	kind := text(w.Info.PTZType) // where the standard has it; older devices write it beside
	if kind == "" {
		kind = text(w.PTZType)
	}
	i.Fixed = kind == "3"                           // a fixed bullet camera: the other kinds turn, or may
	parents := strings.Split(text(w.ParentID), "/") // of the outermost to the next one
	if last := parents[len(parents)-1]; ID(last) && last != i.ID {
		i.Parent = last
	}
	if i.Name == "" {
		i.Name = i.ID
	}
	i.Group = ID(i.ID) && !cameraType(i.ID[10:13])
	return i, ID(i.ID)
}

// cameraType says whether the digits 11 to 13 of an id are those of what has a picture: analogue and network cameras.
func cameraType(digits string) bool { return digits == "131" || digits == "132" }

// ID reports whether s is an id of GB/T 28181: 20 digits.
func ID(s string) bool { return len(s) == 20 && strings.Trim(s, "0123456789") == "" }

// decode gives UTF-8 whatever is declared: devices declare GB2312 and send UTF-8, or the other way round. What is valid UTF-8 is hardly ever GBK.
func decode(body []byte) []byte {
	body = bytes.TrimPrefix(bytes.Trim(body, "\x00 \t\r\n"), []byte("\ufeff"))
	if utf8.Valid(body) {
		return body
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	return out
}

// text is one line of at most maxText characters.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > maxText {
		s = strings.TrimSpace(string(r[:maxText]))
	}
	return s
}

func number(s string) int {
	n, err := strconv.Atoi(text(s))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// point is nil where nothing is said: many devices write 0 and 0.
func point(lon, lat string) *[2]float64 {
	x, errX := strconv.ParseFloat(text(lon), 64)
	y, errY := strconv.ParseFloat(text(lat), 64)
	if errX != nil || errY != nil || !(math.Abs(x) <= 180) || !(math.Abs(y) <= 90) || x == 0 && y == 0 {
		return nil
	}
	return &[2]float64{x, y}
}

// Query asks a device for a kind of message.
func Query(kind, sn, device string) []byte { return write("Query", kind, sn, device, "") }

// Answer says to a device that its alarm was taken.
func Answer(kind, sn, device string) []byte {
	return write("Response", kind, sn, device, "<Result>OK</Result>\r\n")
}

func write(root, kind, sn, device, more string) []byte {
	var b bytes.Buffer
	escaped := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s)) // a buffer takes all
		return e.String()
	}
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<%s>\r\n<CmdType>%s</CmdType>\r\n<SN>%s</SN>\r\n<DeviceID>%s</DeviceID>\r\n%s</%s>\r\n",
		root, escaped(kind), escaped(sn), escaped(device), more, root)
	return b.Bytes()
}
