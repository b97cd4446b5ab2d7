package raster

// Groups returns the marked pixels of a w × h grid that touch by their sides, each as its place in marked.
func Groups(marked []bool, w, h int) (out [][]int) {
	seen := make([]bool, len(marked))
	for start, m := range marked {
		if !m || seen[start] {
			continue
		}
		group := []int{start}
		seen[start] = true
		for k := 0; k < len(group); k++ {
			i := group[k]
			x, y := i%w, i/w
			for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				u, v := x+d[0], y+d[1]
				if u >= 0 && v >= 0 && u < w && v < h && marked[v*w+u] && !seen[v*w+u] {
					seen[v*w+u] = true
					group = append(group, v*w+u)
				}
			}
		}
		out = append(out, group)
	}
	return out
}
