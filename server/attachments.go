package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/server/evidence"
	"wanglou/server/strictjson"
)

// partType is the media type of a part of a file, as tus names it.
const partType = "application/offset+octet-stream"

// finishTime is how long it may take to keep a file whose bytes are all there.
const finishTime = 2 * time.Minute

// attachmentBody is schema Attachment.
type attachmentBody struct {
	attachment.Attachment
	Point    *orb.Point `json:"point,omitempty"`
	Received int64      `json:"received"`  // bytes
	HasThumb bool       `json:"has_thumb"` // ?thumbnail=true answers
}

func bodyOfAttachment(a *attachment.Attachment, received int64) attachmentBody {
	return attachmentBody{Attachment: *a, Point: a.Point, Received: received, HasThumb: a.Files.Thumb != ""}
}

// keptAttachments returns the service and its folder, or CodeNotFound where there are no attachments.
func (s *Server) keptAttachments() (attachment.Service, *evidence.Folder, error) {
	if s.attachments == nil || s.evidence == nil {
		return nil, nil, layers.Errorf(layers.CodeNotFound, "this server has no attachments")
	}
	return s.attachments, s.evidence, nil
}

// newAttachmentBody is schema NewAttachment.
type newAttachmentBody struct {
	ClientID   string    `json:"client_id"`
	IncidentID int64     `json:"incident_id"`
	TaskID     int64     `json:"task_id"`
	Role       string    `json:"role"`
	Type       string    `json:"type"`
	Size       int64     `json:"size"`
	SHA256     string    `json:"sha256"`
	SourceTime time.Time `json:"source_time"`
	Point      []float64 `json:"point"`
}

func (s *Server) beginAttachment(c echo.Context) error {
	service, folder, err := s.keptAttachments()
	if err != nil {
		return err
	}
	var in newAttachmentBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	a := &attachment.Attachment{ClientID: in.ClientID, IncidentID: in.IncidentID, TaskID: in.TaskID, Role: attachment.Role(in.Role), Type: attachment.Type(in.Type),
		Size: in.Size, SHA256: in.SHA256, SourceTime: in.SourceTime}
	if a.Point, err = decodePoint("point", in.Point); err != nil {
		return err
	}
	if err := a.Validate(s.now()); err != nil {
		return err
	}
	if err := service.Begin(c.Request().Context(), a); err != nil {
		return err
	}
	have, err := folder.Received(a)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, bodyOfAttachment(a, have))
}

// appendAttachment takes the next part of a file. What came before the line broke is kept; the sender asks how much that is by beginning again.
func (s *Server) appendAttachment(c echo.Context) error {
	service, folder, err := s.keptAttachments()
	if err != nil {
		return err
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if mt, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err != nil || mt != partType {
		return layers.Invalid("", "content_type", "the body has to be %s", partType)
	}
	offset, err := strconv.ParseInt(c.Request().Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return layers.Invalid("Upload-Offset", "required", "where the part begins is required, in bytes")
	}
	a, err := service.UnderWay(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if a.DoneAt != nil { // a repeat of the last part
		return c.JSON(http.StatusOK, bodyOfAttachment(a, a.Size))
	}
	have, err := folder.Append(a, offset, &patientBody{c.Request().Body, http.NewResponseController(c.Response())})
	switch {
	case err != nil && isBroken(err):
		return &layers.Error{Code: layers.CodeInvalid, Reason: "truncated", Msg: "the part could not be read whole", Err: err}
	case err != nil:
		return err
	case have < a.Size:
		return c.JSON(http.StatusOK, bodyOfAttachment(a, have))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), finishTime) // all is there: keep it, even if the sender leaves
	defer cancel()
	files, err := folder.Finish(ctx, a)
	if err != nil {
		return err
	}
	if a, err = service.Finish(ctx, id, files); err != nil {
		return err
	}
	folder.Forget(a)
	return c.JSON(http.StatusOK, bodyOfAttachment(a, a.Size))
}

// isBroken reports whether a body ended before its end.
func isBroken(err error) bool {
	var known *layers.Error
	return !errors.As(err, &known) && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) || isTimeout(err))
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// patientBody moves the deadlines of the request along with what the client sends.
type patientBody struct {
	io.Reader
	control *http.ResponseController
}

func (p *patientBody) Read(b []byte) (int, error) {
	now := time.Now()
	_ = p.control.SetReadDeadline(now.Add(stall)) // not every connection of tests has one
	_ = p.control.SetWriteDeadline(now.Add(stall + finishTime))
	return p.Reader.Read(b)
}

// getAttachment answers with what is shared of a picture or video; with the small picture, or with the original, where it is asked for.
func (s *Server) getAttachment(c echo.Context) error {
	service, folder, err := s.keptAttachments()
	if err != nil {
		return err
	}
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := newQuery(c)
	thumb, original := q.flag("thumbnail"), q.flag("original")
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	a, err := service.Attachment(ctx, id)
	if err != nil {
		return err
	}
	sum, mediaType, extension, disposition := a.Files.Shared, string(a.Type), a.Type.Extension(), "inline"
	switch {
	case thumb && original:
		return layers.Invalid("thumbnail", "not_both", "either the small picture or the original")
	case thumb && a.Files.Thumb == "":
		return layers.Errorf(layers.CodeNotFound, "there is no small picture")
	case thumb:
		sum, mediaType, extension = a.Files.Thumb, string(attachment.JPEG), attachment.JPEG.Extension()
	case original:
		if err := service.Original(ctx, a); err != nil {
			return err
		}
		sum, disposition = a.SHA256, "attachment"
	}
	file, err := folder.Open(sum)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, mediaType)
	h.Set(echo.HeaderContentDisposition, disposition+`; filename="`+strconv.FormatInt(a.IncidentID, 10)+"-"+strconv.FormatInt(a.ID, 10)+extension+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	s.sendFile(c, "attachment", `"`+sum[:24]+`"`, *a.DoneAt, file)
	return nil
}
