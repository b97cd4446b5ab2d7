package demo

import (
	"reflect"
	"testing"
)

// That equal seeds give equal rows is for TestSeedStates.
func TestAnotherSeedGivesAnotherCounty(t *testing.T) {
	t.Parallel()
	if !Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	one, err := newCounty(7)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newCounty(8)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(one.buildings, other.buildings) || reflect.DeepEqual(one.roads, other.roads) {
		t.Error("another seed gave the same county")
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
	for in, want := range map[string]string{"旧县村村委会": "旧县村", "沈冠村委会村委会": "沈冠村", "迎宾社区": "迎宾社区", "多福巷社区居委会": "多福巷社区"} {
		if got := shortName(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
