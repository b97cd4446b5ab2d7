package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/server/strictjson"
)

// keptReports returns the service, or CodeNotFound where no reports are taken.
func (s *Server) keptReports() (report.Service, error) {
	if s.reports == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server takes no reports")
	}
	return s.reports, nil
}

// reportBody is schema Report. It is for those who take reports in, and for who made it.
type reportBody struct {
	ID            int64             `json:"id"`
	Channel       report.Channel    `json:"channel"`
	IncidentID    int64             `json:"incident_id,omitempty"`
	Category      string            `json:"category,omitempty"`
	Title         string            `json:"title"`
	Description   string            `json:"description,omitempty"`
	State         report.State      `json:"state"`
	Address       string            `json:"address,omitempty"`
	ReporterName  string            `json:"reporter_name,omitempty"`
	ReporterPhone string            `json:"reporter_phone,omitempty"`
	Source        string            `json:"source,omitempty"`
	SourceID      string            `json:"source_id,omitempty"`
	SourceTime    *time.Time        `json:"source_time,omitempty"`
	ReceiveTime   time.Time         `json:"receive_time"`
	AreaPath      string            `json:"area_path,omitempty"`
	Point         *orb.Point        `json:"point,omitempty"`
	Tracking      string            `json:"tracking,omitempty"`
	Likeness      *report.Candidate `json:"likeness,omitempty"`
	Answer        string            `json:"answer,omitempty"`
	AnsweredAt    *time.Time        `json:"answered_at,omitempty"`
	Satisfied     *bool             `json:"satisfied,omitempty"`
	Pictures      []int64           `json:"pictures,omitempty"` // ids of attachments
}

func bodyOfReport(r *report.Report) reportBody {
	return reportBody{
		ID: r.ID, Channel: r.Channel, IncidentID: r.IncidentID, Category: r.Category, Title: r.Title, Description: r.Description, State: r.State, Address: r.Address,
		ReporterName: r.ReporterName, ReporterPhone: r.ReporterPhone, Source: r.Source, SourceID: r.SourceID, SourceTime: utc(r.SourceTime), ReceiveTime: r.ReceiveTime.UTC(),
		AreaPath: r.AreaPath, Point: r.Point, Tracking: r.Tracking, Likeness: r.Likeness, Answer: r.Answer, AnsweredAt: utc(r.AnsweredAt), Satisfied: r.Satisfied, Pictures: r.Pictures,
	}
}

// outcomeBody is schema ReportOutcome.
type outcomeBody struct {
	Report   reportBody    `json:"report"`
	Incident *incidentBody `json:"incident,omitempty"`
	Opened   bool          `json:"opened"`
	Again    bool          `json:"again"`
}

func bodyOfOutcome(o *report.Outcome) outcomeBody {
	b := outcomeBody{Report: bodyOfReport(o.Report), Opened: o.Opened, Again: o.Again}
	if o.Incident != nil {
		in := bodyOfIncident(o.Incident)
		b.Incident = &in
	}
	return b
}

// decodePoint reads a point that may be missing.
func decodePoint(field string, coordinates []float64) (*orb.Point, error) {
	switch len(coordinates) {
	case 0:
		return nil, nil
	case 2:
		return &orb.Point{coordinates[0], coordinates[1]}, nil
	}
	return nil, layers.Invalid(field, "wrong_type", "a point is [longitude, latitude]")
}

// newReportBody is schema NewReport.
type newReportBody struct {
	Channel       report.Channel  `json:"channel"`
	Title         string          `json:"title"`
	Description   string          `json:"description"`
	Category      string          `json:"category"`
	Address       string          `json:"address"`
	Point         []float64       `json:"point"`
	ReporterName  string          `json:"reporter_name"`
	ReporterPhone string          `json:"reporter_phone"`
	Source        string          `json:"source"`
	SourceID      string          `json:"source_id"`
	SourceTime    *time.Time      `json:"source_time"`
	Raw           json.RawMessage `json:"raw"`
	IncidentID    int64           `json:"incident_id"`
	File          bool            `json:"file"`
	Severity      int             `json:"severity"`
	Condition     string          `json:"condition"`
}

func (b *newReportBody) report() (*report.Report, error) {
	at, err := decodePoint("point", b.Point)
	return &report.Report{
		Channel: b.Channel, Title: b.Title, Description: strings.TrimSpace(b.Description), Category: b.Category, Address: strings.TrimSpace(b.Address), Point: at,
		ReporterName: b.ReporterName, ReporterPhone: b.ReporterPhone, Source: b.Source, SourceID: b.SourceID, SourceTime: b.SourceTime, Raw: b.Raw,
	}, err
}

// idempotencyKey returns the header's key; a repeat with it finds what the first request made.
func idempotencyKey(c echo.Context) (string, error) {
	key := c.Request().Header.Get("Idempotency-Key")
	if len(key) > 100 {
		return "", layers.Invalid("Idempotency-Key", "too_long", "the key has at most 100 characters")
	}
	return key, nil
}

