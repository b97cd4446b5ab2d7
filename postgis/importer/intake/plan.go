package intake

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wanglou/layers"
)

// Wishes are what a person says about where columns come from.
type Wishes struct {
	Map    map[string]string            // column → field, or text with fields in braces: "{road} {number}"
	Set    map[string]string            // column → constant
	Values map[string]map[string]string // column → value of the input → value of the column; "*" stands for every other, "" for none
}

// Plan says for each column where its value comes from.
type Plan struct {
	Assignments []Assignment
	Unused      []string // fields that go nowhere
	Location    *time.Location
}

// Assignment is one column's source.
type Assignment struct {
	Column  Column
	Field   string // a field, or
	Pattern string // text with fields in braces, or
	Set     string // a constant
	Guessed bool   // nobody had said so
	Values  map[string]string

	parts []part
}

// part is a piece of a pattern: text, or a field.
type part struct {
	text  string
	field bool
}

// String is the assignment as a dry run shows it.
func (a *Assignment) String() string {
	s := a.Column.Name + " ← "
	switch {
	case a.Field != "":
		s += a.Field
	case a.Pattern != "":
		s += fmt.Sprintf("%q", a.Pattern)
	default:
		s += fmt.Sprintf("%q for every row", a.Set)
	}
	if n := len(a.Values); n > 0 {
		s += fmt.Sprintf(" by a table of %d values", n)
	}
	if a.Guessed {
		s += " (by its name)"
	}
	return s
}

// known are names of fields that are taken for a column where nobody says otherwise, folded, likeliest first.
var known = map[string][]string{
	"name":         {"名称", "摄像机名称", "设备名称", "点位名称", "监控点名称", "cameraname", "devicename"},
	"name_en":      {"英文名称", "nameen"},
	"code":         {"编码", "代码", "行政区划代码", "adcode", "区划代码", "网格编码"},
	"parent":       {"上级编码", "上级代码", "parentcode"},
	"level":        {"级别"},
	"device_id":    {"国标编码", "设备编码", "国标id", "gbid", "deviceid", "gb28181"},
	"department":   {"权属单位", "所属单位", "部门", "owner"},
	"status":       {"状态", "在线状态", "设备状态"},
	"height_m":     {"高度", "架设高度", "height", "安装高度"},
	"azimuth_deg":  {"方位角", "朝向", "azimuth", "heading", "direction"},
	"fov_deg":      {"视场角", "fov"},
	"range_m":      {"可视距离", "监控距离", "range"},
	"stream_url":   {"视频地址", "流地址", "streamurl", "rtsp", "url"},
	"title":        {"标题", "问题标题", "事件标题", "subject"},
	"description":  {"描述", "问题描述", "事件描述", "内容"},
	"address":      {"地址", "事发地址", "详细地址"},
	"category":     {"类别", "小类代码"},
	"channel":      {"来源渠道", "渠道"},
	"number":       {"编号", "许可证号", "图斑编号", "审批文号"},
	"holder":       {"建设单位", "权利人"},
	"valid_from":   {"起始日期", "发证日期"},
	"valid_to":     {"终止日期", "有效期至"},
	"captured_at":  {"拍摄时间", "航拍时间"},
	"source_time":  {"上报时间", "事发时间", "发生时间", "createdat"},
	"kind":         {"类型", "fclass", "分区类型", "管控类型"},
	"reason":       {"管控要求", "理由", "依据"},
	"weight":       {"权重"},
	"min_height_m": {"minheight"},
}

var inBraces = regexp.MustCompile(`\{([^{}]+)\}`)

// NewPlan assigns fields to columns: as wished, the rest by name. CodeInvalid for a wish that names a column or field that is not there, and for a
// required column without a source.
func NewPlan(columns []Column, fields []string, w Wishes, loc *time.Location) (*Plan, error) {
	p := &Plan{Location: loc}
	if err := checkColumns(columns, w); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, c := range columns {
		a := Assignment{Column: c, Values: w.Values[c.Name]}
		constant, set := w.Set[c.Name]
		switch from := w.Map[c.Name]; {
		case set && from != "":
			return nil, layers.Invalid(c.Name, "repeated_field", "both --map and --set say what column %s is", c.Name)
		case set:
			a.Set = constant
		case from != "" && slices.Contains(fields, from):
			a.Field = from
		case inBraces.MatchString(from):
			a.Pattern, a.parts = from, split(from)
			for _, part := range a.parts {
				if part.field && !present(fields, part.text) {
					return nil, UnknownField("--map "+c.Name, part.text, fields)
				}
			}
		case from != "" && present(fields, from):
			a.Field = from
		case from != "":
			return nil, UnknownField("--map "+c.Name, from, fields)
		default:
			a.Field, a.Guessed = find(fields, append([]string{fold(c.Name)}, known[c.Name]...)), true
			if a.Field == "" {
				if a.Values != nil {
					return nil, layers.Invalid(c.Name, "required", "--value translates column %s, and nothing is mapped to it: add --map %s=<field>", c.Name, c.Name)
				}
				if c.Required {
					return nil, layers.Invalid(c.Name, "required", "column %s has no field: add --map %s=<field> or --set %s=<value>; the input has %s", c.Name, c.Name, c.Name,
						strings.Join(fields, ", "))
				}
				continue
			}
		}
		used[a.Field] = true
		for _, part := range a.parts {
			used[part.text] = used[part.text] || part.field
		}
		p.Assignments = append(p.Assignments, a)
	}
	for _, f := range fields {
		if !used[f] {
			p.Unused = append(p.Unused, f)
		}
	}
	return p, nil
}

