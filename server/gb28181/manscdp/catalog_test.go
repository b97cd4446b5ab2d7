package manscdp

import (
	"errors"
	"strings"
	"testing"
)

const catalogPage = `<?xml version="1.0" encoding="GB2312"?>
<Response><CmdType>Catalog</CmdType><SN>1</SN><DeviceID>34020000001180000001</DeviceID><SumNum>2</SumNum><DeviceList Num="1">
<Item><DeviceID>34020000001310000001</DeviceID><Name>东门</Name><Longitude>119.7</Longitude><Latitude>29.8</Latitude></Item></DeviceList></Response>
`

func TestReadCatalog(t *testing.T) {
	t.Parallel()
	second := strings.NewReplacer("东门", "西门", "1310000001", "1310000002", "<Longitude>119.7</Longitude>", "").Replace(catalogPage)
	device, items, err := ReadCatalog([]byte(catalogPage + second))
	if err != nil || device != "34020000001180000001" || len(items) != 2 || items[1].Name != "西门" {
		t.Fatal(device, items, err)
	}
	if a, b := items[0].Channel(), items[1].Channel(); a.Point == nil || a.Point[0] != 119.7 || !a.Camera || b.Point != nil {
		t.Errorf("%+v %+v", a, b)
	}
	for name, text := range map[string]string{"empty": "", "cut off": catalogPage[:200], "no catalogue": strings.Replace(catalogPage, "Catalog<", "DeviceInfo<", 1),
		"of two devices": catalogPage + strings.Replace(catalogPage, "1180000001", "1180000002", 1), "too many": strings.Repeat(catalogPage, maxPages+1)} {
		if _, _, err := ReadCatalog([]byte(text)); !errors.Is(err, Err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadCatalog(f *testing.F) {
	f.Add([]byte(catalogPage))
	f.Add([]byte(catalogPage + catalogPage))
	f.Fuzz(func(t *testing.T, b []byte) {
		device, items, err := ReadCatalog(b)
		if err == nil && !ID(device) {
			t.Errorf("%q has told %d entries", device, len(items))
		}
	})
}
