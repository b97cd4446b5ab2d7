package layerstest

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// LayerName is the layer that the suite writes. As SQL:
//
//	CREATE TABLE plot (id bigint PRIMARY KEY, name text, status text, area_path text, geom geometry(Polygon, 4326));
//	ALTER PUBLICATION wanglou ADD TABLE plot;
const LayerName = "plot"

// PlotColumns are the columns that the layer must have, in this order.
var PlotColumns = []layers.Column{
	{Name: "name", Type: layers.ColumnText}, {Name: "status", Type: layers.ColumnText}, {Name: layers.AreaColumn, Type: layers.ColumnText},
}

// Row is one row of the layer.
type Row struct {
	ID       int64
	Name     string
	Status   string
	Area     string      // "" is NULL
	Geometry orb.Polygon // nil is NULL
}

// OpKind is what an [Op] does.
type OpKind int

const (
	OpInsert    OpKind = iota // Row
	OpUpdate                  // all columns of Row, by Row.ID
	OpSetStatus               // Row.Status alone, by Row.ID: UPDATE … SET status = …
	OpDelete                  // by Row.ID
	OpTruncate
)

// Op is one statement of a transaction.
type Op struct {
	Kind OpKind
	Row  Row
}

// Insert, Update, SetStatus, Delete and Truncate name the statements.
func Insert(r Row) Op { return Op{Kind: OpInsert, Row: r} }
func Update(r Row) Op { return Op{Kind: OpUpdate, Row: r} }
func SetStatus(id int64, status string) Op {
	return Op{Kind: OpSetStatus, Row: Row{ID: id, Status: status}}
}
func Delete(id int64) Op { return Op{Kind: OpDelete, Row: Row{ID: id}} }
func Truncate() Op       { return Op{Kind: OpTruncate} }

// Harness is one fresh database with the empty layer, for one test.
type Harness interface {
	// NewSource returns a source over the database. The suite runs it, and asks for several to play several nodes.
	NewSource(t *testing.T) layers.Source
	// Commit makes one transaction and returns after it was committed.
	Commit(t *testing.T, ops ...Op)
	// Rollback makes one and takes it back.
	Rollback(t *testing.T, ops ...Op)
	// Cut breaks the connections of all running sources. They may come back at once.
	Cut(t *testing.T)
}

// Square is a polygon of side degrees with its lower left corner at lon, lat.
func Square(lon, lat, side float64) orb.Polygon {
	return orb.Polygon{{{lon, lat}, {lon + side, lat}, {lon + side, lat + side}, {lon, lat + side}, {lon, lat}}}
}

// Large is a valid polygon of n corners with coordinates that do not compress: PostgreSQL stores it out of line, and
// leaves it out of updates of other columns.
func Large(lon, lat float64, n int) orb.Polygon {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		r := 0.01 * (1 + 0.3*math.Sin(float64(i*i)))
		ring = append(ring, orb.Point{lon + r*cos, lat + r*sin})
	}
	return orb.Polygon{append(ring, ring[0])}
}

// NewHarness returns the harness of the fake.
func NewHarness(*testing.T) Harness {
	return fake{NewSource(layers.NewLayer(layers.Layer{
		Name: LayerName, Geometry: layers.GeometryPolygon, Columns: PlotColumns, Delivery: layers.DeliverTiles, MaxZoom: 16,
	}))}
}

type fake struct{ source *Source }

func (f fake) NewSource(*testing.T) layers.Source { return f.source }
func (f fake) Rollback(*testing.T, ...Op)         {}
func (f fake) Cut(*testing.T)                     { f.source.Cut() }

func (f fake) Commit(_ *testing.T, ops ...Op) {
	changes := make([]layers.Change, len(ops))
	for i, op := range ops {
		changes[i] = op.change()
	}
	f.source.Commit(changes...)
}

func (op Op) change() layers.Change {
	ch := layers.Change{Layer: LayerName}
	switch op.Kind {
	case OpTruncate:
		ch.Kind = layers.Truncate
	case OpDelete:
		ch.Kind, ch.Feature = layers.Delete, &layers.Feature{ID: op.Row.ID}
	case OpSetStatus:
		ch.Feature = &layers.Feature{ID: op.Row.ID, Values: []any{nil, op.Row.Status, nil}}
		ch.Unchanged = []int{0, 2, -1}
	default:
		ch.Feature = op.Row.feature()
	}
	return ch
}

func (r Row) feature() *layers.Feature {
	f := &layers.Feature{ID: r.ID, Values: []any{r.Name, r.Status, nil}}
	if r.Area != "" {
		f.Values[2] = r.Area
	}
	if r.Geometry != nil {
		f.Geometry = r.Geometry
	}
	return f
}
