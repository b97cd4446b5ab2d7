package server

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb/geo"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/geojson"
)

const (
	mimeGeoJSON = "application/geo+json"
	maxRadius   = 50_000 // metres
)

// layer returns the route's :layer and the replica that holds it: CodeNotFound when nothing is published under that name,
// CodeUnavailable while nobody knows.
func (s *Server) layer(c echo.Context) (*layers.Layer, *layers.Replica, error) {
	p, err := s.picture(c)
	if err != nil {
		return nil, nil, err
	}
	if l := p.replica.Layer(c.Param("layer")); l != nil {
		return l, p.replica, nil
	}
	if err := s.loaded(); err != nil {
		return nil, nil, err
	}
	return nil, nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_layer", Msg: "there is no such layer"}
}

// listFeatures answers with the features whose bounds meet a box, by id, or with those around a point, nearest first.
func (s *Server) listFeatures(c echo.Context) error {
	q := newQuery(c)
	box, near := q.bound("bbox"), q.point("near")
	radius := q.number("radius", 1, maxRadius, 1000)
	limit := int(q.integer("limit", 1, 1000, 100))
	q.text(paramReplay) // read by picture
	switch {
	case q.err() != nil:
		return q.err()
	case box == nil && near == nil:
		return layers.Invalid("bbox", "required", "either bbox or near is required")
	case box != nil && near != nil:
		return layers.Invalid("near", "not_allowed", "bbox and near do not go together")
	}
	l, replica, err := s.layer(c)
	if err != nil {
		return err
	}
	scope := auth.ActorFrom(c.Request().Context()).Scope
	var found []hit
	if box != nil {
		replica.Search(l.Name, *box, func(f *layers.Feature) bool {
			if scope.Sees(l, f) {
				found = append(found, hit{f, -1})
			}
			return true
		})
		slices.SortFunc(found, func(a, b hit) int { return cmp.Compare(a.feature.ID, b.feature.ID) })
	} else {
		replica.Search(l.Name, geo.NewBoundAroundPoint(*near, radius*1.01), func(f *layers.Feature) bool { // spherical: a little wider
			if scope.Sees(l, f) {
				if d := layers.Distance(*near, f.Geometry); d <= radius {
					found = append(found, hit{f, d})
				}
			}
			return true
		})
		slices.SortFunc(found, func(a, b hit) int {
			return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.feature.ID, b.feature.ID))
		})
	}
	return c.Blob(http.StatusOK, mimeGeoJSON, appendCollection(nil, l, found, limit))
}

// hit is a feature that was found, with its distance in metres, or -1.
type hit struct {
	feature  *layers.Feature
	distance float64
}

// appendCollection appends at most limit of the hits; number_matched tells how many there were.
func appendCollection(b []byte, l *layers.Layer, found []hit, limit int) []byte {
	b = append(b, `{"type":"FeatureCollection","number_matched":`...)
	b = geojson.AppendValue(b, layers.ColumnInt, int64(len(found)))
	b = append(b, `,"features":[`...)
	for i, h := range found[:min(limit, len(found))] {
		if i > 0 {
			b = append(b, ',')
		}
		b = geojson.AppendFeature(b, l, h.feature, h.distance)
	}
	return append(b, `]}`...)
}

func (s *Server) getFeature(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	l, replica, err := s.layer(c)
	if err != nil {
		return err
	}
	f := replica.Get(l.Name, id)
	if f == nil || !auth.ActorFrom(c.Request().Context()).Scope.Sees(l, f) {
		return layers.Errorf(layers.CodeNotFound, "there is nothing with that id")
	}
	return c.Blob(http.StatusOK, mimeGeoJSON, geojson.AppendFeature(nil, l, f, -1))
}
