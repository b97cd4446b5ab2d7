package layers

import (
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// sameDefinition reports whether readers of a may go on reading b: the title alone may differ.
func sameDefinition(a, b *Layer) bool {
	return a.Geometry == b.Geometry && a.Delivery == b.Delivery && a.MinZoom == b.MinZoom && a.MaxZoom == b.MaxZoom &&
		a.Tiling == b.Tiling && a.Time == b.Time && slices.Equal(a.Columns, b.Columns)
}

func sameFeature(a, b *Feature) bool {
	return sameValues(a.Values, b.Values) && sameGeometry(a.Geometry, b.Geometry)
}

func sameGeometry(a, b orb.Geometry) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return orb.Equal(a, b)
}

func sameValues(a, b []any) bool { return slices.EqualFunc(a, b, sameValue) }

// sameValue compares values of the types that [ColumnType] names; NaN equals itself, so that it is not a change.
func sameValue(a, b any) bool {
	switch a := a.(type) {
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || a != a && b != b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	case int64:
		b, ok := b.(int64)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case nil:
		return b == nil
	}
	return false
}
