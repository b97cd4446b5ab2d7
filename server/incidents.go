package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/server/strictjson"
)

// incidentBody is schema Incident.
type incidentBody struct {
	incident.Incident
	Point orb.Point `json:"point"`
}

func bodyOfIncident(in *incident.Incident) incidentBody {
	b := incidentBody{Incident: *in, Point: in.Point}
	b.CreatedAt, b.UpdatedAt, b.ClosedAt = in.CreatedAt.UTC(), in.UpdatedAt.UTC(), utc(in.ClosedAt)
	return b
}

// utc returns t in UTC, as all times of the API are.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (s *Server) listIncidents(c echo.Context) error {
	q := newQuery(c)
	f := incident.Filter{Open: q.flag("open"), AreaPath: q.text("area"), Limit: int(q.integer("limit", 1, 500, 500))}
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.incidents.Incidents(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]incidentBody, len(found))
	for i, in := range found {
		items[i] = bodyOfIncident(in)
	}
	return c.JSON(http.StatusOK, list(items))
}

// newIncidentBody is schema NewIncident.
type newIncidentBody struct {
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Category    string    `json:"category"`
	Severity    int       `json:"severity"`
	Address     string    `json:"address"`
	Condition   string    `json:"condition"`
	Point       []float64 `json:"point"`
}

func (s *Server) createIncident(c echo.Context) error {
	var in newIncidentBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	switch {
	case in.Point == nil:
		return layers.Invalid("point", "required", "a point is required")
	case len(in.Point) != 2:
		return layers.Invalid("point", "wrong_type", "a point is [longitude, latitude]")
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	created, err := s.incidents.Create(c.Request().Context(), &incident.Incident{
		Title: strings.TrimSpace(in.Title), Description: in.Description, Category: in.Category, Severity: incident.Severity(in.Severity),
		Address: in.Address, Condition: in.Condition, Point: orb.Point{in.Point[0], in.Point[1]},
	}, key)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, bodyOfIncident(created))
}

// moveOption is a move that the caller may make now.
type moveOption struct {
	Move        string `json:"move"`
	NeedsReason bool   `json:"needs_reason"`
}

type incidentDetail struct {
	Incident    incidentBody        `json:"incident"`
	Moves       []moveOption        `json:"moves"`
	MayDispatch bool                `json:"may_dispatch"`
	Tasks       []taskBody          `json:"tasks"`
	Attachments []attachmentBody    `json:"attachments"`
	Log         []incident.LogEntry `json:"log"`
}

func (s *Server) getIncident(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	in, err := s.incidents.Incident(ctx, id)
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
	var attachments []*attachment.Attachment
	if s.attachments != nil {
		if attachments, err = s.attachments.OfIncident(ctx, id); err != nil {
			return err
		}
	}
	scope := auth.ActorFrom(ctx).Scope
	b := incidentDetail{Incident: bodyOfIncident(in), Moves: []moveOption{}, Tasks: []taskBody{}, Attachments: []attachmentBody{}, Log: []incident.LogEntry{}}
	if scope.May(auth.ActionMoveIncident) && scope.InArea(in.Holder()) {
		stepsOpen, err := s.stepsOpen(c, in)
		if err != nil {
			return err
		}
		for _, m := range in.State.Moves() {
			b.Moves = append(b.Moves, moveOption{string(m), in.State.NeedsReason(m) || m == incident.MovePass && stepsOpen})
		}
	}
	_, open := in.State.Next(incident.MoveDispatch)
	b.MayDispatch = open && scope.May(auth.ActionDispatch) && scope.InArea(in.Holder())
	for _, t := range tasks {
		b.Tasks = append(b.Tasks, bodyOfTask(t))
	}
	for _, a := range attachments {
		b.Attachments = append(b.Attachments, bodyOfAttachment(a, a.Size))
	}
	for _, e := range log {
		e.SourceTime, e.ReceiveTime = e.SourceTime.UTC(), e.ReceiveTime.UTC()
		b.Log = append(b.Log, e)
	}
	return c.JSON(http.StatusOK, b)
}

