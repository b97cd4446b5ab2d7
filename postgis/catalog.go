package postgis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

// catalog is what a publication says: which tables are layers, and how their rows are read.
type catalog struct {
	tables  []*table
	byOID   map[uint32]*table
	skipped map[uint32]string // by oid: the table and why it cannot be a layer
	notes   []string          // what of a layer is not shown, and why
	// fingerprint changes when anything changes that a new snapshot must take up.
	fingerprint string
}

// table is one published table that is a layer.
type table struct {
	oid      uint32
	layer    *layers.Layer
	from     string // quoted, with schema; ONLY where the publication means only this table
	filter   string // SQL of the publication's WHERE, or ""
	id       string
	geometry string         // column, or ""
	columns  []column       // as layer.Columns
	stream   []streamColumn // as the log announces them
}

// streamColumn is one published column, shown or not.
type streamColumn struct {
	name string
	oid  uint32 // declared type, maybe a domain
}

// column is one attribute and its decoder.
type column struct {
	name   string
	decode decoder
}

// baseType is a column's type with its domains taken off.
type baseType struct {
	oid    uint32
	name   string
	isEnum bool
	typmod int32
}

// isGeometry holds for PostGIS's two types; a geography is longitude and latitude anyway.
func (t baseType) isGeometry() bool { return t.name == "geometry" || t.name == "geography" }

// shape unpacks a geometry column's type modifier. It is done here because postgis_typmod_type and postgis_typmod_srid live in
// whatever schema the extension was put into.
func (t baseType) shape() (layers.GeometryType, uint32) {
	if t.typmod < 0 {
		return layers.GeometryAny, 0
	}
	srid := uint32(t.typmod&0x0FFFFF00) >> 8
	switch uint32(t.typmod&0xFC) >> 2 {
	case ewkbPoint, ewkbMultiPoint:
		return layers.GeometryPoint, srid
	case ewkbLineString, ewkbMultiLineString:
		return layers.GeometryLine, srid
	case ewkbPolygon, ewkbMultiPolygon:
		return layers.GeometryPolygon, srid
	}
	return layers.GeometryAny, srid
}

// newCatalog judges the published tables.
func newCatalog(tables []*published) *catalog {
	c := &catalog{byOID: map[uint32]*table{}, skipped: map[uint32]string{}}
	var print strings.Builder
	for _, p := range tables {
		fmt.Fprintf(&print, "%+v\n", *p)
		t, notes, reason := p.table()
		if reason != "" {
			c.skipped[p.oid] = p.schema + "." + p.name + ": " + reason
			continue
		}
		c.tables = append(c.tables, t)
		c.byOID[t.oid] = t
		c.notes = append(c.notes, notes...)
	}
	c.fingerprint = print.String()
	return c
}

// layers returns the layers in the catalogue's order.
func (c *catalog) layers() []*layers.Layer {
	ls := make([]*layers.Layer, len(c.tables))
	for i, t := range c.tables {
		ls[i] = t.layer
	}
	return ls
}

// published is a table of the publication as the database describes it.
type published struct {
	oid        uint32
	schema     string
	name       string
	visible    bool   // found without its schema
	kind       string // relkind: p is a partitioned table
	identity   string // relreplident
	comment    string
	filter     string
	columns    []string // published ones
	primary    []string // columns of the primary key
	index      []string // columns of REPLICA IDENTITY USING INDEX
	attributes []attribute
	option     option
}

// attribute is a column of a published table, published or not.
type attribute struct {
	name      string
	declared  uint32 // type, maybe a domain
	generated bool
	kind      baseType
}

// option is a row of layer_option, or zero.
type option struct {
	delivery         string
	minZoom, maxZoom int
	tiling           layers.Tiling
	time             string
}

