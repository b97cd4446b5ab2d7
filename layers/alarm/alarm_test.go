package alarm

import (
	"math/rand/v2"
	"testing"
	"time"

	"wanglou/layers"
)

func TestIdentifies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"facedetection", "faceSnap", "FaceDetection", "FaceRecognition", "ANPR", "vehicleMatchResult", "RuleEngine/Recognition/LicensePlate", "tns1:RuleEngine/tnsx:FaceDetect/Face",
		"TrafficJunction", "AccessControl", "AccessControllerEvent", "HumanTrait", "CitizenPictureCompare", "personComparison", "PlateList", "hikFaceMatch", "LPR", "mixedTargetDetection",
	} {
		if !Identifies(name) {
			t.Errorf("%s is taken", name)
		}
	}
	for _, name := range []string{
		"linedetection", "fielddetection", "VMD", "videoloss", "CrossLineDetection", "SmartMotionHuman", "SmartMotionVehicle", "TrafficParking", "ParkingDetection", "NetworkInterfaceFault",
		"RuleEngine/CellMotionDetector/Motion", "VideoSource/GlobalSceneChange/ImagingService", "Device/Trigger/DigitalInput", "RoadSurfaceDamage", "templateChanged", "io", "",
	} {
		if Identifies(name) {
			t.Errorf("%s is dropped", name)
		}
	}
}

// However signs come, two episodes of one kind are at least the quiet time apart, and no sign is more than that from its own.
func TestEpisodes(t *testing.T) {
	t.Parallel()
	const quiet = 5 * time.Minute
	for round := range 200 {
		r := rand.New(rand.NewPCG(1, uint64(round)))
		at := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
		var e *Episode
		for range 100 {
			at = at.Add(time.Duration(r.IntN(900)) * time.Second)
			active := r.IntN(2) == 0
			if e != nil && e.Holds(at, quiet) {
				e.LastAt, e.Ended = at, !active
				continue
			}
			if e != nil && at.Sub(e.LastAt) <= quiet {
				t.Fatal("two alarms within the quiet time")
			}
			if active {
				e = &Episode{LastAt: at}
			}
		}
	}
	open, over := Episode{}, Episode{Ended: true}
	if at := (time.Time{}).Add(Held); !open.Holds(at, quiet) || open.Holds(at.Add(1), quiet) || over.Holds(at, quiet) || !over.Holds((time.Time{}).Add(quiet), quiet) {
		t.Error("an alarm that is not over holds an hour, one that is over the quiet time")
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 8, 0, 0, 500, time.UTC)
	for said, want := range map[time.Time]time.Time{
		{}: now.Truncate(time.Second), now.Add(-time.Minute): now.Add(-time.Minute), now.Add(-24 * time.Hour): now.Truncate(time.Second), now.Add(time.Hour): now.Truncate(time.Second),
	} {
		if got := (&Signal{Time: said}).When(now); !got.Equal(want) {
			t.Errorf("%v: %v", said, got)
		}
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	good := func() *Entry {
		return &Entry{Name: " 东门 ", Protocol: ISAPI, Address: "http://10.8.0.9:8000/", User: "admin", Places: []Place{{"1", 7, ""}, {"", 8, ""}}}
	}
	e := good()
	if err := e.Validate(); err != nil || e.Name != "东门" || e.Address != "http://10.8.0.9:8000" || e.Quiet != UsualQuiet {
		t.Fatal(e, err)
	}
	long := string(make([]byte, 201))
	for name, c := range map[string]struct {
		spoil         func(e *Entry)
		field, reason string
	}{
		"no name":        {func(e *Entry) { e.Name = "" }, "name", "required"},
		"other protocol": {func(e *Entry) { e.Protocol = "x" }, "protocol", "unknown_value"},
		"no address":     {func(e *Entry) { e.Address = "" }, "address", "required"},
		"a login":        {func(e *Entry) { e.Address = "http://a:b@10.8.0.9" }, "address", "login_in_address"},
		"rtsp":           {func(e *Entry) { e.Address = "rtsp://10.8.0.9" }, "address", "not_a_value"},
		"a path":         {func(e *Entry) { e.Address = "http://10.8.0.9/x" }, "address", "not_a_value"},
		"a query":        {func(e *Entry) { e.Address = "http://10.8.0.9?x" }, "address", "not_a_value"},
		"too quiet":      {func(e *Entry) { e.Quiet = 5 }, "quiet_s", "out_of_range"},
		"long password":  {func(e *Entry) { e.Password = &long }, "password", "too_long"},
		"twice":          {func(e *Entry) { e.Places[1].Channel = "1" }, "places.1.channel", "repeated_field"},
		"no camera":      {func(e *Entry) { e.Places[1].CameraID = 0 }, "places.1.camera_id", "required"},
	} {
		e := good()
		c.spoil(e)
		err, ok := e.Validate().(*layers.Error)
		if !ok || err.Field != c.field || err.Reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	e = good()
	e.Protocol, e.Address = ONVIF, "http://10.8.0.9/onvif/device_service"
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
}
