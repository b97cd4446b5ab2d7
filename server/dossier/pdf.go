package dossier

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/paulmach/orb"

	"wanglou/layers/crs"
	"wanglou/layers/survey"
	"wanglou/tiles/glyphs"
)

// Input is what a file is made of.
type Input struct {
	File     *survey.File
	Pictures []Picture // before and after, where there are any
	MadeAt   time.Time
	MadeBy   string
	Letters  Letters
	Key      *Key
}

var zone = time.FixedZone("CST", 8*3600)

// Make returns the file.
func Make(in Input) ([]byte, error) {
	d := &Document{Format: Format, MadeAt: in.MadeAt.UTC(), MadeBy: in.MadeBy, File: *in.File, Pictures: in.Pictures}
	for i, p := range d.Pictures {
		if len(p.JPEG) > 0 {
			sum := sha256.Sum256(p.JPEG)
			d.Pictures[i].SHA256 = hex.EncodeToString(sum[:])
		}
	}
	d.project()
	attached, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	f := fpdf.New("P", "mm", "A4", "")
	f.SetTitle("疑似违法建设证据卷 "+d.File.Number, true)
	f.SetProducer("Wanglou", true)
	f.SetLang("zh-CN")
	f.SetCreationDate(d.MadeAt)
	f.SetAutoPageBreak(false, 0)
	f.SetAttachments([]fpdf.Attachment{{Content: attached, Filename: "evidence.json", Description: Format}})
	s := &sheet{pen: pen{Fpdf: f, letters: in.Letters, drawn: map[string]string{}, wide: map[string]float64{}}, d: d, public: in.Key.Public()}
	s.write()
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, err
	}
	return in.Key.sign(out.Bytes()), nil
}

// project writes the corners in CGCS2000's 3-degree zone around the place.
func (d *Document) project() {
	b := orb.MultiPolygon(d.File.Outline).Bound()
	d.EPSG = 4534 + int(math.Round(b.Center()[0]/3)) - 25
	r, ok := crs.Find(fmt.Sprintf("EPSG:%d", d.EPSG))
	if !ok {
		d.EPSG = 4490
		r, _ = crs.Find("EPSG:4490")
	}
	n := 0
	for _, polygon := range d.File.Outline {
		for _, ring := range polygon {
			n++
			for _, p := range ring[:len(ring)-1] {
				q := r.FromWGS84(p)
				digits := 3
				if d.EPSG == 4490 {
					digits = 8
				}
				d.Corners = append(d.Corners, [3]string{fmt.Sprint(n), fmt.Sprintf("%.*f", digits, q[0]), fmt.Sprintf("%.*f", digits, q[1])})
			}
		}
	}
}

const (
	margin = 16.0
	inner  = 210 - 2*margin
)

// sheet writes the pages from above to below.
type sheet struct {
	pen
	d      *Document
	public string
	y      float64
	pages  int
}

func (s *sheet) page() {
	s.AddPage()
	s.pages++
	s.y = margin + 4
	s.SetDrawColor(120, 120, 120)
	s.Line(margin, 285, 210-margin, 285)
	s.text(margin, 289.5, glyphs.Regular, 7.5, fmt.Sprintf("%s · 第 %d 页 · 用 wanglou verify 校验 · 公钥 %s", s.d.File.Number, s.pages, s.public))
}

// room begins a page where less than mm are left.
func (s *sheet) room(mm float64) {
	if s.y+mm > 280 {
		s.page()
	}
}

func (s *sheet) heading(zh, en string) {
	s.room(20)
	s.y += 5
	s.text(margin, s.y, glyphs.Bold, 11, zh)
	s.text(margin+s.width(glyphs.Bold, 11, zh)+2.5, s.y, glyphs.Regular, 8.5, en)
	s.y += 2
	s.Line(margin, s.y, 210-margin, s.y)
	s.y += 5
}

func (s *sheet) row(label, value string) {
	const left = 42.0
	lines := s.wrap(glyphs.Regular, 9.5, inner-left, value)
	s.room(float64(len(lines)) * 5)
	s.text(margin, s.y, glyphs.Regular, 8.5, label)
	for _, l := range lines {
		s.text(margin+left, s.y, glyphs.Regular, 9.5, l)
		s.y += 5
	}
}

