package terrain

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/tiles"
)

// gdal is the programs that are used.
type gdal struct{ info, warp, translate string }

func findGDAL() (g gdal, err error) {
	info, errInfo := exec.LookPath("gdalinfo")
	warp, errWarp := exec.LookPath("gdalwarp")
	translate, errTranslate := exec.LookPath("gdal_translate")
	if err := errors.Join(errInfo, errWarp, errTranslate); err != nil {
		return g, &layers.Error{Code: layers.CodeUnavailable, Reason: "no_gdal", Msg: "GDAL is not installed (apt install gdal-bin)", Err: err}
	}
	return gdal{info, warp, translate}, nil
}

// model is one elevation model.
type model struct {
	path   string
	bound  orb.Bound // EPSG:4326
	pixel  float64   // its height on the ground, metres
	metres float64   // in one unit of its heights
}

// description is what gdalinfo -json says, as far as it matters.
type description struct {
	Size             [2]int `json:"size"`
	CoordinateSystem struct {
		WKT string `json:"wkt"`
	} `json:"coordinateSystem"`
	Extent struct {
		Coordinates [][][2]float64 `json:"coordinates"`
	} `json:"wgs84Extent"`
	Bands []struct {
		Type   string   `json:"type"`
		Unit   string   `json:"unit"`
		Scale  *float64 `json:"scale"`
		Offset *float64 `json:"offset"`
	} `json:"bands"`
}

// heightTypes are the types of bands that can hold heights. Bytes are pictures.
var heightTypes = []string{"Int8", "Int16", "UInt16", "Int32", "UInt32", "Float32", "Float64"}

// units is what one unit of height is in metres, by the names that files use.
var units = map[string]float64{
	"": 1, "m": 1, "metre": 1, "metres": 1, "meter": 1, "meters": 1, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "us-ft": 1200.0 / 3937, "us survey foot": 1200.0 / 3937,
	"ftus": 1200.0 / 3937, "cm": 0.01, "dm": 0.1,
}

func (g gdal) inspect(ctx context.Context, paths []string) ([]model, error) {
	if len(paths) == 0 {
		return nil, layers.Invalid("files", "required", "no elevation model was named")
	}
	models := make([]model, len(paths))
	for i, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, layers.Errorf(layers.CodeNotFound, "%s does not exist", path)
		}
		abs, err := filepath.Abs(path) // a name that begins with a dash is no option
		if err != nil {
			return nil, err
		}
		out, err := run(exec.CommandContext(ctx, g.info, "-json", "-norat", "-noct", "-nogcp", abs))
		if err != nil {
			return nil, &layers.Error{Code: layers.CodeInvalid, Field: "files", Reason: "not_a_raster", Msg: path + " cannot be read by GDAL", Err: err}
		}
		var d description
		if err := json.Unmarshal(out, &d); err != nil {
			return nil, fmt.Errorf("gdalinfo %s: %w", path, err)
		}
		if models[i], err = d.model(path, abs); err != nil {
			return nil, err
		}
		if models[i].metres != models[0].metres {
			return nil, layers.Invalid("files", "mixed_units", "%s counts heights in another unit than %s: build them apart", path, paths[0])
		}
	}
	return models, nil
}

