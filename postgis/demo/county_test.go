package demo

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// grown returns the county of a seed.
func grown(t *testing.T, seed uint64) *county {
	t.Helper()
	if !Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	c, err := newCounty(seed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// That equal seeds give equal rows is for TestSeedStates.
func TestAnotherSeedGivesAnotherCounty(t *testing.T) {
	t.Parallel()
	one, other := grown(t, 7), grown(t, 8)
	if reflect.DeepEqual(one.buildings, other.buildings) || reflect.DeepEqual(one.roads, other.roads) {
		t.Error("another seed gave the same county")
	}
}

// TestEveryNameHasEnglish fails when a road or a water has a character that nobody can spell.
func TestEveryNameHasEnglish(t *testing.T) {
	t.Parallel()
	c := grown(t, 7)
	names := append(slices.Clone(countyTownStreets), townStreets...) // a county does not use them all
	for _, r := range c.roads {
		names = append(names, r.name)
	}
	for _, w := range c.waters {
		names = append(names, w.name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if got := englishWay(name); strings.ContainsFunc(got, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"富春江镇": "Fuchunjiang Town", "莪山畲族乡": "Eshan She Township", "桐君街道": "Tongjun Subdistrict", "旧县村": "Jiuxian Village", "横村村": "Hengcun Village",
		"迎宾社区": "Yingbin Community", "深澳村": "Shen'ao Village", "新丰民族村": "Xinfeng Ethnic Village", "翙岗村": "Huigang Village",
	} {
		if got := english(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"富春江": "Fuchun River", "前溪": "Qian Creek", "肖岭水库": "Xiaoling Reservoir", "320国道": "G320", "208省道": "S208", "杭新景高速": "Hangxinjing Expressway",
		"迎春南路": "Yingchun South Road", "古街": "Gu Street", "桐庐二桥": "Tonglu Second Bridge", "": "",
	} {
		if got := englishWay(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for in, want := range map[string]string{"旧县村村委会": "旧县村", "沈冠村委会村委会": "沈冠村", "迎宾社区": "迎宾社区", "多福巷社区居委会": "多福巷社区"} {
		if got := shortName(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
