package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// What happens in the county. Titles are Chinese, as people file them; the category says it in English too.

// openCase is one of the cases that are open as the demo begins.
type openCase struct {
	title    string
	category string
	severity int
	state    string
	town     string // code
	minutes  float64
	source   string
	units    []string // codes, in the order of dispatch
	place    string   // what follows the village in the address
	text     string
	rework   bool // the first check failed
}

var openCases = []openCase{
	{"厂房冒烟报警", "01013", 1, "handling", "330122005", 2.2, "camera", []string{"F01", "T01"}, "凤凰路厂区", "摄像机烟火识别报警，三层厂房北侧窗口持续冒烟，有工人正在撤离。", false},
	{"江堤水位超警", "01067", 1, "handling", "330122101", 6.7, "sensor", []string{"W01"}, "滨江堤坝", "水位计读数超过警戒线 0.35 米，并继续上涨。", false},
	{"疑似新增违法建筑", "08016", 2, "filed", "330122004", 8.0, "drone", nil, "江滨路南侧", "航拍比对发现新增钢棚，面积约 412 平方米，未查到审批。", false},
	{"道路塌陷", "06013", 2, "filed", "330122003", 11.4, "hotline", nil, "迎春南路口", "机动车道塌陷约 2 平方米，深约 40 厘米，已有车辆绕行。", false},
	{"占道经营聚集", "09006", 2, "dispatched", "330122102", 15.8, "grid_worker", []string{"P08"}, "农贸市场北门", "十余个摊位占用非机动车道，通行受阻。", false},
	{"垃圾堆放", "06010", 3, "handling", "330122002", 21.2, "citizen", []string{"S01"}, "村口公交站旁", "生活垃圾堆放约 3 立方米，有异味。", false},
	{"井盖缺失", "01002", 3, "filed", "330122003", 26.5, "hotline", nil, "学圣路人行道", "污水井盖缺失，已有市民放置树枝示警。", false},
	{"摄像机批量离线", "01050", 3, "handling", "330122113", 31.1, "system", []string{"M01"}, "窄溪片区", "片区 14 路摄像机同时离线，疑似交换机断电。", false},
	{"裸土未覆盖", "08004", 3, "checking", "330122109", 38.9, "drone", []string{"P09"}, "城西地块", "工地裸土约 1,200 平方米未覆盖，扬尘明显。", false},
	{"河道漂浮物", "06025", 3, "handling", "330122110", 44.3, "grid_worker", []string{"G01"}, "分水江桥下", "水面有大量水葫芦和生活垃圾。", true},
	{"消防通道被占用", "09012", 2, "dispatched", "330122003", 13.0, "citizen", []string{"P02"}, "圆通小区东门", "多辆私家车停在消防通道上，消防车无法进入。", false},
	{"架空线缆脱落", "10002", 2, "handling", "330122004", 34.0, "hotline", []string{"P05"}, "乔林路中段", "通信线缆垂落至距地约 1.5 米，影响车辆通行。", false},
	{"路灯成片不亮", "01037", 3, "filed", "330122005", 8_100.0, "hotline", nil, "凤川大道", "约 600 米路段路灯不亮。", false},
	{"夜间施工噪声", "08001", 3, "filed", "330122004", 58.0, "citizen", nil, "中杭路工地", "居民反映工地持续打桩，影响休息。", false},
	{"行道树倒伏", "04002", 2, "handling", "330122101", 63.0, "grid_worker", []string{"P11"}, "七里泷大街", "大树倒伏压住一辆轿车，无人员受伤。", false},
	{"污水直排", "06030", 2, "filed", "330122113", 5_800.0, "sensor", nil, "工业园排口", "排口电导率异常，水体发黑。", false},
	{"共享单车堆积", "09011", 3, "filed", "330122003", 84.0, "citizen", nil, "桐庐站前广场", "共享单车堆积约 200 辆，占用盲道。", false},
	{"露天焚烧秸秆", "06020", 3, "dispatched", "330122112", 18.5, "camera", []string{"G02"}, "百江村农田", "瞭望点摄像机发现烟雾，确认为焚烧秸秆。", false},
	{"校门口机动车乱停", "09009", 3, "checking", "330122004", 96.0, "camera", []string{"T02"}, "学府路小学", "放学时段违停 11 辆，造成拥堵。", false},
	{"边坡落石", "06048", 2, "suspended", "330122202", 205.0, "grid_worker", []string{"P04"}, "钟山乡道 K3", "边坡落石约 2 立方米，已设围挡，等待地质队评估。", false},
	{"雨水箅子堵塞", "01004", 3, "checking", "330122003", 128.0, "hotline", []string{"S02"}, "春江路口", "雨水口被落叶堵塞，路面积水约 10 厘米。", false},
	{"店外经营", "09005", 3, "filed", "330122109", 9_400.0, "grid_worker", nil, "分水老街", "沿街店铺货物堆放至人行道。", false},
}

