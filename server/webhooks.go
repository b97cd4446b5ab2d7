package server

import (
	"cmp"
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/hook"
	"wanglou/server/live"
	"wanglou/server/strictjson"
)

// keptHooks returns the service, or CodeNotFound where there are no webhooks.
func (s *Server) keptHooks() (hook.Store, error) {
	if s.webhooks == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no webhooks")
	}
	return s.webhooks, nil
}

func (s *Server) listWebhooks(c echo.Context) error {
	return listStored(c, s.keptHooks, func(store hook.Store, ctx context.Context) ([]*hook.Hook, error) {
		all, err := store.Hooks(ctx)
		for _, h := range all {
			h.URL = h.Shown()
		}
		return all, err
	})
}

// webhookBody is schema NewWebhook.
type webhookBody struct {
	Kind     hook.Kind `json:"kind"`
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Layer    string    `json:"layer"`
	Geometry bool      `json:"geometry"`
	Columns  []string  `json:"columns"`
	Filter   string    `json:"filter"`
	Template string    `json:"template"`
	Link     string    `json:"link"`
	Secret   string    `json:"secret"` // of a robot
}

// madeWebhook is schema MadeWebhook: the only time that the secret is told.
type madeWebhook struct {
	*hook.Hook
	Secret string `json:"secret"`
}

func (s *Server) createWebhook(c echo.Context) error {
	store, err := s.keptHooks()
	if err != nil {
		return err
	}
	var in webhookBody
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	h := &hook.Hook{Kind: cmp.Or(in.Kind, hook.KindEvent), Name: in.Name, URL: in.URL, Layer: in.Layer, Geometry: in.Geometry, Columns: in.Columns, Filter: in.Filter, Template: in.Template, Link: in.Link}
	if h.Columns == nil {
		h.Columns = []string{}
	}
	if h.Bot() {
		h.Secret, h.Geometry = in.Secret, false
		if l := s.replica.Layer(in.Layer); l != nil {
			h.Columns = h.Needs(l)
		}
	} else if in.Secret != "" {
		return layers.Invalid("secret", "not_a_robot", "only robots have a secret of their own")
	}
	q := live.Query{Layer: in.Layer, Geometry: h.Geometry, Columns: h.Columns, Filter: in.Filter}
	if in.Layer != "" {
		if err := s.live.Check(q, auth.ActorFrom(ctx).Scope); err != nil { // what it asks for is told now, not by every try
			return asInvalid("layer", err)
		}
	}
	if err := store.Create(ctx, h); err != nil {
		return err
	}
	told := h.Secret
	if h.Bot() { // whoever made it has it already
		told, h.URL = "", h.Shown()
	}
	return c.JSON(http.StatusCreated, madeWebhook{h, told})
}

// asInvalid makes "there is no such thing" an error of the field that names it.
func asInvalid(field string, err error) error {
	if layers.ErrorCode(err) == layers.CodeNotFound {
		return layers.Invalid(field, "unknown_layer", "there is no such layer")
	}
	return err
}

// pauseBody is schema WebhookPause.
type pauseBody struct {
	Paused *bool `json:"paused"`
}

func (s *Server) pauseWebhook(c echo.Context) error {
	return s.ofWebhook(c, func(ctx context.Context, store hook.Store, id int64) error {
		var in pauseBody
		if err := strictjson.Decode(c, &in); err != nil {
			return err
		}
		if in.Paused == nil {
			return layers.Invalid("paused", "required", "paused is true or false")
		}
		return store.Pause(ctx, id, *in.Paused)
	})
}

func (s *Server) deleteWebhook(c echo.Context) error {
	return ofStored(c, s.keptHooks, hook.Store.Delete)
}

// ofWebhook does something with the route's webhook, and answers with nothing.
func (s *Server) ofWebhook(c echo.Context, do func(context.Context, hook.Store, int64) error) error {
	return ofStored(c, s.keptHooks, func(store hook.Store, ctx context.Context, id int64) error { return do(ctx, store, id) })
}

func (s *Server) listDeadEvents(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	store, err := s.keptHooks()
	if err != nil {
		return err
	}
	found, err := store.DeadOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

func (s *Server) resendDeadEvent(c echo.Context) error {
	return s.ofWebhook(c, func(ctx context.Context, _ hook.Store, id int64) error {
		return s.deliveries.Resend(ctx, id, c.Param("event"))
	})
}

func (s *Server) buryDeadEvent(c echo.Context) error {
	return s.ofWebhook(c, func(ctx context.Context, store hook.Store, id int64) error {
		return store.Bury(ctx, id, c.Param("event"))
	})
}
