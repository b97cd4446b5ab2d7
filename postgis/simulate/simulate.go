// Package simulate makes the demo county live: cameras fail and recover, reports come in and become cases, units drive to them along the
// roads and work them off, detections appear. It acts as the world around the product does: people by the domain services, with their rights,
// logs and audit; machines by plain SQL on the tables that are theirs to write. Nothing else in the product knows of it.
//
//	simulate.go    the loop: one step a second, the lock, what happens when the database goes away
//	lock.go        one simulation a database
//	chance.go      when things happen, equal for equal seeds
//	cameras.go     failures, outages of a switch, recoveries
//	reports.go     what people and machines tell
//	desk.go        the duty officer and the dispatcher
//	crews.go       what units do with their tasks
//	fleet.go       where units are; roads.go: the ways between places
//	detections.go  polygons and what becomes of them
//	retention.go   what keeps the tables from growing without end
//
// The state of the simulation is the database: it may be stopped and started at any time, and people may do in the console whatever they like
// meanwhile. Every decision about a row is a pure function of the seed, the row and its revision.
package simulate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/postgis"
	"wanglou/postgis/demo"
)

// Options say how lively the county is. The zero value is an ordinary day.
type Options struct {
	Rate     float64       // how many times as much happens as on an ordinary day: some 40 cases an hour at noon; 0: 1
	Speed    float64       // how many times as fast units drive, for a time-lapse; 0: 1
	Seed     uint64        // equal seeds decide alike; 0: 1
	For      time.Duration // how long; 0: until the context ends
	MaxOpen  int           // cases that are open at a time, beyond which reports wait; 0: 32
	Anywhere bool          // also in a database that is not the demo county
}

const (
	maxFactor = 1000 // of Rate and Speed
	tick      = time.Second
	// Login is whom the audit log names for units that have no account, and its "remote" for everything that is simulated.
	Login = "simulate"
)

// check fills in the defaults and reports CodeInvalid for the first option that makes no sense.
func (o *Options) check() error {
	for _, f := range []struct {
		name  string
		value *float64
	}{{"rate", &o.Rate}, {"speed", &o.Speed}} {
		if *f.value == 0 {
			*f.value = 1
		}
		if !(*f.value > 0 && *f.value <= maxFactor) {
			return layers.Invalid(f.name, "out_of_range", "%s is over 0 and at most %d, not %g", f.name, maxFactor, *f.value)
		}
	}
	if o.For < 0 {
		return layers.Invalid("for", "out_of_range", "%s is not a span of time", o.For)
	}
	if o.MaxOpen == 0 {
		o.MaxOpen = 32
	}
	if o.MaxOpen < 1 || o.MaxOpen > 500 {
		return layers.Invalid("max_open", "out_of_range", "1 to 500 cases may be open, not %d", o.MaxOpen)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return nil
}

// Summary counts what was done.
type Summary struct {
	Reports, Cases, Closed, Tasks, Cameras, Fixes, Detections int
}

// Run simulates until ctx or the time ends, which is no error. A database that goes away is waited for. CodeConflict: the database is not the
// demo county, or somebody simulates there already. CodeUnavailable when the database is away at the start.
func Run(ctx context.Context, db *postgis.DB, o Options, log *slog.Logger) (*Summary, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	s := &simulation{db: db, o: o, log: log, incidents: postgis.NewIncidents(db), tasks: postgis.NewTasks(db), units: postgis.NewUnits(db), lock: lock{pool: db.Pool}}
	defer s.lock.release()
	err := s.run(ctx)
	if ctx.Err() != nil {
		err = nil
	}
	return &s.done, err
}

// simulation is one run. Only its own goroutine uses it.
type simulation struct {
	db   *postgis.DB
	o    Options
	log  *slog.Logger
	lock lock
	done Summary

	incidents *postgis.Incidents
	tasks     *postgis.Tasks
	units     *postgis.Units

	began      time.Time // nobody is late before the simulation began
	duty       *auth.Actor
	dispatcher *auth.Actor
	staffed    map[int64]bool // units that somebody has an account for: people play them
	roads      *roads
	names      map[string]string // of areas by path
	fleet      map[int64]*vehicle

	cameras    cameraChances
	reporting  reportChances
	shifts     chance
	detecting  chance
	retryAt    map[int64]time.Time // cases nobody could be sent to
	nextDesk   time.Time
	nextTidy   time.Time
	nextSurvey time.Time
	reportSent int
}

// run prepares and steps. It returns when ctx ends, or with an error that waiting does not mend.
func (s *simulation) run(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	wait := tick
	for away := false; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		err := s.step(ctx, time.Now())
		switch code := layers.ErrorCode(err); {
		case err == nil:
			if away {
				s.log.Info("the database is back, the simulation goes on")
			}
			away, wait = false, tick
		case code == layers.CodeUnavailable || code == layers.CodeStorageFull:
			if !away {
				s.log.Warn("the simulation waits for the database", "err", err)
			}
			away, wait = true, min(2*wait, 10*time.Second)
			s.lock.release()
		default:
			return err
		}
	}
}