// Matter is a kind of everyday case: what the closed ones were about.
type Matter struct {
	Category string // code of the dictionary
	Severity int
	Weight   int // how common it is, relative to the others
	Titles   []string
	Result   string // what is said when it is done
	crew     string // first letter of the units that see to it
}

var matters = []Matter{
	{"06010", 3, 12, []string{"暴露垃圾", "生活垃圾堆放", "建筑垃圾偷倒"}, "垃圾已清运，现场冲洗完毕。", "S"},
	{"06042", 3, 8, []string{"垃圾箱满溢", "垃圾站满溢"}, "已清空并消杀。", "S"},
	{"09009", 3, 12, []string{"机动车乱停放", "违停占用人行道"}, "车辆已劝离或贴单。", "T"},
	{"09005", 3, 8, []string{"店外经营", "店铺出店摆放"}, "已劝导整改，物品收回店内。", "P"},
	{"09006", 3, 6, []string{"占道经营", "流动摊贩占道"}, "摊贩已引导至疏导点。", "P"},
	{"09012", 2, 5, []string{"占用消防通道", "消防通道停车"}, "车辆已驶离，通道恢复畅通。", "P"},
	{"06013", 2, 6, []string{"道路破损", "路面坑洞"}, "已冷补并恢复通行。", "P"},
	{"01002", 2, 4, []string{"污水井盖破损", "井盖松动异响"}, "井盖已更换。", "M"},
	{"01037", 3, 6, []string{"路灯不亮", "路灯杆倾斜"}, "路灯已修复。", "M"},
	{"01050", 3, 4, []string{"摄像机离线", "监控画面遮挡"}, "设备已恢复在线。", "M"},
	{"06025", 3, 5, []string{"河道漂浮物", "水面垃圾"}, "漂浮物已打捞。", "W"},
	{"06028", 3, 6, []string{"广场舞噪声扰民", "商铺音响扰民"}, "已劝导调低音量。", "P"},
	{"08001", 3, 5, []string{"施工扰民", "夜间施工"}, "已责令停止夜间作业。", "P"},
	{"08004", 3, 5, []string{"工地扬尘", "裸土未覆盖"}, "已覆盖防尘网并洒水。", "P"},
	{"06045", 3, 4, []string{"毁绿占绿", "绿地踩踏"}, "已补植恢复。", "P"},
	{"07001", 3, 6, []string{"非法小广告", "墙面小广告"}, "已清除并记录号码。", "S"},
	{"09010", 3, 5, []string{"非机动车乱停放", "电动车乱停"}, "车辆已归位。", "P"},
	{"06001", 2, 3, []string{"私搭乱建", "楼顶搭建"}, "当事人已自行拆除。", "P"},
	{"10002", 2, 2, []string{"架空线缆脱落"}, "线缆已固定。", "P"},
	{"02014", 2, 2, []string{"交通信号灯故障"}, "信号灯已恢复。", "T"},
	{"06020", 3, 3, []string{"焚烧垃圾", "焚烧树叶"}, "明火已扑灭，现场教育。", "P"},
	{"04002", 3, 3, []string{"行道树断枝", "树枝遮挡信号灯"}, "断枝已清理。", "P"},
}

// channel is a way by which cases come to be, and how common it is.
type channel struct {
	source string
	weight int
}

var (
	surnames = []string{"王", "李", "张", "陈", "方", "叶", "钟", "徐", "申屠", "周", "吴", "俞"} // of those who report
	channels = []channel{{"hotline", 34}, {"grid_worker", 30}, {"citizen", 15}, {"camera", 8}, {"console", 6}, {"sensor", 4}, {"drone", 3}}
	// hourly is how many cases an hour of the day brings, relative to the others.
	hourly = [24]int{2, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 9, 7, 8, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2}
)

// AnyMatter draws a kind of case, the common ones more often.
func AnyMatter(r *rand.Rand) Matter {
	return weighted(r, matters, func(m Matter) int { return m.Weight })
}

// MatterOf returns the kind of case that a category of the dictionary is in the demo.
func MatterOf(category string) (Matter, bool) {
	i := slices.IndexFunc(matters, func(m Matter) bool { return m.Category == category })
	if i < 0 {
		return Matter{}, false
	}
	return matters[i], true
}

// AnyChannel draws the way by which a report comes in; never the console, at which cases are made without one.
func AnyChannel(r *rand.Rand) string {
	for {
		if c := weighted(r, channels, func(c channel) int { return c.weight }).source; c != "console" {
			return c
		}
	}
}

// Liveliness is how much happens at an hour of the county's day, 1 on average.
func Liveliness(t time.Time) float64 {
	sum := 0
	for _, n := range hourly {
		sum += n
	}
	return 0.4 + 0.6*float64(hourly[t.In(zone).Hour()]*len(hourly))/float64(sum)
}
