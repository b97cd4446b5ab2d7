package demo

import "github.com/paulmach/orb"

// What is drawn by hand: where the real towns lie, and how the real river, railway and motorway run, each to within some
// hundred metres. Everything else is invented around it.

// CountyCode is the code of Tonglu county 桐庐县, and the root of its area paths.
const CountyCode = "330122"

// town is a town's seat: where it lies and how large its built-up ground is.
type town struct {
	code    string
	seat    orb.Point // plane
	reach   float64   // metres by which its territory goes beyond the half way to its neighbours
	built   []ellipse // built-up ground
	nameEN  string
	highway int // 1: on the trunk road, 2: on a primary one
}

// ellipse is a piece of built-up ground with its own street grid.
type ellipse struct {
	middle orb.Point
	a, b   float64 // half axes, metres
	turn   float64 // of the long axis, degrees counter-clockwise from east
	block  float64 // side of a block, metres
	core   float64 // 0: houses only, 1: a centre with towers
}

func seat(lon, lat float64) orb.Point { return toPlane(orb.Point{lon, lat}) }

func ground(lon, lat, a, b, turn, block, core float64) ellipse {
	return ellipse{middle: seat(lon, lat), a: a, b: b, turn: turn, block: block, core: core}
}

var towns = []town{
	{"330122003", seat(119.6905, 29.8065), 0, []ellipse{
		ground(119.6935, 29.8005, 3000, 1800, 37, 150, 1),
		ground(119.7020, 29.8365, 1150, 620, 35, 140, 0.45),
		ground(119.6575, 29.8110, 900, 560, 55, 140, 0.4)}, "Tongjun", 1},
	{"330122004", seat(119.6985, 29.7880), 900, nil, "Chengnan", 1},
	{"330122005", seat(119.7400, 29.7660), 1200, []ellipse{ground(119.7400, 29.7660, 1000, 620, 15, 130, 0.4)}, "Fengchuan", 2},
	{"330122101", seat(119.6530, 29.7060), 2500, []ellipse{ground(119.6545, 29.7060, 950, 520, 78, 130, 0.5)}, "Fuchunjiang", 1},
	{"330122102", seat(119.6020, 29.8265), 1200, []ellipse{ground(119.6020, 29.8265, 1200, 620, 10, 130, 0.5)}, "Hengcun", 2},
	{"330122109", seat(119.4360, 29.9270), 4500, []ellipse{ground(119.4375, 29.9255, 1500, 800, 20, 130, 0.6)}, "Fenshui", 2},
	{"330122110", seat(119.5500, 29.8960), 1500, []ellipse{ground(119.5500, 29.8985, 700, 380, -25, 120, 0.25)}, "Yaolin", 2},
	{"330122112", seat(119.3450, 29.8710), 2500, []ellipse{ground(119.3450, 29.8715, 560, 300, 10, 110, 0.15)}, "Baijiang", 2},
	{"330122113", seat(119.8010, 29.8530), 1500, []ellipse{ground(119.8010, 29.8530, 1050, 600, 5, 130, 0.45)}, "Jiangnan", 1},
	{"330122002", seat(119.6710, 29.8580), -300, []ellipse{ground(119.6710, 29.8580, 620, 420, 60, 120, 0.25)}, "Jiuxian", 2},
	{"330122201", seat(119.5770, 29.7730), 0, []ellipse{ground(119.5770, 29.7730, 460, 280, 40, 110, 0.1)}, "Eshan", 3},
	{"330122202", seat(119.4900, 29.7850), 500, []ellipse{ground(119.4900, 29.7850, 520, 280, -15, 110, 0.15)}, "Zhongshan", 3},
	{"330122204", seat(119.8620, 29.7010), 1500, []ellipse{ground(119.8620, 29.7010, 420, 230, 70, 105, 0.1)}, "Xinhe", 3},
	{"330122210", seat(119.2830, 29.9680), 1500, []ellipse{ground(119.2830, 29.9680, 420, 240, 0, 105, 0.1)}, "Hecun", 3},
}

// river is a watercourse drawn by hand. Half widths are given at its points, evenly spread and interpolated.
type river struct {
	name string
	kind string // river: an area; stream: a line
	half []float64
	line orb.LineString
}

