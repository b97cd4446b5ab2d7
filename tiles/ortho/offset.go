package ortho

import (
	"image"
	"math"
	"math/cmplx"

	"wanglou/tiles"
)

// side of the squares that are compared, in pixels: a power of two.
const corrSide = 512

// offset measures how far b lies beside a: what b shows has to be moved by so many metres to the east and to the north to lie on a. It compares the middle of what both show at the finest zoom at which both have
// their own pixels, by phase correlation of their edges; quality is how clearly the best shift stands out, 0 to 1.
func offset(a, b *cog) (east, north, quality float64, err error) {
	zoom := min(a.maxZoom(), b.maxZoom())
	low := max(a.minZoom(), b.minZoom())
	if zoom < low {
		return 0, 0, 0, errNoOverlap
	}
	x0, y0, ok := common(a, b, zoom)
	if !ok {
		return 0, 0, 0, errNoOverlap
	}
	pa, ca, err := grey(a, zoom, x0, y0)
	if err != nil {
		return 0, 0, 0, err
	}
	pb, cb, err := grey(b, zoom, x0, y0)
	if err != nil {
		return 0, 0, 0, err
	}
	both := 0
	for i := range ca {
		if ca[i] && cb[i] {
			both++
		}
	}
	if both < len(ca)/16 {
		return 0, 0, 0, errNoOverlap
	}
	for i := range ca {
		if !ca[i] || !cb[i] {
			pa[i], pb[i] = 0, 0
		}
	}
	dx, dy, quality := correlate(pa, pb, corrSide)
	at := unproject((float64(x0)+corrSide/2)/(math.Exp2(float64(zoom))*tileSize), (float64(y0)+corrSide/2)/(math.Exp2(float64(zoom))*tileSize))
	metres := 2 * half / tileSize / math.Exp2(float64(zoom)) * math.Cos(at[1]*math.Pi/180)
	return dx * metres, -dy * metres, quality, nil
}

// common finds the north-west pixel, at a zoom, of the square in the middle of what both may show.
func common(a, b *cog, zoom uint8) (x, y int64, ok bool) {
	box := func(c *cog) (x0, y0, x1, y1 int64) {
		l := &c.levels[c.maxZoom()-zoom]
		return int64(l.x) * tileSize, int64(l.y) * tileSize, int64(l.x)*tileSize + int64(l.picture.Width), int64(l.y)*tileSize + int64(l.picture.Height)
	}
	a.look()
	b.look()
	if a.view == nil || b.view == nil {
		return 0, 0, false
	}
	ax0, ay0, ax1, ay1 := box(a)
	bx0, by0, bx1, by1 := box(b)
	x0, y0, x1, y1 := max(ax0, bx0), max(ay0, by0), min(ax1, bx1), min(ay1, by1)
	if x1-x0 < 32 || y1-y0 < 32 {
		return 0, 0, false
	}
	// Padding makes the box larger than what is shown: the middle of what both really show is looked for on their overviews.
	mx, my, n := int64(0), int64(0), int64(0)
	const step = 24
	for i := range int64(step) {
		for j := range int64(step) {
			px, py := x0+(x1-x0)*(2*i+1)/(2*step), y0+(y1-y0)*(2*j+1)/(2*step)
			if a.view.shows(zoom, px, py) && b.view.shows(zoom, px, py) {
				mx, my, n = mx+px, my+py, n+1
			}
		}
	}
	if n == 0 {
		return 0, 0, false
	}
	return mx/n - corrSide/2, my/n - corrSide/2, true
}

// shows reports whether a pixel of a finer zoom can be seen on the overview.
func (p *plane) shows(zoom uint8, x, y int64) bool {
	down := zoom - p.zoom
	if zoom < p.zoom {
		return true
	}
	px, py := int(x>>down)-int(p.x)*tileSize, int(y>>down)-int(p.y)*tileSize
	if !image.Pt(px, py).In(p.img.Rect) {
		return false
	}
	return p.img.Pix[py*p.img.Stride+px*4+3] >= 128
}

