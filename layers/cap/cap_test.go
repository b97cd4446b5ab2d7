package cap

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/realdata"
)

func rain(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/rain.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParse(t *testing.T) {
	t.Parallel()
	a, err := Parse([]byte(rain(t)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != "1.2" || a.Identifier != "33012241600000_20260501080000" || a.Sender != "qx.tonglu.example" || a.Status != Actual || a.Type != NewAlert || a.Scope != "Public" {
		t.Errorf("%+v", a)
	}
	if got := a.Sent.Format(time.RFC3339); got != "2026-05-01T08:00:00+08:00" {
		t.Errorf("sent %s: the offset is kept", got)
	}
	main := a.Main()
	if main.Headline != "暴雨橙色预警" || main.Description != "未来6小时累计雨量将达50毫米 & 以上。" || main.Instruction != "转移 <低洼> 处人员。" || main.Places() != "西部乡镇" ||
		strings.Join(main.Categories, " ") != "Met Safety" || main.Onset == nil || main.SenderName != "桐庐县气象台" {
		t.Errorf("%+v", main)
	}
	if a.Severity() != Severe || a.Severity().Rank() != 1 || !a.HasForce() {
		t.Errorf("severity %s", a.Severity())
	}
	if got := a.HoldsUntil().UTC(); !got.Equal(time.Date(2026, 5, 1, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("it holds until %s", got)
	}
	if got := strings.Join(a.Codes(), " "); got != "330122001000" {
		t.Errorf("codes %q: postal ones are none", got)
	}
	shapes := a.Shapes()
	if len(shapes) != 2 { // a square, said in either language and in either direction, and a circle
		t.Fatalf("%d shapes", len(shapes))
	}
	if ring := shapes[0][0]; ring[0] != (orb.Point{119.5, 29.6}) || ring[1] != (orb.Point{119.6, 29.6}) || !ring.Closed() {
		t.Errorf("%v is not longitude first and counterclockwise", ring)
	}
}

// Every wrong field is named, with what is wrong.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := rain(t)
	tag := func(name, text string) string { return "<cap:" + name + ">" + text + "</cap:" + name + ">" }
	polygon := tag("polygon", "29.60,119.50 29.60,119.60 29.70,119.60 29.70,119.50 29.60,119.50")
	circle := tag("circle", "29.80,119.70 2.5")
	sent, status, kind := tag("sent", "2026-05-01T08:00:00+08:00"), tag("status", "Actual"), tag("msgType", "Alert")
	expires := tag("expires", "2026-05-01T14:00:00+08:00")
	cases := []struct {
		name, old, new string
		field, reason  string
	}{
		{"no identifier", tag("identifier", "33012241600000_20260501080000"), "", "identifier", "required"},
		{"empty identifier", "33012241600000_20260501080000", "  ", "identifier", "required"},
		{"two identifiers", sent, sent + tag("identifier", "x"), "identifier", "repeated_field"},
		{"long identifier", "33012241600000_20260501080000", strings.Repeat("9", maxName+1), "identifier", "too_long"},
		{"comma in identifier", "33012241600000_", "33012241600000,", "identifier", "not_allowed"},
		{"space in sender", "qx.tonglu", "qx tonglu", "sender", "not_allowed"},
		{"elements in sender", "qx.tonglu.example", "qx<b/>", "sender", "wrong_type"},
		{"no sent", sent, "", "sent", "required"},
		{"no offset", sent, tag("sent", "2026-05-01T08:00:00"), "sent", "no_offset"},
		{"a day alone", sent, tag("sent", "2026-05-01"), "sent", "not_a_value"},
		{"no such day", sent, tag("sent", "2026-02-30T08:00:00+08:00"), "sent", "not_a_value"},
		{"year 1", sent, tag("sent", "0001-01-01T08:00:00+08:00"), "sent", "out_of_range"},
		{"status", status, tag("status", "actual"), "status", "unknown_value"},
		{"type", kind, tag("msgType", "Warn"), "msgType", "unknown_value"},
		{"no type", kind, "", "msgType", "required"},
		{"scope", tag("scope", "Public"), tag("scope", "All"), "scope", "unknown_value"},
		{"update of nothing", kind, tag("msgType", "Update"), "references", "required"},
		{"reference of two", kind, kind + tag("references", "a,b"), "references[0]", "not_a_value"},
		{"reference without sender", kind, kind + tag("references", "a,b,2026-05-01T08:00:00Z ,b,2026-05-01T08:00:00Z"), "references[1]", "not_a_value"},
		{"reference without offset", kind, kind + tag("references", "a,b,2026-05-01T08:00:00"), "references[0]", "no_offset"},
		{"references", kind, kind + tag("references", strings.Repeat("a,b,2026-05-01T08:00:00Z ", maxReferences+1)), "references", "too_many_elements"},
		{"infos", "<cap:info>", "<cap:info/><cap:info>", "info[0].event", "required"},
		{"event", tag("event", "暴雨"), "", "info[1].event", "required"},
		{"category", tag("category", "Safety"), tag("category", "Rain"), "info[1].category[1]", "unknown_value"},
		{"urgency", tag("urgency", "Expected"), tag("urgency", "Soon"), "info[0].urgency", "unknown_value"},
		{"severity", tag("severity", "Severe"), "", "info[1].severity", "required"},
		{"certainty", tag("certainty", "Likely"), tag("certainty", "Very Likely"), "info[0].certainty", "unknown_value"},
		{"expires", expires, tag("expires", "tomorrow"), "info[0].expires", "not_a_value"},
		{"long headline", "Heavy rain: orange", strings.Repeat("长", maxLine+1), "info[0].headline", "too_long"},
		{"areaDesc", tag("areaDesc", "Western towns"), "", "info[0].area[0].areaDesc", "required"},
		{"no polygon", polygon, tag("polygon", ""), "info[0].area[0].polygon[0]", "empty_polygon"},
		{"a triangle's half", polygon, tag("polygon", "1,1 2,2 1,1"), "info[0].area[0].polygon[0]", "too_few_points"},
		{"open", polygon, tag("polygon", "29.6,119.5 29.6,119.6 29.7,119.6 29.7,119.5"), "info[0].area[0].polygon[0]", "open_ring"},
		{"bow tie", polygon, tag("polygon", "29.6,119.5 29.7,119.6 29.7,119.5 29.6,119.6 29.6,119.5"), "info[0].area[0].polygon[0]", "self_intersection"},
		{"a line", polygon, tag("polygon", "29,119 30,120 31,121 29,119"), "info[0].area[0].polygon[0]", "self_intersection"},
		{"a point", polygon, tag("polygon", "1,1 1,1 1,1 1,1"), "info[0].area[0].polygon[0]", "self_intersection"},
		{"longitude first", polygon, tag("polygon", "119.5,29.6 119.6,29.6 119.6,29.7 119.5,29.6"), "info[0].area[0].polygon[0]", "swapped_coordinates"},
		{"no pair", polygon, tag("polygon", "29.6 119.5 29.7 119.6"), "info[0].area[0].polygon[0]", "not_a_value"},
		{"hexadecimal", polygon, tag("polygon", "0x1p4,119.5 1,1 2,2 3,3"), "info[0].area[0].polygon[0]", "not_a_value"},
		{"not a number", polygon, tag("polygon", "NaN,119.5 1,1 2,2 3,3"), "info[0].area[0].polygon[0]", "not_a_value"},
		{"infinite", polygon, tag("polygon", "1e999,119.5 1,1 2,2 3,3"), "info[0].area[0].polygon[0]", "not_a_value"},
		{"outside", polygon, tag("polygon", "29.6,190 29.6,119.6 29.7,119.6 29.6,190"), "info[0].area[0].polygon[0]", "outside_world"},
		{"over the antimeridian", polygon, tag("polygon", "10,179 10,-179 11,-179 11,179 10,179"), "info[0].area[0].polygon[0]", "over_antimeridian"},
		{"too many corners", polygon, tag("polygon", strings.Repeat("29.6,119.5 ", maxPoints+1)), "info[0].area[0].polygon[0]", "too_many_points"},
		{"too many circles", circle, strings.Repeat(circle, 78), "info[1].area[0].circle[77]", "too_many_points"},
		{"circle without radius", circle, tag("circle", "29.80,119.70"), "info[1].area[0].circle[0]", "not_a_value"},
		{"negative radius", circle, tag("circle", "29.80,119.70 -1"), "info[1].area[0].circle[0]", "out_of_range"},
		{"radius", circle, tag("circle", "29.80,119.70 2km"), "info[1].area[0].circle[0]", "not_a_value"},
		{"half a world", circle, tag("circle", "29.80,119.70 9000"), "info[1].area[0].circle[0]", "out_of_range"},
		{"pole", circle, tag("circle", "89.9,119.70 100"), "info[1].area[0].circle[0]", "over_pole"},
		{"circle over the antimeridian", circle, tag("circle", "10,179.9 100"), "info[1].area[0].circle[0]", "over_antimeridian"},
		{"swapped circle", circle, tag("circle", "119.70,29.80 1"), "info[1].area[0].circle[0]", "swapped_coordinates"},
		{"geocode", tag("value", "330122001000"), "", "info[1].area[0].geocode[0].value", "required"},
		{"too many areas", tag("instruction", "<![CDATA[转移 <低洼> 处人员。]]>"), strings.Repeat(tag("area", ""), maxAreas), "info[1].area", "too_many_elements"},
		{"CAP 1.0", `urn:oasis:names:tc:emergency:cap:1.2`, `http://www.incident.com/cap/1.0`, "alert", "unsupported_version"},
		{"CAP 1.3", `cap:1.2`, `cap:1.3`, "alert", "unsupported_version"},
		{"other namespace", `urn:oasis:names:tc:emergency:cap:1.2`, `urn:example`, "alert", "wrong_namespace"},
		{"no namespace", `xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"`, ``, "alert", "wrong_namespace"},
		{"doctype", "<!--", "<!DOCTYPE alert><!--", "", "doctype"},
		{"entity bomb", "<!--", `<!DOCTYPE alert [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><!--`, "", "doctype"},
		{"outside entity", "<!--", `<!DOCTYPE alert [<!ENTITY a SYSTEM "file:///etc/passwd">]><!--`, "", "doctype"},
		{"entity alone", "Heavy rain: orange", "&bomb;", "", "malformed_xml"},
		{"directive within", "Heavy rain: orange", "<!ENTITY a 'b'>", "", "doctype"},
		{"other letters", `encoding="UTF-8"`, `encoding="GBK"`, "", "not_utf8"},
		{"broken letters", "Heavy rain", "Heavy \xff", "", "not_utf8"},
		{"deep", tag("headline", "Heavy rain: orange"), strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth), "", "too_deep"},
		{"many", tag("headline", "Heavy rain: orange"), strings.Repeat("<a/>", maxElements), "", "too_many_elements"},
		{"not closed", "</cap:alert>", "", "", "malformed_xml"},
		{"two documents", "</cap:alert>", "</cap:alert><a/>", "", "malformed_xml"},
		{"text behind", "</cap:alert>", "</cap:alert>x", "", "malformed_xml"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not there to be replaced", c.old)
			}
			_, err := Parse([]byte(strings.Replace(good, c.old, c.new, 1)))
			var e *layers.Error
			if !errors.As(err, &e) || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason || e.Msg == "" {
				t.Fatalf("%v; want %s %s", err, c.field, c.reason)
			}
		})
	}
	if _, err := Parse(make([]byte, MaxBody+1)); layers.ErrorCode(err) != layers.CodeTooLarge {
		t.Errorf("a message too large: %v", err)
	}
	for _, none := range []string{"", " ", "{}", "\xEF\xBB\xBF"} {
		if _, err := Parse([]byte(none)); layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%q: %v", none, err)
		}
	}
}

