package gdal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Raster is what a GeoTIFF says of itself; nothing of its pixels was read.
type Raster struct {
	Width, Height int
	Bands         []Band
	Transform     *[6]float64 // pixel to coordinates as GDAL has it; nil for none
	EPSG          int         // 0: none, or one without a number
	WKT           string      // "" without a reference system
	Corners       orb.Ring    // EPSG:4326, closed, the north-west corner of the picture first; nil when it cannot be told
	Compression   string      // "LZW", "DEFLATE", "JPEG", …, "" for none
	Interleave    string      // "PIXEL" or "BAND"
	Layout        string      // "COG" for those
	TakenAt       time.Time   // zero: the file does not say. Without a zone it is local time of the place, told as UTC
	Software      string
	GCPs          int
	RPC           bool
}

// Band is one channel.
type Band struct {
	Type      string   // "Byte", "UInt16", "Float32", …
	Color     string   // "Red", "Alpha", "Gray", "Undefined", …
	NoData    *float64 // nil for none
	NoDataNaN bool
	Block     [2]int
	Overviews int
	Mask      []string // flags: "PER_DATASET", "ALPHA", "NODATA", "ALL_VALID"
	Palette   bool
	Unit      string
	Scale     float64
	Offset    float64
}

// Alpha reports whether a band or a mask says which pixels there are.
func (r *Raster) Alpha() bool {
	return slices.ContainsFunc(r.Bands, func(b Band) bool { return b.Color == "Alpha" || slices.Contains(b.Mask, "PER_DATASET") })
}

// HasNoData reports whether any band names a value that stands for nothing.
func (r *Raster) HasNoData() bool {
	return slices.ContainsFunc(r.Bands, func(b Band) bool { return b.NoData != nil || b.NoDataNaN })
}

// Pixels is how many there are in a band.
func (r *Raster) Pixels() int64 { return int64(r.Width) * int64(r.Height) }

// jsonInfo is what gdalinfo -json says, as far as it matters.
type jsonInfo struct {
	Size             [2]int `json:"size"`
	CoordinateSystem struct {
		WKT string `json:"wkt"`
	} `json:"coordinateSystem"`
	GeoTransform []float64                  `json:"geoTransform"`
	Metadata     map[string]json.RawMessage `json:"metadata"`
	Extent       struct {
		Coordinates [][][2]float64 `json:"coordinates"`
	} `json:"wgs84Extent"`
	GCPs struct {
		List []json.RawMessage `json:"gcpList"`
	} `json:"gcps"`
	Bands []struct {
		Block     [2]int            `json:"block"`
		Type      string            `json:"type"`
		Color     string            `json:"colorInterpretation"`
		NoData    json.RawMessage   `json:"noDataValue"`
		Overviews []json.RawMessage `json:"overviews"`
		Mask      struct {
			Flags []string `json:"flags"`
		} `json:"mask"`
		Unit   string          `json:"unit"`
		Scale  *float64        `json:"scale"`
		Offset float64         `json:"offset"`
		Table  json.RawMessage `json:"colorTable"`
	} `json:"bands"`
	STAC struct {
		EPSG int `json:"proj:epsg"`
	} `json:"stac"`
}

// Info reads what a file says of itself. CodeInvalid with "gdal_failed" for what is no GeoTIFF.
func Info(ctx context.Context, path string) (*Raster, error) {
	out, err := Run(ctx, "gdalinfo", append([]string{"-json", "-norat", "-nogcp"}, Input(path)...), Options{MemoryMB: 2048, CacheMB: 64})
	if err != nil {
		return nil, err
	}
	return parseInfo(out)
}

func parseInfo(out []byte) (*Raster, error) {
	var j jsonInfo
	if err := json.Unmarshal(out, &j); err != nil {
		return nil, fmt.Errorf("gdalinfo: %w", err)
	}
	r := &Raster{Width: j.Size[0], Height: j.Size[1], EPSG: j.STAC.EPSG, WKT: j.CoordinateSystem.WKT, GCPs: len(j.GCPs.List)}
	if len(j.GeoTransform) == 6 {
		t := [6]float64(j.GeoTransform)
		r.Transform = &t
	}
	if rings := j.Extent.Coordinates; len(rings) == 1 && len(rings[0]) == 5 && r.WKT != "" {
		r.Corners = make(orb.Ring, 5)
		for i, p := range rings[0] {
			r.Corners[i] = p
		}
	}
	structure, tags := texts(j.Metadata["IMAGE_STRUCTURE"]), texts(j.Metadata[""])
	r.Compression, r.Interleave, r.Layout = structure["COMPRESSION"], structure["INTERLEAVE"], structure["LAYOUT"]
	r.Software, r.TakenAt = tags["TIFFTAG_SOFTWARE"], takenAt(tags)
	_, r.RPC = j.Metadata["RPC"]
	for _, b := range j.Bands {
		band := Band{Type: b.Type, Color: b.Color, Block: b.Block, Overviews: len(b.Overviews), Mask: b.Mask.Flags, Unit: b.Unit, Scale: 1, Offset: b.Offset, Palette: len(b.Table) > 0}
		if b.Scale != nil {
			band.Scale = *b.Scale
		}
		if len(b.NoData) > 0 {
			var v float64
			if err := json.Unmarshal(b.NoData, &v); err == nil {
				band.NoData = &v
			} else {
				band.NoDataNaN = true // written as "nan"
			}
		}
		r.Bands = append(r.Bands, band)
	}
	return r, nil
}

// texts reads one domain of metadata; values that are no text are left out.
func texts(raw json.RawMessage) map[string]string {
	var values map[string]any
	if json.Unmarshal(raw, &values) != nil {
		return nil
	}
	out := map[string]string{}
	for k, v := range values {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// takenAt finds when the pictures were taken, by the names under which programs write it.
func takenAt(tags map[string]string) time.Time {
	for _, name := range []string{"ACQUISITIONDATETIME", "ACQUISITION_DATE", "EXIF_DateTimeOriginal", "TIFFTAG_DATETIME"} {
		s := strings.TrimSpace(tags[name])
		for _, form := range []string{time.RFC3339, "2006:01:02 15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"} {
			if t, err := time.Parse(form, s); err == nil && t.Year() > 1970 {
				return t
			}
		}
	}
	return time.Time{}
}