func (s *Server) createReport(c echo.Context) error {
	service, err := s.keptReports()
	if err != nil {
		return err
	}
	var in newReportBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	r, err := in.report()
	if err != nil {
		return err
	}
	out, err := service.Create(c.Request().Context(), r, report.Asked{IncidentID: in.IncidentID, File: in.File, Severity: incident.Severity(in.Severity), Condition: in.Condition, ClientKey: key})
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if out.Again {
		status = http.StatusOK
	}
	return c.JSON(status, bodyOfOutcome(out))
}

func (s *Server) listReports(c echo.Context) error {
	q := newQuery(c)
	f := report.Filter{State: report.State(q.text("state")), ToCall: q.flag("to_call"), Incident: q.integer("incident", 1, 1<<53, 0), Limit: int(q.integer("limit", 1, 200, 200))}
	if err := q.err(); err != nil {
		return err
	}
	return s.answerReports(c, f)
}

// listCallerReports finds what somebody reported earlier. The number stands in the body: addresses are written to logs.
func (s *Server) listCallerReports(c echo.Context) error {
	var in struct {
		Phone string `json:"phone"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if len(report.FoldPhone(in.Phone)) < 5 {
		return layers.Invalid("phone", "too_short", "a telephone number has at least 5 digits")
	}
	return s.answerReports(c, report.Filter{Phone: in.Phone, Limit: 20})
}

func (s *Server) answerReports(c echo.Context, f report.Filter) error {
	service, err := s.keptReports()
	if err != nil {
		return err
	}
	found, err := service.Reports(c.Request().Context(), f)
	if err != nil {
		return err
	}
	items := make([]reportBody, len(found))
	for i, r := range found {
		items[i] = bodyOfReport(r)
	}
	return c.JSON(http.StatusOK, list(items))
}

// proposalBody is schema Proposal.
type proposalBody struct {
	report.Candidate
	Incident incidentBody `json:"incident"`
}

func answerProposals(c echo.Context, found []report.Proposal) error {
	items := make([]proposalBody, len(found))
	for i, p := range found {
		items[i] = proposalBody{p.Candidate, bodyOfIncident(p.Incident)}
	}
	return c.JSON(http.StatusOK, list(items))
}

// mostProposed is how many candidates a person is shown.
const mostProposed = 8

func (s *Server) listCandidates(c echo.Context) error {
	service, err := s.keptReports()
	if err != nil {
		return err
	}
	var in struct {
		Title       string    `json:"title"`
		Description string    `json:"description"`
		Category    string    `json:"category"`
		Point       []float64 `json:"point"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if len([]rune(in.Title)) > report.MaxTitle || len([]rune(in.Description)) > report.MaxDescription {
		return layers.Invalid("title", "too_long", "the text is too long")
	}
	at, err := decodePoint("point", in.Point)
	if err != nil {
		return err
	}
	found, err := service.Candidates(c.Request().Context(), report.Subject{Point: at, Category: in.Category, Text: in.Title + " " + in.Description}, nil, mostProposed)
	if err != nil {
		return err
	}
	return answerProposals(c, found)
}

func (s *Server) listIncidentCandidates(c echo.Context) error {
	service, id, err := storedAt(c, s.keptReports)
	if err != nil {
		return err
	}
	found, err := service.CandidatesOf(c.Request().Context(), id, mostProposed)
	if err != nil {
		return err
	}
	return answerProposals(c, found)
}

// moveReport makes one move of a report: to a case, to a case of its own, away, or to its answer.
func (s *Server) moveReport(c echo.Context) error {
	service, id, err := storedAt(c, s.keptReports)
	if err != nil {
		return err
	}
	var in struct {
		Move       string    `json:"move"`
		IncidentID int64     `json:"incident_id"`
		Point      []float64 `json:"point"`
		Reason     string    `json:"reason"`
		Satisfied  *bool     `json:"satisfied"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var r *report.Report
	switch in.Move {
	case "attach":
		if in.IncidentID < 1 {
			return layers.Invalid("incident_id", "required", "a case is required")
		}
		r, err = service.Attach(ctx, id, in.IncidentID)
	case "part":
		at, wrong := decodePoint("point", in.Point)
		if wrong != nil {
			return wrong
		}
		out, failed := service.Part(ctx, id, at)
		if failed != nil {
			return failed
		}
		return c.JSON(http.StatusOK, bodyOfOutcome(out))
	case "dismiss":
		r, err = service.Dismiss(ctx, id, in.Reason)
	case "answer":
		r, err = service.Answer(ctx, id, in.Reason, in.Satisfied)
	case "":
		return layers.Invalid("move", "required", "a move is required")
	default:
		return layers.Invalid("move", "unknown_value", "attach, part, dismiss or answer")
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, outcomeBody{Report: bodyOfReport(r)})
}