// grey reads a square of pixels as the steepness of their brightness, and which of them there are.
func grey(c *cog, zoom uint8, x0, y0 int64) (edges []float64, there []bool, err error) {
	bright := make([]float64, corrSide*corrSide)
	there = make([]bool, corrSide*corrSide)
	for ty := floorDiv(y0, tileSize); ty <= floorDiv(y0+corrSide-1, tileSize); ty++ {
		for tx := floorDiv(x0, tileSize); tx <= floorDiv(x0+corrSide-1, tileSize); tx++ {
			if tx < 0 || ty < 0 {
				continue
			}
			img, err := c.draw(tiles.Coord{Z: zoom, X: uint32(tx), Y: uint32(ty)})
			if err != nil {
				return nil, nil, err
			}
			if img == nil {
				continue
			}
			for y := range int64(tileSize) {
				for x := range int64(tileSize) {
					px, py := tx*tileSize+x-x0, ty*tileSize+y-y0
					if px < 0 || py < 0 || px >= corrSide || py >= corrSide {
						continue
					}
					i := y*int64(img.Stride) + x*4
					if img.Pix[i+3] < 128 {
						continue
					}
					bright[py*corrSide+px] = 0.299*float64(img.Pix[i]) + 0.587*float64(img.Pix[i+1]) + 0.114*float64(img.Pix[i+2])
					there[py*corrSide+px] = true
				}
			}
		}
	}
	edges = make([]float64, corrSide*corrSide)
	for y := 1; y < corrSide-1; y++ {
		for x := 1; x < corrSide-1; x++ {
			i := y*corrSide + x
			if there[i-1] && there[i+1] && there[i-corrSide] && there[i+corrSide] {
				edges[i] = math.Hypot(bright[i+1]-bright[i-1], bright[i+corrSide]-bright[i-corrSide])
			}
		}
	}
	return edges, there, nil
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// correlate returns by how many pixels b has to be moved to lie on a, to a part of a pixel, and how clearly.
func correlate(a, b []float64, n int) (dx, dy, quality float64) {
	fa, fb := spectrum(a, n), spectrum(b, n)
	for i := range fa {
		p := fa[i] * cmplx.Conj(fb[i])
		if m := cmplx.Abs(p); m > 1e-9 {
			fa[i] = p / complex(m, 0)
		} else {
			fa[i] = 0
		}
	}
	fft2(fa, n, true)
	best := 0
	for i := range fa {
		if real(fa[i]) > real(fa[best]) {
			best = i
		}
	}
	bx, by := best%n, best/n
	value := func(x, y int) float64 { return real(fa[((y+n)%n)*n+(x+n)%n]) }
	second := 0.0 // the highest elsewhere
	for i := range fa {
		x, y := i%n, i/n
		if near(x, bx, n) && near(y, by, n) {
			continue
		}
		second = max(second, real(fa[i]))
	}
	peak := value(bx, by)
	part := func(l, m, r float64) float64 { // the top of a parabola through three points
		if d := l - 2*m + r; d < 0 {
			return max(-0.5, min(0.5, 0.5*(l-r)/d))
		}
		return 0
	}
	dx = float64(signed(bx, n)) + part(value(bx-1, by), peak, value(bx+1, by))
	dy = float64(signed(by, n)) + part(value(bx, by-1), peak, value(bx, by+1))
	if peak <= 0 {
		return 0, 0, 0
	}
	return dx, dy, max(0, min(1, 1-second/peak))
}

func near(a, b, n int) bool {
	d := (a - b + n) % n
	return d <= 4 || d >= n-4
}

func signed(v, n int) int {
	if v > n/2 {
		return v - n
	}
	return v
}

// spectrum is the Fourier transform of a square that fades towards its border.
func spectrum(v []float64, n int) []complex128 {
	mean := 0.0
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	out := make([]complex128, n*n)
	for y := range n {
		wy := 0.5 - 0.5*math.Cos(2*math.Pi*float64(y)/float64(n-1))
		for x := range n {
			wx := 0.5 - 0.5*math.Cos(2*math.Pi*float64(x)/float64(n-1))
			out[y*n+x] = complex((v[y*n+x]-mean)*wx*wy, 0)
		}
	}
	fft2(out, n, false)
	return out
}

// fft2 transforms a square in place, rows then columns.
func fft2(v []complex128, n int, inverse bool) {
	line := make([]complex128, n)
	for y := range n {
		fft(v[y*n:(y+1)*n], inverse)
	}
	for x := range n {
		for y := range n {
			line[y] = v[y*n+x]
		}
		fft(line, inverse)
		for y := range n {
			v[y*n+x] = line[y]
		}
	}
}

// fft is Cooley and Tukey's, in place; the length is a power of two. The inverse is not divided by it: only the place of the peak matters.
func fft(v []complex128, inverse bool) {
	n := len(v)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			v[i], v[j] = v[j], v[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		angle := -2 * math.Pi / float64(size)
		if inverse {
			angle = -angle
		}
		step := cmplx.Rect(1, angle)
		for i := 0; i < n; i += size {
			w := complex(1, 0)
			for j := range size / 2 {
				a, b := v[i+j], v[i+j+size/2]*w
				v[i+j], v[i+j+size/2] = a+b, a-b
				w *= step
			}
		}
	}
}
