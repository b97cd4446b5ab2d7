package demo

import "github.com/paulmach/orb"

// contours returns the closed lines around the cells whose value is above level, interpolated between cell centres
// (marching squares). Outer lines and holes come mixed: even-odd filling makes areas of them.
func (r raster) contours(value []float64, level float64) []orb.Ring {
	// A border of low cells closes what would run off the edge.
	w, h := r.w+2, r.h+2
	at := func(x, y int) float64 {
		if x == 0 || y == 0 || x == w-1 || y == h-1 {
			return level - 1
		}
		return value[(y-1)*r.w+x-1]
	}
	where := func(x, y int) orb.Point {
		return orb.Point{r.min[0] + (float64(x)-0.5)*r.cell, r.min[1] + (float64(y)-0.5)*r.cell}
	}
	// An edge between two neighbouring centres is named by its first one and its direction. Every edge that the level
	// cuts has two neighbours along the line.
	horizontal := func(x, y int) int { return 2 * (y*w + x) }
	vertical := func(x, y int) int { return 2*(y*w+x) + 1 }
	links := map[int][]int{}
	var order []int
	join := func(a, b int) {
		for _, e := range [2]int{a, b} {
			if links[e] == nil {
				order = append(order, e)
			}
		}
		links[a], links[b] = append(links[a], b), append(links[b], a)
	}
	for y := range h - 1 {
		for x := range w - 1 {
			var c int
			for i, v := range [4]float64{at(x, y), at(x+1, y), at(x+1, y+1), at(x, y+1)} {
				if v > level {
					c |= 1 << i
				}
			}
			bottom, right, top, lft := horizontal(x, y), vertical(x+1, y), horizontal(x, y+1), vertical(x, y)
			switch c {
			case 1, 14:
				join(lft, bottom)
			case 2, 13:
				join(bottom, right)
			case 4, 11:
				join(right, top)
			case 8, 7:
				join(top, lft)
			case 3, 12:
				join(lft, right)
			case 6, 9:
				join(bottom, top)
			case 5:
				join(lft, bottom)
				join(right, top)
			case 10:
				join(bottom, right)
				join(top, lft)
			}
		}
	}
	cut := func(e int) orb.Point {
		x, y := e/2%w, e/2/w
		x2, y2 := x+1, y
		if e%2 == 1 {
			x2, y2 = x, y+1
		}
		a, b := at(x, y), at(x2, y2)
		return between(where(x, y), where(x2, y2), (level-a)/(b-a))
	}
	done := map[int]bool{}
	var rings []orb.Ring
	for _, start := range order {
		if done[start] {
			continue
		}
		var ring orb.Ring
		for e, from := start, -1; ; {
			done[e] = true
			ring = append(ring, cut(e))
			n := links[e][0]
			if n == from && len(links[e]) > 1 {
				n = links[e][1]
			}
			if n == start || done[n] {
				break
			}
			e, from = n, e
		}
		if len(ring) > 3 {
			rings = append(rings, append(ring, ring[0]))
		}
	}
	return rings
}
