package crs

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/words"
)

// Reading is what somebody may have meant by coordinates.
type Reading struct {
	System string    // "wgs84", "cgcs2000", "gcj02", "bd09", or "EPSG:n" for metres of a projection
	Point  orb.Point // EPSG:4326
	Shift  float64   // metres from where the same numbers lie in WGS 84; 0 for projections
}

// Read finds coordinates in a text that consists of nothing else, whichever way round they stand: "119.68,29.79", "29.79 119.68", N 29°47'24" E 119°40'48", 北纬29度47分24秒 东经119度40分48秒,
// or northing and easting of CGCS2000 in 3-degree zones, with or without the zone's number. A system may be named before or after them. Where none is, degrees have a reading in each system
// that differs there, WGS 84 first. Metres without a zone's number are taken to be of the zone that around lies in. It returns nil for anything else.
func Read(text string, around orb.Point) []Reading {
	text = strings.ToLower(strings.TrimSpace(words.Fold(text)))
	if len(text) > 200 {
		return nil
	}
	system, rest := named(text)
	angles, ok := scan(rest)
	if !ok {
		return nil
	}
	if p, epsg, ok := metres(angles, around, system); ok {
		return []Reading{{System: "EPSG:" + strconv.Itoa(epsg), Point: p}}
	}
	p, ok := degrees(angles)
	if !ok || strings.HasPrefix(system, "epsg:") {
		return nil
	}
	var out []Reading
	for _, s := range []System{WGS84, GCJ02, BD09, CGCS2000} {
		if system != "" && system != string(s) || system == "" && s != WGS84 && !InChina(p) {
			continue
		}
		q := ToWGS84(s, p)
		out = append(out, Reading{System: string(s), Point: q, Shift: layers.Distance(p, q)})
	}
	return out
}

var systemName = regexp.MustCompile(`\bepsg[: ]?(\d{4,5})\b|wgs-?84\b|gcj-?02\b|bd-?09\b|cgcs-?2000\b`)

// named takes the name of a system off a text; "" where none stands there.
func named(text string) (system, rest string) {
	at := systemName.FindStringSubmatchIndex(text)
	if at == nil {
		return "", text
	}
	name := text[at[0]:at[1]]
	rest = strings.Trim(text[:at[0]]+" "+text[at[1]:], " :：()（）[]")
	if at[2] < 0 {
		return strings.ReplaceAll(name, "-", ""), rest
	}
	switch number := text[at[2]:at[3]]; number {
	case "4326":
		return string(WGS84), rest
	case "4490":
		return string(CGCS2000), rest
	default:
		return "epsg:" + number, rest
	}
}

// angle is one of two coordinates.
type angle struct {
	value float64
	mark  byte // n, s, e, w, or 0
	plain bool // no minutes, no degree sign: may be metres
}

var (
	spelt = strings.NewReplacer("北纬", "n", "南纬", "s", "东经", "e", "西经", "w", "纬度", "n", "经度", "e", "latitude", "n", "longitude", "e", "lat", "n", "lng", "e", "lon", "e",
		"度", "°", "º", "°", "分", "'", "′", "'", "’", "'", "‘", "'", "秒", `"`, "″", `"`, "”", `"`, "“", `"`, "''", `"`, "，", ",", "；", ",", ";", ",", "、", ",", "/", ",", "：", " ", ":", " ", "=", " ")
	token = regexp.MustCompile(`^([+-]?\d+(?:\.\d+)?)(?:\s*([°'"]))?|^([nsew])|^([,\s]+)`)
)

