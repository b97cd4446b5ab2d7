package server

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/server/gb28181"
)

// getRepairs says who must repair what.
func (s *Server) getRepairs(c echo.Context) error {
	if s.repairs == nil {
		return layers.Errorf(layers.CodeNotFound, "this server keeps no outages")
	}
	now := s.now().Local()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.Local)
	if text := c.QueryParam("month"); text != "" {
		m, err := time.ParseInLocation("2006-01", text, time.Local)
		if err != nil || m.Year() < 2000 || m.After(now) {
			return layers.Invalid("month", "not_a_month", "%.20q is not a month that has begun, like 2026-03", text)
		}
		month = m
	}
	switch format := c.QueryParam("format"); format {
	case "", "json":
	case "csv":
		return s.writeUptimes(c, month)
	default:
		return layers.Invalid("format", "unknown_value", "%.20q is neither json nor csv", format)
	}
	found, err := s.repairs.Repairs(c.Request().Context(), month)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, struct {
		Month string           `json:"month"`
		Items []*camera.Repair `json:"items"`
	}{month.Format("2006-01"), append([]*camera.Repair{}, found...)})
}

// writeUptimes writes one line a camera, with a mark for spreadsheets that it is UTF-8.
func (s *Server) writeUptimes(c echo.Context, month time.Time) error {
	rows, err := s.repairs.Uptimes(c.Request().Context(), month)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="cameras-%s.csv"`, month.Format("2006-01")))
	c.Response().WriteHeader(http.StatusOK)
	if _, err := c.Response().Write([]byte("\ufeff")); err != nil {
		return err
	}
	w := csv.NewWriter(c.Response())
	_ = w.Write([]string{"id", "device_id", "name", "department", "status", "since", "outage", "online_s", "expected_s", "unseen_s", "availability"})
	for _, r := range rows {
		share := ""
		if r.Expected > 0 {
			share = strconv.FormatFloat(float64(r.Online)/float64(r.Expected), 'f', 4, 64)
		}
		_ = w.Write([]string{strconv.FormatInt(r.CameraID, 10), r.DeviceID, camera.Cell(r.Name), camera.Cell(r.Department), string(r.Status), r.Since.Format(time.RFC3339), camera.Cell(r.Parent),
			strconv.FormatInt(r.Online, 10), strconv.FormatInt(r.Expected, 10), strconv.FormatInt(r.Unseen, 10), share}) // the writer keeps its first error
	}
	w.Flush()
	return w.Error()
}

// listDevices lists the devices that register by themselves, and what others have to be told that shall do so.
func (s *Server) listDevices(c echo.Context) error {
	if s.signals == nil {
		return layers.Errorf(layers.CodeNotFound, "this server hears no devices")
	}
	found, err := s.signals.Devices(c.Request().Context())
	if err != nil {
		return err
	}
	var platform *gb28181.Platform
	if s.devices != nil {
		is := s.devices.Platform()
		platform = &is
	}
	return c.JSON(http.StatusOK, struct {
		Platform *gb28181.Platform `json:"platform"`
		Items    []camera.Device   `json:"items"`
	}{platform, append([]camera.Device{}, found...)})
}

// probeGauges tells what the prober of this node has done.
type probeGauges struct{ server *Server }

var (
	descLooks    = description("probe_looks_total", "Looks at cameras, by what they found (empty: not allowed).", "sight")
	descTurned   = description("probe_turned_total", "Changes of status that looks have made.")
	descTargets  = description("probe_targets", "Cameras that this node looks at; 0 where another one leads.")
	descUnderWay = description("probe_under_way", "Looks under way.")
	descLost     = description("probe_batches_failed_total", "Batches of observations that could not be stored at once.")
)

// Describe implements prometheus.Collector.
func (probeGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descLooks, descTurned, descTargets, descUnderWay, descLost} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (g probeGauges) Collect(ch chan<- prometheus.Metric) {
	if g.server.prober == nil {
		return
	}
	st := g.server.prober.Stats()
	for sight, n := range st.Looks {
		ch <- prometheus.MustNewConstMetric(descLooks, prometheus.CounterValue, float64(n), string(sight))
	}
	ch <- prometheus.MustNewConstMetric(descTurned, prometheus.CounterValue, float64(st.Turned))
	ch <- prometheus.MustNewConstMetric(descTargets, prometheus.GaugeValue, float64(st.Targets))
	ch <- prometheus.MustNewConstMetric(descUnderWay, prometheus.GaugeValue, float64(st.UnderWay))
	ch <- prometheus.MustNewConstMetric(descLost, prometheus.CounterValue, float64(st.Lost))
}
