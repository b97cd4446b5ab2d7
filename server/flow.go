package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/plan"
	"wanglou/layers/request"
	"wanglou/layers/task"
	"wanglou/server/strictjson"
)

// keptRequests returns the service, or CodeNotFound where nothing is asked.
func (s *Server) keptRequests() (request.Service, error) {
	if s.requests == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no requests")
	}
	return s.requests, nil
}

// keptFlow returns the service, or CodeNotFound where cases stay at their level.
func (s *Server) keptFlow() (incident.Flow, error) {
	if s.flow == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server hands no cases on")
	}
	return s.flow, nil
}

// takeFlow bounds how often one person asks, urges and ticks.
func (s *Server) takeFlow(c echo.Context) error {
	if wait, ok := s.flowByUser.take(strconv.FormatInt(auth.ActorFrom(c.Request().Context()).User.ID, 10)); !ok {
		return tooOften("requests", wait)
	}
	return nil
}

// requestBody is schema CaseRequest.
type requestBody struct {
	request.Request
	Moves []moveOption `json:"moves"` // what the caller may do now
}

func bodyOfRequest(r *request.Request, in *incident.Incident, scope *auth.Scope, unit int64) requestBody {
	b := requestBody{Request: *r, Moves: []moveOption{}}
	for _, st := range request.Open(r.Kind, r.State) {
		if in != nil && request.Allowed(scope, in, st.By, unit, r) == nil {
			b.Moves = append(b.Moves, moveOption{string(st.Move), st.Reason})
		}
	}
	return b
}

// caseFlow is schema CaseFlow.
type caseFlow struct {
	Requests   []requestBody        `json:"requests"`
	Asks       []request.Kind       `json:"asks"` // what the caller may ask for now
	MayUrge    bool                 `json:"may_urge"`
	MayTick    bool                 `json:"may_tick"`
	MayJoin    bool                 `json:"may_join"`
	Hops       []incident.Hop       `json:"hops"` // that the caller may make now
	Handed     bool                 `json:"handed"`
	HolderPath string               `json:"holder_path"`
	Revision   int64                `json:"revision"` // of the case, as it was read for this
	Condition  *incident.Condition  `json:"condition,omitempty"`
	Conditions []incident.Condition `json:"conditions"` // to choose from on filing
	Plans      []*plan.Fired        `json:"plans"`
}

func (s *Server) getCaseFlow(c echo.Context) error {
	service, id, err := storedAt(c, s.keptRequests)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	in, err := s.incidents.Incident(ctx, id)
	if err != nil {
		return err
	}
	found, err := service.OfIncident(ctx, id)
	if err != nil {
		return err
	}
	tasks, err := s.tasks.OfIncident(ctx, id)
	if err != nil {
		return err
	}
	log, err := s.incidents.Log(ctx, id)
	if err != nil {
		return err
	}
	scope := auth.ActorFrom(ctx).Scope
	unit, working := unitIn(scope, tasks)
	b := caseFlow{Requests: []requestBody{}, Asks: []request.Kind{}, Hops: []incident.Hop{}, HolderPath: in.Holder(), Revision: in.Revision, Handed: incident.Handed(log), Conditions: []incident.Condition{}, Plans: []*plan.Fired{}}
	open := map[request.Kind]bool{}
	for _, r := range found {
		b.Requests = append(b.Requests, bodyOfRequest(r, in, scope, unit))
		open[r.Kind] = open[r.Kind] || !r.State.Final()
	}
	for _, k := range request.Kinds {
		side := request.Find(k, "", request.MoveAsk).By
		taken := open[k] && k != request.Supervision || k == request.Appeal && !in.Closing.Deduction()
		if k.AskedIn(in.State) && !taken && request.Allowed(scope, in, side, unit, nil) == nil {
			b.Asks = append(b.Asks, k)
		}
	}
	desk := scope.May(auth.ActionDispatch) && scope.InArea(in.Holder())
	b.MayUrge = working && (desk || scope.May(auth.ActionSupervise) && scope.InArea(in.AreaPath))
	b.MayTick = !in.State.Final() && (desk || unit != 0)
	_, sends := in.State.Next(incident.MoveDispatch)
	b.MayJoin = sends && desk
	if s.flow != nil {
		if err := s.fillFlow(c, in, &b); err != nil {
			return err
		}
	}
	if s.plans != nil {
		if b.Plans, err = s.plans.Fired(ctx, id); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, b)
}

