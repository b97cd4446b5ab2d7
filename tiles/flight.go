package tiles

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flight makes a tile once for all who want it at the same time. Who leaves takes nothing away from the others; when all
// have left, the making is told to stop by its context. The zero value is ready; it is safe for concurrent use.
type flight struct {
	mu    sync.Mutex
	calls map[flightKey]*call
}

// flightKey names what is being made: a content, packed for some.
type flightKey struct {
	cacheKey
	tag    string
	accept Encodings
	part   bool
}

type call struct {
	waiting int // guarded by flight.mu; 0 when all have left
	cancel  context.CancelFunc
	done    chan struct{} // closed when tile and err are set
	tile    Tile
	err     error
}

// do returns what fly makes, alone or for somebody who asked before. It returns ctx's error when ctx ends first. The context of
// fly has the values of ctx, not its end.
func (f *flight) do(ctx context.Context, key flightKey, fly func(context.Context) (Tile, error)) (Tile, error) {
	c := f.join(ctx, key, fly)
	select {
	case <-c.done:
		f.leave(key, c)
		return c.tile, c.err
	case <-ctx.Done():
		f.leave(key, c)
		return Tile{}, ctx.Err()
	}
}

// begin has a tile made that nobody waits for.
func (f *flight) begin(ctx context.Context, key flightKey, fly func(context.Context) (Tile, error)) {
	c := f.join(ctx, key, fly)
	go func() {
		<-c.done
		f.leave(key, c)
	}()
}

func (f *flight) join(ctx context.Context, key flightKey, fly func(context.Context) (Tile, error)) *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[key]; c != nil {
		c.waiting++
		return c
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &call{waiting: 1, cancel: cancel, done: make(chan struct{})}
	if f.calls == nil {
		f.calls = map[flightKey]*call{}
	}
	f.calls[key] = c
	go func() {
		defer close(c.done)
		defer f.forget(key, c) // before done: who comes later asks the cache, or has it made anew
		defer func() {
			if v := recover(); v != nil {
				c.err = fmt.Errorf("panic while a tile was made: %v\n%s", v, debug.Stack())
			}
		}()
		c.tile, c.err = fly(ctx)
	}()
	return c
}

func (f *flight) leave(key flightKey, c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.waiting--
	if c.waiting == 0 {
		c.cancel()
		if f.calls[key] == c {
			delete(f.calls, key)
		}
	}
}

func (f *flight) forget(key flightKey, c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}
