package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/postgis"
	"wanglou/postgis/importer/files"
	"wanglou/postgis/importer/intake"
)

// Plots implements survey.Plots: zones, permits and lawful buildings, and how they come as files.
type Plots struct {
	*keptPlots
	db *postgis.DB
}

// keptPlots is another name, since a type cannot have a field and a method Plots.
type keptPlots = postgis.Plots

// NewPlots returns the plots of db.
func NewPlots(db *postgis.DB) *Plots { return &Plots{postgis.NewPlots(db), db} }

// What is shown of a file, and how long it may take.
const (
	shownErrors = 20
	shownPlots  = 500
	plotTime    = 4 * time.Minute
	plotRow     = 16 << 20 // bytes
)

// zoneWords are how files of land offices name the kinds of zones.
var zoneWords = map[string]string{
	"farmland": "farmland", "永久基本农田": "farmland", "基本农田": "farmland", "耕地": "farmland", "农田": "farmland",
	"river_bank": "river_bank", "河道管理范围": "river_bank", "河道": "river_bank", "河岸": "river_bank", "岸线": "river_bank", "水域岸线": "river_bank",
	"red_line": "red_line", "红线": "red_line", "道路红线": "red_line", "生态保护红线": "red_line", "生态红线": "red_line", "建筑红线": "red_line",
	"other": "other", "其他": "other",
}

// ImportPlots implements survey.Plots. What it refuses for the system of its coordinates tells one that fits better, where there is one, as the parameter "crs".
func (p *Plots) ImportPlots(ctx context.Context, f survey.PlotFile) (*survey.PlotReport, error) {
	actor := auth.ActorFrom(ctx)
	if !actor.Scope.May(auth.ActionManageRules) {
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "role", Params: map[string]string{"action": string(auth.ActionManageRules)}, Msg: "only who keeps the rules imports plots"}
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	o := Options{File: f.Path, Layer: string(f.Layer), Source: f.Source, CRS: f.CRS, ID: f.ID, Repair: f.Repair, Prune: f.Prune, DryRun: f.DryRun, Within: actor.Scope.Areas,
		MaxRows: survey.MaxPlotRows, Timeout: plotTime, Show: shownErrors, Sample: shownPlots,
		Read: files.Options{MaxBytes: survey.MaxPlotBytes * 8, Limits: intake.Limits{Row: plotRow}}}
	if f.SkipWrong {
		o.Skip = survey.MaxPlotRows
	}
	if f.Layer == survey.Zones {
		o.Plan.Set = map[string]string{}
		for column, value := range map[string]string{"name": f.Name, "kind": f.Kind, "reason": f.Reason} {
			if value != "" {
				o.Plan.Set[column] = value
			}
		}
		if f.Weight != 0 {
			o.Plan.Set["weight"] = fmt.Sprint(f.Weight)
		}
		if f.Kind == "" {
			o.Plan.Values = map[string]map[string]string{"kind": zoneWords}
		}
	}
	r, err := Import(ctx, p.db, o)
	if err != nil {
		return nil, plain(err, r)
	}
	out := &survey.PlotReport{Format: string(r.Format), CRS: system(r.CRS), Rows: r.Rows, Wrong: r.Refused, Inserted: r.Inserted, Updated: r.Updated, Unchanged: r.Unchanged, Deleted: r.Deleted,
		Repaired: r.Repairs.Rows, Open: r.Reexamined, Mapping: r.Mapping, Unused: append([]string{}, r.Unused...), Errors: []survey.PlotError{}, Sample: []json.RawMessage{}, DryRun: f.DryRun}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, survey.PlotError{Row: e.Row, Line: e.Line, Field: e.Err.Field, Reason: e.Err.Reason, Params: e.Err.Params})
	}
	for _, s := range r.Sample {
		out.Sample = append(out.Sample, json.RawMessage(s))
	}
	return out, nil
}

// system is how a report names the coordinates' system, without the words for the command line; "" is the file's own, which GDAL has converted.
func system(told string) string {
	name, _, _ := strings.Cut(told, ",")
	if strings.HasPrefix(name, "converted ") {
		return ""
	}
	return name
}

// plain takes what belongs to the command line out of an error: its fields begin with dashes, and its file has a path of this machine.
func plain(err error, r *Report) error {
	var e *layers.Error
	if !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Field = strings.TrimPrefix(e.Field, "--")
	if e.Code == layers.CodeNotFound {
		told.Msg = "the file is not there"
	}
	if r.Suggested != "" {
		told.Params = map[string]string{"crs": r.Suggested}
	}
	if e.Reason == "outside_county" && r.Suggested == "" {
		told.Params = nil
	}
	return &told
}
