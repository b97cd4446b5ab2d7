package layers_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/layerstest"
)

// day writes down a day of cameras that come, change and go, one change a minute, ending at the test's now.
func day(seed uint64) (*layerstest.Recorder, time.Time) {
	l := layers.NewLayer(layers.Layer{Name: "camera", Geometry: layers.GeometryPoint, Columns: []layers.Column{{Name: "status", Type: layers.ColumnText}}, MaxZoom: 16})
	r := layerstest.NewRecorder(l)
	random := rand.New(rand.NewPCG(seed, 1))
	begin := time.Now().Add(-24 * time.Hour)
	for m := range 24 * 60 {
		id := int64(1 + random.IntN(40))
		ch := layers.Change{Layer: "camera", Feature: &layers.Feature{ID: id, Geometry: orb.Point{119 + float64(random.IntN(100))/1000, 29}, Values: []any{fmt.Sprint("state ", m)}}}
		if random.IntN(4) == 0 {
			ch.Kind = layers.Delete
		}
		r.Commit(begin.Add(time.Duration(m)*time.Minute), ch)
	}
	r.Until = time.Now()
	return r, begin
}

func rows(r *layers.Replica) string {
	out := ""
	for id := int64(1); id <= 40; id++ {
		if f := r.Get("camera", id); f != nil {
			out += fmt.Sprint(id, f.Values, f.Geometry, ";")
		}
	}
	return out
}

// loaded returns a replica of the recorder at a moment, by one load.
func loaded(t *testing.T, rec layers.Recorder, at time.Time) *layers.Replica {
	t.Helper()
	s, err := rec.At(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	s.Position.Epoch = "batch.1"
	r := layers.NewReplica(layers.ReplicaOptions{})
	r.Load(s)
	return r
}

func TestAReplayedDayEndsAsABatchLoadDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rec, begin := day(seed)
			random := rand.New(rand.NewPCG(seed, 2))
			play := layers.NewReplay(rec, begin)
			r := layers.NewReplica(layers.ReplicaOptions{})
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- play.Run(ctx, r) }()
			if err := play.Play(layers.MaxReplaySpeed); err != nil {
				t.Fatal(err)
			}
			// The recorder is away now and then, people jump about and stop.
			for range 30 {
				time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
				switch random.IntN(5) {
				case 0:
					rec.Fail(errors.New("the database is away"))
					time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond)
					rec.Fail(nil)
				case 1:
					play.Jump(begin.Add(time.Duration(random.IntN(24*60)) * time.Minute))
				case 2:
					play.Step(time.Duration(random.IntN(7200)-3600)*time.Second, begin)
				case 3:
					play.Pause()
				}
				time.Sleep(8 * time.Second) // whatever failed is tried again by now
				play.Pause()
				synctest.Wait()
				time.Sleep(time.Second)
				if s := play.State(); r.Status().State == layers.SourceLive {
					if got, want := rows(r), rows(loaded(t, rec, s.At)); got != want {
						t.Fatalf("seed %d: at %v the replay shows\n%s\nwant\n%s", seed, s.At, got, want)
					}
				}
				_ = play.Play(layers.MaxReplaySpeed)
			}
			play.Jump(begin)
			_ = play.Play(layers.MaxReplaySpeed)
			time.Sleep(10 * time.Minute)
			if s := play.State(); !s.Ended || s.Playing || !s.At.Equal(rec.Until) {
				t.Fatalf("seed %d: at the end it stands at %+v", seed, s)
			}
			if got, want := rows(r), rows(loaded(t, rec, rec.Until)); got != want {
				t.Errorf("seed %d: the day ends with\n%s\nwant\n%s", seed, got, want)
			}
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v", err)
			}
		})
	}
}

func TestTimeStandsStillWhileThePastCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec, begin := day(1)
		play := layers.NewReplay(rec, begin)
		r := layers.NewReplica(layers.ReplicaOptions{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = play.Run(ctx, r) }()
		_ = play.Play(60)
		time.Sleep(10 * time.Second)
		rec.Fail(errors.New("the database is away"))
		time.Sleep(time.Second)
		before := play.State().At
		if s := r.Status(); s.State != layers.SourceLost {
			t.Errorf("status %+v", s)
		}
		time.Sleep(time.Hour)
		if at := play.State().At; !at.Equal(before) {
			t.Errorf("it went on from %v to %v", before, at)
		}
		rec.Fail(nil)
		time.Sleep(10 * time.Second)
		if at := play.State().At; !at.After(before) || at.After(before.Add(10*time.Minute+12*time.Second)) {
			t.Errorf("ten seconds after the outage it went from %v to %v", before, at)
		}
		stop()
		synctest.Wait()
	})
}

func TestAReplayOfBeforeThePastIsRefused(t *testing.T) {
	t.Parallel()
	rec, begin := day(1)
	err := layers.NewReplay(rec, begin.Add(-time.Second)).Run(t.Context(), layers.NewReplica(layers.ReplicaOptions{}))
	if layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("Run = %v", err)
	}
}