// What is taken although it is not to the letter: it is clear.
func TestParseTakes(t *testing.T) {
	t.Parallel()
	good := rain(t)
	for old, with := range map[string]string{
		"2026-05-01T08:00:00+08:00</cap:sent>":   "2026-05-01T00:00:00.5Z</cap:sent>",
		"cap:1.2":                                "cap:1.1",
		"<?xml":                                  "\xEF\xBB\xBF<?xml",
		"<cap:language>zh-CN</cap:language>":     "",
		"<cap:circle>29.80,119.70 2.5<":          "<cap:circle>29.80,119.70 0<",
		"<cap:scope>":                            "<cap:note/><cap:references/><cap:unheard-of>x</cap:unheard-of><cap:scope>",
		`<?xml version="1.0" encoding="UTF-8"?>`: ``,
	} {
		if _, err := Parse([]byte(strings.Replace(good, old, with, 1))); err != nil {
			t.Errorf("%s: %v", with, err)
		}
	}
}

// Shapes may lie side by side in any number, and cross each other some times.
func TestEntangled(t *testing.T) {
	t.Parallel()
	var patchwork, crossing orb.MultiPolygon
	for i := range 2000 {
		x, y := float64(i%50), float64(i/50)
		patchwork = append(patchwork, orb.Polygon{{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}, {x, y}}})
	}
	for i := range 400 {
		at := float64(i) / 100
		crossing = append(crossing, orb.Polygon{{{at, 0}, {4 - at, 4}, {4.001 - at, 4}, {at, 0}}})
	}
	if entangled(patchwork) || entangled(crossing[:100]) || entangled(nil) {
		t.Error("what can be joined is refused")
	}
	if !entangled(crossing) {
		t.Error("400 slivers across each other are not refused")
	}
}

