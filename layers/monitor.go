package layers

import (
	"fmt"
	"time"
)

// Silence is how long a source may say nothing before it counts as lost.
const Silence = 5 * time.Second

var errSilent = fmt.Errorf("nothing was heard from the database for %v", Silence)

// Monitor writes a [Sink] for a [Source], and keeps the rules of [SourceStatus]: nothing is lost before it was loaded, nothing is live
// before it is loaded again, silence is a loss. Like a sink it is for one goroutine.
type Monitor struct {
	sink   Sink
	status SourceStatus
	loaded bool
	linked bool // not lost since the last snapshot
}

// NewMonitor returns the monitor of a source that begins to connect.
func NewMonitor(sink Sink) *Monitor {
	m := &Monitor{sink: sink, status: SourceStatus{State: SourceConnecting, Since: time.Now()}}
	m.report()
	return m
}

// Load hands on a snapshot: the source is live.
func (m *Monitor) Load(s Snapshot) {
	m.sink.Load(s)
	m.Live(time.Now())
}

// Apply hands on a commit.
func (m *Monitor) Apply(c Commit) { m.sink.Apply(c) }

// Live notes that what the sink holds is the present again.
func (m *Monitor) Live(heard time.Time) {
	m.loaded, m.linked = true, true
	m.become(SourceLive, nil, heard)
}

// Heard notes a sign of life. After a loss it does not make the sink's content the present.
func (m *Monitor) Heard(at time.Time) {
	if m.linked {
		m.become(SourceLive, nil, at)
	} else {
		m.become(m.status.State, m.status.Err, at)
	}
}

// Lost notes that the connection is gone.
func (m *Monitor) Lost(err error) {
	m.linked = false
	m.become(SourceLost, err, time.Time{})
}

// CheckSilence has to be called several times in [Silence].
func (m *Monitor) CheckSilence(now time.Time) {
	if m.status.State == SourceLive && now.Sub(m.status.Heard) > Silence {
		m.become(SourceLost, errSilent, time.Time{})
	}
}

func (m *Monitor) become(s SourceState, err error, heard time.Time) {
	if s == SourceLost && !m.loaded {
		s = SourceConnecting
	}
	if s != m.status.State {
		m.status.State, m.status.Since = s, time.Now()
	}
	if heard.After(m.status.Heard) {
		m.status.Heard = heard
	}
	m.status.Err = err
	m.report()
}

func (m *Monitor) report() { m.sink.SetStatus(m.status) }
