package server

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/push"
	"wanglou/server/strictjson"
)

// keptPush returns the service, or CodeNotFound where nobody is notified.
func (s *Server) keptPush() (push.Service, error) {
	if s.push == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server notifies nobody")
	}
	return s.push, nil
}

// pushState is schema PushState.
type pushState struct {
	Reaches bool                 `json:"reaches"`
	Key     string               `json:"key,omitempty"`
	Items   []*push.Subscription `json:"items"`
}

// getPush tells a browser whether any push service can be reached from here, and with which key it is to subscribe.
func (s *Server) getPush(c echo.Context) error {
	service, err := s.keptPush()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	out := pushState{Reaches: s.pusher.Reaches()}
	if out.Items, err = service.Subscriptions(ctx); err != nil {
		return err
	}
	if out.Reaches {
		keys, err := service.Keys(ctx)
		if err != nil {
			return err
		}
		out.Key = keys.Public
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) subscribePush(c echo.Context) error {
	service, err := s.keptPush()
	if err != nil {
		return err
	}
	var in struct {
		Endpoint string `json:"endpoint"`
		P256DH   string `json:"p256dh"`
		Auth     string `json:"auth"`
		Device   string `json:"device"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	sub := &push.Subscription{Endpoint: in.Endpoint, P256DH: in.P256DH, Auth: in.Auth, Device: in.Device}
	if err := sub.Validate(s.pusher.Allows); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if wait, ok := s.pushByUser.take(strconv.FormatInt(auth.ActorFrom(ctx).User.ID, 10)); !ok {
		return tooOften("subscriptions", wait)
	}
	if err := service.Subscribe(ctx, sub); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, sub)
}

func (s *Server) unsubscribePush(c echo.Context) error {
	return ofStored(c, s.keptPush, push.Service.Unsubscribe)
}