// prepare looks at the database and takes the lock.
func (s *simulation) prepare(ctx context.Context) error {
	state, err := demo.Inspect(ctx, s.db)
	if err != nil {
		return err
	}
	if state != demo.Seeded && !s.o.Anywhere {
		return &layers.Error{Code: layers.CodeConflict, Reason: "not_the_demo", Msg: "the database is not the demo county: nothing is simulated among real data"}
	}
	if err := s.lock.hold(ctx); err != nil {
		return err
	}
	if err := s.loadActors(ctx); err != nil {
		return err
	}
	if s.roads, err = loadRoads(ctx, s.db); err != nil {
		return err
	}
	if s.names, err = loadNames(ctx, s.db); err != nil {
		return err
	}
	s.began = time.Now()
	s.fleet, s.retryAt = map[int64]*vehicle{}, map[int64]time.Time{}
	s.cameras = newCameraChances(s.o.Seed)
	s.reporting = newReportChances(s.o.Seed)
	s.shifts, s.detecting = newChance(s.o.Seed, "shifts"), newChance(s.o.Seed, "detections")
	return postgis.NewUsers(s.db).Audit(ctx, auth.AuditEntry{Login: Login, Action: "simulate.start", Remote: Login,
		Details: map[string]any{"rate": s.o.Rate, "speed": s.o.Speed, "seed": s.o.Seed}})
}

// loadActors finds who acts: the demo's duty officer and dispatcher, or the operator where they are not.
func (s *simulation) loadActors(ctx context.Context) error {
	operator := auth.Operator(Login)
	operator.Remote = Login
	s.duty, s.dispatcher, s.staffed = operator, operator, map[int64]bool{}
	users, err := postgis.NewUsers(s.db).Users(auth.WithActor(ctx, operator))
	if err != nil {
		return err
	}
	for _, u := range users {
		actor := &auth.Actor{User: u, Scope: u.Scope(), Remote: Login}
		switch {
		case u.Login == "duty" && actor.Scope.May(auth.ActionMoveIncident):
			s.duty = actor
		case u.Login == "dispatch" && actor.Scope.May(auth.ActionDispatch):
			s.dispatcher = actor
		}
		if u.UnitID != 0 {
			s.staffed[u.UnitID] = true
		}
	}
	return nil
}

// step lets a second pass. What one part could not do because somebody else was faster, it leaves; what the database could not do ends the step.
func (s *simulation) step(ctx context.Context, now time.Time) error {
	if err := s.lock.hold(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, time.Time) error{
		s.stepFleet, s.stepCrews, s.stepDesk, s.stepReports, s.stepCameras, s.stepDetections, s.stepShifts, s.stepTidy,
	} {
		if err := s.forgive(part(ctx, now)); err != nil {
			return err
		}
	}
	return nil
}

// forgive drops the refusals that come of people acting at the same time: the row is looked at again in the next step.
func (s *simulation) forgive(err error) error {
	switch layers.ErrorCode(err) {
	case layers.CodeConflict, layers.CodeNotFound, layers.CodeInvalid, layers.CodeForbidden:
		s.log.Debug("somebody else was faster", "err", err)
		return nil
	}
	return postgis.Wrap(err)
}

// errBusy says that another process simulates in the database.
var errBusy = &layers.Error{Code: layers.CodeConflict, Reason: "already_simulated", Msg: "another process simulates in this database already"}

// IsBusy reports whether Run refused because another process simulates in the database.
func IsBusy(err error) bool { return errors.Is(err, errBusy) }
