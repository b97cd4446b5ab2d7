package server

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/server/gb28181/manscdp"
)

// keptCameraFiles returns the registry as a file, or CodeNotFound.
func (s *Server) keptCameraFiles() (camera.Files, error) {
	if s.cameraFiles == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server keeps no registry of cameras")
	}
	return s.cameraFiles, nil
}

// importCameras brings cameras of CSV, GeoJSON or the messages of a GB/T 28181 catalogue, all of it or nothing; with errors in rows the answer is 200 and tells them.
func (s *Server) importCameras(c echo.Context) error {
	service, err := s.keptCameraFiles()
	if err != nil {
		return err
	}
	return importFile(c, []string{"text/csv", mimeGeoJSON, echo.MIMEApplicationJSON, echo.MIMEApplicationXML, echo.MIMETextXML}, func(mt string, file io.Reader) (*camera.File, error) {
		if mt == echo.MIMEApplicationXML || mt == echo.MIMETextXML {
			return readCatalog(file)
		}
		return camera.ReadFile(file)
	}, service.Import)
}

// readCatalog reads the messages in which a device has told its catalogue, one behind the other.
func readCatalog(file io.Reader) (*camera.File, error) {
	body, err := io.ReadAll(file)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeTooLarge, Msg: "the file could not be read whole", Err: err}
	}
	device, items, err := manscdp.ReadCatalog(body)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Reason: "not_a_catalog", Msg: "it is no catalogue of GB/T 28181", Err: err}
	}
	entries := make([]camera.DeviceChannel, len(items))
	for i := range items {
		entries[i] = items[i].Channel()
	}
	return camera.CatalogFile(device, entries), nil
}

// exportCameras gives the cameras of the caller's areas as a file that importCameras takes.
func (s *Server) exportCameras(c echo.Context) error {
	service, err := s.keptCameraFiles()
	if err != nil {
		return err
	}
	rows, err := service.Export(c.Request().Context())
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, `attachment; filename="cameras.csv"`)
	c.Response().WriteHeader(http.StatusOK)
	return camera.WriteFile(c.Response(), rows)
}
