package server_test

import (
	"strings"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/server"
)

type ready struct {
	Ready    bool
	Source   string
	Heard    *time.Time
	Features int
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "一", "c.t1", 119.68, 29.79))
	c := w.nobody()
	if res := c.Get("/healthz").Want(200); string(res.Body) != "ok\n" {
		t.Errorf("%q", res.Body)
	}
	var got ready
	c.Get("/readyz").Want(200).Into(&got)
	if !got.Ready || got.Source != "live" || got.Heard == nil || got.Features != 1 {
		t.Errorf("%+v", got)
	}
	lost := w.replica.StatusChanged()
	w.source.Down()
	<-lost
	c.Get("/readyz").Want(503).Into(&got)
	if got.Ready || got.Source != "lost" || got.Features != 1 {
		t.Errorf("%+v", got)
	}
	c.Get("/healthz").Want(200) // a restart would not bring the database back
	w.as("duty").Get("/api/catalog").Want(200)
	back := w.replica.StatusChanged()
	w.source.Up()
	<-back
	c.Get("/readyz").Want(200)
}

func TestNotYetReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Replica = layers.NewReplica(layers.ReplicaOptions{}) })
	got := ready{Ready: true}
	w.nobody().Get("/readyz").Want(503).Into(&got)
	if got.Ready || got.Source != "connecting" || got.Heard != nil {
		t.Errorf("%+v", got)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Profile = true })
	w.put(cameraAt(1, "一", "c.t1", 119.68, 29.79))
	w.nobody().Login("duty", "wrong").Want(401)
	w.nobody().Get("/api/layers/camera/features/12345678901")
	w.nobody().Get("/nothing/at/all")
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap"} {
		w.nobody().Get(path).Want(200) // from this machine
		for _, h := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
			w.nobody().Get(path, h, "192.0.2.1").Want(401)
			w.as("duty").Get(path, h, "192.0.2.1").Want(403)
		}
		w.as("admin").Get(path, "X-Forwarded-For", "192.0.2.1").Want(200)
	}
	text := string(w.nobody().Get("/metrics").Body)
	for _, want := range []string{
		`wanglou_logins_total{result="refused"} 1`, `wanglou_replica_features{layer="camera"} 1`, `wanglou_source_state{state="live"} 1`, `wanglou_live_clients 0`,
		`route="/api/layers/:layer/features/:id",status="401"`, "wanglou_panics_total 0", "wanglou_http_requests_under_way 1", "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	for _, bad := range []string{"12345678901", "nothing/at/all"} { // a stranger must not make series
		if strings.Contains(text, bad) {
			t.Errorf("the metrics hold %s", bad)
		}
	}
	newWorld(t).as("admin").Get("/debug/pprof/heap").Want(404) // not asked for
}
