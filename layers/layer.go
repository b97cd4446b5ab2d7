package layers

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Version is a point in the history of one database: the end of a commit record in its write-ahead log.
// Versions of one [Position.Epoch] are totally ordered and the same on every node. Zero is before everything.
type Version uint64

// Position is how far a replica has come, and in which history.
type Position struct {
	Epoch   string // "<systemid>.<timeline>"; versions of different epochs cannot be compared
	Version Version
}

// Token is the opaque form a client keeps to resume: "<systemid>.<timeline>/<version in hex>".
func (p Position) Token() string { return fmt.Sprintf("%s/%x", p.Epoch, uint64(p.Version)) }

// Text is one wording in both languages of the product.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Delivery is the way a layer reaches a map.
type Delivery string

const (
	DeliverTiles    Delivery = "tiles"    // geometry in tiles, state in the stream (large layers)
	DeliverFeatures Delivery = "features" // geometry and state in the stream (under about 5,000)
	DeliverMoving   Delivery = "moving"   // points that move: drawn from typed arrays
)

// GeometryType is what a layer's geometry column holds.
type GeometryType string

const (
	GeometryNone    GeometryType = "none"
	GeometryPoint   GeometryType = "point"
	GeometryLine    GeometryType = "line"
	GeometryPolygon GeometryType = "polygon"
	GeometryAny     GeometryType = "any"
)

// ColumnType is the Go type behind a column's values: string, int64, float64, bool or time.Time; nil is SQL NULL.
type ColumnType string

const (
	ColumnText    ColumnType = "text"
	ColumnInt     ColumnType = "int"
	ColumnFloat   ColumnType = "float"
	ColumnBool    ColumnType = "bool"
	ColumnTime    ColumnType = "time"
	ColumnJSON    ColumnType = "json"    // carried as its JSON text
	ColumnStrings ColumnType = "strings" // text[]; carried as []string
)

// Column is one published attribute of a layer.
type Column struct {
	Name string     `json:"name"`
	Type ColumnType `json:"type"`
}

// Layer is one table of the publication: what the catalogue says of it.
// The zero value is not usable; a Layer is not changed after it was given to a replica.
type Layer struct {
	Name     string
	Title    Text
	Geometry GeometryType
	Columns  []Column // without id and geometry, in the order of Feature.Values
	Delivery Delivery
	MinZoom  int // tiles below are empty
	MaxZoom  int // clients overzoom above
	Tiling   Tiling
	Time     string // column by which features are filtered by time; default the first of type ColumnTime

	area int // index of area_path in Columns plus one; 0 when the layer has none
}

// Tiling says how tiles of a layer stay small where much lies in them. The zero value takes the defaults of the tile server.
type Tiling struct {
	Features   int    // budget of one tile below the zoom at which nothing is left out; 0 is the default
	Bytes      int    // the same, uncompressed
	Rank       string // column of numbers, times or bools: of crowded points the highest is drawn; default the lowest id
	CountBelow int    // zooms below show how many points lie in a cell, in a layer "<name>_count" beside it; 0 is never
	Labels     bool   // polygons have a point for their name in a layer "<name>_label" beside it
}

// AreaColumn is the column by which rights are decided.
const AreaColumn = "area_path"

// NewLayer returns l ready for use: it looks up the area column once.
func NewLayer(l Layer) *Layer {
	l.area = l.Index(AreaColumn) + 1
	return &l
}

// Index returns the place of the named column in Columns, or -1.
func (l *Layer) Index(column string) int {
	for i, c := range l.Columns {
		if c.Name == column {
			return i
		}
	}
	return -1
}

// TimeColumn returns the place in Columns of the time of features, or -1 when they have none.
func (l *Layer) TimeColumn() int {
	if l.Time != "" {
		return l.Index(l.Time)
	}
	return slices.IndexFunc(l.Columns, func(c Column) bool { return c.Type == ColumnTime })
}

// Scoped reports whether features of the layer belong to areas. Unscoped layers are the same for every signed-in user.
func (l *Layer) Scoped() bool { return l.area > 0 }

var areaPath = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)

// IsAreaPath reports whether s can be the path of an area: codes from the county down, with dots between them.
func IsAreaPath(s string) bool { return areaPath.MatchString(s) }

// CommonArea returns the smallest area that holds both, "" where there is none.
func CommonArea(a, b string) string {
	end := 0
	for i := 0; ; i++ {
		endA, endB := i == len(a) || a[i] == '.', i == len(b) || b[i] == '.'
		if endA && endB {
			end = i
		}
		if i == len(a) || i == len(b) || a[i] != b[i] {
			return a[:end]
		}
	}
}

// Area returns the area path of f, or "" when the layer has none or f lies in none.
func (l *Layer) Area(f *Feature) string {
	if l.area == 0 || f == nil {
		return ""
	}
	s, _ := f.Values[l.area-1].(string)
	return s
}

// Feature is one row of a layer. It is never changed after it was given to a replica, so readers hold it without a lock.
type Feature struct {
	ID       int64
	Geometry orb.Geometry // EPSG:4326, or nil
	Bound    orb.Bound    // of Geometry; meaningless when Geometry is nil
	Values   []any        // as Layer.Columns
	Version  Version      // of the last change
}

// ChangeKind says what a commit did to a feature.
type ChangeKind uint8

const (
	Upsert   ChangeKind = iota
	Delete              // Feature carries the ID alone
	Truncate            // the layer is empty now; Feature is nil
)

// Change is one row change in commit order.
type Change struct {
	Layer   string
	Kind    ChangeKind
	Feature *Feature
	// Unchanged lists columns the source did not send (unchanged TOAST): indices into Layer.Columns, and -1 for the geometry.
	// The replica takes them from the feature it holds.
	Unchanged []int
}

// Commit is what one transaction did to the published layers, applied whole or not at all.
type Commit struct {
	Version Version
	Time    time.Time // of the commit, by the database's clock
	Changes []Change
}

// Snapshot is the whole of the published layers at one position.
type Snapshot struct {
	Position Position
	Layers   []*Layer
	Features map[string][]*Feature // by layer name; Version is set by the replica
}

// SourceState says whether a replica still hears its source.
type SourceState string

const (
	SourceConnecting SourceState = "connecting" // nothing was loaded yet
	SourceLive       SourceState = "live"
	SourceLost       SourceState = "lost" // the replica holds the last known state
)

// SourceStatus is the health of a source as a wall must know it.
type SourceStatus struct {
	State SourceState
	Since time.Time // of State
	Heard time.Time // last sign of life from the database, even without changes
	Err   error     // why it was lost; its text is for logs, not for clients
}
