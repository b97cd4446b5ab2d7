package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/live"
	"wanglou/server/strictjson"
)

// bodyOfUser returns u as schema User has it.
func bodyOfUser(u *auth.User) *auth.User {
	b := *u
	if b.Roles == nil {
		b.Roles = []auth.Role{}
	}
	if b.Areas == nil {
		b.Areas = []string{}
	}
	return &b
}

func (s *Server) listUsers(c echo.Context) error {
	users, err := s.users.Users(c.Request().Context())
	if err != nil {
		return err
	}
	items := make([]*auth.User, len(users))
	for i, u := range users {
		items[i] = bodyOfUser(u)
	}
	return c.JSON(http.StatusOK, list(items))
}

// userInput is schema UserInput.
type userInput struct {
	Login    string      `json:"login"`
	Name     string      `json:"name"`
	Password string      `json:"password"`
	Roles    []auth.Role `json:"roles"`
	Areas    []string    `json:"areas"`
	UnitID   int64       `json:"unit_id"`
	Disabled bool        `json:"disabled"`
}

func decodeUser(c echo.Context) (*auth.User, string, error) {
	var in userInput
	if err := strictjson.Decode(c, &in); err != nil {
		return nil, "", err
	}
	switch {
	case in.Roles == nil:
		return nil, "", layers.Invalid("roles", "required", "roles are required; an empty list is one")
	case in.Areas == nil:
		return nil, "", layers.Invalid("areas", "required", "areas are required; an empty list is one")
	}
	return &auth.User{Login: in.Login, Name: in.Name, Roles: in.Roles, Areas: in.Areas, UnitID: in.UnitID, Disabled: in.Disabled}, in.Password, nil
}

func (s *Server) createUser(c echo.Context) error {
	u, password, err := decodeUser(c)
	if err != nil {
		return err
	}
	if err := s.users.Save(c.Request().Context(), u, password); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, bodyOfUser(u))
}

// updateUser changes an account. What the user may do changes with the next request and, on the live stream, at once; a new
// password or a disabled account ends the user's sessions, the one that does it apart.
func (s *Server) updateUser(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, password, err := decodeUser(c)
	if err != nil {
		return err
	}
	u.ID = id
	ctx := c.Request().Context()
	if err := s.users.Save(ctx, u, password); err != nil {
		return err
	}
	s.accounts.forget(id)
	if (u.Disabled || password != "") && id != auth.ActorFrom(ctx).User.ID {
		if err := s.endSessionsOf(ctx, id); err != nil {
			return err
		}
	}
	s.live.CloseUser(id)
	s.replays.each(func(h *live.Hub) { h.CloseUser(id) })
	return c.JSON(http.StatusOK, bodyOfUser(u))
}

// endSessionsOf ends every session of a user. A store that cannot list its sessions keeps them; a disabled user's end by
// themselves with their next request.
func (s *Server) endSessionsOf(ctx context.Context, id int64) error {
	all, err := s.memory.all(ctx)
	if err != nil {
		return unavailable(err)
	}
	for token, data := range all {
		_, values, err := sessionCodec{}.Decode(data)
		if err != nil || values[sessionUser] != id {
			continue
		}
		if err := s.memory.DeleteCtx(ctx, token); err != nil {
			return unavailable(err)
		}
	}
	return nil
}
