package model

import (
	"io"
	"testing"
)

// What windows cost beside the model itself: 4 million pixels in windows of 512.
func BenchmarkScan(b *testing.B) {
	m := good()
	m.Tile, m.Overlap = 512, 64
	if err := m.Validate(); err != nil {
		b.Fatal(err)
	}
	p := picture(2048, 2048, 0, [4]int{100, 100, 900, 700})
	inputs, answer := m.Tensors(), make([]float32, 512*512)
	run := func([]Tensor) ([]float32, []int64, error) { return answer, []int64{1, 1, 512, 512}, nil }
	b.SetBytes(2048 * 2048)
	for b.Loop() {
		if err := m.Scan(b.Context(), []*Picture{p}, inputs, run, io.Discard, func(int, int) {}); err != nil {
			b.Fatal(err)
		}
	}
}