// model checks that a file is an elevation model somewhere on the earth.
func (d *description) model(path, abs string) (model, error) {
	refuse := func(reason, format string, args ...any) (model, error) {
		return model{}, layers.Invalid("files", reason, "%s: %s", path, fmt.Sprintf(format, args...))
	}
	if len(d.Bands) != 1 || !slices.Contains(heightTypes, d.Bands[0].Type) {
		return refuse("not_a_dem", "an elevation model has one band of numbers; this has %d, the first of type %s: it is a picture", len(d.Bands), firstType(d))
	}
	if d.CoordinateSystem.WKT == "" || len(d.Extent.Coordinates) == 0 || len(d.Extent.Coordinates[0]) < 4 {
		return refuse("no_crs", "the file does not say where on the earth it lies (gdal_edit.py -a_srs EPSG:4326 tells it)")
	}
	band := d.Bands[0]
	if band.Scale != nil && *band.Scale != 1 || band.Offset != nil && *band.Offset != 0 {
		return refuse("scaled_heights", "its heights are scaled; gdal_translate -unscale -ot Float32 makes them metres")
	}
	metres, ok := units[strings.ToLower(band.Unit)]
	if !ok {
		return refuse("unknown_unit", "heights in %q are not read, only metres and feet", band.Unit)
	}
	ring := make(orb.Ring, len(d.Extent.Coordinates[0]))
	for i, p := range d.Extent.Coordinates[0] {
		ring[i] = p
	}
	m := model{path: abs, bound: ring.Bound(), metres: metres}
	if m.bound.Min[1] >= maxLat || m.bound.Max[1] <= -maxLat || d.Size[1] == 0 {
		return refuse("outside_mercator", "it lies where a web map does not reach")
	}
	m.pixel = (m.bound.Max[1] - m.bound.Min[1]) * math.Pi / 180 * earth / float64(d.Size[1])
	return m, nil
}

func firstType(d *description) string {
	if len(d.Bands) == 0 {
		return "none"
	}
	return d.Bands[0].Type
}

// unknown is the height that stands for "none" between gdalwarp and us.
const unknown = -99999

// block reads width × height pixels of Web Mercator from the north-west corner of tile c on, as float32 in metres; NaN where no model knows.
func (g gdal) block(ctx context.Context, models []model, noData *float64, c tiles.Coord, width, height int, dir string) ([]float32, error) {
	size := world / math.Exp2(float64(c.Z)) // of a tile
	west, north := -world/2+float64(c.X)*size, world/2-float64(c.Y)*size
	east, south := west+size*float64(width)/tileSize, north-size*float64(height)/tileSize
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	out := filepath.Join(dir, "block.raw")
	args := []string{"-q", "-overwrite", "-of", "ENVI", "-ot", "Float32", "-t_srs", "EPSG:3857", "-te", number(west), number(south), number(east), number(north),
		"-ts", strconv.Itoa(width), strconv.Itoa(height), "-r", "bilinear", "-dstnodata", strconv.Itoa(unknown), "-wm", "128", "--config", "GDAL_CACHEMAX", "128"}
	if noData != nil {
		args = append(args, "-srcnodata", number(*noData))
	}
	// A model is read only where it matters; what a tile beside it gains from bilinear interpolation is part of its own last pixel.
	box := orb.Bound{Min: degrees(west, south), Max: degrees(east, north)}
	var metres float64
	for _, m := range models {
		if m.bound.Intersects(box) {
			args, metres = append(args, m.path), m.metres
		}
	}
	if metres == 0 {
		return nil, nil
	}
	if _, err := run(exec.CommandContext(ctx, g.warp, append(args, out)...)); err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "files", Reason: "broken_dem", Msg: "the models cannot be read to their end", Err: err}
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	if len(raw) != 4*width*height {
		return nil, fmt.Errorf("gdalwarp wrote %d bytes for %d × %d pixels", len(raw), width, height)
	}
	pixels := make([]float32, width*height)
	for i := range pixels {
		v := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])) * float32(metres)
		if !(v > -12000 && v < 9000) { // deeper than the sea or higher than the mountains: unknown, whatever the file says
			v = nan
		}
		pixels[i] = v
	}
	return pixels, nil
}

var nan = float32(math.NaN())

// degrees returns the place of Web Mercator metres in EPSG:4326.
func degrees(x, y float64) orb.Point {
	return orb.Point{x / world * 360, (2*math.Atan(math.Exp(y/earth)) - math.Pi/2) * 180 / math.Pi}
}

// run runs a program and returns its output, or what it complained about.
func run(cmd *exec.Cmd) ([]byte, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	cmd.Env = append(os.Environ(), "GDAL_PAM_ENABLED=NO", "CPL_DEBUG=OFF") // writes nothing beside the models
	out, err := cmd.Output()
	if err != nil {
		said := strings.Join(strings.Fields(complaint.String()), " ")
		if len(said) > 1000 {
			said = said[:1000] + " …"
		}
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	return out, nil
}
