package live

import "sync"

// Walls is the replay that the walls of this node show instead of the present. All hubs of a node have the same; heartbeats tell it. The zero value is ready,
// and shows none; nil is a node without walls. It is safe for concurrent use.
type Walls struct {
	mu      sync.Mutex
	id      string
	changed chan struct{} // closed with the next change; nil until somebody waits
}

// Show sends all walls to a replay, "" to the present.
func (w *Walls) Show(id string) { w.set(func(string) string { return id }) }

// Leave sends the walls to the present if they show the replay.
func (w *Walls) Leave(id string) {
	w.set(func(now string) string {
		if now == id {
			return ""
		}
		return now
	})
}

func (w *Walls) set(next func(now string) string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := next(w.id)
	if id == w.id {
		return
	}
	w.id = id
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// Shown returns the replay, "" for the present, and a channel that is closed when it is another one.
func (w *Walls) Shown() (id string, changed <-chan struct{}) {
	if w == nil {
		return "", nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.id, w.changed
}
