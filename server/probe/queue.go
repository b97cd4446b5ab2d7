package probe

import (
	"net/url"
	"strconv"
	"sync"

	"wanglou/layers/camera"
)

// queue holds targets until a worker takes them: in their order, but of one recorder or host never more than each at once. A host that hangs keeps only its own waiting.
type queue struct {
	each   int
	mu     sync.Mutex
	more   *sync.Cond
	ready  []*item            // may be taken
	busy   map[string]int     // looks under way, by host
	wait   map[string][]*item // behind a busy host
	held   int                // in wait
	closed bool
}

type item struct {
	target *camera.Target
	host   string
}

func newQueue(each int) *queue {
	q := &queue{each: each, busy: map[string]int{}, wait: map[string][]*item{}}
	q.more = sync.NewCond(&q.mu)
	return q
}

// hostOf is what looks at a camera burden: its recorder, where one is known, else its host.
func hostOf(t *camera.Target) string {
	if t.ParentID != 0 {
		return "recorder " + strconv.FormatInt(t.ParentID, 10)
	}
	if u, err := url.Parse(t.Address); err == nil {
		return u.Hostname()
	}
	return ""
}

func (q *queue) push(t *camera.Target) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready = append(q.ready, &item{t, hostOf(t)})
	q.more.Signal()
}

// take returns the next target that may be looked at, nil when there will be none any more. done has to be called after the look.
func (q *queue) take() (*camera.Target, string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.ready) > 0 {
			i := q.ready[0]
			q.ready[0] = nil
			q.ready = q.ready[1:]
			if q.busy[i.host] >= q.each {
				q.wait[i.host] = append(q.wait[i.host], i)
				q.held++
				continue
			}
			q.busy[i.host]++
			return i.target, i.host
		}
		if q.closed && q.held == 0 {
			q.more.Broadcast()
			return nil, ""
		}
		q.more.Wait()
	}
}

func (q *queue) done(host string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.busy[host]--; q.busy[host] <= 0 {
		delete(q.busy, host)
	}
	if w := q.wait[host]; len(w) > 0 {
		q.ready = append(q.ready, w[0])
		q.held--
		if q.wait[host] = w[1:]; len(w) == 1 {
			delete(q.wait, host)
		}
		q.more.Signal()
	} else if q.closed && q.held == 0 {
		q.more.Broadcast()
	}
}

// close says that nothing more is pushed.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}

// abandon lets go of everything that was not taken.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready, q.wait, q.held, q.closed = nil, map[string][]*item{}, 0, true
	q.more.Broadcast()
}
