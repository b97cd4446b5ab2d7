package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/report"
	"wanglou/server/strictjson"
)

// keptDictionary returns the service, or CodeNotFound where the dictionary is as the program brings it.
func (s *Server) keptDictionary() (report.Dictionary, error) {
	if s.dictionary == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server's dictionary cannot be changed")
	}
	return s.dictionary, nil
}

func (s *Server) createCategory(c echo.Context) error {
	var in struct {
		Kind     string            `json:"kind"`
		Code     string            `json:"code"`
		Class    string            `json:"class"`
		Name     string            `json:"name"`
		NameEN   string            `json:"name_en"`
		Severity incident.Severity `json:"severity"`
	}
	return storeWord(c, s, http.StatusCreated, report.Dictionary.CreateCategory, &in, func() *incident.Category {
		return &incident.Category{Kind: in.Kind, Code: in.Code, Class: in.Class, Name: in.Name, NameEN: in.NameEN, Severity: in.Severity}
	})
}

func (s *Server) updateCategory(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		Revision int64             `json:"revision"`
		Name     string            `json:"name"`
		NameEN   string            `json:"name_en"`
		Severity incident.Severity `json:"severity"`
		Retired  bool              `json:"retired"`
	}
	return storeWord(c, s, http.StatusOK, report.Dictionary.UpdateCategory, &in, func() *incident.Category {
		return &incident.Category{ID: id, Revision: in.Revision, Name: in.Name, NameEN: in.NameEN, Severity: in.Severity, Retired: in.Retired}
	})
}

// alarmKindBody is schema NewAlarmKind.
type alarmKindBody struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	TitleEn  string `json:"title_en"`
	Category string `json:"category"`
	Severity int    `json:"severity"`
}

func (s *Server) createAlarmKind(c echo.Context) error {
	var in alarmKindBody
	return storeWord(c, s, http.StatusCreated, report.Dictionary.CreateAlarmKind, &in, func() *report.AlarmKind {
		return &report.AlarmKind{Code: in.Code, Title: in.Title, TitleEn: in.TitleEn, Category: in.Category, Severity: in.Severity}
	})
}

func (s *Server) updateAlarmKind(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		Revision int64  `json:"revision"`
		Title    string `json:"title"`
		TitleEn  string `json:"title_en"`
		Category string `json:"category"`
		Severity int    `json:"severity"`
		Retired  bool   `json:"retired"`
	}
	return storeWord(c, s, http.StatusOK, report.Dictionary.UpdateAlarmKind, &in, func() *report.AlarmKind {
		return &report.AlarmKind{ID: id, Revision: in.Revision, Title: in.Title, TitleEn: in.TitleEn, Category: in.Category, Severity: in.Severity, Retired: in.Retired}
	})
}

// storeWord reads the body of a request, stores what it makes and answers with it as it is stored.
func storeWord[T any](c echo.Context, s *Server, status int, store func(report.Dictionary, context.Context, *T) error, in any, word func() *T) error {
	service, err := s.keptDictionary()
	if err != nil {
		return err
	}
	if err := strictjson.Decode(c, in); err != nil {
		return err
	}
	w := word()
	if err := store(service, c.Request().Context(), w); err != nil {
		return err
	}
	return c.JSON(status, w)
}