// fillFlow adds the hops that the caller may make, and the filing condition or those to choose from.
func (s *Server) fillFlow(c echo.Context, in *incident.Incident, b *caseFlow) (err error) {
	ctx := c.Request().Context()
	scope := auth.ActorFrom(ctx).Scope
	if scope.May(auth.ActionMoveIncident) && scope.InArea(in.Holder()) && !in.State.Final() {
		for _, h := range []incident.Hop{incident.HopTake, incident.HopUp, incident.HopDown} {
			if _, err := in.HopTo(h); err == nil && (h != incident.HopTake || b.Handed) {
				b.Hops = append(b.Hops, h)
			}
		}
	}
	if b.Condition, err = s.flow.ConditionOf(ctx, in); err != nil {
		return err
	}
	if _, files := in.State.Next(incident.MoveFile); files {
		b.Conditions, err = s.flow.ConditionsFor(ctx, in)
	}
	return err
}

// unitIn returns the scope's unit where it was sent to the case, and whether anybody works on it.
func unitIn(scope *auth.Scope, tasks []*task.Task) (unit int64, working bool) {
	for _, t := range tasks {
		working = working || !t.State.Final()
		if scope.May(auth.ActionWorkTask) && t.UnitID == scope.UnitID {
			unit = t.UnitID
		}
	}
	return unit, working
}

func (s *Server) listRequests(c echo.Context) error {
	service, err := s.keptRequests()
	if err != nil {
		return err
	}
	q := newQuery(c)
	f := request.Filter{Kind: request.Kind(q.text("kind")), Open: q.flag("open"), AreaPath: q.text("area")}
	if err := q.err(); err != nil {
		return err
	}
	found, err := service.Requests(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]requestBody, len(found))
	for i, r := range found {
		items[i] = bodyOfRequest(r, nil, nil, 0)
	}
	return c.JSON(http.StatusOK, list(items))
}

// answerRequest answers with a request as it stands now.
func (s *Server) answerRequest(c echo.Context, status int, r *request.Request) error {
	ctx := c.Request().Context()
	scope := auth.ActorFrom(ctx).Scope
	in, err := s.incidents.Incident(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	tasks, err := s.tasks.OfIncident(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	unit, _ := unitIn(scope, tasks)
	return c.JSON(status, bodyOfRequest(r, in, scope, unit))
}

func (s *Server) askRequest(c echo.Context) error {
	service, id, err := storedAt(c, s.keptRequests)
	if err != nil {
		return err
	}
	var in request.Ask
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := s.takeFlow(c); err != nil {
		return err
	}
	r, err := service.Ask(c.Request().Context(), id, &in)
	if err != nil {
		return err
	}
	return s.answerRequest(c, http.StatusCreated, r)
}

func (s *Server) moveRequest(c echo.Context) error {
	service, id, err := storedAt(c, s.keptRequests)
	if err != nil {
		return err
	}
	of, err := pathNumber(c, "request")
	if err != nil {
		return err
	}
	var in request.Decision
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Move == "" {
		return layers.Invalid("move", "required", "a move is required")
	}
	r, err := service.Move(c.Request().Context(), id, of, &in)
	if err != nil {
		return err
	}
	return s.answerRequest(c, http.StatusOK, r)
}

// pathNumber reads a further id of the route; what is none is not there.
func pathNumber(c echo.Context, name string) (int64, error) {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || n < 1 {
		return 0, layers.Errorf(layers.CodeNotFound, "there is no such %s", name)
	}
	return n, nil
}

func (s *Server) urgeIncident(c echo.Context) error {
	service, id, err := storedAt(c, s.keptRequests)
	if err != nil {
		return err
	}
	var in struct {
		Text string `json:"text"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := s.takeFlow(c); err != nil {
		return err
	}
	if err := service.Urge(c.Request().Context(), id, in.Text); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) hopIncident(c echo.Context) error {
	service, id, err := storedAt(c, s.keptFlow)
	if err != nil {
		return err
	}
	var in struct {
		Hop      incident.Hop `json:"hop"`
		Reason   string       `json:"reason"`
		Revision *int64       `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Revision == nil {
		return layers.Invalid("revision", "required", "the revision that was seen is required")
	}
	out, err := service.Hop(c.Request().Context(), id, in.Hop, in.Reason, *in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfIncident(out))
}

func (s *Server) dispatchJoint(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		Lead     int64      `json:"lead"`
		Co       []int64    `json:"co"`
		Note     string     `json:"note"`
		DueAt    *time.Time `json:"due_at"`
		Revision *int64     `json:"revision"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if in.Revision == nil {
		return layers.Invalid("revision", "required", "the incident's revision that was seen is required")
	}
	j := &task.Joint{Lead: in.Lead, Co: in.Co, Note: in.Note, DueAt: in.DueAt}
	if err := j.Validate(s.now()); err != nil {
		return err
	}
	sent, err := s.tasks.DispatchJoint(c.Request().Context(), id, j, *in.Revision)
	if err != nil {
		return err
	}
	items := make([]taskBody, len(sent))
	for i, t := range sent {
		items[i] = bodyOfTask(t)
	}
	return c.JSON(http.StatusCreated, list(items))
}
