package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/marking"
	"wanglou/server/live"
	"wanglou/server/strictjson"
)

// picture is what readers read: the present, or a past that is replayed. Everything that is shown of either comes by the same code.
type picture struct {
	replica *layers.Replica
	tiles   TileSet
	live    *live.Hub
	counts  *countCache
}

// paramReplay is the query parameter that chooses a replay instead of the present.
const paramReplay = "replay"

// picture returns the one that the request asks for. CodeNotFound for a replay that is over or that never was.
func (s *Server) picture(c echo.Context) (*picture, error) {
	id := c.QueryParam(paramReplay)
	if id == "" {
		return &s.present, nil
	}
	r, err := s.replays.get(id)
	if err != nil {
		return nil, err
	}
	return &r.picture, nil
}

const (
	maxReplays       = 8 // each holds a copy of all layers
	maxReplaysOfUser = 2
	replayIdle       = 2 * time.Minute // without a client and without a command
	replayLoad       = 20 * time.Second
	replayHeartbeat  = time.Second // a clock is read from it
)

// replay is one past that runs. Whoever knows its id and may read the map sees it, under his own rights; who began it moves it.
type replay struct {
	picture
	id     string
	owner  auth.User
	play   *layers.Replay
	cancel context.CancelFunc
	ended  chan struct{}

	mu   sync.Mutex
	used time.Time
	err  error // why it could not be run
}

// replays are those of one node. It is safe for concurrent use.
type replays struct {
	recorder layers.Recorder // nil: the past is not kept
	newTiles func(*layers.Replica) TileSet
	options  live.Options
	now      func() time.Time

	mu   sync.Mutex
	byID map[string]*replay
}

func (k *replays) get(id string) (*replay, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r := k.byID[id]; r != nil {
		r.touch(k.now())
		return r, nil
	}
	return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "no_replay", Msg: "there is no such replay; it may be over"}
}

func (r *replay) touch(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = now
}

// begin starts a replay that stands at a moment, and returns when its picture is loaded.
func (k *replays) begin(ctx context.Context, owner *auth.User, at time.Time) (*replay, error) {
	r, err := k.add(ctx, owner, at)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, replayLoad)
	defer cancel()
	for {
		changed := r.replica.StatusChanged()
		if r.replica.Status().State == layers.SourceLive {
			return r, nil
		}
		select {
		case <-changed:
		case <-r.ended:
			return nil, cmp.Or(r.err, error(layers.Errorf(layers.CodeUnavailable, "the server stops")))
		case <-wait.Done():
			r.cancel()
			return nil, cmp.Or(r.replica.Status().Err, error(&layers.Error{Code: layers.CodeUnavailable, Reason: "timeout", Msg: "the past could not be read in time"}))
		}
	}
}

func (k *replays) add(ctx context.Context, owner *auth.User, at time.Time) (*replay, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	own := 0
	for _, r := range k.byID {
		if r.owner.ID == owner.ID {
			own++
		}
	}
	if own >= maxReplaysOfUser || len(k.byID) >= maxReplays {
		return nil, &layers.Error{Code: layers.CodeRateLimited, Reason: "too_many_replays", Msg: "too many replays run; end one first"}
	}
	r := &replay{id: strings.ToLower(rand.Text()), owner: *owner, play: layers.NewReplay(k.recorder, at), ended: make(chan struct{}), used: k.now()}
	r.replica = layers.NewReplica(layers.ReplicaOptions{})
	r.tiles = k.newTiles(r.replica)
	o := k.options
	o.Replica, o.Replay, o.Heartbeat = r.replica, r.play, replayHeartbeat
	r.live = live.New(o)
	r.counts = newCountCache(r.replica, k.now)
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	k.byID[r.id] = r
	go k.run(ctx, r)
	return r, nil
}

// run plays until nobody looks any more.
func (k *replays) run(ctx context.Context, r *replay) {
	var parts sync.WaitGroup
	parts.Go(func() {
		defer r.cancel()
		r.err = r.play.Run(ctx, r.replica)
	})
	parts.Go(func() { _ = r.live.Run(ctx) })
	parts.Go(func() { k.watch(ctx, r) })
	parts.Wait()
	k.options.Walls.Leave(r.id)
	k.mu.Lock()
	delete(k.byID, r.id)
	k.mu.Unlock()
	close(r.ended)
}

// watch ends a replay that is left alone.
func (k *replays) watch(ctx context.Context, r *replay) {
	tick := time.NewTicker(replayIdle / 8)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if r.live.Stats().Clients > 0 {
			r.touch(k.now())
		}
		r.mu.Lock()
		idle := k.now().Sub(r.used)
		r.mu.Unlock()
		if idle > replayIdle {
			r.cancel()
			return
		}
	}
}

// all returns the replays, oldest id first.
func (k *replays) all() []*replay {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]*replay, 0, len(k.byID))
	for _, r := range k.byID {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *replay) int { return cmp.Compare(a.id, b.id) })
	return out
}

// each calls f with every hub: those of replays have clients, too, whose rights change.
func (k *replays) each(f func(*live.Hub)) {
	for _, r := range k.all() {
		f(r.live)
	}
}

