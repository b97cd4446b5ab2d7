package main

import (
	"context"
	"errors"
)

// sliceDiff shows the same views of the demo county on walls of one, two and four screens in Chromium, puts the pictures of the screens together, and counts the pixels that are not those of one
// large picture. The reference is the large picture, taken by another page that came to the view by another way.
var sliceDiff = bench{figures: []string{"slice-diff"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, _, err := e.county(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	var seen []struct {
		View, Theme, Wall string
		Differ            float64 // share of the pixels
	}
	if err := srv.page(ctx, e, "slice-diff.mjs", &seen); err != nil {
		return nil, err
	}
	var worst, noise float64
	for _, s := range seen {
		if s.Wall == "1x1" {
			noise = max(noise, s.Differ)
		} else {
			worst = max(worst, s.Differ)
		}
	}
	return []figure{{name: "slice-diff", value: 100 * worst, unit: "%", ratio: worst / max(noise, 1e-6), against: "large-again"}}, nil // one pixel in a million is what can be told apart
}}