var rivers = []river{
	{"富春江", "river", []float64{190, 230, 260, 240, 190, 175, 185, 200, 200, 210, 225, 240, 280, 330, 260, 250}, line(
		119.596, 29.612, 119.611, 29.637, 119.6255, 29.6600, 119.6285, 29.6725, 119.6320, 29.6830, 119.6355, 29.6945, 119.6390, 29.7050,
		119.6412, 29.7180, 119.6440, 29.7310, 119.6462, 29.7440, 119.6480, 29.7570, 119.6508, 29.7690, 119.6550, 29.7805, 119.6605, 29.7900,
		119.6668, 29.7990, 119.6730, 29.8055, 119.6800, 29.8105, 119.6868, 29.8162, 119.6945, 29.8218, 119.7030, 29.8275, 119.7110, 29.8320,
		119.7195, 29.8370, 119.7272, 29.8455, 119.7330, 29.8535, 119.7400, 29.8600, 119.7490, 29.8658, 119.7595, 29.8707, 119.7700, 29.8740,
		119.7788, 29.8763, 119.7900, 29.8780, 119.8030, 29.8808, 119.8150, 29.8870, 119.8290, 29.8990, 119.8400, 29.9150)},
	{"分水江", "river", []float64{60, 90, 300, 360, 120, 85, 90, 95, 95, 100, 105, 110, 120, 130}, line(
		119.4515, 30.0930, 119.4600, 30.0560, 119.4560, 30.0310, 119.4690, 30.0020, 119.4640, 29.9780, 119.4480, 29.9560, 119.4390, 29.9400,
		119.4520, 29.9210, 119.4750, 29.9120, 119.5000, 29.9180, 119.5220, 29.9090, 119.5400, 29.8925, 119.5560, 29.8870, 119.5660, 29.8720,
		119.5800, 29.8580, 119.5900, 29.8420, 119.6060, 29.8375, 119.6220, 29.8440, 119.6400, 29.8415, 119.6550, 29.8320, 119.6680, 29.8255,
		119.6800, 29.8195, 119.6925, 29.8198)},
	{"前溪", "stream", []float64{12, 25}, line(
		119.2100, 29.8800, 119.2500, 29.8660, 119.2900, 29.8600, 119.3300, 29.8680, 119.3620, 29.8770, 119.3900, 29.8930, 119.4150, 29.9110, 119.4300, 29.9190, 119.4500, 29.9220)},
	{"后溪", "stream", []float64{12, 22}, line(
		119.2600, 29.9900, 119.2830, 29.9650, 119.3150, 29.9560, 119.3500, 29.9540, 119.3850, 29.9470, 119.4150, 29.9440, 119.4390, 29.9410)},
	{"清渚江", "stream", []float64{10, 20}, line(
		119.4450, 29.7600, 119.4880, 29.7810, 119.5120, 29.8050, 119.5350, 29.8270, 119.5620, 29.8370, 119.5900, 29.8420)},
	{"莪溪", "stream", []float64{8, 16}, line(
		119.5500, 29.7620, 119.5760, 29.7700, 119.5980, 29.7850, 119.6220, 29.7960, 119.6420, 29.7930, 119.6590, 29.7880)},
	{"大源溪", "stream", []float64{10, 22}, line(
		119.7550, 29.6550, 119.7510, 29.6900, 119.7420, 29.7250, 119.7370, 29.7560, 119.7290, 29.7850, 119.7240, 29.8100, 119.7200, 29.8360)},
	{"芦茨溪", "stream", []float64{8, 18}, line(
		119.7150, 29.6200, 119.6950, 29.6480, 119.6720, 29.6620, 119.6500, 29.6730, 119.6310, 29.6800)},
	{"应家溪", "stream", []float64{8, 18}, line(
		119.8020, 29.7650, 119.7950, 29.7980, 119.7880, 29.8280, 119.7840, 29.8560, 119.7800, 29.8760)},
	{"壶源溪", "stream", []float64{14, 28}, line(
		119.9450, 29.6850, 119.9050, 29.6900, 119.8680, 29.6960, 119.8590, 29.7200, 119.8700, 29.7450, 119.8880, 29.7620)},
}

// island is ground in the river, as a lens around a piece of its middle line.
var island = struct {
	name               string
	middle             orb.Point
	length, half, turn float64
}{"桐洲", seat(119.7985, 29.8797), 1500, 130, 12}

