package camera

import (
	"errors"
	"io"
	"strings"

	"wanglou/layers"
)

// RowCamera is the kind of a row that hangs a camera on a parent.
const RowCamera = "camera"

// ParentRow is one row of a file: a device with its own id and that of what it hangs on, or a camera, by its device id or its name.
type ParentRow struct {
	Row    int // 1 is the first below the header
	Kind   string
	Code   string // its id in the file; of a camera 20 digits, or "" where its name is told
	Name   string
	Parent string // Code of what it hangs on; "" for nothing
}

// columns by the names that people give them.
var parentColumns = map[string]string{
	"kind": "kind", "type": "kind", "类型": "kind", "种类": "kind", "设备类型": "kind",
	"id": "id", "code": "id", "编号": "id", "编码": "id", "设备编码": "id", "device_id": "id",
	"name": "name", "名称": "name", "设备名称": "name",
	"parent": "parent", "parent_id": "parent", "上级": "parent", "上级编号": "parent", "上级编码": "parent", "上级设备": "parent",
}

var parentKindWords = map[string]string{
	"recorder": "recorder", "nvr": "recorder", "dvr": "recorder", "录像机": "recorder", "硬盘录像机": "recorder", "switch": "switch", "交换机": "switch", "power": "power", "供电区": "power", "电源": "power", "配电箱": "power",
	"camera": RowCamera, "摄像机": RowCamera, "摄像头": RowCamera, "探头": RowCamera,
}

// ReadParents reads a file of devices (readTable). What is wrong with single rows is told by CheckRows.
func ReadParents(r io.Reader) ([]ParentRow, error) {
	records, err := readTable(r, parentColumns, "kind", "parent")
	rows := make([]ParentRow, 0, len(records))
	for _, each := range records {
		rows = append(rows, ParentRow{Row: each.row, Kind: each.get("kind"), Code: each.get("id"), Name: each.get("name"), Parent: each.get("parent")})
	}
	return rows, err
}

// CheckRows tidies rows and notes what is wrong with them whatever the registry holds.
func CheckRows(rows []ParentRow, out *FileImport) {
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		kind := parentKindWords[strings.ToLower(r.Kind)]
		switch {
		case kind == "":
			out.Wrong(r.Row, "kind", "unknown_value", r.Kind)
			continue
		case kind == RowCamera && r.Code == "" && r.Name == "":
			out.Wrong(r.Row, "id", "required", "")
			continue
		case kind == RowCamera && r.Code != "" && !deviceID(r.Code):
			out.Wrong(r.Row, "id", "bad_device_id", r.Code)
			continue
		case kind != RowCamera && r.Code == "":
			out.Wrong(r.Row, "id", "required", "")
			continue
		}
		r.Kind = kind
		for _, f := range []struct {
			name string
			text *string
			most int
			need bool
		}{{"id", &r.Code, 100, false}, {"name", &r.Name, 200, kind != RowCamera}, {"parent", &r.Parent, 100, false}} {
			if err := layers.Line(f.name, f.text, f.most, f.need); err != nil {
				var e *layers.Error
				errors.As(err, &e)
				out.Wrong(r.Row, f.name, e.Reason, *f.text)
			}
		}
		key := kind + "\x00" + r.Code
		if kind != RowCamera {
			key = "\x00" + r.Code
		} else if r.Code == "" {
			key += "\x00" + r.Name
		}
		if seen[key] {
			out.Wrong(r.Row, "id", "twice", r.Code+r.Name)
		}
		seen[key] = true
	}
}
