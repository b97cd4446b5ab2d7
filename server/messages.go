package server

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/message"
	"wanglou/server/strictjson"
)

// keptMessages returns the service, or CodeNotFound where there are no messages.
func (s *Server) keptMessages() (message.Service, error) {
	if s.messages == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no messages")
	}
	return s.messages, nil
}

func (s *Server) listMessages(c echo.Context) error {
	service, id, err := storedAt(c, s.keptMessages)
	if err != nil {
		return err
	}
	q := newQuery(c)
	before := q.integer("before", 1, math.MaxInt64, 0)
	if err := q.err(); err != nil {
		return err
	}
	found, err := service.Messages(c.Request().Context(), id, before)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

func (s *Server) sendMessage(c echo.Context) error {
	service, id, err := storedAt(c, s.keptMessages)
	if err != nil {
		return err
	}
	var in struct {
		Text       string     `json:"text"`
		Promise    bool       `json:"promise"`
		DueAt      *time.Time `json:"due_at"`
		SourceTime time.Time  `json:"source_time"`
		ClientKey  string     `json:"client_key"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	m := &message.Message{IncidentID: id, Text: in.Text, Promise: in.Promise, DueAt: in.DueAt, SourceTime: in.SourceTime, ClientKey: in.ClientKey}
	if err := m.Validate(s.now()); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if wait, ok := s.messagesByUser.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
		return tooOften("messages", wait)
	}
	if err := service.Send(ctx, m); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, m)
}

func (s *Server) keepPromise(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	message, err := strconv.ParseInt(c.Param("message"), 10, 64)
	if err != nil || message < 1 {
		return layers.Errorf(layers.CodeNotFound, "there is no such message")
	}
	service, err := s.keptMessages()
	if err != nil {
		return err
	}
	kept, err := service.Keep(c.Request().Context(), id, message)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, kept)
}