// close ends all.
func (k *replays) close() {
	for _, r := range k.all() {
		r.cancel()
		<-r.ended
	}
}

// replayBody is schema Replay.
type replayBody struct {
	ID      string    `json:"id"`
	Owner   string    `json:"owner"`
	Mine    bool      `json:"mine"`
	At      time.Time `json:"at"`
	Speed   float64   `json:"speed"`
	Playing bool      `json:"playing"`
	Ended   bool      `json:"ended"`
	Walls   bool      `json:"walls"`
	Clients int       `json:"clients"`
}

func (s *Server) bodyOfReplay(c echo.Context, r *replay) replayBody {
	st := r.play.State()
	walls, _ := s.replays.options.Walls.Shown()
	return replayBody{ID: r.id, Owner: r.owner.Name, Mine: r.owner.ID == auth.ActorFrom(c.Request().Context()).User.ID,
		At: st.At.UTC(), Speed: st.Speed, Playing: st.Playing, Ended: st.Ended, Walls: walls == r.id, Clients: r.live.Stats().Clients}
}

type replaysBody struct {
	From  *time.Time   `json:"from"`
	Until *time.Time   `json:"until"`
	Items []replayBody `json:"items"`

	Thinned []layers.Thinned `json:"thinned"`
}

// past returns CodeUnavailable where nothing is recorded.
func (s *Server) past() error {
	if s.replays.recorder == nil {
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "no_history", Msg: "the past is not kept in this database"}
	}
	return nil
}

func (s *Server) listReplays(c echo.Context) error {
	if err := s.past(); err != nil {
		return err
	}
	from, until, err := s.replays.recorder.Span(c.Request().Context())
	if err != nil {
		return err
	}
	b := replaysBody{From: utc(&from), Until: utc(&until), Items: []replayBody{}}
	if b.Thinned, err = s.replays.recorder.Thinned(c.Request().Context()); err != nil {
		return err
	}
	for _, r := range s.replays.all() {
		b.Items = append(b.Items, s.bodyOfReplay(c, r))
	}
	return c.JSON(http.StatusOK, b)
}

// maxStep is the longest step of a replay, forward or back.
const maxStep = 366 * 24 * time.Hour

// replayCommand is schema ReplayCommand: what is left out stays as it is.
type replayCommand struct {
	At      *time.Time `json:"at"`
	StepS   *float64   `json:"step_s"`
	Speed   *float64   `json:"speed"`
	Playing *bool      `json:"playing"`
	Walls   *bool      `json:"walls"` // walls show it
}

func (s *Server) createReplay(c echo.Context) error {
	if err := s.past(); err != nil {
		return err
	}
	var cmd replayCommand
	if err := strictjson.Decode(c, &cmd); err != nil {
		return err
	}
	if cmd.At == nil {
		return layers.Invalid("at", "required", "a moment is required")
	}
	ctx := c.Request().Context()
	actor := auth.ActorFrom(ctx)
	if err := cmd.mayShow(actor); err != nil {
		return err
	}
	r, err := s.replays.begin(ctx, actor.User, *cmd.At)
	if err != nil {
		return err
	}
	cmd.At, cmd.StepS = nil, nil
	if err := cmd.apply(r.play, time.Time{}); err != nil {
		r.cancel()
		return err
	}
	s.audit(c, auth.AuditEntry{UserID: actor.User.ID, Login: actor.User.Login, Action: "replay.begin", Subject: "replay/" + r.play.State().At.Format(time.RFC3339)})
	s.showAtWalls(c, r, cmd.Walls)
	return c.JSON(http.StatusCreated, s.bodyOfReplay(c, r))
}

func (s *Server) getReplay(c echo.Context) error {
	r, err := s.replays.get(c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.bodyOfReplay(c, r))
}

// ownReplay returns the route's replay if the caller may move it.
func (s *Server) ownReplay(c echo.Context) (*replay, error) {
	r, err := s.replays.get(c.Param("id"))
	if err != nil {
		return nil, err
	}
	actor := auth.ActorFrom(c.Request().Context())
	if r.owner.ID != actor.User.ID && !actor.Scope.May(auth.ActionManageUsers) {
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "not_yours", Msg: "somebody else moves this replay"}
	}
	return r, nil
}

func (s *Server) moveReplay(c echo.Context) error {
	r, err := s.ownReplay(c)
	if err != nil {
		return err
	}
	var cmd replayCommand
	if err := strictjson.Decode(c, &cmd); err != nil {
		return err
	}
	if err := cmd.mayShow(auth.ActorFrom(c.Request().Context())); err != nil {
		return err
	}
	var earliest time.Time
	if cmd.At != nil || cmd.StepS != nil {
		if earliest, _, err = s.replays.recorder.Span(c.Request().Context()); err != nil {
			return err
		}
	}
	if err := cmd.check(earliest); err != nil {
		return err
	}
	if err := cmd.apply(r.play, earliest); err != nil {
		return err
	}
	s.showAtWalls(c, r, cmd.Walls)
	return c.JSON(http.StatusOK, s.bodyOfReplay(c, r))
}

