package camera

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wanglou/layers"
)

func reason(err error) string {
	if e, ok := err.(*layers.Error); ok {
		return e.Reason
	}
	return ""
}

// Whatever is moved under what, a tree that is checked at each step has no ring and is no deeper than outages are looked for.
func TestCheckTree(t *testing.T) {
	t.Parallel()
	for round := range 100 {
		r := rand.New(rand.NewPCG(2, uint64(round)))
		all := map[int64]Parent{}
		for id := int64(1); id <= 12; id++ {
			all[id] = Parent{ID: id}
		}
		for range 60 {
			id := 1 + r.Int64N(12)
			was := all[id]
			all[id] = Parent{ID: id, ParentID: r.Int64N(13)}
			if CheckTree(all, id) != nil {
				all[id] = was
			}
			for id := range all {
				steps := 0
				for p := all[id]; p.ParentID != 0; p = all[p.ParentID] {
					if steps++; steps >= maxDepth {
						t.Fatalf("%d hangs on %d steps: %v", id, steps, all)
					}
				}
			}
		}
	}
	ring := map[int64]Parent{1: {ID: 1, ParentID: 2}, 2: {ID: 2, ParentID: 1}}
	if got := reason(CheckTree(ring, 1)); got != "ring" {
		t.Error(got)
	}
	if got := reason(CheckTree(map[int64]Parent{1: {ID: 1, ParentID: 9}}, 1)); got != "unknown_value" {
		t.Error(got)
	}
	chain := map[int64]Parent{1: {ID: 1}, 2: {ID: 2, ParentID: 1}, 3: {ID: 3, ParentID: 2}, 4: {ID: 4, ParentID: 3}, 5: {ID: 5, ParentID: 4}}
	if got := reason(CheckTree(chain, 3)); got != "too_deep" {
		t.Error(got)
	}
}

func TestReadParents(t *testing.T) {
	t.Parallel()
	const file = "类型,编号,名称,上级\n供电区,P1,城西配电,\n交换机,S1,\"交换机, 一楼\",P1\nNVR,34020000001180000001,录像机,S1\n摄像机,34020000001310000001,,34020000001180000001\n,,,\n摄像机,,东门,S1\n"
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	const collection = `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"kind":"power","id":7,"name":"a","parent":null}}]}`
	for name, text := range map[string]string{"UTF-8": file, "a mark": "\xef\xbb\xbf" + file, "GB 18030": gbk, "semicolons": strings.NewReplacer(",", ";", "交换机, ", "交换机; ").Replace(file)} {
		rows, err := ReadParents(strings.NewReader(text))
		if err != nil || len(rows) != 5 || rows[1].Parent != "P1" || rows[4] != (ParentRow{6, "摄像机", "", "东门", "S1"}) {
			t.Errorf("%s: %+v %v", name, rows, err)
		}
		var out FileImport
		if CheckRows(rows, &out); len(out.Errors) > 0 || rows[0].Kind != "power" || rows[2].Kind != "recorder" || rows[4].Kind != RowCamera {
			t.Errorf("%s: %+v %+v", name, rows, out)
		}
	}
	if rows, err := ReadParents(strings.NewReader(collection)); err != nil || len(rows) != 1 || rows[0].Code != "7" {
		t.Error(rows, err)
	}
	for text, want := range map[string]string{"": "no_rows", "a,b\n1,2": "no_column", "kind,parent\n": "no_rows", "{\"type\":\"x\"}": "malformed_json", "kind,parent\n\"a": "malformed_csv", "kind,parent\n\x81": "encoding"} {
		if _, err := ReadParents(strings.NewReader(text)); reason(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCheckRows(t *testing.T) {
	t.Parallel()
	rows := []ParentRow{{1, "printer", "a", "a", ""}, {2, "switch", "", "a", ""}, {3, "switch", "s", "", ""}, {4, "camera", "123", "", ""}, {5, "camera", "", "", ""}, {6, "power", "s", "b", ""}, {7, "power", "ok", "ok", ""}}
	var out FileImport
	CheckRows(rows, &out)
	got := []string{}
	for _, e := range out.Errors {
		got = append(got, string(rune('0'+e.Row))+e.Field+":"+e.Reason)
	}
	if strings.Join(got, " ") != "1kind:unknown_value 2id:required 3name:required 4id:bad_device_id 5id:required 6id:twice" {
		t.Error(got)
	}
	for n := range 50 {
		out.Wrong(n, "x", "y", "")
	}
	if len(out.Errors) != 20 || out.More != 36 {
		t.Error(len(out.Errors), out.More)
	}
}

func FuzzReadParents(f *testing.F) {
	f.Add("kind,id,name,parent\npower,1,a,\n")
	f.Add(`{"type":"FeatureCollection","features":[{"properties":{"类型":"x"}}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := ReadParents(strings.NewReader(s))
		if err == nil {
			var out FileImport
			CheckRows(rows, &out)
		}
	})
}
