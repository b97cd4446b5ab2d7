package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/layers/auth"
	"wanglou/layers/report"
	"wanglou/server/evidence"
	"wanglou/server/strictjson"
)

// trackingHeader carries a tracking code: it is a secret, and stands in no address.
const trackingHeader = "Wanglou-Tracking"

// keptPictures returns the service of reports and the folder of pictures, or CodeNotFound where one is missing.
func (s *Server) keptPictures() (report.Service, *evidence.Folder, error) {
	service, err := s.keptReports()
	if err == nil && s.evidence == nil {
		err = layers.Errorf(layers.CodeNotFound, "this server takes no pictures")
	}
	return service, s.evidence, err
}

// addCitizenPicture takes one picture of a report that somebody told without an account: the body is the file. The code is asked for before a byte is read.
func (s *Server) addCitizenPicture(c echo.Context) error {
	service, folder, err := s.keptPictures()
	if err != nil {
		return err
	}
	if err := limitCitizens(c, s.citizenPictures, s.citizenAll); err != nil {
		return err
	}
	code := c.Request().Header.Get(trackingHeader)
	if code == "" {
		return layers.Invalid(trackingHeader, "required", "the tracking code of the report is required")
	}
	said, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil {
		return layers.Invalid("", "content_type", "the body has to be a picture")
	}
	actor := auth.ActorFrom(c.Request().Context())
	ctx := auth.WithActor(c.Request().Context(), auth.Citizen(actor.RequestID, actor.Remote))
	if err := service.Expects(ctx, code); err != nil {
		return err
	}
	p, err := takePicture(c, folder, attachment.Type(said), c.Request().Body)
	if err != nil {
		return err
	}
	if err := service.AddPicture(ctx, code, *p); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// takePicture keeps what comes of a picture; the request's deadlines move along with it.
func takePicture(c echo.Context, folder *evidence.Folder, said attachment.Type, body io.Reader) (*attachment.Picture, error) {
	p, err := folder.Take(c.Request().Context(), said, &patientBody{body, http.NewResponseController(c.Response())})
	if err != nil && isBroken(err) {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the picture could not be read whole", Err: err}
	}
	return p, err
}

// alarmBody is schema Alarm.
type alarmBody struct {
	Channel     report.Channel `json:"channel"`
	Source      string         `json:"source"`
	SourceID    string         `json:"source_id"`
	Kind        string         `json:"kind"`
	Device      string         `json:"device"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Address     string         `json:"address"`
	Point       []float64      `json:"point"`
	Time        time.Time      `json:"time"`
	Picture     string         `json:"picture"` // of JSON alone, in base64
}

// maxInline is how many bytes a picture within the JSON may have; larger ones, and more than one, come as parts.
const maxInline = 5 << 20

// takeAlarm takes what a device tells: JSON alone, or a form of a part "alarm" and up to four parts "picture". It is answered when all of it is kept: 201, or
// 200 for what had come before.
func (s *Server) takeAlarm(c echo.Context) error {
	service, folder, err := s.keptPictures()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if wait, ok := s.intake.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
		return tooOften("intake", wait)
	}
	raw, pictures, err := readAlarm(c, folder)
	if err != nil {
		return err
	}
	var in alarmBody
	if err := strictjson.Unmarshal(raw, &in); err != nil {
		return err
	}
	if in.Picture != "" {
		if raw, pictures, err = takeInline(c, folder, raw, in.Picture, pictures); err != nil {
			return err
		}
	}
	at, err := decodePoint("point", in.Point)
	if err != nil {
		return err
	}
	out, err := service.Alarm(ctx, &report.Alarm{Channel: in.Channel, Source: in.Source, SourceID: in.SourceID, Kind: in.Kind, Device: in.Device, Title: in.Title,
		Description: in.Description, Address: in.Address, Point: at, Time: in.Time, Raw: raw}, pictures)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if out.Again {
		status = http.StatusOK
	}
	body := struct {
		ReportID   int64 `json:"report_id"`
		IncidentID int64 `json:"incident_id,omitempty"`
		Opened     bool  `json:"opened"`
		Again      bool  `json:"again"`
		Pictures   int   `json:"pictures"`
	}{out.Report.ID, out.Report.IncidentID, out.Opened, out.Again, len(out.Report.Pictures)}
	return c.JSON(status, body)
}

// readAlarm returns the JSON of an alarm and its pictures, which are kept.
func readAlarm(c echo.Context, folder *evidence.Folder) ([]byte, []attachment.Picture, error) {
	mt, params, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || mt != echo.MIMEMultipartForm {
		raw, err := strictjson.ReadUpTo(c, int64(base64.StdEncoding.EncodedLen(maxInline+1)+report.MaxRaw), echo.MIMEApplicationJSON)
		return raw, nil, err
	}
	parts := multipart.NewReader(http.MaxBytesReader(c.Response(), c.Request().Body, attachment.MaxOfReport*attachment.MaxPhoto+strictjson.MaxBody), params["boundary"])
	var raw []byte
	var pictures []attachment.Picture
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && raw == nil:
			return nil, nil, layers.Invalid("alarm", "required", "the form has no part \"alarm\"")
		case errors.Is(err, io.EOF):
			return raw, pictures, nil
		case err != nil:
			return nil, nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the form could not be read whole", Err: err}
		}
		switch name := part.FormName(); {
		case name == "alarm" && raw == nil:
			if raw, err = io.ReadAll(io.LimitReader(part, report.MaxRaw+1)); err != nil {
				return nil, nil, &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the form could not be read whole", Err: err}
			}
			if len(raw) > report.MaxRaw {
				return nil, nil, layers.Errorf(layers.CodeTooLarge, "the part \"alarm\" has at most %d bytes", report.MaxRaw)
			}
		case name == "picture" && len(pictures) < attachment.MaxOfReport:
			said, _, _ := mime.ParseMediaType(part.Header.Get(echo.HeaderContentType)) // "" where it says none
			p, err := takePicture(c, folder, attachment.Type(said), part)
			if err != nil {
				return nil, nil, err
			}
			pictures = append(pictures, *p)
		case name == "picture":
			return nil, nil, layers.Invalid("picture", "too_many", "a report has at most %d pictures", attachment.MaxOfReport)
		default:
			return nil, nil, layers.Invalid(cutField(name), "unknown_field", "the form has a part \"alarm\" and parts \"picture\"")
		}
	}
}

// takeInline keeps the picture that stands in an alarm's JSON, and returns the JSON without it: the report keeps what was told, and its evidence once.
func takeInline(c echo.Context, folder *evidence.Folder, raw []byte, picture string, others []attachment.Picture) ([]byte, []attachment.Picture, error) {
	if len(others) > 0 {
		return nil, nil, layers.Invalid("picture", "repeated_field", "pictures come in parts or within the JSON, not both")
	}
	b, err := base64.StdEncoding.DecodeString(picture)
	if err != nil {
		return nil, nil, layers.Invalid("picture", "not_a_value", "the picture is not base64")
	}
	if len(b) > maxInline {
		return nil, nil, layers.Invalid("picture", "too_large", "a picture within the JSON has at most %d bytes; larger ones come in a part", maxInline)
	}
	p, err := takePicture(c, folder, "", bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, nil, err // it was read once
	}
	delete(fields, "picture")
	raw, err = json.Marshal(fields)
	return raw, []attachment.Picture{*p}, err
}

// cutField keeps the name of a part that a stranger sent short.
func cutField(name string) string { return name[:min(len(name), 40)] }

func (s *Server) listAlarmKinds(c echo.Context) error {
	return listStored(c, s.keptReports, report.Service.AlarmKinds)
}