// mayShow asks whether the actor may say what walls show.
func (cmd replayCommand) mayShow(a *auth.Actor) error {
	if cmd.Walls == nil || a.Scope.May(auth.ActionShowWalls) {
		return nil
	}
	return &layers.Error{Code: layers.CodeForbidden, Reason: "role", Field: "walls", Params: map[string]string{"action": string(auth.ActionShowWalls)}, Msg: "your roles do not say what walls show"}
}

// showAtWalls sends the walls of this node to a replay, or back to the present.
func (s *Server) showAtWalls(c echo.Context, r *replay, show *bool) {
	if show == nil {
		return
	}
	if *show {
		s.replays.options.Walls.Show(r.id)
	} else {
		s.replays.options.Walls.Leave(r.id)
	}
	actor := auth.ActorFrom(c.Request().Context())
	s.audit(c, auth.AuditEntry{UserID: actor.User.ID, Login: actor.User.Login, Action: "replay.walls", Subject: "replay/" + r.play.State().At.Format(time.RFC3339), Details: map[string]any{"shown": *show}})
}

// check refuses a jump to before the history: the replay would stand there and wait in vain.
func (cmd replayCommand) check(earliest time.Time) error {
	if cmd.At != nil && cmd.At.Before(earliest) {
		e := layers.Invalid("at", "before_history", "nothing is known of before %s", earliest.Format(time.RFC3339))
		e.Params = map[string]string{"begins": earliest.Format(time.RFC3339)}
		return e
	}
	if cmd.StepS != nil && !(math.Abs(*cmd.StepS) <= maxStep.Seconds()) {
		return layers.Invalid("step_s", "out_of_range", "a step is at most %.0f s long", maxStep.Seconds())
	}
	return nil
}

// apply carries a command out: the jump first, then how it goes on.
func (cmd replayCommand) apply(r *layers.Replay, earliest time.Time) error {
	if cmd.Speed != nil {
		if err := r.SetSpeed(*cmd.Speed); err != nil {
			return err
		}
	}
	if cmd.At != nil {
		r.Jump(*cmd.At)
	}
	if cmd.StepS != nil {
		r.Step(time.Duration(*cmd.StepS*float64(time.Second)), earliest)
	}
	if cmd.Playing == nil {
		return nil
	}
	if !*cmd.Playing {
		r.Pause()
		return nil
	}
	return r.Play(r.State().Speed)
}

func (s *Server) deleteReplay(c echo.Context) error {
	r, err := s.ownReplay(c)
	if err != nil {
		return err
	}
	r.cancel()
	return c.NoContent(http.StatusNoContent)
}

// maxTimeline is the longest span that a timeline counts at once.
const maxTimeline = 366 * 24 * time.Hour

type timelineBody struct {
	From  time.Time          `json:"from"`
	Until time.Time          `json:"until"`
	Items []incident.Stretch `json:"items"`
}

// span reads from and until of a query.
func span(q *query) (from, until time.Time, err error) {
	from, until = q.moment("from").UTC(), q.moment("until").UTC()
	switch {
	case q.err() != nil:
		err = q.err()
	case from.IsZero():
		err = layers.Invalid("from", "required", "from is required")
	case until.IsZero():
		err = layers.Invalid("until", "required", "until is required")
	case !until.After(from), until.Sub(from) > maxTimeline:
		err = layers.Invalid("until", "out_of_range", "until lies after from, at most a year")
	}
	return from, until, err
}

// reviewedBody is schema Reviewed.
type reviewedBody struct {
	Incident incidentBody        `json:"incident"`
	State    incident.State      `json:"state_then"`
	Log      []incident.LogEntry `json:"log"`
	Drawn    []*marking.Done     `json:"drawn"`
}

// getReview tells what was done in a span, for an after-action review 复盘.
func (s *Server) getReview(c echo.Context) error {
	from, until, err := span(newQuery(c))
	if err != nil {
		return err
	}
	found, err := s.figures.Review(c.Request().Context(), from, until)
	if err != nil {
		return err
	}
	items, place, ids := make([]reviewedBody, len(found)), make(map[int64]int, len(found)), make([]int64, len(found))
	for i, r := range found {
		items[i] = reviewedBody{Incident: bodyOfIncident(r.Incident), State: r.State, Log: r.Log, Drawn: []*marking.Done{}}
		place[r.Incident.ID], ids[i] = i, r.Incident.ID
	}
	if s.markings != nil {
		drawn, err := s.markings.Done(c.Request().Context(), ids, until)
		if err != nil {
			return err
		}
		for _, d := range drawn {
			r := &items[place[d.Incident]]
			r.Drawn = append(r.Drawn, d)
		}
	}
	return c.JSON(http.StatusOK, list(items))
}

// getTimeline counts the cases that began, for the bar by which people find a moment.
func (s *Server) getTimeline(c echo.Context) error {
	q := newQuery(c)
	stretches := int(q.integer("stretches", 1, 1000, 144))
	from, until, err := span(q)
	if err != nil {
		return err
	}
	b := timelineBody{From: from, Until: until}
	if b.Items, err = s.figures.Timeline(c.Request().Context(), b.From, b.Until, stretches); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, b)
}
