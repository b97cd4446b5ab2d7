package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"wanglou/layers"
	"wanglou/postgis"
)

const (
	hitConnections = 16
	hitRequests    = 40_000
	hitRounds      = 3
)

// tileHit measures what tiles cost that are drawn and packed already, over HTTP on loopback, signed in, 16 connections: how many of them a second of the
// server's processor time serves, as a share of what Go's net/http serves of the same bytes out of a map. tile-304 asks for the same tiles with
// the ETags that the client holds; its reference is the same.
var tileHit = bench{figures: []string{"tile-hit", "tile-304"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := seed(ctx, db, 100_000, 20_000, 3_000); err != nil {
		return nil, err
	}
	replica := layers.NewReplica(layers.ReplicaOptions{})
	if _, err := load(ctx, postgis.NewFollower(db, postgis.Publication, e.log), replica); err != nil {
		return nil, err
	}
	urls := tileURLs(replica, 2_000)
	replica = nil
	runtime.GC()
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()

	// gzip alone: bytes that do not change while we measure (a tile that is asked for often is packed by Brotli too).
	usual := []string{"Cookie: " + srv.cookie(), "Accept-Encoding: gzip"}
	conn, err := dial(ctx, srv.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := map[string]answer{}
	var hits, conditional [][]byte
	bytes := 0
	for _, u := range urls {
		path := u.path()
		a, err := conn.ask(request(srv.address, path, usual...), true)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK || a.etag == "" {
			return nil, fmt.Errorf("%s: status %d, ETag %q", path, a.status, a.etag)
		}
		answers[path] = a
		bytes += len(a.body)
		hits = append(hits, request(srv.address, path, usual...))
		conditional = append(conditional, request(srv.address, path, append(usual, "If-None-Match: "+a.etag)...))
	}
	e.say("tile-hit: %d tiles, %d bytes on average", len(urls), bytes/len(urls))
	static, err := startStatic(ctx, e, answers)
	if err != nil {
		return nil, err
	}
	defer static.stop()

	shares := map[string][]float64{}
	for range hitRounds {
		reference, err := hammer(ctx, static.address, static.cmd.Process.Pid, hits, hitRequests, hitConnections, http.StatusOK)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		e.say("static: %.0f a second of processor time, %.0f a second", reference.perCPUSecond(), float64(reference.requests)/reference.seconds)
		for _, c := range []struct {
			name     string
			requests [][]byte
			status   int
		}{{"tile-hit", hits, http.StatusOK}, {"tile-304", conditional, http.StatusNotModified}} {
			l, err := hammer(ctx, srv.address, srv.cmd.Process.Pid, c.requests, hitRequests, hitConnections, c.status)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			e.say("%s: %.0f a second of processor time, %.0f a second", c.name, l.perCPUSecond(), float64(l.requests)/l.seconds)
			shares[c.name] = append(shares[c.name], l.perCPUSecond()/reference.perCPUSecond())
		}
	}
	for _, name := range []string{"tile-hit", "tile-304"} {
		share := percentile(shares[name], 0.5)
		figures = append(figures, figure{name: name, value: 100 * share, unit: "%", ratio: share, against: "go-net-http-static"})
	}
	return figures, nil
}}