// Through traffic. The motorway and the railway have no crossings with other roads but the interchanges.
var (
	motorways = []struct {
		name string
		line orb.LineString
	}{
		{"杭新景高速", line(119.8620, 29.8440, 119.8300, 29.8330, 119.8010, 29.8290, 119.7700, 29.8130, 119.7450, 29.7960, 119.7180, 29.7680, 119.6930, 29.7480, 119.6760, 29.7200, 119.6650, 29.6940, 119.6610, 29.6680, 119.6560, 29.6500, 119.6520, 29.6350)},
		{"临金高速", line(119.4720, 30.0830, 119.4830, 30.0420, 119.4850, 29.9950, 119.4750, 29.9580, 119.4660, 29.9330, 119.4560, 29.8960, 119.4500, 29.8550, 119.4560, 29.8130, 119.4620, 29.7780, 119.4580, 29.7480)},
	}
	interchanges = []orb.Point{seat(119.8010, 29.8290), seat(119.7280, 29.7780), seat(119.6660, 29.6980), seat(119.4680, 29.9370)}
	railway      = line(119.8790, 29.8330, 119.8450, 29.8190, 119.8050, 29.8060, 119.7650, 29.7880, 119.7260, 29.7560, 119.6990, 29.7330, 119.6850, 29.7000, 119.6830, 29.6700, 119.6860, 29.6400, 119.6910, 29.6100, 119.6950, 29.5850)
	railwayName  = "杭黄高铁"
	station      = seat(119.7330, 29.7640)
)

// roadNumbers names the roads between towns, by the codes of the towns they join.
var roadNumbers = []struct{ from, to, name, kind string }{
	{"330122113", "330122005", "320国道", "trunk"},
	{"330122005", "330122003", "320国道", "trunk"},
	{"330122003", "330122101", "320国道", "trunk"},
	{"330122003", "330122002", "208省道", "primary"},
	{"330122003", "330122102", "桐千线", "primary"},
	{"330122102", "330122110", "208省道", "primary"},
	{"330122110", "330122109", "208省道", "primary"},
	{"330122109", "330122112", "徐七线", "primary"},
	{"330122109", "330122210", "分合线", "secondary"},
	{"330122102", "330122202", "钟横线", "secondary"},
	{"330122003", "330122201", "莪山线", "secondary"},
	{"330122202", "330122112", "钟百线", "secondary"},
	{"330122005", "330122204", "210省道", "secondary"},
	{"330122002", "330122110", "旧瑶线", "secondary"},
}

// gates are the places where main roads leave the county, and the town from which they come.
var gates = []struct {
	town, name, kind string
	at               orb.Point
}{
	{"330122113", "320国道", "trunk", seat(119.8500, 29.8660)},
	{"330122101", "320国道", "trunk", seat(119.6345, 29.6600)},
	{"330122109", "208省道", "primary", seat(119.4480, 30.0870)},
	{"330122112", "徐七线", "primary", seat(119.2850, 29.7350)},
	{"330122204", "210省道", "secondary", seat(119.9500, 29.6950)},
	{"330122202", "钟横线", "secondary", seat(119.4950, 29.7330)},
	{"330122002", "旧新线", "secondary", seat(119.6600, 29.9280)},
}

// reservoirs lie high in the valleys.
var reservoirs = []struct {
	name   string
	middle orb.Point
	radius float64
}{
	{"肖岭水库", seat(119.7620, 29.7180), 420}, {"大奇山水库", seat(119.7080, 29.7560), 260}, {"石舍水库", seat(119.7020, 29.6180), 300},
	{"天子源水库", seat(119.3150, 29.7900), 330}, {"高凉亭水库", seat(119.2200, 29.9480), 280}, {"阴坑水库", seat(119.3900, 29.8180), 300},
	{"仕厦水库", seat(119.5150, 29.7450), 240}, {"皇甫水库", seat(119.5850, 29.9350), 360}, {"岭源水库", seat(119.3400, 29.9850), 260},
	{"新民水库", seat(119.9150, 29.6780), 220}, {"罗山水库", seat(119.2400, 29.8350), 320}, {"母岭水库", seat(119.7100, 29.8600), 150},
}

// parks and industrial estates change what stands on the blocks around them.
var (
	parks   = []ellipse{ground(119.6880, 29.8020, 260, 200, 37, 0, 0), ground(119.7085, 29.7930, 320, 240, 37, 0, 0), ground(119.6830, 29.7900, 230, 180, 37, 0, 0)}
	estates = []ellipse{ground(119.7230, 29.8060, 900, 620, 37, 170, 0), ground(119.7560, 29.7770, 900, 420, 35, 170, 0), ground(119.6210, 29.8230, 560, 360, 10, 160, 0),
		ground(119.4560, 29.9190, 620, 380, 20, 160, 0), ground(119.8200, 29.8480, 620, 400, 5, 160, 0), ground(119.6640, 29.7180, 480, 330, 78, 150, 0)}
)