func TestHoldsUntil(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	at := func(h int) *time.Time { return new(sent.Add(time.Duration(h) * time.Hour)) }
	for _, c := range []struct {
		infos []Info
		want  time.Duration
	}{
		{nil, Unsaid},
		{[]Info{{Expires: at(2)}, {Expires: at(5)}}, 5 * time.Hour},
		{[]Info{{Expires: at(2)}, {}}, 2*time.Hour + Unsaid},
		{[]Info{{Onset: at(6), Effective: at(1)}}, 6*time.Hour + Unsaid},
	} {
		if got := (&Alert{Sent: sent, Infos: c.infos}).HoldsUntil().Sub(sent); got != c.want {
			t.Errorf("%+v: %s, want %s", c.infos, got, c.want)
		}
	}
}

// Nothing that is not meant for the real world has force.
func TestHasForce(t *testing.T) {
	t.Parallel()
	for _, s := range statuses {
		for _, k := range types {
			want := s == "Actual" && (k == "Alert" || k == "Update")
			if got := (&Alert{Status: Status(s), Type: Type(k)}).HasForce(); got != want {
				t.Errorf("%s %s: %v", s, k, got)
			}
		}
	}
}

// A circle's corners lie at its radius, and its area is that of a circle but for what its edges cut off.
func TestCircle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-80, 80).Draw(t, "lat"), rapid.Float64Range(-160, 160).Draw(t, "lon")
		km := rapid.Float64Range(0.05, 50).Draw(t, "km")
		if math.Abs(lat) < 0.001 {
			return
		}
		p, err := circle("circle", fmt.Sprintf("%.6f,%.6f %.6f", lat, lon, km), maxPoints)
		if err != nil {
			t.Fatal(err)
		}
		centre := orb.Point{lon, lat}
		flat := make(orb.Ring, len(p[0]))
		for i, c := range p[0] {
			if d := layers.Distance(centre, c); math.Abs(d-1000*km) > 2*km+0.2 {
				t.Fatalf("corner %d lies at %g m, want %g", i, d, 1000*km)
			}
			east := math.Copysign(layers.Distance(centre, orb.Point{c[0], lat}), c[0]-lon)
			flat[i] = orb.Point{east, math.Copysign(layers.Distance(centre, orb.Point{lon, c[1]}), c[1]-lat)}
		}
		if lat > -60 && lat < 60 { // further out the measuring plane is not flat enough
			if got, want := planar.Area(flat), math.Pi*1e6*km*km; got < want*0.985 || got > want*1.015 {
				t.Fatalf("the area is %g m², want %g", got, want)
			}
		}
		if !p[0].Closed() || p[0].Orientation() != orb.CCW || !isSimple(p[0]) {
			t.Fatal("it is not a ring")
		}
	})
}

