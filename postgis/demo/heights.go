package demo

import (
	"bufio"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
)

// The model of heights covers the county and some ground around it, a cell of about 55 m.
const (
	modelWest, modelSouth = 119.10, 29.50
	modelEast, modelNorth = 120.05, 30.20
	modelCell             = 1.0 / 1800
)

// ModelSRS is the coordinate system of WriteModel, as a .prj file says it.
const ModelSRS = `GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`

// height is how high the invented ground lies at a place of the plane, metres above the sea: flat beside the rivers and in the towns, and the higher the farther from them,
// in ridges and valleys.
func height(p orb.Point) float64 {
	low := math.Inf(1)
	for i := range rivers {
		low = min(low, toLine(p, rivers[i].line)-rivers[i].half[0])
	}
	for i := range towns {
		for _, g := range towns[i].built {
			low = min(low, distance(p, g.middle)-g.a)
		}
	}
	broad := noise{seed: 211, scale: 7000}.at(p, 3)
	fine := noise{seed: 212, scale: 3400}.at(p, 3)
	ridge := 1 - math.Abs(2*fine-1) // sharp along the middle of the noise
	away := ease(min(1, max(0, low-200)/5200))
	return 8 + 14*broad + away*(120+760*broad*ridge*ridge*1.5)
}

// toLine returns the metres from p to a line.
func toLine(p orb.Point, ls orb.LineString) float64 {
	least := math.Inf(1)
	for i := 1; i < len(ls); i++ {
		d, _ := toSegment(p, ls[i-1], ls[i])
		least = min(least, d)
	}
	return least
}

// WriteModel writes the heights of the county as an ESRI ASCII grid in ModelSRS. They are invented, as all of the demo county but its outline and names.
func WriteModel(w io.Writer) error {
	columns, rows := int(math.Round((modelEast-modelWest)/modelCell)), int(math.Round((modelNorth-modelSouth)/modelCell))
	b := bufio.NewWriterSize(w, 1<<20)
	fmt.Fprintf(b, "ncols %d\nnrows %d\nxllcorner %v\nyllcorner %v\ncellsize %.12f\nNODATA_value -9999\n", columns, rows, modelWest, modelSouth, modelCell)
	for y := range rows {
		lat := modelNorth - (float64(y)+0.5)*modelCell
		for x := range columns {
			fmt.Fprintf(b, "%.1f ", height(toPlane(orb.Point{modelWest + (float64(x)+0.5)*modelCell, lat})))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}
