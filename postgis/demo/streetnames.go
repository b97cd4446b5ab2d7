package demo

import "math/rand/v2"

// streetNames gives the lines of a town's grid names, each once. Small streets have none.
type streetNames struct {
	r     *rand.Rand
	town  int
	used  int
	order []string
}

var (
	// countyTownStreets are names as the county town has them; where they run is invented.
	countyTownStreets = []string{"迎春南路", "学圣路", "富春路", "春江路", "白云源路", "大奇山路", "云栖路", "瑶琳路", "滨江路", "环城南路", "中杭路", "梅林路",
		"仁智路", "圆通路", "康乐路", "洋塘路", "尖端路", "桐君路", "学府路", "金堂路", "下杭路", "青山路", "乔林路", "望江路", "求是路", "董家路", "文昌路", "翠云路"}
	townStreets = []string{"中心街", "新安路", "人民路", "兴业路", "文化路", "建设路", "环镇路", "学校路", "振兴路", "商贸街", "桥头街", "古街", "工业路", "迎宾路"}
)

func (s *streetNames) next(kind string) string {
	if roadRank[kind] > roadRank["tertiary"] {
		return ""
	}
	if s.order == nil {
		s.order = townStreets
		if s.town <= 1 {
			s.order = countyTownStreets
		}
		s.order = append([]string(nil), s.order...)
		s.r.Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
	}
	if s.used == len(s.order) {
		return ""
	}
	s.used++
	return s.order[s.used-1]
}
