package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/bookmark"
	"wanglou/server/strictjson"
)

// keptBookmarks returns the service, or CodeNotFound where there are no bookmarks.
func (s *Server) keptBookmarks() (bookmark.Service, error) {
	if s.bookmarks == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no bookmarks")
	}
	return s.bookmarks, nil
}

func (s *Server) listBookmarks(c echo.Context) error {
	return listStored(c, s.keptBookmarks, bookmark.Service.Bookmarks)
}

func (s *Server) createBookmark(c echo.Context) error {
	service, err := s.keptBookmarks()
	if err != nil {
		return err
	}
	var in struct {
		At    time.Time `json:"at"`
		Title string    `json:"title"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	b := &bookmark.Bookmark{At: in.At, Title: in.Title}
	if err := b.Validate(s.now()); err != nil {
		return err
	}
	if err := service.Create(c.Request().Context(), b); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, b)
}

func (s *Server) deleteBookmark(c echo.Context) error {
	return ofStored(c, s.keptBookmarks, bookmark.Service.Delete)
}
