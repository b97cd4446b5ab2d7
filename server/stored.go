package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/server/strictjson"
)

// storedAt returns a service that a server may lack, and the id that the route names.
func storedAt[S any](c echo.Context, kept func() (S, error)) (service S, id int64, err error) {
	if id, err = pathID(c); err == nil {
		service, err = kept()
	}
	return service, id, err
}

// getStored answers with the thing of the route's id, in a service that a server may lack.
func getStored[S, T any](c echo.Context, kept func() (S, error), get func(S, context.Context, int64) (T, error)) error {
	service, id, err := storedAt(c, kept)
	if err != nil {
		return err
	}
	out, err := get(service, c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

// ofStored does something with the thing of the route's id, in a service that a server may lack, and answers with nothing.
func ofStored[S any](c echo.Context, kept func() (S, error), do func(S, context.Context, int64) error) error {
	service, id, err := storedAt(c, kept)
	if err != nil {
		return err
	}
	if err := do(service, c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// listStored answers with all that a service, which a server may lack, shows the caller.
func listStored[S, T any](c echo.Context, kept func() (S, error), all func(S, context.Context) ([]T, error)) error {
	service, err := kept()
	if err != nil {
		return err
	}
	found, err := all(service, c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

// createStored stores what the body says, in a service that a server may lack, and answers with it as it is stored.
func createStored[S, In, T any](c echo.Context, kept func() (S, error), create func(S, context.Context, *In) (T, error)) error {
	service, err := kept()
	if err != nil {
		return err
	}
	var in In
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := create(service, c.Request().Context(), &in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, out)
}

// replaceStored puts what the body says in the place of the thing of the route's id, and answers with it as it is stored.
func replaceStored[S, In, T any](c echo.Context, kept func() (S, error), replace func(S, context.Context, int64, *In) (T, error)) error {
	service, id, err := storedAt(c, kept)
	if err != nil {
		return err
	}
	var in In
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	out, err := replace(service, c.Request().Context(), id, &in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}