func (s *sheet) small(text string) {
	for _, l := range s.wrap(glyphs.Regular, 7.5, inner-6, text) {
		s.room(4)
		s.text(margin+6, s.y, glyphs.Regular, 7.5, l)
		s.y += 3.8
	}
}

func when(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04:05 -0700") }

func metres(v *float64, unit string) string {
	if v == nil {
		return "未测 unknown"
	}
	return fmt.Sprintf("%.1f %s", *v, unit)
}

var (
	states = map[survey.State]string{survey.Detected: "疑似", survey.Issued: "下发", survey.OnSite: "核查", survey.Confirmed: "认定", survey.Dismissed: "排除", survey.Rectified: "整改", survey.Cleared: "销号"}
	kinds  = map[survey.Kind]string{survey.New: "新增 new", survey.Raised: "加层 raised", survey.Removed: "拆除 removed", survey.Look: "待看 worth a look"}
	moves  = map[string]string{"detect": "发现", "issue": "下发", "arrive": "到场", "confirm": "认定", "dismiss": "排除", "rectify": "整改", "still_stands": "复飞仍在", "clear": "销号", "redraw": "改绘", "merge": "合并", "split": "拆分", "seen_again": "再次发现", "word": "一人已判"}
)

func (s *sheet) write() {
	f := &s.d.File
	s.page()
	s.text(margin, s.y+2, glyphs.Bold, 17, "疑似违法建设证据卷")
	s.text(margin, s.y+8.5, glyphs.Regular, 9, "Evidence file of a suspected illegal building")
	s.y += 16
	s.row("编号 number", f.Number)
	s.row("状态 state", states[f.State]+" "+string(f.State))
	s.row("类型 kind", kinds[f.Kind])
	s.row("面积 area", fmt.Sprintf("%.1f m²（椭球面 geodesic）", f.Area))
	s.row("高差 height", fmt.Sprintf("中位 median %s · 95%% %s", metres(f.Height, "m"), metres(f.Height95, "m")))
	s.row("来源 detector", strings.TrimSpace(f.Detector+" "+f.DetectorVersion)+" · "+when(f.DetectedAt))
	s.row("辖区 area code", cmp.Or(f.AreaPath, "—"))
	for _, c := range []struct {
		label string
		of    *survey.Flown
	}{{"前期 before", f.Before}, {"后期 after", f.After}} {
		if c.of == nil {
			s.row(c.label, "—")
			continue
		}
		text := fmt.Sprintf("%s · %s", c.of.Name, when(c.of.CapturedAt))
		if c.of.Withdrawn {
			text += " · 已撤回 withdrawn"
		}
		s.row(c.label, text)
		s.small("原件 SHA-256 " + cmp.Or(c.of.SHA256, "—"))
		s.y++
	}
	s.pictures()
	s.grounds()
	s.heading("坐标", fmt.Sprintf("corners, CGCS2000 EPSG:%d (X north, Y east, m)", s.d.EPSG))
	for i, c := range s.d.Corners {
		s.room(5)
		s.text(margin, s.y, glyphs.Regular, 8.5, fmt.Sprintf("%s-%d    X %s    Y %s", c[0], i+1, c[1], c[2]))
		s.y += 4.4
	}
	s.people()
	s.heading("哈希链", "chain: each row is hashed with the row before")
	for _, l := range f.Log {
		s.room(14)
		s.text(margin, s.y, glyphs.Medium, 9, fmt.Sprintf("%d  %s  %s → %s  %s  %s", l.N, cmp.Or(moves[l.Move], l.Move), cmp.Or(states[l.From], "—"), states[l.To], cmp.Or(l.Actor, "—"), when(l.At)))
		s.y += 4.4
		if l.Reason != "" {
			s.small(l.Reason)
		}
		s.small(l.Hash)
		s.y += 1.4
	}
	s.y += 3
	s.small(fmt.Sprintf("制卷 made by %s · %s. 本卷附有全部内容的 JSON；签名覆盖本文件的每一个字节。签名证明文件自制卷后未被改动，不证明所记载的事实。", cmp.Or(s.d.MadeBy, "—"), when(s.d.MadeAt)))
}

// pictures shows both captures side by side, or the outline alone.
func (s *sheet) pictures() {
	s.heading("影像", "both flights, with the outline")
	const side = (inner - 6) / 2
	s.room(side + 8)
	shown := 0
	for i, p := range s.d.Pictures {
		x := margin + float64(i)*(side+6)
		if len(p.JPEG) == 0 || i > 1 {
			continue
		}
		name := fmt.Sprintf("p%d", i)
		s.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "JPG"}, bytes.NewReader(p.JPEG))
		s.ImageOptions(name, x, s.y, side, side, false, fpdf.ImageOptions{ImageType: "JPG"}, 0, "")
		shown++
	}
	if shown == 0 {
		s.outline(margin, s.y, side)
		for i, l := range []string{"无影像文件：仅有轮廓。", "No pictures are kept: the outline alone."} {
			s.text(margin+side+6, s.y+6+5*float64(i), glyphs.Regular, 9, l)
		}
	}
	s.y += side + 6
}

