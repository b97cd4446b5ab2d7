package manscdp

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wanglou/layers/realdata"
)

const (
	device = "34020000001180000001"
	one    = "34020000001310000001"
	two    = "34020000001310000002"
)

var china = time.FixedZone("CST", 8*3600)

func gbk(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const catalogue = `<?xml version="1.0" encoding="GB2312"?>
<Response><CmdType>Catalog</CmdType><SN>7</SN><DeviceID>` + device + `</DeviceID><SumNum>3</SumNum><DeviceList Num="3">
<Item><DeviceID>` + one + `</DeviceID><Name>人民路&南街</Name><ParentID>34020000002000000001/` + device + `</ParentID><Status>ON</Status><Longitude>119.68</Longitude><Latitude>29.79</Latitude></Item>
<Item><DeviceID>` + two + `</DeviceID><Name></Name><Status>OFF</Status><Longitude>0</Longitude><Latitude>0.0</Latitude><Info><PTZType>3</PTZType></Info></Item>
<Item><DeviceID>3402000000</DeviceID><Name>区</Name></Item>
</DeviceList></Response>`

func TestParse(t *testing.T) {
	t.Parallel()
	head := `<CmdType>%</CmdType><SN>4</SN><DeviceID>` + device + `</DeviceID>`
	of := func(kind string) string { return strings.Replace(head, "%", kind, 1) }
	items := []Item{{ID: one, Name: "人民路&南街", Parent: device, Point: &[2]float64{119.68, 29.79}}, {ID: two, Name: two, Off: true, Fixed: true}}
	at := time.Date(2026, 6, 5, 10, 30, 0, 0, china)
	for name, c := range map[string]struct {
		body []byte
		want *Message
	}{
		"keep-alive":                        {[]byte("<?xml version=\"1.0\"?>\n<Notify>" + of("Keepalive") + "<Status>ok</Status></Notify>\x00"), &Message{Root: "Notify", Kind: Keepalive, SN: "4", DeviceID: device, Status: "OK"}},
		"GB18030":                           {gbk(t, catalogue), &Message{Root: "Response", Kind: Catalog, SN: "7", DeviceID: device, Sum: 3, Items: items, Skipped: 1}},
		"declared as GB2312, sent as UTF-8": {[]byte(catalogue), &Message{Root: "Response", Kind: Catalog, SN: "7", DeviceID: device, Sum: 3, Items: items, Skipped: 1}},
		"alarm": {gbk(t, `<?xml version="1.0" encoding="GB18030"?><Notify>`+of("alarm")+`<AlarmPriority>1</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmTime>2026-06-05T10:30:00</AlarmTime><AlarmDescription>烟火</AlarmDescription><AlarmType>9</AlarmType><Info><AlarmType>6</AlarmType></Info></Notify>`),
			&Message{Root: "Notify", Kind: Alarm, SN: "4", DeviceID: device, Alarm: &AlarmNotice{Priority: 1, Method: 5, Type: 6, Time: at, Description: "烟火"}}},
		"alarm without its kind": {[]byte(`<Notify><DeviceID>` + one + `</DeviceID><AlarmMethod>2</AlarmMethod><AlarmTime>soon</AlarmTime><Longitude>NaN</Longitude><Latitude>1</Latitude></Notify>`),
			&Message{Root: "Notify", Kind: Alarm, DeviceID: one, Alarm: &AlarmNotice{Method: 2}}},
		"status": {[]byte(`<Response>` + of("DeviceStatus") + `<Result>OK</Result><Online>online</Online><Status>OK</Status></Response>`), &Message{Root: "Response", Kind: DeviceStatus, SN: "4", DeviceID: device, Status: "OK", Online: "ONLINE", About: &About{Result: "OK", Online: "ONLINE", Status: "OK"}}},
		"info": {gbk(t, `<?xml version="1.0" encoding="GB2312"?><Response>`+of("DeviceInfo")+`<Result>OK</Result><DeviceName>城南录像机</DeviceName><Manufacturer>X</Manufacturer><Model>N-64</Model><Firmware>V4.1</Firmware><Channel>64</Channel></Response>`),
			&Message{Root: "Response", Kind: DeviceInfo, SN: "4", DeviceID: device, About: &About{Name: "城南录像机", Manufacturer: "X", Model: "N-64", Firmware: "V4.1", Channels: 64, Result: "OK"}}},
		"no id":        {[]byte(`<Notify><CmdType>Keepalive</CmdType><DeviceID>1</DeviceID></Notify>`), nil},
		"no kind":      {[]byte(`<Notify><DeviceID>` + one + `</DeviceID></Notify>`), nil},
		"another root": {[]byte(`<html>` + of("Keepalive") + `</html>`), nil},
		"cut off":      {[]byte(`<Notify>` + of("Keepalive")), nil},
		"too long":     {bytes.Repeat([]byte{' '}, MaxBody+1), nil},
		"empty":        {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(c.body, china)
			if (err == nil) != (c.want != nil) || got != nil && got.Alarm != nil && !got.Alarm.Time.Equal(c.want.Alarm.Time) {
				t.Fatalf("%+v, %v", got, err)
			}
			if got != nil && got.Alarm != nil {
				got.Alarm.Time = c.want.Alarm.Time
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	const want = "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<Query>\r\n<CmdType>Catalog</CmdType>\r\n<SN>7</SN>\r\n<DeviceID>" + device + "</DeviceID>\r\n</Query>\r\n"
	if got := string(Query(Catalog, "7", device)); got != want {
		t.Errorf("%q", got)
	}
	if m, err := Parse(Answer(Alarm, "<1>", device), china); err != nil || m.SN != "<1>" || m.Root != "Response" {
		t.Errorf("%+v, %v", m, err)
	}
}

// What real devices sent, where it lies beside the repository.
func TestRealAlarms(t *testing.T) {
	t.Parallel()
	files := realdata.Glob(t, "devices/gb28181/wvp/*.xml")
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{body, gbk(t, string(body))} {
			if m, err := Parse(b, china); err != nil || m.Kind != Alarm || m.Alarm.Time.IsZero() || m.Alarm.Method == 0 {
				t.Errorf("%s: %+v, %v", f, m, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range [][]byte{[]byte(catalogue), gbk(f, catalogue), Query(Catalog, "1", device), []byte("<Notify><DeviceID>"), {0xff, 0xfe}, nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Parse(body, china)
		if err != nil {
			return
		}
		if !ID(m.DeviceID) || m.Kind == "" || len(m.Items) > MaxItems || (m.Alarm != nil) != (m.Kind == Alarm) {
			t.Fatalf("%+v", m)
		}
		for _, i := range m.Items {
			if !ID(i.ID) || i.Name == "" || strings.ContainsAny(i.Name, "\r\n\x00") || len([]rune(i.Name)) > maxText {
				t.Fatalf("%+v", i)
			}
		}
	})
}
