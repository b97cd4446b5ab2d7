package layerstest

import (
	"testing"

	"wanglou/layers"
)

func TestSource(t *testing.T) {
	t.Parallel()
	Exercise(t, NewHarness)
}

func TestSourceDownAndUp(t *testing.T) {
	t.Parallel()
	h := NewHarness(t).(fake)
	n := start(t, h)
	h.source.Down()
	n.next(t, layers.SourceLost)
	h.Commit(t, Insert(plain(1)))
	if n.replica.Len(LayerName) != 0 {
		t.Error("a change arrived while the source was down")
	}
	h.source.Up()
	n.next(t, layers.SourceLive)
	n.want(t, plain(1))
}

func TestSourceOtherEpochAndLayers(t *testing.T) {
	t.Parallel()
	h := NewHarness(t).(fake)
	h.Commit(t, Insert(plain(1)))
	r := Live(t, h.source)
	before := r.Position()
	h.source.SetEpoch("test.2")
	at, err := r.WaitPast(t.Context(), before)
	if err != nil || at.Epoch != "test.2" || r.Len(LayerName) != 1 {
		t.Errorf("after another epoch: %v, %v, %d features", at, err, r.Len(LayerName))
	}
	h.source.SetLayers(layers.NewLayer(layers.Layer{Name: "other"}))
	if _, err := r.WaitPast(t.Context(), at); err != nil || r.Layer("other") == nil || r.Layer(LayerName) != nil {
		t.Errorf("after other layers: %v, %v", r.Layers(), err)
	}
}
