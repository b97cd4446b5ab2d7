package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/strictjson"
)

// keptRoles returns the service, or CodeNotFound where roles allow what they do as delivered.
func (s *Server) keptRoles() (auth.RoleStore, error) {
	if s.roles == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server's roles cannot be changed")
	}
	return s.roles, nil
}

// listRoles answers with schema RoleList: besides the roles, everything that one could allow.
func (s *Server) listRoles(c echo.Context) error {
	service, err := s.keptRoles()
	if err != nil {
		return err
	}
	found, err := service.Roles(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Items   []*auth.RoleInfo `json:"items"`
		Actions []auth.Action    `json:"actions"`
	}{found, auth.Actions()})
}

// roleInput is what schemas NewRole and RoleChange have in common.
type roleInput struct {
	Title   string        `json:"title"`
	TitleEN string        `json:"title_en"`
	Actions []auth.Action `json:"actions"`
}

func (s *Server) createRole(c echo.Context) error {
	var in struct {
		Name auth.Role `json:"name"`
		roleInput
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	return s.storeRole(c, http.StatusCreated, auth.RoleStore.Create, &auth.RoleInfo{Name: in.Name, Title: in.Title, TitleEN: in.TitleEN, Actions: in.Actions})
}

func (s *Server) updateRole(c echo.Context) error {
	var in struct {
		Revision int64 `json:"revision"`
		roleInput
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	return s.storeRole(c, http.StatusOK, auth.RoleStore.Update, &auth.RoleInfo{Name: auth.Role(c.Param("name")), Revision: in.Revision, Title: in.Title, TitleEN: in.TitleEN, Actions: in.Actions})
}

func (s *Server) storeRole(c echo.Context, status int, store func(auth.RoleStore, context.Context, *auth.RoleInfo) error, r *auth.RoleInfo) error {
	service, err := s.keptRoles()
	if err != nil {
		return err
	}
	if err := store(service, c.Request().Context(), r); err != nil {
		return err
	}
	s.RightsChanged(auth.RightsChange{}) // the trigger tells it, too, some milliseconds later
	return c.JSON(status, r)
}

func (s *Server) removeRole(c echo.Context) error {
	service, err := s.keptRoles()
	if err != nil {
		return err
	}
	q := newQuery(c)
	revision := q.integer("revision", 1, 1<<53, 0)
	if err := q.err(); err != nil {
		return err
	}
	if err := service.Remove(c.Request().Context(), auth.Role(c.Param("name")), revision); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
