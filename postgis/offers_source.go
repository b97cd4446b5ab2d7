package postgis

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/offer"
)

const (
	maxOfferZoom     = 22
	defaultOfferZoom = 16 // clients draw deeper zooms from it
)

// source is an offer and the SQL that reads it. In the SQL its rows are s. It is not changed after it was made.
type source struct {
	*offer.Offer
	found *offered

	from    string         // the relation as it stands behind FROM; of a function see rows
	id      string         // SQL of the id, or ""
	order   string         // SQL that orders rows whatever the id
	geom    geometryColumn // not of tile functions
	area    string         // SQL of the area path, or ""
	rank    string         // SQL, or ""
	time    string         // SQL, or ""
	columns []offerColumn  // as Layer.Columns

	reason, message string // why it is refused, or ""
}

// offerColumn is one attribute.
type offerColumn struct {
	name string
	from string // column of the rows
	sql  string // as it is stored
	tile string // as ST_AsMVT takes it and as package mvt writes it: times in Unix seconds, lists joined with commas
	kind baseType
}

// geometryColumn is where a row lies.
type geometryColumn struct {
	name       string
	sql        string // as it is stored: what the index is over
	kind       baseType
	srid       int
	declared   bool // every row has that SRID, or PostGIS would not have stored it
	geographic bool // in degrees
}

// newSources judges what was found. A table with several geometries gives a source for each: the first has the table's name.
func newSources(f *offered) []*source {
	comment := parseOfferComment(f.comment, f.schema+"."+f.name)
	if comment.off {
		return nil
	}
	if f.tile {
		return []*source{newSource(f, comment, nil)}
	}
	var out []*source
	for i := range f.attributes {
		if a := &f.attributes[i]; a.kind.isGeometry() && !slices.Contains(f.unreadable, a.name) {
			s := newSource(f, comment, a)
			if len(out) > 0 {
				s.Name += "." + a.name
			}
			out = append(out, s)
		}
	}
	return out
}

func newSource(f *offered, c offerComment, geometry *attribute) *source {
	s := &source{found: f, order: f.wholeRow()}
	l := layers.Layer{Name: f.schema + "." + f.name, Title: c.title, Geometry: layers.GeometryAny, Delivery: layers.DeliverTiles,
		MinZoom: max(0, c.minZoom), MaxZoom: defaultOfferZoom}
	if f.tile {
		l.MaxZoom = maxOfferZoom
	}
	if c.maxZoom >= 0 {
		l.MaxZoom = c.maxZoom
	}
	l.MinZoom = min(l.MinZoom, l.MaxZoom)
	s.Offer = &offer.Offer{Kind: kindOf(f), Attribution: c.attribution, Roles: c.roles, Told: c.scoped && f.takesQuery, TTL: c.ttl, Estimate: -1, Notes: c.notes}
	if c.scoped && !f.takesQuery {
		s.refuse("not_told", "its COMMENT says scoped, and it has no json argument to be told the areas by")
	}
	switch {
	case strings.ContainsAny(l.Name, ",/?#%") || strings.HasSuffix(l.Name, ".json"):
		s.refuse("bad_name", "its name has a character that an address cannot have")
	case !f.function:
		s.from = pgx.Identifier{f.schema, f.name}.Sanitize()
	}
	if f.rows >= 0 && !f.tile {
		s.Estimate = int64(f.rows)
	}
	if geometry != nil {
		l.Geometry, s.geom = s.geometry(geometry, c)
		s.attributes(&l, c, geometry)
	}
	s.Layer = layers.NewLayer(l)
	return s
}

func kindOf(f *offered) offer.Kind {
	switch {
	case f.tile:
		return offer.KindTileFunction
	case f.function:
		return offer.KindFunction
	case f.kind == "v":
		return offer.KindView
	case f.kind == "m":
		return offer.KindMaterialized
	}
	return offer.KindTable
}

func (s *source) refuse(reason, format string, args ...any) {
	if s.reason == "" {
		s.reason, s.message = reason, fmt.Sprintf(format, args...)
	}
}

func (s *source) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

func (s *source) geometry(a *attribute, c offerComment) (layers.GeometryType, geometryColumn) {
	shape, srid := a.kind.shape()
	g := geometryColumn{name: a.name, sql: columnSQL(a.name), kind: a.kind, srid: int(srid), declared: srid > 0}
	if a.kind.name == "geography" {
		g.declared = true
		if g.srid == 0 {
			g.srid = 4326
		}
	}
	switch {
	case c.srid == 0 || c.srid == g.srid:
	case g.declared:
		s.refuse("srid_mismatch", "its COMMENT says SRID %d, its column %s is declared with %d", c.srid, a.name, g.srid)
	default:
		g.srid = c.srid
	}
	return shape, g
}

