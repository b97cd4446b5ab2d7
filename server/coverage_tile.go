package server

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera/sight"
	"wanglou/layers/incident"
)

const (
	blindTile    = 256 // pixels
	blindMinZoom = 9
	blindMaxZoom = 17 // a cell is some pixels wide there
	maxBlinds    = 4  // grounds that are kept: some megabytes each
)

// blinds are the grounds of the last moments, by who may see what. It is safe for concurrent use.
type blinds struct {
	mu   sync.Mutex
	kept map[string]*keptBlind
}

type keptBlind struct {
	making sync.Mutex // one at a time; the others take what it made
	asOf   time.Time
	ground *ground       // nil: the scope has no areas
	inside *sight.Raster // what belongs to its areas
}

func (k *blinds) get(key string) *keptBlind {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= maxBlinds && k.kept[key] == nil {
		k.kept = map[string]*keptBlind{}
	}
	if k.kept[key] == nil {
		k.kept[key] = &keptBlind{}
	}
	return k.kept[key]
}

// Classes of ground, which are the colours of a tile's palette.
const (
	blindOutside = iota // of no area
	blindSeen
	blindBroken // would be seen if all cameras were up
	blindUnseen
)

// The palettes: what is seen is tinted, and what is not is left as it is, with lines over it; what only cameras that are down would see has dots. Forms tell them apart, too.
var blindPalettes = map[string]color.Palette{
	"dark":  {color.Transparent, color.NRGBA{90, 200, 250, 88}, color.NRGBA{255, 196, 84, 235}, color.NRGBA{255, 255, 255, 150}},
	"light": {color.Transparent, color.NRGBA{0, 96, 200, 72}, color.NRGBA{176, 92, 0, 235}, color.NRGBA{40, 40, 40, 170}},
}

// getCoverageTile draws which ground the caller's cameras see, on the lattice of web tiles; at most half a minute old.
func (s *Server) getCoverageTile(c echo.Context) error {
	q := newQuery(c)
	theme := q.text("theme")
	if err := q.err(); err != nil {
		return err
	}
	palette, ok := blindPalettes[theme]
	if !ok {
		return layers.Invalid("theme", "unknown_value", "%.20q is not a theme: dark or light", theme)
	}
	z, errZ := strconv.Atoi(c.Param("z"))
	x, errX := strconv.Atoi(c.Param("x"))
	y, errY := strconv.Atoi(strings.TrimSuffix(c.Param("y"), ".png"))
	if errZ != nil || errX != nil || errY != nil || z < blindMinZoom || z > blindMaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return layers.Errorf(layers.CodeNotFound, "there is no such tile")
	}
	if err := s.loaded(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	kept, err := s.blindGround(ctx, auth.ActorFrom(ctx).Scope)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, max-age="+strconv.Itoa(int(coverageAge/time.Second)))
	b, err := kept.tile(z, x, y, palette)
	switch {
	case err != nil:
		return err
	case b == nil:
		return c.NoContent(http.StatusNoContent)
	}
	return c.Blob(http.StatusOK, "image/png", b)
}

// blindGround returns the ground of the unit grids that a scope sees, from memory while it is fresh.
func (s *Server) blindGround(ctx context.Context, scope *auth.Scope) (*keptBlind, error) {
	scene, err := s.sights.get(ctx)
	if err != nil {
		return nil, err
	}
	kept := s.blinds.get(scope.Class())
	kept.making.Lock()
	defer kept.making.Unlock()
	if !kept.asOf.IsZero() && s.now().Sub(kept.asOf) <= coverageAge {
		return &keptBlind{ground: kept.ground, inside: kept.inside}, nil
	}
	areas := s.areasBy(scope, incident.ByUnitGrid)
	kept.ground, kept.inside = nil, nil
	if len(areas) > 0 && s.replica.Layer(cameraLayer) != nil {
		if kept.ground, err = s.paintGround(ctx, scope, scene, areas); err != nil {
			return nil, err
		}
		bound := areas[0].Bound
		for _, f := range areas {
			bound = bound.Union(f.Bound)
		}
		kept.inside = sight.NewRaster(bound, coverageCell)
		for _, f := range areas {
			for _, p := range polygonsOf(f) {
				kept.inside.Fill(p)
			}
		}
	}
	kept.asOf = s.now()
	return &keptBlind{ground: kept.ground, inside: kept.inside}, nil
}

// tile draws one; nil is one on which there is nothing.
func (k *keptBlind) tile(z, x, y int, palette color.Palette) ([]byte, error) {
	if k.ground == nil {
		return nil, nil
	}
	img := image.NewPaletted(image.Rect(0, 0, blindTile, blindTile), palette)
	empty := true
	for py := range blindTile {
		for px := range blindTile {
			if class := k.classAt(tilePlace(z, x, y, px, py)); class != blindOutside && blindInk(class, px, py) {
				img.Pix[py*img.Stride+px] = class
				empty = false
			}
		}
	}
	if empty {
		return nil, nil
	}
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	return out.Bytes(), err
}

// tilePlace is the middle of a pixel of a tile, EPSG:4326.
func tilePlace(z, x, y, px, py int) orb.Point {
	size := float64(int(1)<<z) * blindTile
	north := math.Pi * (1 - 2*(float64(y*blindTile+py)+0.5)/size)
	return orb.Point{(float64(x*blindTile+px)+0.5)/size*360 - 180, math.Atan(math.Sinh(north)) * 180 / math.Pi}
}

func (k *keptBlind) classAt(p orb.Point) uint8 {
	switch {
	case !k.inside.At(p):
		return blindOutside
	case k.ground.now.At(p):
		return blindSeen
	case k.ground.all.At(p):
		return blindBroken
	}
	return blindUnseen
}

// blindInk reports whether a pixel of a class is drawn. The patterns repeat every eight pixels, so that tiles join.
func blindInk(class uint8, px, py int) bool {
	switch class {
	case blindBroken:
		return px%4 < 2 && py%4 < 2
	case blindUnseen:
		return (px+py)%8 == 0
	}
	return true
}
