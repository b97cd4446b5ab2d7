package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// benches lists everything that is measured, in the order in which it runs. One file a bench.
var benches = []bench{change, fanout, positionsIn, replicaStart, replayStart, report, storm, mergeCandidates, queueFilter, areaFigures, firstView, consoleJS, interaction, contextLoss, tiles3D, consoleGrowth, consoleScenes, tileMiss, tileHit, tileFresh, knowledgeSearch, searchNames, seeThis, probeSweep, sipKeepalive, sipRegister, firstPicture, videoWebCodecs, videoWHEP, videoHLS, videoViewers, videoCPU, dsmF1, onnxRun, roadDistance, orthoIngest, orthoTile, uploadResume, million, sliceDiff, soak}

// bench measures one or more figures in one go.
type bench struct {
	figures []string
	slow    bool // takes an hour: only when it is named
	run     func(ctx context.Context, env *env) ([]figure, error)
}

// figure is one measured value, and how many times the reference's it is.
type figure struct {
	name    string
	value   float64
	unit    string
	ratio   float64
	against string // the reference, one word
}

func (f figure) String() string {
	return fmt.Sprintf("bench %s %s %s ratio=%s against=%s", f.name, digits(f.value), f.unit, digits(f.ratio), f.against)
}

// digits writes three digits of a value, or all those before the point.
func digits(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// names lists the figures.
func names() []string {
	var out []string
	for _, b := range benches {
		out = append(out, b.figures...)
	}
	return out
}

// percentile returns the value that p (0 to 1) of the values do not exceed. It sorts values.
func percentile(values []float64, p float64) float64 {
	slices.Sort(values)
	return values[min(int(p*float64(len(values))), len(values)-1)]
}
