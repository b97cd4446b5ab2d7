package demo

import (
	"reflect"
	"testing"
)

func TestEqualSeedsGiveEqualCounties(t *testing.T) {
	t.Parallel()
	if !Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	var got [3]*county
	for i, seed := range []uint64{7, 7, 8} {
		c, err := newCounty(seed)
		if err != nil {
			t.Fatal(err)
		}
		got[i] = c
	}
	if !reflect.DeepEqual(got[0].buildings, got[1].buildings) || !reflect.DeepEqual(got[0].roads, got[1].roads) || !reflect.DeepEqual(got[0].cells, got[1].cells) {
		t.Error("equal seeds gave different counties")
	}
	if reflect.DeepEqual(got[0].buildings, got[2].buildings) {
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
