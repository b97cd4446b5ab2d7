package live

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wanglou/layers"
)

// replicaAt returns a replica of the camera layer and a func that applies one change of status.
func replicaAt(t *testing.T) (*layers.Replica, func(id int64, status string)) {
	t.Helper()
	r := layers.NewReplica(layers.ReplicaOptions{})
	at := here
	r.Load(layers.Snapshot{Position: at, Layers: []*layers.Layer{cameras}, Features: map[string][]*layers.Feature{
		"camera": {camera(1, "online", 119.6, 29.8), camera(2, "online", 119.7, 29.8)},
	}})
	return r, func(id int64, status string) {
		at.Version += 8
		r.Apply(layers.Commit{Version: at.Version, Changes: []layers.Change{{Layer: "camera", Feature: camera(id, status, 119.6, 29.8)}}})
	}
}

func content1(t *testing.T, r *round, v view, from *layers.Position) *content {
	t.Helper()
	c, err := r.content(v, town, from)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOneRoundMakesEachFrameOnce(t *testing.T) {
	t.Parallel()
	replica, change := replicaAt(t)
	v := viewOf(true)
	first := newRound(replica, nil)
	from := content1(t, first, v, nil).to
	change(1, "offline")
	second := newRound(replica, nil)
	var wait sync.WaitGroup
	contents := make([]*content, 20)
	for i := range contents {
		wait.Go(func() {
			contents[i], _ = second.content(v, town, &from)
			contents[i].frame(0)
		})
	}
	wait.Wait()
	for _, c := range contents {
		if c != contents[0] || &c.frame(0)[0] != &contents[0].frame(0)[0] {
			t.Fatal("a frame was made twice")
		}
	}
	if other := content1(t, second, viewOf(false), &from); other == contents[0] {
		t.Error("another view got the same content")
	}
	// After the round the frames go; whoever still needs one has it made.
	second.trim()
	if contents[0].frames != nil || len(contents[0].frame(0)) == 0 || contents[0].frames != nil {
		t.Error("a dropped content keeps its frames")
	}
	if again := content1(t, second, v, &from); again == contents[0] {
		t.Error("a trimmed round gives what it let go")
	}
}

// Clients that came at different moments end a round at one position, so that they share frames from then on.
func TestCohortsMeet(t *testing.T) {
	t.Parallel()
	replica, change := replicaAt(t)
	v := viewOf(true)
	r := newRound(replica, nil)
	early := content1(t, r, v, nil)
	change(1, "offline") // after the round began
	r.trim()             // so that the late one is not given the early one's
	late := content1(t, r, v, nil)
	if early.to != late.to {
		t.Fatalf("%v and %v in one round", early.to, late.to)
	}
	change(2, "offline")
	next := newRound(replica, nil)
	if a, b := content1(t, next, v, &early.to), content1(t, next, v, &late.to); a != b || len(a.rows) != 2 {
		t.Errorf("the next round tells %d and %d rows", len(a.rows), len(b.rows))
	}
}

// A client that comes from a node that is ahead keeps its place until this node has caught up.
func TestAReaderAheadWaits(t *testing.T) {
	t.Parallel()
	replica, change := replicaAt(t)
	ahead := layers.Position{Epoch: here.Epoch, Version: here.Version + 12}
	v := viewOf(true)
	if c := content1(t, newRound(replica, nil), v, &ahead); !c.empty() || c.to != ahead {
		t.Errorf("%s to %v", c.kind, c.to)
	}
	change(1, "offline") // known to the client
	if c := content1(t, newRound(replica, nil), v, &ahead); !c.empty() || c.to != ahead {
		t.Errorf("%s to %v", c.kind, c.to)
	}
	change(1, "fault")
	if c := content1(t, newRound(replica, nil), v, &ahead); len(c.rows) != 1 || c.to.Version <= ahead.Version {
		t.Errorf("%d rows to %v", len(c.rows), c.to)
	}
}

func TestOneRoundATickAndAtOnceAfterQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		replica, change := replicaAt(t)
		h := New(Options{Replica: replica, Tick: 100 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.tick(ctx)
		synctest.Wait() // the first round, of what was loaded before
		time.Sleep(time.Second)
		synctest.Wait()

		start, quiet := time.Now(), h.current.Load()
		change(1, "offline")
		<-quiet.over
		if d := time.Since(start); d != 0 {
			t.Errorf("the first change waited for %v", d)
		}
		rounds, last := 1, h.current.Load()
		for range 1000 { // a change each millisecond
			time.Sleep(time.Millisecond)
			change(1, "online")
			synctest.Wait()
			if now := h.current.Load(); now != last {
				rounds, last = rounds+1, now
			}
		}
		if rounds != 11 {
			t.Errorf("%d rounds in a second of changes, want 11", rounds)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if now := h.current.Load(); now.target != replica.Position() {
			t.Errorf("the last round is of %v, the replica at %v", now.target, replica.Position())
		}
	})
}