// checkColumns reports the first wish for a column that is not there.
func checkColumns(columns []Column, w Wishes) error {
	var have []string
	for _, c := range columns {
		have = append(have, c.Name)
	}
	var asked []string
	for name := range w.Map {
		asked = append(asked, name)
	}
	for name := range w.Set {
		asked = append(asked, name)
	}
	for name := range w.Values {
		asked = append(asked, name)
	}
	slices.Sort(asked)
	for _, name := range asked {
		if !slices.Contains(have, name) {
			return &layers.Error{Code: layers.CodeInvalid, Field: name, Reason: "unknown_column", Params: map[string]string{"column": name},
				Msg: fmt.Sprintf("the layer has no column %q to import into; it has %s", name, strings.Join(have, ", "))}
		}
	}
	return nil
}

// present reports whether a field, or with dots the object that holds it, was seen.
func present(fields []string, name string) bool {
	if slices.Contains(fields, name) {
		return true
	}
	for i := range name {
		if name[i] == '.' && slices.Contains(fields, name[:i]) {
			return true
		}
	}
	return false
}

// split takes a pattern apart.
func split(pattern string) []part {
	var parts []part
	at := 0
	for _, m := range inBraces.FindAllStringSubmatchIndex(pattern, -1) {
		if m[0] > at {
			parts = append(parts, part{text: pattern[at:m[0]]})
		}
		parts = append(parts, part{text: pattern[m[2]:m[3]], field: true})
		at = m[1]
	}
	if at < len(pattern) {
		parts = append(parts, part{text: pattern[at:]})
	}
	return parts
}

// Row fills out, one value for each assignment. CodeInvalid with the column as the field.
func (p *Plan) Row(row *Row, out []any) error {
	for i := range p.Assignments {
		a := &p.Assignments[i]
		v, err := a.value(row)
		if err != nil {
			return err
		}
		if out[i], err = a.Column.Convert(v, p.Location); err != nil {
			return err
		}
		if out[i] == nil && a.Column.Required {
			return layers.Invalid(a.Column.Name, "required", "a value is required")
		}
	}
	return nil
}

func (a *Assignment) value(row *Row) (any, error) {
	var v any
	switch {
	case a.Field != "":
		v = row.Field(a.Field)
	case a.parts != nil:
		v = a.compose(row)
	default:
		v = a.Set
	}
	if a.Values != nil {
		return a.translate(v)
	}
	if a.Column.Name == "azimuth_deg" {
		if s, ok := v.(string); ok {
			if deg, ok := Compass(s); ok {
				return fmt.Sprint(deg), nil
			}
		}
	}
	return v, nil
}

// compose fills a pattern. Fields that are empty leave nothing; a pattern of which every field is empty is empty.
func (a *Assignment) compose(row *Row) any {
	var b strings.Builder
	found := false
	for _, part := range a.parts {
		if !part.field {
			b.WriteString(part.text)
			continue
		}
		if v := row.Field(part.text); v != nil && v != "" {
			text, err := Column{}.text(v)
			if err != nil {
				continue
			}
			fmt.Fprint(&b, text)
			found = true
		}
	}
	if !found {
		return nil
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (a *Assignment) translate(v any) (any, error) {
	text := ""
	if v != nil {
		text = strings.TrimSpace(fmt.Sprint(v))
	}
	if to, ok := a.Values[text]; ok {
		return to, nil
	}
	if text == "" {
		return nil, nil
	}
	if a.Column.Name == "azimuth_deg" {
		if deg, ok := Compass(text); ok {
			return fmt.Sprint(deg), nil
		}
	}
	if to, ok := a.Values["*"]; ok {
		return to, nil
	}
	e := layers.Invalid(a.Column.Name, "unknown_value", "%.80q stands in no --value of column %s", text, a.Column.Name)
	e.Params = map[string]string{"value": shorten(text, 80)}
	return nil, e
}

// compass are the words for directions, in degrees clockwise from north.
var compass = func() map[string]float64 {
	out := map[string]float64{}
	for i, names := range [][]string{
		{"n", "nb", "north", "northbound", "北"}, {"ne", "northeast", "东北"}, {"e", "eb", "east", "eastbound", "东"}, {"se", "southeast", "东南"},
		{"s", "sb", "south", "southbound", "南"}, {"sw", "southwest", "西南"}, {"w", "wb", "west", "westbound", "西"}, {"nw", "northwest", "西北"},
	} {
		for _, name := range names {
			out[name] = float64(45 * i)
			out[name+"向"] = float64(45 * i)
		}
	}
	return out
}()

// Compass reads a direction in words ("NE", "Eastbound", "西北"), in degrees clockwise from north.
func Compass(s string) (float64, bool) {
	deg, ok := compass[fold(s)]
	return deg, ok
}