// attributes fills the columns of the layer and what the comment says of them.
func (s *source) attributes(l *layers.Layer, c offerComment, geometry *attribute) {
	f := s.found
	find := func(name string) *attribute {
		i := slices.IndexFunc(f.attributes, func(a attribute) bool { return a.name == name && !a.kind.isGeometry() })
		if i < 0 {
			return nil
		}
		return &f.attributes[i]
	}
	area := c.area
	if area == "" && find(layers.AreaColumn) != nil {
		area = layers.AreaColumn
	}
	// Who may see a row hangs on this column: without it nobody gets any.
	switch a := find(area); {
	case area == "":
	case a == nil:
		s.refuse("area_missing", "its area column %s does not exist", area)
	case slices.Contains(f.unreadable, area):
		s.refuse("area_unreadable", "the server may not SELECT its area column %s", area)
	default:
		s.area = columnSQL(area) + "::text"
	}
	s.key(c, find)
	for name, to := range map[string]*string{c.rank: &s.rank, c.time: &s.time} {
		switch {
		case name == "":
		case find(name) == nil || slices.Contains(f.unreadable, name):
			s.note("COMMENT: there is no column %s that can be read", name)
		default:
			*to = columnSQL(name)
		}
	}
	for _, name := range c.columns {
		if find(name) == nil {
			s.note("COMMENT: there is no column %s", name)
		}
	}
	for i := range f.attributes {
		a := &f.attributes[i]
		if a == geometry || a.name == s.ID && s.IDType == layers.ColumnInt || a.name == area {
			continue
		}
		if c.columns != nil && !slices.Contains(c.columns, a.name) {
			continue
		}
		kind, _, known := decoderOf(a.kind)
		switch {
		case slices.Contains(f.unreadable, a.name):
			s.note("%s: the server may not SELECT it", a.name)
		case a.kind.isGeometry():
		case !known:
			s.note("%s: type %s is not shown", a.name, a.kind.name)
		case a.name == layers.AreaColumn:
			s.note("%s: another column is the area path", a.name)
		default:
			s.column(l, a.name, a.name, a.kind, kind)
		}
	}
	if s.area != "" {
		s.column(l, layers.AreaColumn, area, baseType{oid: textOID, name: "text"}, layers.ColumnText)
	}
}

const textOID = 25

func (s *source) column(l *layers.Layer, name, from string, kind baseType, t layers.ColumnType) {
	c := offerColumn{name: name, from: from, sql: columnSQL(from), kind: kind}
	if name == layers.AreaColumn {
		c.sql += "::text" // a domain or another kind of text
	}
	c.tile = c.sql
	switch t {
	case layers.ColumnTime:
		c.tile = "CASE WHEN isfinite(" + c.sql + ") THEN floor(extract(epoch FROM " + c.sql + "))::bigint END"
	case layers.ColumnText, layers.ColumnJSON:
		c.tile = c.sql + "::text"
	case layers.ColumnFloat:
		c.tile = c.sql + "::float8"
	case layers.ColumnInt:
		c.tile = c.sql + "::bigint"
	case layers.ColumnStrings:
		c.tile = "array_to_string(" + c.sql + ", ',')"
	}
	s.columns = append(s.columns, c)
	l.Columns = append(l.Columns, layers.Column{Name: name, Type: t})
}

// key finds the id: what the comment says, else the primary key or the first unique column that can be one.
func (s *source) key(c offerComment, find func(string) *attribute) {
	candidates := s.found.unique
	if c.id != "" {
		candidates = []string{c.id}
	}
	for _, name := range candidates {
		a := find(name)
		if a == nil || slices.Contains(s.found.unreadable, name) {
			continue
		}
		kind, _, ok := decoderOf(a.kind)
		if ok && (kind == layers.ColumnInt || kind == layers.ColumnText && !a.kind.isEnum) {
			s.ID, s.IDType = name, kind
			s.id, s.order = columnSQL(name), columnSQL(name)
			return
		}
	}
	switch {
	case c.id != "":
		s.note("COMMENT: %s cannot be the id: it must be a column of whole numbers or text that can be read", c.id)
	case s.found.kind == "v" || s.found.function:
		s.note("it has no id: say which column in its COMMENT (id=…), or it is served as tiles alone")
	default:
		s.note("it has no primary or unique key of one column: it is served as tiles alone")
	}
}

// wholeRow orders rows that have no id: by everything of them that can be read.
func (f *offered) wholeRow() string {
	var columns []string
	for _, a := range f.attributes {
		if !slices.Contains(f.unreadable, a.name) {
			columns = append(columns, columnSQL(a.name))
		}
	}
	return "ROW(" + strings.Join(columns, ", ") + ")::text"
}

// columnSQL is a column of the rows s.
func columnSQL(name string) string { return "s." + pgx.Identifier{name}.Sanitize() }

// revision names how the source is read; answers made otherwise are not its own.
func (s *source) revision() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s %s %s %+v %s %s %s %v %s %+v", s.found.oid, s.from, s.id, s.order, s.geom, s.area, s.rank, s.time, s.Told, s.reason, s.columns)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
