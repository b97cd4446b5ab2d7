package main

import (
	"math/rand/v2"
	"strings"

	"wanglou/postgis/dictionary"
)

// writer makes up entries of a knowledge base as they are written: titles of a place, a thing and what is done with it; bodies of 200 to 2,000 characters in
// sentences, of words of which few are frequent and many are rare. Equal seeds give equal entries.
type writer struct {
	*rand.Rand
	things []string
	rare   []string
}

var (
	knowledgePlaces = strings.Fields("小区 楼道 消防通道 人行道 学校门口 菜市场 河道 工地 公园 农贸市场 公交站 停车场 地下车库 城中村 商铺门前 背街小巷 医院 高速出口 景区 村道 水库 山塘 厂区 广场")
	knowledgeActs   = strings.Fields("举报 报修 投诉 咨询 申请 办理 整治 清理 拆除 维修 巡查 登记 备案 审批 处罚 告知 答复 核实 派遣 回访")
	knowledgeKinds  = strings.Fields("指南 须知 流程 规定 问答 通知 职责 时限 标准 预案")
	knowledgeRest   = strings.Fields("的 由 应当 可以 如果 按照 及时 不得 必须 并 和 需要 有关 现场 部门 人员 情况 单位 工作日 小时 以上 以内 公告 安全 责任 群众 来电 平台 记录 位置 照片 联系 物业 社区 街道")
	knowledgeLatin  = strings.Fields("12345 119 110 120 PM2.5 PM10 GB50016 V2.1 GPS 24 15 48 96333 12315 A4 3.5")
)

func newWriter() (*writer, error) {
	categories, err := dictionary.Categories()
	if err != nil {
		return nil, err
	}
	w := &writer{Rand: rand.New(rand.NewPCG(42, 17))}
	for _, c := range categories {
		w.things = append(w.things, c.Name)
	}
	for range 8000 { // words of two characters, of the three thousand that are in use
		w.rare = append(w.rare, string([]rune{rune(0x4e00 + 7*w.IntN(2900)), rune(0x4e00 + 7*w.IntN(2900))}))
	}
	return w, nil
}

func (w *writer) one(of []string) string { return of[w.IntN(len(of))] }

// frequent picks the first of a list far more often than the last, as words of a language come.
func (w *writer) frequent(of []string) string {
	f := w.Float64()
	return of[int(f*f*f*f*float64(len(of)))]
}

func (w *writer) title() string {
	return w.one(knowledgePlaces) + w.one(w.things) + w.one(knowledgeActs) + w.one(knowledgeKinds)
}

func (w *writer) body() string {
	length := 200 + int(1800*w.Float64()*w.Float64()) // characters
	var b strings.Builder
	for n := 0; n < length; {
		for range 4 + w.IntN(9) {
			var word string
			switch p := w.IntN(100); {
			case p < 45:
				word = w.frequent(w.rare)
			case p < 80:
				word = w.frequent(knowledgeRest)
			case p < 86:
				word = w.frequent(w.things)
			case p < 91:
				word = w.frequent(knowledgeActs)
			case p < 96:
				word = w.frequent(knowledgePlaces)
			default:
				word = w.frequent(knowledgeLatin)
			}
			b.WriteString(word)
			n += len([]rune(word))
		}
		b.WriteString([]string{"，", "。", "；", "\n"}[w.IntN(4)])
	}
	return b.String()
}

// questions are what people type: one character, two, a word of the dictionary, two words, a number, Latin, a sentence; most of them hit, some do not.
func (w *writer) questions(n int) []string {
	out := make([]string, n)
	for i := range out {
		switch i % 10 {
		case 0:
			out[i] = string([]rune(w.one(knowledgePlaces))[:1])
		case 1:
			out[i] = w.one(knowledgeActs)
		case 2, 3:
			out[i] = w.one(w.things)
		case 4:
			out[i] = w.one(knowledgePlaces) + " " + w.one(knowledgeActs)
		case 5:
			out[i] = w.one(w.rare)
		case 6:
			out[i] = w.one(knowledgeLatin)
		case 7:
			out[i] = w.one(w.things) + " " + w.one(knowledgePlaces)
		case 8:
			out[i] = w.one(knowledgePlaces) + w.one(w.things) + "怎么办"
		case 9:
			out[i] = w.one(knowledgeRest)
		}
	}
	return out
}
