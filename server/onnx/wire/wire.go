// Package wire is what the server and the program that runs models say to each other: one [Job] as JSON on its standard input, [Line] after line on its standard output.
package wire

import (
	"wanglou/layers"
	"wanglou/layers/survey/model"
)

// Job is one run. Without pictures the model is loaded, asked about one empty window and let go.
type Job struct {
	Library  string         `json:"library"`
	Manifest model.Manifest `json:"manifest"` // valid
	File     string         `json:"file"`     // the model
	Pictures []Picture      `json:"pictures,omitempty"`
	Out      string         `json:"out,omitempty"` // see model.Manifest.Scan
}

// Picture is a file of red, green, blue and perhaps alpha bands, a byte a pixel, one band after the other.
type Picture struct {
	Path  string `json:"path"`
	W     int    `json:"w"`
	H     int    `json:"h"`
	Alpha bool   `json:"alpha"`
}

// Line is one thing that the program says.
type Line struct {
	Library string   `json:"library,omitempty"` // version, once it is open
	Loaded  bool     `json:"loaded,omitempty"`  // the model is
	Done    int      `json:"done,omitempty"`    // windows
	Of      int      `json:"of,omitempty"`
	Seconds float64  `json:"seconds,omitempty"` // of the model alone, at the end
	Ended   bool     `json:"ended,omitempty"`   // all of it is written
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is a layers.Error on its way.
type Failure struct {
	Code   layers.Code       `json:"code"`
	Field  string            `json:"field,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	Msg    string            `json:"msg"`
}

// Error returns the error that it is.
func (f *Failure) Error() error {
	return &layers.Error{Code: f.Code, Field: f.Field, Reason: f.Reason, Params: f.Params, Msg: f.Msg}
}