// destination against geodesics known from elsewhere: quarter meridian and the equator.
func TestDestination(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from            orb.Point
		azimuth, metres float64
		want            orb.Point
	}{
		{orb.Point{0, 0}, 0, 10001965.729, orb.Point{0, 90}},
		{orb.Point{10, 0}, math.Pi / 2, 6378137 * math.Pi / 180, orb.Point{11, 0}},
		{orb.Point{119.5, 29.6}, 0, 0, orb.Point{119.5, 29.6}},
	} {
		if got := destination(c.from, c.azimuth, c.metres); math.Abs(got[1]-c.want[1]) > 1e-7 || (c.want[1] < 89 && math.Abs(got[0]-c.want[0]) > 1e-7) {
			t.Errorf("%v; want %v", got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rain(f))
	for _, s := range []string{"", "<a/>", `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><info><area><circle>1,2 3</circle></area></info></alert>`, "<!DOCTYPE a>", "<?xml version='1.0' encoding='gbk'?><a/>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		a, err := Parse([]byte(in))
		if err != nil {
			if c := layers.ErrorCode(err); c != layers.CodeInvalid && c != layers.CodeTooLarge {
				t.Fatalf("%v is nobody's fault", err)
			}
			return
		}
		if a.Identifier == "" || a.Sender == "" || a.Sent.IsZero() || a.HasForce() && a.Main() == nil || strings.Contains(strings.ToUpper(in), "<!DOCTYPE") && !strings.Contains(in, "<!--") && !strings.Contains(in, "CDATA") && !strings.Contains(in, "<?") && !strings.ContainsAny(in, `"'`) {
			t.Fatalf("%+v", a)
		}
		corners := 0
		for _, p := range a.Shapes() {
			corners += len(p[0])
			if len(p) != 1 || !p[0].Closed() || p[0].Orientation() != orb.CCW || !isSimple(p[0]) {
				t.Fatalf("%v", p)
			}
			for _, c := range p[0] {
				if !(math.Abs(c[0]) <= 180 && math.Abs(c[1]) <= 90) {
					t.Fatalf("%v lies outside of the world", c)
				}
			}
		}
		if corners > maxPoints {
			t.Fatalf("%d corners", corners)
		}
	})
}

