package names

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// BenchmarkFind asks a million names, of which many begin and end alike, the kinds of question that people type.
func BenchmarkFind(b *testing.B) {
	const count = 1_000_000
	r := rand.New(rand.NewPCG(3, 7)) // #nosec G404 -- the same on every run
	front := []rune("桐庐富春江城南旧县横村莪山分水瑶琳百合新凤川钟金东门迎宾康乐龙潭梅林洋塘大奇望平阳白云翰乔中杭上下青高翔石珠深澳环溪荻浦徐畈彰坞窄岭阆苑孝门舒湾芦茨茆坪双坑皇甸梓洲君")
	back := []string{"路口", "小区", "大厦", "学校", "广场", "公园", "村委", "桥头"}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := New(count, func(yield func(Thing) bool) {
		for i := range int64(count) {
			name := fmt.Sprintf("%c%c%s%d号", front[r.IntN(len(front))], front[r.IntN(len(front))], back[r.IntN(len(back))], r.IntN(900))
			if !yield(Thing{ID: i + 1, Texts: []string{name}}) {
				return
			}
		}
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	bytes := float64(after.HeapAlloc-before.HeapAlloc) / count
	for _, question := range []string{"春江", "路", "城南小区", "城南小区123号", "cjlk", "chunjiang", "chun", "gc", "号 春江", "123"} {
		b.Run(question, func(b *testing.B) {
			q := Parse(question)
			for b.Loop() {
				x.Find(q, 20, everywhere, all)
			}
			b.ReportMetric(bytes, "B/name")
		})
	}
	b.Run("路 seen by nobody", func(b *testing.B) {
		q := Parse("路")
		for b.Loop() {
			x.Find(q, 20, everywhere, func(int64) bool { return false })
		}
	})
}
