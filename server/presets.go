package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/layers/camera/sight"
	"wanglou/server/strictjson"
)

// keptPresets returns the service, or CodeNotFound where there are no presets.
func (s *Server) keptPresets() (camera.PresetStore, error) {
	if s.presets == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no presets")
	}
	return s.presets, nil
}

// getPresets lists the presets of a camera.
func (s *Server) getPresets(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPresets)
	if err != nil {
		return err
	}
	found, err := service.Presets(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list(found))
}

// setPresets replaces the presets of a camera.
func (s *Server) setPresets(c echo.Context) error {
	service, id, err := storedAt(c, s.keptPresets)
	if err != nil {
		return err
	}
	var in struct {
		Presets camera.Presets `json:"presets"`
		Seen    camera.Presets `json:"seen"`
	}
	if err := strictjson.Decode(c, &in); err != nil {
		return err
	}
	if err := in.Presets.Validate(); err != nil {
		return err
	}
	if err := service.SetPresets(c.Request().Context(), id, in.Presets, in.Seen); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// suggest names the preset of each camera that has the place in its picture. A place that is too far or hidden stays so, whichever way a camera is turned.
func (s *Server) suggest(ctx context.Context, views []sight.View, items []seerBody) error {
	if s.presets == nil || len(items) == 0 {
		return nil
	}
	ids := make([]int64, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	presets, err := s.presets.PresetsOf(ctx, ids)
	if err != nil {
		return err
	}
	for i := range items {
		if r := items[i].Reason; r != "" && r != sight.Outside {
			continue
		}
		wide := sight.UsualFOV
		if fov := views[i].Camera.FOV; fov != nil {
			wide = *fov
		}
		if p := presets[items[i].ID].Toward(views[i].Aim.Azimuth, wide); p != nil {
			items[i].Preset = &presetBody{p.Number, p.Name}
		}
	}
	return nil
}

// presetBody names a preset.
type presetBody struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
}
