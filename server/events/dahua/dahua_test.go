package dahua

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wanglou/layers/alarm"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []alarm.Signal
	}{
		"a sign of life": {"Heartbeat\r\n", nil},
		"nothing":        {"\r\n", nil},
		"a line":         {"Code=VideoBlind;action=Start;index=0", []alarm.Signal{{Event: "VideoBlind", Channel: "1", Active: true}}},
		"over":           {"Code=AlarmLocal;action=Stop;index=3\r\n", []alarm.Signal{{Event: "AlarmLocal", Channel: "4"}}},
		"a pulse":        {"Code=NewFile;action=Pulse", []alarm.Signal{{Event: "NewFile", Active: true}}},
		"two":            {"Code=A;action=Start;index=0\r\nCode=B;action=Stop;index=1\r\n", []alarm.Signal{{Event: "A", Channel: "1", Active: true}, {Event: "B", Channel: "2"}}},
		"with data": {"Code=CrossRegionDetection;action=Start;index=11;data={\n  \"Name\" : \"IVS-2\",\n \"Object\" : { \"Text\" : \"浙A00000\", \"ObjectType\" : \"Plate\" }\n}\n\nCode=C;action=Stop;index=0",
			[]alarm.Signal{{Event: "CrossRegionDetection", Channel: "12", Active: true, Text: "IVS-2"}, {Event: "C", Channel: "1"}}},
		"a region": {"Code=SmartMotionVehicle;action=Stop;index=0;data={\n\"RegionName\" : [ \"北门\", \"2\" ],\n\"WindowId\" : [ 0 ]}\n", []alarm.Signal{{Event: "SmartMotionVehicle", Channel: "1", Text: "北门 2"}}},
		"cut data": {"Code=LeftDetection;action=Start;index=0;data={\n \"Name\" : \"x", []alarm.Signal{{Event: "LeftDetection", Channel: "1", Active: true}}},
	} {
		got, err := Parse([]byte(c.body))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for _, garbage := range []string{"<html>", "Code=;action=Start", "\xff\xfe", "Code=" + strings.Repeat("x", 200), strings.Repeat("x", MaxBody+1)} {
		if got, err := Parse([]byte(garbage)); err == nil {
			t.Errorf("%.40q: %v", garbage, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Code=CrossLineDetection;action=Start;index=0;data={\"Name\":[\"a\"],\"UTC\":1}\nCode=x;index=-1"))
	f.Add([]byte("Heartbeat"))
	f.Add([]byte("Code=a;data={}{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := Parse(b)
		for _, s := range all {
			if s.Event == "" || !utf8.ValidString(s.Event+s.Text+s.Channel) || utf8.RuneCountInString(s.Text) > alarm.MaxText {
				t.Fatalf("%+v", s)
			}
		}
	})
}
