package gb28181

import (
	"errors"
	"strings"
	"testing"

	"wanglou/layers/camera"
	"wanglou/server/gb28181/manscdp"
	"wanglou/server/gb28181/recorder"
)

// A device is asked what it is, and told what its cameras shall do; both over UDP and TCP.
func TestAskAndControl(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s, _, address := start(t, loopback)
			if _, err := s.Ask(t.Context(), nvr); !errors.Is(err, ErrAway) {
				t.Errorf("one that never came: %v", err)
			}
			if err := s.Control(t.Context(), nvr, one, camera.Control{Command: camera.Stop}); !errors.Is(err, ErrAway) {
				t.Errorf("one that never came: %v", err)
			}
			r := dial(t, network, address, nvr, "geheim")
			r.Controls, r.Channels = make(chan string, 1), []string{"<Item><DeviceID>" + one + "</DeviceID></Item>"}
			wants(t, "registers", 200)(r.Register(t.Context(), 3600))
			got, err := s.Ask(t.Context(), nvr)
			want := manscdp.About{Name: "模拟录像机", Manufacturer: "Simulated", Model: "R-2", Firmware: "1.0", Channels: 1, Result: "OK", Online: "ONLINE", Status: "OK", Encode: "ON", Record: "OFF", Clock: "2026-05-01T08:00:00"}
			if err != nil || *got != want {
				t.Errorf("%+v, %v", got, err)
			}
			if err := s.Control(t.Context(), nvr, one, camera.Control{Command: camera.PresetGo, Preset: 255}); err != nil {
				t.Fatal(err)
			}
			if told := <-r.Controls; !strings.Contains(told, "<PTZCmd>A50F018200FF0036</PTZCmd>") || !strings.Contains(told, "<DeviceID>"+one+"</DeviceID>") {
				t.Error(told)
			}
			if err := s.Control(t.Context(), nvr, "1", camera.Control{Command: camera.Stop}); err == nil {
				t.Error("a channel that is none was told")
			}
		})
	}
}

// What nobody asked, and what another device answers, is nobody's answer.
func TestForgedAnswer(t *testing.T) {
	t.Parallel()
	s, _, address := start(t, loopback)
	r, other := dial(t, "udp", address, nvr, "geheim"), dial(t, "udp", address, one, "geheim")
	for _, d := range []*recorder.Recorder{r, other} {
		wants(t, "registers", 200)(d.Register(t.Context(), 3600))
	}
	answers := make(chan manscdp.About, 2)
	s.mu.Lock()
	s.queries[query{nvr, manscdp.DeviceInfo, "7"}] = answers
	s.mu.Unlock()
	tell := func(d *recorder.Recorder, id, sn string) (int, error) {
		return d.Tell(t.Context(), "<Response><CmdType>DeviceInfo</CmdType><SN>"+sn+"</SN><DeviceID>"+id+"</DeviceID><DeviceName>x</DeviceName></Response>")
	}
	wants(t, "another device, of itself", 200)(tell(other, one, "7"))
	wants(t, "another device, of this one", 403)(tell(other, nvr, "7"))
	wants(t, "another number", 200)(tell(r, nvr, "8"))
	if len(answers) != 0 {
		t.Error("a forged answer was taken")
	}
	for range 3 { // told again, it is one answer
		wants(t, "the device", 200)(tell(r, nvr, "7"))
	}
	if len(answers) != 1 {
		t.Errorf("%d answers", len(answers))
	}
}