// table returns the layer that p is, and notes on columns that it does not show; or the reason why it cannot be one.
func (p *published) table() (t *table, notes []string, reason string) {
	if reason := p.unfit(); reason != "" {
		return nil, nil, reason
	}
	t = &table{oid: p.oid, id: p.primary[0], filter: p.filter, from: "ONLY " + pgx.Identifier{p.schema, p.name}.Sanitize()}
	if p.kind == "p" {
		t.from = pgx.Identifier{p.schema, p.name}.Sanitize()
	}
	l := layers.Layer{Name: p.name, Title: title(p.comment, p.name), Geometry: layers.GeometryNone,
		Delivery: layers.Delivery(p.option.delivery), MinZoom: p.option.minZoom, MaxZoom: p.option.maxZoom,
		Tiling: p.option.tiling, Time: p.option.time}
	if !p.visible {
		l.Name = p.schema + "." + p.name
	}
	leftOut := func(a attribute, why string) {
		notes = append(notes, p.schema+"."+p.name+"."+a.name+": "+why)
	}
	for _, a := range p.attributes {
		if !slices.Contains(p.columns, a.name) {
			continue
		}
		if !a.generated {
			t.stream = append(t.stream, streamColumn{a.name, a.declared})
		}
		if a.name == t.id {
			continue
		}
		kind, decode, known := decoderOf(a.kind)
		switch {
		case a.generated:
			leftOut(a, "generated columns are not in the log")
		case a.kind.isGeometry() && t.geometry != "":
			leftOut(a, "a layer has one geometry")
		case a.kind.isGeometry():
			shape, srid := a.kind.shape()
			if !followedSRID(srid) {
				return nil, nil, fmt.Sprintf("its geometry is EPSG:%d, and followed tables must store EPSG:4326", srid)
			}
			t.geometry, l.Geometry = a.name, shape
		case !known:
			leftOut(a, "type "+a.kind.name+" is not shown")
		default:
			l.Columns = append(l.Columns, layers.Column{Name: a.name, Type: kind})
			t.columns = append(t.columns, column{a.name, decode})
		}
	}
	if l.Geometry == layers.GeometryNone {
		l.Delivery = layers.DeliverFeatures
	}
	if i := l.Index(l.Tiling.Rank); l.Tiling.Rank != "" && (i < 0 || !ranks(l.Columns[i].Type)) {
		notes = append(notes, p.schema+"."+p.name+": layer_option ranks by "+l.Tiling.Rank+", which is no published number, time or bool")
		l.Tiling.Rank = ""
	}
	if i := l.Index(l.Time); l.Time != "" && (i < 0 || l.Columns[i].Type != layers.ColumnTime) {
		notes = append(notes, p.schema+"."+p.name+": layer_option filters by "+l.Time+", which is no published time")
		l.Time = ""
	}
	t.layer = layers.NewLayer(l)
	return t, notes, ""
}

// ranks reports whether values of a type have an order in which points can be ranked.
func ranks(t layers.ColumnType) bool {
	return t == layers.ColumnInt || t == layers.ColumnFloat || t == layers.ColumnTime || t == layers.ColumnBool
}

// unfit says why rows of the table could not be followed, or "".
func (p *published) unfit() string {
	if len(p.primary) != 1 {
		return "it has no primary key of one column"
	}
	i := slices.IndexFunc(p.attributes, func(a attribute) bool { return a.name == p.primary[0] })
	if i < 0 {
		return "its primary key cannot be read"
	}
	if kind, _, ok := decoderOf(p.attributes[i].kind); !ok || kind != layers.ColumnInt {
		return "its primary key is of type " + p.attributes[i].kind.name + ", not bigint"
	}
	identity := p.primary
	switch p.identity {
	case "n":
		return "it has REPLICA IDENTITY NOTHING: every UPDATE and DELETE of it fails"
	case "i":
		identity = p.index
	case "f":
		identity = nil
		for _, a := range p.attributes {
			identity = append(identity, a.name)
		}
	}
	if !slices.Contains(identity, p.primary[0]) {
		return "its replica identity leaves out the primary key, so deletions could not be told apart"
	}
	for _, name := range identity {
		if !slices.Contains(p.columns, name) {
			return "column " + name + " of its replica identity is not published: every UPDATE and DELETE of it fails"
		}
	}
	return ""
}

// title reads a table's comment, "中文 | English"; one wording alone serves both languages, and no comment leaves the name.
func title(comment, name string) layers.Text {
	first, _, _ := strings.Cut(comment, "\n")
	zh, en, both := strings.Cut(first, "|")
	zh, en = strings.TrimSpace(zh), strings.TrimSpace(en)
	if zh == "" && en == "" {
		return layers.Text{ZH: name, EN: name}
	}
	if !both || en == "" {
		en = zh
	}
	if zh == "" {
		zh = en
	}
	return layers.Text{ZH: zh, EN: en}
}
