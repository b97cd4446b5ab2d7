package ortho

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/simplify"
)

// footprint draws the outline of what a picture shows, as rings around its pixels, straightened within a pixel. Specks and holes of a few pixels are left out.
func (p *plane) footprint() orb.MultiPolygon {
	w, h := p.img.Rect.Dx(), p.img.Rect.Dy()
	seen := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < w && y < h && p.img.Pix[y*p.img.Stride+x*4+3] >= 128
	}
	rings := outlines(w, h, seen)
	least := max(4, float64(w*h)/20000)
	var shells []orb.Polygon
	var holes []orb.Ring
	for _, r := range rings {
		area := planar.Area(r)
		if math.Abs(area) < least {
			continue
		}
		if s := simplify.DouglasPeucker(0.9).Ring(r.Clone()); len(s) >= 4 {
			r = s
		}
		if area > 0 {
			shells = append(shells, orb.Polygon{r})
		} else {
			holes = append(holes, r)
		}
	}
	for _, hole := range holes {
		for i := range shells {
			if planar.RingContains(shells[i][0], hole[0]) {
				shells[i] = append(shells[i], hole)
				break
			}
		}
	}
	out := make(orb.MultiPolygon, 0, len(shells))
	for _, s := range shells {
		for _, r := range s {
			for i, c := range r {
				r[i] = p.at(c[0], c[1])
			}
		}
		out = append(out, s)
	}
	return out
}

// outlines walks along the edges between seen and unseen cells. Shells have a positive area, holes a negative one; cells that touch at a corner alone are apart.
func outlines(w, h int, seen func(x, y int) bool) []orb.Ring {
	type corner struct{ x, y int }
	next := map[corner][]corner{} // edges, seen cells to their right when y grows downward
	add := func(x0, y0, x1, y1 int) {
		next[corner{x0, y0}] = append(next[corner{x0, y0}], corner{x1, y1})
	}
	var order []corner
	for y := range h {
		for x := range w {
			if !seen(x, y) {
				continue
			}
			before := len(next)
			if !seen(x, y-1) {
				add(x, y, x+1, y)
			}
			if !seen(x+1, y) {
				add(x+1, y, x+1, y+1)
			}
			if !seen(x, y+1) {
				add(x+1, y+1, x, y+1)
			}
			if !seen(x-1, y) {
				add(x, y+1, x, y)
			}
			if len(next) > before {
				order = append(order, corner{x, y}, corner{x + 1, y}, corner{x + 1, y + 1}, corner{x, y + 1})
			}
		}
	}
	var out []orb.Ring
	for _, start := range order {
		for len(next[start]) > 0 {
			at, ring := start, orb.Ring{{float64(start.x), float64(start.y)}}
			var dx, dy int
			for {
				edges := next[at]
				if len(edges) == 0 {
					break
				}
				pick := 0
				if len(edges) == 2 { // two cells touch at this corner: turn right, around the same cell
					for i, e := range edges {
						if dx*(e.y-at.y)-dy*(e.x-at.x) > 0 {
							pick = i
						}
					}
				}
				to := edges[pick]
				next[at] = append(edges[:pick:pick], edges[pick+1:]...)
				if nx, ny := to.x-at.x, to.y-at.y; nx != dx || ny != dy {
					if dx != 0 || dy != 0 {
						ring = append(ring, orb.Point{float64(at.x), float64(at.y)})
					}
					dx, dy = nx, ny
				}
				at = to
				if at == start {
					break
				}
			}
			ring = append(ring, ring[0])
			if len(ring) >= 5 {
				out = append(out, ring)
			}
		}
	}
	return out
}
