package server

import (
	"context"
	"net/http"
	"regexp"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/knowledge"
	"wanglou/server/strictjson"
)

// keptKnowledge returns the service, or CodeNotFound where there is no knowledge base.
func (s *Server) keptKnowledge() (knowledge.Service, error) {
	if s.knowledge == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no knowledge base")
	}
	return s.knowledge, nil
}

var categoryPrefix = regexp.MustCompile(`^([0-9]{2,10})?$`)

func (s *Server) searchKnowledge(c echo.Context) error {
	service, err := s.keptKnowledge()
	if err != nil {
		return err
	}
	q := newQuery(c)
	question := knowledge.Question{Text: q.text("q"), Category: q.text("category"), Limit: int(q.integer("limit", 1, knowledge.MaxHits, 20))}
	switch {
	case q.err() != nil:
		return q.err()
	case utf8.RuneCountInString(question.Text) > knowledge.MaxQuestion:
		return layers.Invalid("q", "too_long", "a search has at most %d characters", knowledge.MaxQuestion)
	case !categoryPrefix.MatchString(question.Category):
		return layers.Invalid("category", "unknown_value", "%q is not a code, nor the beginning of one", question.Category)
	}
	a, err := service.Search(c.Request().Context(), question)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

func (s *Server) getKnowledge(c echo.Context) error {
	service, id, err := storedAt(c, s.keptKnowledge)
	if err != nil {
		return err
	}
	e, err := service.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, e)
}

// knowledgeBody is schema KnowledgeInput.
type knowledgeBody struct {
	Revision   int64    `json:"revision"`
	Title      string   `json:"title"`
	TitleEN    string   `json:"title_en"`
	Body       string   `json:"body"`
	Categories []string `json:"categories"`
	Keywords   []string `json:"keywords"`
	Department string   `json:"department"`
	ValidFrom  string   `json:"valid_from"`
	ValidUntil string   `json:"valid_until"`
	Source     string   `json:"source"`
}

func (s *Server) createKnowledge(c echo.Context) error {
	return s.storeKnowledge(c, 0, http.StatusCreated, knowledge.Service.Create)
}

func (s *Server) updateKnowledge(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.storeKnowledge(c, id, http.StatusOK, knowledge.Service.Update)
}

// storeKnowledge reads the entry of a request, stores it and answers with it as it is stored.
func (s *Server) storeKnowledge(c echo.Context, id int64, status int, store func(knowledge.Service, context.Context, *knowledge.Entry) error) error {
	service, err := s.keptKnowledge()
	if err != nil {
		return err
	}
	var in knowledgeBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	e := &knowledge.Entry{ID: id, Revision: in.Revision, Title: in.Title, TitleEN: in.TitleEN, Body: in.Body, Categories: in.Categories, Keywords: in.Keywords,
		Department: in.Department, ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil, Source: in.Source}
	if err := e.Validate(); err != nil {
		return err
	}
	if err := store(service, c.Request().Context(), e); err != nil {
		return err
	}
	return c.JSON(status, e)
}

func (s *Server) deleteKnowledge(c echo.Context) error {
	return ofStored(c, s.keptKnowledge, knowledge.Service.Delete)
}
