package demo

import (
	"strings"
	"unicode"
)

// syllables spells the characters of the county's names: a syllable, then the characters that are read so. Place names keep their
// local reading (厦 is sha in 芝厦 and 仕厦).
const syllables = `
an安 ao澳 bai白百 ban坂板 bao保 bi毕 bin宾滨 bu埠 chai柴 chao朝 cheng城 chuan川 chun春 ci茨 cun村 da大 dao道 di荻 ding定
dong东董 du杜渡独 e莪 en恩 fan畈范 fang坊方 fen分 feng丰凤峰 fu伏富浮甫阜 gang岗 gao高 ge歌 guan冠 guo郭 han翰 hang杭
he何合河 heng横 hong鸿 hou后 hu湖 hua华 huai怀槐 huan环 huang皇黄 hui会翙辉 ji济 jia家 jian建 jiang江 jie街 jin近金锦 jing京
jiu九旧 jun君 kang康 keng坑 lai来 lang浪阆 le乐 li里 lian联莲 liang凉 lin林琳 ling岭陵 liu柳 long泷陇龙 lu芦路 lun轮 luo罗
ma麻 mao茂茆 mei梅 men门 meng盟 min民 ming明鸣 mu母 nan南 niu牛 pan潘 peng蓬 ping坪平 po坡 pu浦濮 qi七奇栖 qian钱 qiao乔桥
qin琴秦 qing青 qu区 quan泉 ren仁 rong蓉 ru儒 san三 sang桑 sha厦 shan山 shang上 she畲社舍 shen沈深 sheng盛胜 shi仕市石 shu舒
shuang双 shui水 si四泗 song宋松 sui岁 sun孙 tai太 tan滩潭 tang唐塘 tao桃 tian天 ting亭 tong桐通 tou头 wai外 wan湾 wang望
wei委魏 wen文 wu坞梧武舞 xi溪西 xia下夏 xian县 xiang乡翔象香 xiao孝小潇 xin新鑫 xing兴 xu徐胥 yan严岩 yang洋阳
yao姚尧瑶 yi一怡 yin引 ying英迎 yong永 yu俞玉预 yuan元园圆源苑 yun云 zhai宅窄 zhang彰 zhao赵 zhen镇 zhi智芝 zhong中钟
zhou洲 zhu珠竹苎 zhuan砖 zhuang庄 zi子 zu族
chang昌 cui翠 duan端 fu府 gong工 gu古 hu壶 hua化 jian尖 jing景 lin临 lu庐 mao贸 qian前千 qing清 qiu求 ren人 shang商 she设 sheng圣
shi是 tang堂 xiao校肖 xin心 xue学 ye业 yin阴 ying应 zhen振 zhu渚
`

var pinyin = func() map[rune]string {
	m := map[rune]string{}
	for _, group := range strings.Fields(syllables) {
		split := strings.IndexFunc(group, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		for _, r := range group[split:] {
			m[r] = group[:split]
		}
	}
	return m
}()

// kinds are the endings of official names, the longer first, and how field English says them.
var kinds = []struct{ ending, english string }{
	{"畲族乡", "She Township"}, {"民族村", "Ethnic Village"}, {"畲族村", "She Village"}, {"街道", "Subdistrict"}, {"社区", "Community"},
	{"镇", "Town"}, {"乡", "Township"}, {"村", "Village"}, {"县", "County"},
}

// english spells an official name: 富春江镇 is Fuchunjiang Town.
func english(name string) string {
	for _, k := range kinds {
		if stem, ok := strings.CutSuffix(name, k.ending); ok && stem != "" {
			return spell(stem) + " " + k.english
		}
	}
	return spell(name)
}

// wayKinds are the endings of names of roads and waters, the longer first, and how English says them.
var wayKinds = []struct{ ending, english string }{
	{"高速连接线", "Expressway Link"}, {"高速", "Expressway"}, {"高铁", "High-speed Railway"}, {"大桥", "Bridge"}, {"二桥", "Second Bridge"}, {"水库", "Reservoir"},
	{"南路", "South Road"}, {"路", "Road"}, {"街", "Street"}, {"线", "Line"}, {"江", "River"}, {"溪", "Creek"}, {"湖", "Lake"},
}

// numbered are the endings of roads that have a number, and the letter that stands before it.
var numbered = []struct{ ending, letter string }{{"国道", "G"}, {"省道", "S"}, {"县道", "X"}}

// englishWay spells the name of a road or a water: 富春江 is Fuchun River, 320国道 is G320. "" stays "".
func englishWay(name string) string {
	if name == "" {
		return ""
	}
	for _, n := range numbered {
		if number, ok := strings.CutSuffix(name, n.ending); ok {
			return n.letter + number
		}
	}
	for _, w := range wayKinds {
		switch stem, ok := strings.CutSuffix(name, w.ending); {
		case ok && stem == "":
			return w.english
		case ok:
			return spell(stem) + " " + w.english
		}
	}
	return spell(name)
}

// spell writes a name in pinyin, as one capitalised word.
func spell(name string) string {
	var b strings.Builder
	last := ""
	for _, r := range name {
		s, ok := pinyin[r]
		if !ok {
			s = string(r)
		}
		if last != "" && strings.ContainsAny(s[:1], "aeo") {
			b.WriteByte('\'')
		}
		b.WriteString(s)
		last = s
	}
	w := b.String()
	return strings.ToUpper(w[:1]) + w[1:]
}
