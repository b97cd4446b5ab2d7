package dahua

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wanglou/layers/alarm"
	"wanglou/layers/realdata"
)

func TestParseSnap(t *testing.T) {
	t.Parallel()
	const parking = "Events[0].EventBaseInfo.Action=Start\r\nEvents[0].EventBaseInfo.Code=TrafficParking\r\nEvents[0].EventBaseInfo.Index=0\r\nEvents[0].Object.Text=浙A00000\r\nEvents[0].TrafficCar.PlateNumber=浙A00000\r\nEvents[0].UTC=1615554670\r\n"
	for name, c := range map[string]struct {
		body string
		want []alarm.Signal
	}{
		"a sign of life": {"Heartbeat\r\n", nil},
		"parking":        {parking, []alarm.Signal{{Event: "TrafficParking", Channel: "1", Active: true}}},
		"two, and a region": {"Events[1].Code=B\nEvents[1].Action=Stop\nEvents[0].Code=A\nEvents[0].Index=11\nEvents[0].RegionName[0]=北门\nEvents[0].Name=IVS-2",
			[]alarm.Signal{{Event: "A", Channel: "12", Active: true, Text: "北门"}, {Event: "B"}}},
	} {
		got, err := ParseSnap([]byte(c.body))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for _, garbage := range []string{"<html>", "Events[0].UTC=1", "Events[x].Code=A", "Events[99999].Code=A", "\xff\xfe", "Events[0].Code=" + strings.Repeat("x", 200), strings.Repeat("x", MaxBody+1)} {
		if got, err := ParseSnap([]byte(garbage)); err == nil {
			t.Errorf("%.40q: %v", garbage, got)
		}
	}
}

// What a real device sent, where it lies beside the repository: nothing of the plate is kept.
func TestRealSnap(t *testing.T) {
	t.Parallel()
	for _, f := range realdata.Glob(t, "devices/dahua/TrafficParking.txt") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseSnap(b); err != nil || !slices.Equal(got, []alarm.Signal{{Event: "TrafficParking", Channel: "1", Active: true}}) {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func FuzzParseSnap(f *testing.F) {
	f.Add([]byte("Events[0].EventBaseInfo.Code=A\nEvents[0].EventBaseInfo.Index=-1\nEvents[0].Name=x"))
	f.Add([]byte("Heartbeat"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _ := ParseSnap(b)
		for _, s := range all {
			if s.Event == "" || !utf8.ValidString(s.Event+s.Text+s.Channel) || utf8.RuneCountInString(s.Text) > alarm.MaxText || len(all) > maxEvents {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// A real stream of events, where it lies beside the repository.
func TestRealStream(t *testing.T) {
	t.Parallel()
	for _, name := range realdata.Glob(t, "devices/dahua/eventManager_stream.txt") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var all []alarm.Signal
		for _, part := range strings.Split(string(b), "--myboundary") {
			_, body, _ := strings.Cut(strings.ReplaceAll(part, "\r\n", "\n"), "\n\n")
			got, err := Parse([]byte(body))
			if err != nil {
				t.Errorf("%q: %v", body, err)
			}
			all = append(all, got...)
		}
		if !slices.Equal(all, []alarm.Signal{{Event: "SmartMotionVehicle", Channel: "1", Text: "Region1"}}) {
			t.Errorf("%+v", all)
		}
	}
}