// scan reads two angles, or two numbers.
func scan(text string) ([2]angle, bool) {
	type number struct {
		value float64
		unit  byte
	}
	var (
		none    [2]angle
		numbers []number
		marks   []byte
		after   []int // how many numbers stood before each mark
		glued   []bool
		last    byte = ' '
	)
	for text = spelt.Replace(text); text != ""; {
		m := token.FindStringSubmatch(text)
		switch {
		case m == nil || len(numbers) > 6:
			return none, false
		case m[1] != "":
			f, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return none, false
			}
			n := number{value: f}
			if m[2] != "" {
				n.unit = m[2][0]
				if m[2] == "°" {
					n.unit = 'd'
				}
			}
			numbers = append(numbers, n)
			last = '0'
		case m[3] != "":
			marks = append(marks, m[3][0])
			after = append(after, len(numbers))
			glued = append(glued, last == '0')
			last = 'n'
		default:
			last = ' '
		}
		text = text[len(m[0]):]
	}
	var parts [][]number
	switch signs := slices.ContainsFunc(numbers, func(n number) bool { return n.unit != 0 }); {
	case signs: // a number with the sign of degrees begins an angle
		for _, n := range numbers {
			switch {
			case n.unit == 'd' || len(parts) == 0:
				parts = append(parts, []number{n})
			case n.unit == 0 && len(parts) == 1 && len(numbers) == 2: // "29.79° 119.68"
				parts = append(parts, []number{n})
			default:
				parts[len(parts)-1] = append(parts[len(parts)-1], n)
			}
		}
	case len(numbers)%2 == 0 && len(numbers) > 0:
		h := len(numbers) / 2
		parts = [][]number{numbers[:h], numbers[h:]}
	}
	if len(parts) != 2 || len(marks) > 2 {
		return none, false
	}
	var out [2]angle
	for i, p := range parts {
		if len(p) > 3 {
			return none, false
		}
		for j, n := range p {
			want := "d'\""[j]
			if n.unit != 0 && n.unit != want || j > 0 && (n.value < 0 || n.value >= 60) || j < len(p)-1 && n.value != math.Trunc(n.value) {
				return none, false
			}
			if p[0].value < 0 {
				n.value = -math.Abs(n.value)
			}
			out[i].value += n.value / [3]float64{1, 60, 3600}[j]
		}
		out[i].plain = len(p) == 1 && p[0].unit == 0
	}
	switch {
	case len(marks) == 2:
		out[0].mark, out[1].mark = marks[0], marks[1]
	case len(marks) == 1 && (after[0] == 0 || after[0] == len(parts[0]) && glued[0]):
		out[0].mark = marks[0]
	case len(marks) == 1:
		out[1].mark = marks[0]
	}
	return out, true
}

// degrees puts two angles into their order. Without marks the one that can be no latitude is the longitude; where both can, longitude comes first unless only the other way round
// is in China.
func degrees(a [2]angle) (orb.Point, bool) {
	for i := range a {
		switch a[i].mark {
		case 's', 'w':
			if a[i].value < 0 {
				return orb.Point{}, false
			}
			a[i].value = -a[i].value
		}
	}
	north := func(b byte) bool { return b == 'n' || b == 's' }
	east := func(b byte) bool { return b == 'e' || b == 'w' }
	p, q := orb.Point{a[0].value, a[1].value}, orb.Point{a[1].value, a[0].value}
	switch {
	case north(a[0].mark) && north(a[1].mark) || east(a[0].mark) && east(a[1].mark):
		return p, false
	case north(a[0].mark) || east(a[1].mark):
		p = q
	case east(a[0].mark) || north(a[1].mark):
	case !onEarth(p) || !InChina(p) && InChina(q) && onEarth(q):
		p = q
	}
	return p, onEarth(p)
}

func onEarth(p orb.Point) bool { return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90 }

// metres reads northing and easting of a 3-degree zone of CGCS2000, told apart by their size: a northing within China has seven digits, an easting six, or eight with its zone's number.
func metres(a [2]angle, around orb.Point, system string) (p orb.Point, epsg int, ok bool) {
	if !a[0].plain || !a[1].plain || a[0].value < 90_000 || a[1].value < 90_000 {
		return p, 0, false
	}
	north, east := a[0].value, a[1].value
	isNorth := func(v float64) bool { return v >= 1e6 && v < 1e7 }
	if !isNorth(north) {
		north, east = east, north
	}
	if !isNorth(north) || isNorth(east) {
		return p, 0, false
	}
	switch zone := int(east / 1e6); {
	case zone >= 25 && zone <= 45:
		epsg = 4513 + zone - 25
	case zone == 0:
		epsg = 4534 + int(math.Round(min(max(around[0], 75), 135)/3)) - 25
	default:
		return p, 0, false
	}
	if number, given := strings.CutPrefix(system, "epsg:"); given {
		n, _ := strconv.Atoi(number)
		if zoned := epsg < 4534; n < 4513 || n > 4554 || (n < 4534) != zoned || zoned && n != epsg {
			return p, 0, false
		}
		epsg = n
	} else if system != "" && system != string(CGCS2000) {
		return p, 0, false
	}
	r, found := Find("EPSG:" + strconv.Itoa(epsg))
	if !found {
		return p, 0, false
	}
	p = r.ToWGS84(orb.Point{north, east})
	return p, epsg, onEarth(p) && math.Abs(p[0]-r.zone.meridian) < 6
}
