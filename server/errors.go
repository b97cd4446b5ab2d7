package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

// statusOf maps each error code to the one HTTP status that carries it.
var statusOf = map[layers.Code]int{
	layers.CodeInvalid:              http.StatusBadRequest,
	layers.CodeNotFound:             http.StatusNotFound,
	layers.CodeConflict:             http.StatusConflict,
	layers.CodePreconditionFailed:   http.StatusPreconditionFailed,
	layers.CodePreconditionRequired: http.StatusPreconditionRequired,
	layers.CodeForbidden:            http.StatusForbidden,
	layers.CodeUnauthorized:         http.StatusUnauthorized,
	layers.CodeRateLimited:          http.StatusTooManyRequests,
	layers.CodeTooLarge:             http.StatusRequestEntityTooLarge,
	layers.CodeUnavailable:          http.StatusServiceUnavailable,
	layers.CodeStorageFull:          http.StatusInsufficientStorage,
	layers.CodeInternal:             http.StatusInternalServerError,
}

// errorBody is schema Error of openapi.yaml.
type errorBody struct {
	Code       layers.Code       `json:"code"`
	Field      string            `json:"field,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Message    string            `json:"message"`
	RequestID  string            `json:"request_id"`
	RetryAfter int               `json:"retry_after_s,omitempty"`
}

// paramRetryAfter is the key of Error.Params that becomes retry_after_s and the Retry-After header, in whole seconds.
const paramRetryAfter = "retry_after_s"

// awayRetry is when to ask again for what is unavailable, in seconds, where the error does not say: a database that was
// restarted is back in a few.
const awayRetry = 2

// handleError is the one place where an error becomes an answer. Errors that are not meant for people are logged under
// the request id and shown as internal.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed { // the answer is under way; the connection was cut short and the access log tells it
		return
	}
	e, status := describe(err)
	if e.Code == layers.CodeInternal || e.Code == layers.CodeUnavailable || e.Code == layers.CodeStorageFull {
		level := slog.LevelError
		if errors.Is(err, context.Canceled) { // a map that moves on leaves its tiles behind: no failure
			level = slog.LevelDebug
		}
		s.log.LogAttrs(c.Request().Context(), level, "request failed", slog.String("request_id", requestID(c)),
			slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.Any("err", err))
	}
	body := errorBody{Code: e.Code, Field: e.Field, Reason: e.Reason, Params: e.Params, Message: e.Msg, RequestID: requestID(c)}
	if body.Message == "" {
		body.Message = http.StatusText(status)
	}
	if n, err := strconv.Atoi(e.Params[paramRetryAfter]); err == nil {
		body.RetryAfter = n
	} else if e.Code == layers.CodeUnavailable {
		body.RetryAfter = awayRetry
	}
	if body.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(body.RetryAfter))
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if err := c.JSON(status, body); err != nil {
		s.log.Debug("the client left before its error was written", "request_id", requestID(c), "err", err)
	}
}

// describe returns what the outside may know of err, and the status.
func describe(err error) (*layers.Error, int) {
	var e *layers.Error
	var h *echo.HTTPError
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		if e.Code == layers.CodeInternal {
			e = layers.Errorf(layers.CodeInternal, "something went wrong on the server")
		}
		status, ok := statusOf[e.Code]
		if !ok {
			status = http.StatusInternalServerError
		}
		return e, status
	case errors.As(err, &big):
		return layers.Errorf(layers.CodeTooLarge, "the request has more than %d bytes", big.Limit), http.StatusRequestEntityTooLarge
	case errors.As(err, &h) && h.Code == http.StatusMethodNotAllowed:
		return &layers.Error{Code: layers.CodeInvalid, Reason: "method_not_allowed", Msg: "this address does not take that method"}, h.Code
	case errors.As(err, &h) && h.Code == http.StatusNotFound:
		return layers.Errorf(layers.CodeNotFound, "there is nothing at this address"), h.Code
	case errors.As(err, &h) && h.Code == http.StatusRequestEntityTooLarge:
		return layers.Errorf(layers.CodeTooLarge, "the request is too large"), h.Code
	case errors.Is(err, context.DeadlineExceeded):
		return layers.Errorf(layers.CodeUnavailable, "the server took too long"), http.StatusServiceUnavailable
	case errors.Is(err, context.Canceled):
		return layers.Errorf(layers.CodeUnavailable, "the request was given up"), http.StatusServiceUnavailable
	}
	return layers.Errorf(layers.CodeInternal, "something went wrong on the server"), http.StatusInternalServerError
}