// moveBody is schema MoveRequest.
type moveBody struct {
	Move       string     `json:"move"`
	Reason     string     `json:"reason"`
	Revision   *int64     `json:"revision"`
	SourceTime *time.Time `json:"source_time"` // of a task's step alone
	Condition  string     `json:"condition"`   // of a case's filing alone
	Closing    string     `json:"closing"`     // of a case's closing alone
}

// stepsOpen reports whether required steps of a case's plans are open, which whoever closes it has to say why.
func (s *Server) stepsOpen(c echo.Context, in *incident.Incident) (bool, error) {
	if s.plans == nil || in.State != incident.Checking {
		return false, nil
	}
	fired, err := s.plans.Fired(c.Request().Context(), in.ID)
	for _, f := range fired {
		for _, step := range f.Steps {
			if step.Required && step.DoneAt == nil {
				return true, nil
			}
		}
	}
	return false, err
}

// decodeMove reads a move. Whether there is such a move from where the thing stands is the service's to say.
func decodeMove[M ~string](c echo.Context, made ...*time.Time) (m M, reason string, revision int64, err error) {
	return decodeMoveWith[M](c, nil, made...)
}

// decodeMoveWith reads besides what a move of a case fixes, where with is not nil.
func decodeMoveWith[M ~string](c echo.Context, with *incident.With, made ...*time.Time) (m M, reason string, revision int64, err error) {
	var in moveBody
	if err := strictjson.Decode(c, &in); err != nil {
		return "", "", 0, err
	}
	if with != nil {
		with.Condition, with.Closing = in.Condition, incident.Closing(in.Closing)
	}
	switch {
	case with == nil && in.Condition != "":
		return "", "", 0, layers.Invalid("condition", "unknown_field", "only a case is filed under a condition")
	case with == nil && in.Closing != "":
		return "", "", 0, layers.Invalid("closing", "unknown_field", "only a case is closed")
	case in.Move == "":
		return "", "", 0, layers.Invalid("move", "required", "a move is required")
	case in.Revision == nil:
		return "", "", 0, layers.Invalid("revision", "required", "the revision that was seen is required")
	case in.SourceTime != nil && len(made) == 0:
		return "", "", 0, layers.Invalid("source_time", "unknown_field", "a case is moved now")
	}
	for _, t := range made {
		if in.SourceTime != nil {
			*t = *in.SourceTime
		}
	}
	reason, err = decodeText("reason", in.Reason)
	return M(in.Move), reason, *in.Revision, err
}

// maxText is how many characters a reason or note may have.
const maxText = 2000

func decodeText(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if len([]rune(text)) > maxText {
		return "", layers.Invalid(field, "too_long", "at most %d characters are kept", maxText)
	}
	return text, nil
}

func (s *Server) moveIncident(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var with incident.With
	m, reason, revision, err := decodeMoveWith[incident.Move](c, &with)
	if err != nil {
		return err
	}
	if err := with.Validate(m); err != nil {
		return err
	}
	in, err := s.incidents.Move(c.Request().Context(), id, m, reason, revision, with)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfIncident(in))
}

func (s *Server) recommendUnits(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	r, err := s.units.Recommend(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, bodyOfRecommendations(r))
}

// dispatchBody is schema DispatchRequest.
type dispatchBody struct {
	UnitID   int64  `json:"unit_id"`
	Note     string `json:"note"`
	Revision *int64 `json:"revision"`
}

func (s *Server) dispatchUnit(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in dispatchBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	note, err := decodeText("note", in.Note)
	switch {
	case err != nil:
		return err
	case in.UnitID < 1:
		return layers.Invalid("unit_id", "required", "a unit is required")
	case in.Revision == nil:
		return layers.Invalid("revision", "required", "the incident's revision that was seen is required")
	}
	t, err := s.tasks.Dispatch(c.Request().Context(), id, in.UnitID, note, *in.Revision)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, bodyOfTask(t))
}