// Messages of weather services and fire brigades, where they are at hand; the repository has none of them.
func TestRealMessages(t *testing.T) {
	t.Parallel()
	dir := realdata.Path(t, "cap")
	for name, want := range map[string]string{
		"australia.cap":    "1.2 Alert Actual webmaster@rfs.nsw.gov.au Minor 2 infos, 1 shapes, refs 0, until 2011-10-06T13:04:00Z, [147.0598 -35.3888]",
		"canada.cap":       "1.2 Update Actual cap@ec.gc.ca Minor 2 infos, 2 shapes, refs 2, until 2012-05-03T00:20:00Z, [-82.3361 42.1822]",
		"thunderstorm.cap": "1.2 Alert Actual KSTO@NWS.NOAA.GOV Severe 1 infos, 1 shapes, refs 0, until 2003-06-17T23:00:00Z, [-119.9400 38.4800]",
		"weather.cap":      "1.1 Alert Actual w-nws.webmaster@noaa.gov Severe 1 infos, 0 shapes, refs 0, until 2010-08-30T18:00:00Z, [0.0000 0.0000]",
	} {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		a, err := Parse(body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		shapes, centre := a.Shapes(), orb.Point{}
		if len(shapes) > 0 {
			centre = shapes.Bound().Center()
		}
		got := fmt.Sprintf("%s %s %s %s %s %d infos, %d shapes, refs %d, until %s, [%.4f %.4f]", a.Version, a.Type, a.Status, a.Sender, a.Severity(), len(a.Infos), len(shapes),
			len(a.References), a.HoldsUntil().UTC().Format(time.RFC3339), centre[0], centre[1])
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}