// outline draws the shape, north up, with a bar for scale.
func (s *sheet) outline(x, y, side float64) {
	b := orb.MultiPolygon(s.d.File.Outline).Bound()
	east := 111320 * math.Cos(b.Center()[1]*math.Pi/180)
	wide := max((b.Max[0]-b.Min[0])*east, (b.Max[1]-b.Min[1])*110900, 1) * 1.3
	s.Rect(x, y, side, side, "D")
	s.SetFillColor(240, 200, 190)
	for _, polygon := range s.d.File.Outline {
		for _, ring := range polygon[:1] {
			var pts []fpdf.PointType
			for _, p := range ring {
				pts = append(pts, fpdf.PointType{X: x + side/2 + (p[0]-b.Center()[0])*east/wide*side, Y: y + side/2 - (p[1]-b.Center()[1])*110900/wide*side})
			}
			s.Polygon(pts, "FD")
		}
	}
	s.SetFillColor(0, 0, 0)
	bar := math.Pow(10, math.Floor(math.Log10(wide/3)))
	for _, more := range []float64{5, 2} {
		if bar*more <= wide/3 {
			bar *= more
			break
		}
	}
	s.Line(x+3, y+side-4, x+3+bar/wide*side, y+side-4)
	s.text(x+3, y+side-5, glyphs.Regular, 7, fmt.Sprintf("%g m · 北 N ↑", bar))
}

func (s *sheet) grounds() {
	s.heading("审批与管控", "permits, lawful buildings, zones")
	f := &s.d.File
	if f.LawfulShare != nil && *f.LawfulShare > 0.01 {
		s.row("已扣除 lawful", fmt.Sprintf("%.0f %%：与合法建筑或有效审批重叠，轮廓已不含。", *f.LawfulShare*100))
	}
	names := map[string]string{"permit": "审批 permit", "lawful": "合法建筑 lawful", "zone": "管控区 zone"}
	for _, g := range f.Grounds {
		text := fmt.Sprintf("%s %.0f %%", cmp.Or(g.Name, fmt.Sprint(g.ID)), g.Share*100)
		if g.What == "permit" && !g.Valid {
			text += " · 当时无效 not valid then"
		}
		if g.Text != "" {
			text += " · " + g.Text
		}
		s.row(names[g.What], text)
	}
	if len(f.Grounds) == 0 {
		s.row("—", "未与登记的审批、合法建筑、管控区相交。None of those on record is touched.")
	}
}

func (s *sheet) people() {
	f := &s.d.File
	if len(f.Verdicts) > 0 {
		s.heading("研判", "verdicts")
	}
	for _, v := range f.Verdicts {
		text := strings.TrimSpace(cmp.Or(moves[string(v.Move)], string(v.Move)) + " " + v.Code + " " + v.Note)
		if !v.Counted {
			text += " · 待第二人 waits for a second person"
		}
		s.row(v.By+" "+v.At.In(zone).Format("01-02 15:04"), text)
	}
	if len(f.Photos) > 0 {
		s.heading("现场照片", "photos, with their distance to the outline")
	}
	for _, p := range f.Photos {
		s.row(p.By+" "+p.At.In(zone).Format("01-02 15:04"), fmt.Sprintf("距图斑 %s", metres(p.Distance, "m")))
		s.small("SHA-256 " + p.SHA256)
		s.y++
	}
	if len(f.Proposals) > 0 {
		s.heading("复飞", "later flights")
	}
	for _, p := range f.Proposals {
		s.row(p.Capture.Name, fmt.Sprintf("%s · 仍高出 %s · %s", map[string]string{"gone": "已不在 gone", "still_stands": "仍在 still stands", "cannot_tell": "无法判断 cannot tell"}[p.Says], metres(p.Height, "m"), when(p.At)))
	}
}
