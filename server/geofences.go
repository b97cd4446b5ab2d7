package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/fence"
	"wanglou/server/strictjson"
)

// keptFences returns the service, or CodeNotFound where there are no geofences.
func (s *Server) keptFences() (fence.Store, error) {
	if s.fences == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no geofences")
	}
	return s.fences, nil
}

func (s *Server) listGeofences(c echo.Context) error {
	return listStored(c, s.keptFences, fence.Store.Rules)
}

// geofenceBody is schema GeofenceInput.
type geofenceBody struct {
	Revision     int64           `json:"revision"`
	Name         string          `json:"name"`
	AreaPath     string          `json:"area_path"`
	MovingLayer  string          `json:"moving_layer"`
	MovingFilter string          `json:"moving_filter"`
	FenceLayer   string          `json:"fence_layer"`
	FenceFilter  string          `json:"fence_filter"`
	Triggers     []fence.Trigger `json:"triggers"`
	DwellS       int             `json:"dwell_s"`
	MarginM      float64         `json:"margin_m"`
	Report       bool            `json:"report"`
	Enabled      *bool           `json:"enabled"`
}

// readGeofence returns the rule of a request, validated against the layers as they are now.
func (s *Server) readGeofence(c echo.Context) (*fence.Rule, error) {
	var in geofenceBody
	if err := strictjson.Decode(c, &in); err != nil {
		return nil, err
	}
	r := &fence.Rule{Revision: in.Revision, Name: in.Name, AreaPath: in.AreaPath, MovingLayer: in.MovingLayer, MovingFilter: in.MovingFilter,
		FenceLayer: in.FenceLayer, FenceFilter: in.FenceFilter, Triggers: in.Triggers, DwellS: in.DwellS, MarginM: in.MarginM, Report: in.Report,
		Enabled: in.Enabled == nil || *in.Enabled}
	return r, r.Validate(s.replica)
}

func (s *Server) createGeofence(c echo.Context) error {
	return s.storeGeofence(c, 0, http.StatusCreated, fence.Store.Create)
}

func (s *Server) updateGeofence(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.storeGeofence(c, id, http.StatusOK, fence.Store.Update)
}

// storeGeofence reads the rule of a request, stores it and answers with it as it is stored.
func (s *Server) storeGeofence(c echo.Context, id int64, status int, store func(fence.Store, context.Context, *fence.Rule) error) error {
	kept, err := s.keptFences()
	if err != nil {
		return err
	}
	r, err := s.readGeofence(c)
	if err != nil {
		return err
	}
	r.ID = id
	if err := store(kept, c.Request().Context(), r); err != nil {
		return err
	}
	return c.JSON(status, r)
}

func (s *Server) deleteGeofence(c echo.Context) error {
	return ofStored(c, s.keptFences, fence.Store.Delete)
}
