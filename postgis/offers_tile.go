package postgis

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
	"wanglou/postgis/cqlsql"
)

const (
	tileExtent = 4096
	tileMargin = 64 // of tileExtent: what is drawn beside the tile, so that outlines have no seams
)

// DefaultOfferLimits are those of queries that name none.
var DefaultOfferLimits = offer.Limits{Features: 20_000, Bytes: 1_000_000}

// Tile implements offer.Service.
func (o *Offers) Tile(ctx context.Context, scope *auth.Scope, offers []*offer.Offer, q offer.TileQuery) ([]offer.Part, error) {
	if q.Limits.Features <= 0 {
		q.Limits.Features = DefaultOfferLimits.Features
	}
	if q.Limits.Bytes <= 0 {
		q.Limits.Bytes = DefaultOfferLimits.Bytes
	}
	if q.Z > 24 || q.X >= 1<<q.Z || q.Y >= 1<<q.Z {
		return nil, layers.Errorf(layers.CodeNotFound, "no such tile")
	}
	names := make([]string, len(offers))
	for i, f := range offers {
		names[i] = f.Name
		if _, err := o.allowed(scope, f.Name); err != nil {
			return nil, err
		}
	}
	budget := make([]int, len(names))
	for i := range budget {
		budget[i] = q.Limits.Features
	}
	parts, err := o.tile(ctx, scope, names, q, budget)
	if isServerError(err) && len(names) > 1 {
		parts, err = o.oneByOne(ctx, scope, names, q, budget)
	}
	if err != nil {
		return nil, err
	}
	return parts, o.shrink(ctx, scope, names, q, budget, parts)
}

// oneByOne finds the one that took the others with it: only it is to blame.
func (o *Offers) oneByOne(ctx context.Context, scope *auth.Scope, names []string, q offer.TileQuery, budget []int) ([]offer.Part, error) {
	var parts []offer.Part
	for i := range names {
		one, err := o.tile(ctx, scope, names[i:i+1], q, budget[i:i+1])
		if err != nil {
			return nil, err
		}
		parts = append(parts, one...)
	}
	return parts, nil
}

// shrink makes parts again that have too many bytes, with as many fewer features as it seems to take.
func (o *Offers) shrink(ctx context.Context, scope *auth.Scope, names []string, q offer.TileQuery, budget []int, parts []offer.Part) error {
	for i := range parts {
		for try := 0; len(parts[i].MVT) > q.Limits.Bytes && parts[i].Features > 1; try++ {
			if try == 4 {
				return &layers.Error{Code: layers.CodeTooLarge, Reason: "tile_too_large", Params: map[string]string{"name": names[i]}, Msg: "a tile of " + names[i] + " has too many bytes"}
			}
			budget[i] = max(1, int(float64(parts[i].Features)*0.9*float64(q.Limits.Bytes)/float64(len(parts[i].MVT))))
			again, err := o.tile(ctx, scope, names[i:i+1], q, budget[i:i+1])
			if err != nil {
				return err
			}
			parts[i] = again[0]
		}
	}
	return nil
}

// tile asks for the parts in one statement.
func (o *Offers) tile(ctx context.Context, scope *auth.Scope, names []string, q offer.TileQuery, budget []int) ([]offer.Part, error) {
	var parts []offer.Part
	err := o.ask(ctx, names, func(ctx context.Context) error {
		sources := make([]*source, len(names))
		for i, name := range names {
			var err error
			if sources[i], err = o.allowed(scope, name); err != nil {
				return err
			}
		}
		var err error
		if parts, err = o.readTile(ctx, scope, sources, q, budget, false); len(sources) == 1 && cannotTransform(err) {
			o.setRobust(sources[0])
			parts, err = o.readTile(ctx, scope, sources, q, budget, true)
		}
		return err
	})
	return parts, err
}

// cannotTransform reports whether err may be about one row's geometry: PostGIS gives such errors no code of their own.
func cannotTransform(err error) bool {
	pg := serverError(err)
	return pg != nil && pg.Code == "XX000"
}

func (o *Offers) isRobust(s *source) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.robust[s.Name+s.Revision]
}

func (o *Offers) setRobust(s *source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.robust[s.Name+s.Revision] {
		o.robust[s.Name+s.Revision] = true
		o.opts.Logger.Warn("has rows that PostGIS cannot transform: they are left out", "offer", s.Name)
	}
}

func (o *Offers) readTile(ctx context.Context, scope *auth.Scope, sources []*source, q offer.TileQuery, budget []int, robust bool) ([]offer.Part, error) {
	w := &tileWriter{scope: scope, q: q}
	w.frame()
	for i, s := range sources {
		if i > 0 {
			w.sql.WriteString("\nUNION ALL ")
		}
		if err := w.part(i, s, budget[i], robust || o.isRobust(s)); err != nil {
			return nil, err
		}
	}
	rows, err := o.db.Pool.Query(ctx, w.sql.String(), w.args...)
	if err != nil {
		return nil, err
	}
	parts := make([]offer.Part, len(sources))
	var (
		i int
		p offer.Part
	)
	_, err = pgx.ForEachRow(rows, []any{&i, &p.MVT, &p.Features, &p.Dropped, &p.Skipped}, func() error {
		if len(p.MVT) == 0 {
			p.MVT = nil
		}
		parts[i] = p
		p.MVT = nil
		return nil
	})
	if q.Where != nil {
		err = cqlsql.Refusal(err)
	}
	return parts, err
}

// tileWriter writes the statement of one tile. Equal questions about equal sources have equal text, so that it is prepared once.
type tileWriter struct {
	params
	scope *auth.Scope
	q     offer.TileQuery
	sql   strings.Builder
	box   []string // the tile's box, once it was asked for
}

// frame adds z, x and y as $1, $2 and $3.
func (w *tileWriter) frame() {
	w.args = append(w.args, int32(w.q.Z), int32(w.q.X), int32(w.q.Y))
}

const frameSQL = `ST_TileEnvelope($1::int, $2::int, $3::int)`

// degrees returns the places of the tile's west, south, east and north with its margin.
func (w *tileWriter) degrees() []string {
	if w.box == nil {
		for _, v := range tileBox(w.q.Z, w.q.X, w.q.Y) {
			w.box = append(w.box, w.arg(v)+"::float8")
		}
	}
	return w.box
}

// tileBox is the tile with its margin: west, south, east, north. It ends at the antimeridian; the outermost tiles reach to the poles.
func tileBox(z uint8, x, y uint32) [4]float64 {
	n := math.Ldexp(1, int(z))
	const margin = float64(tileMargin) / tileExtent
	lat := func(y float64) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi }
	box := [4]float64{
		max(-180, (float64(x)-margin)/n*360-180), lat(float64(y) + 1 + margin), min(180, (float64(x)+1+margin)/n*360-180), lat(float64(y) - margin),
	}
	if y == 0 {
		box[3] = 90
	}
	if float64(y) == n-1 {
		box[1] = -90
	}
	return box
}

// part adds the SELECT of one source: its number, layer, features, dropped and skipped rows.
func (w *tileWriter) part(number int, s *source, budget int, robust bool) error {
	if s.Kind == offer.KindTileFunction {
		return w.function(number, s)
	}
	where, err := w.where(s)
	if err != nil {
		return err
	}
	columns, err := w.columns(s)
	if err != nil {
		return err
	}
	id, idName := "NULL::bigint", "NULL"
	if s.IDType == layers.ColumnInt && s.ID != "" {
		id, idName = "CASE WHEN "+s.id+" >= 0 THEN "+s.id+"::bigint END", "'"+featureID+"'"
	}
	pick, inner := s.order, ""
	if s.rank != "" {
		pick = s.rank + " DESC NULLS LAST, " + s.order
	}
	for i, c := range columns {
		inner += fmt.Sprintf(", %s AS c%d", c.tile, i)
	}
	outer := ""
	for i, c := range columns {
		outer += fmt.Sprintf(", k.c%d AS %s", i, pgx.Identifier{c.name}.Sanitize())
	}
	var rowID string
	if idName != "NULL" {
		rowID = ", k.id AS " + featureID
	}
	fmt.Fprintf(&w.sql, `SELECT %d, coalesce(ST_AsMVT(p, %s, %d, '%s', %s ORDER BY k.place) FILTER (WHERE p.%s IS NOT NULL), ''), count(*)::int, coalesce(max(k.total), 0)::int - count(*)::int,
  count(*) FILTER (WHERE k.lost)::int
FROM (SELECT k.*, k.drawn IS NULL AND k.stored IS NOT NULL AS lost FROM (
    SELECT k.*, %s AS drawn FROM (
      SELECT %s AS id, %s AS stored, row_number() OVER (ORDER BY %s) AS place, count(*) OVER () AS total%s FROM %s s
      WHERE %s ORDER BY %s LIMIT %s) k) k) k
CROSS JOIN LATERAL (SELECT ST_AsMVTGeom(%s, %s, %d, %d) AS %s%s%s OFFSET 0) p`,
		number, w.arg(s.Name)+"::text", tileExtent, mvtGeometry, idName, mvtGeometry,
		s.geom.mercator("k.stored", robust),
		id, s.geom.sql, s.order, inner, s.rows(w.query(s)), where, pick, w.arg(budget)+"::int",
		s.simplified("k.drawn", int(w.q.Z)), frameSQL, tileExtent, tileMargin, mvtGeometry, rowID, outer)
	return nil
}

// Names inside the row that ST_AsMVT reads; a column of the same name would stand in their way.
const (
	mvtGeometry = "wanglou_geometry"
	featureID   = "wanglou_id"
)

// function adds the SELECT of a function that makes tiles itself.
func (w *tileWriter) function(number int, s *source) error {
	if w.q.Where != nil || !w.q.From.IsZero() || !w.q.To.IsZero() || w.q.Properties != nil {
		return layers.Invalid("filter", "not_supported", "%s makes its tiles itself: it cannot be filtered", s.Name)
	}
	call := pgx.Identifier{s.found.schema, s.found.name}.Sanitize() + "($1::int, $2::int, $3::int"
	if s.found.takesQuery {
		call += ", " + w.query(s) + "::" + s.found.queryType
	}
	call += ")"
	if s.found.tileInRows {
		fmt.Fprintf(&w.sql, `SELECT %d, coalesce((SELECT f.a FROM %s f (a) LIMIT 1), ''), 0, 0, 0`, number, call)
		return nil
	}
	fmt.Fprintf(&w.sql, `SELECT %d, coalesce(%s, ''), 0, 0, 0`, number, call)
	return nil
}

// query returns the SQL of what a function is told of who asks: {"areas": ["330122.330122004"]}, or ["*"]; nothing that a client could say.
func (w *tileWriter) query(s *source) string {
	if !s.found.takesQuery {
		return "NULL"
	}
	told := map[string]any{}
	if s.Told {
		told["areas"] = append([]string{}, w.scope.Areas...)
	}
	text, err := json.Marshal(told)
	if err != nil {
		return "NULL" // texts can be marshalled
	}
	return w.arg(string(text)) + "::text"
}

// where returns the condition that rows of the tile meet.
func (w *tileWriter) where(s *source) (string, error) {
	parts := []string{s.geom.sql + " && " + s.geom.tileBox(w)}
	if !s.geom.declared {
		parts = append(parts, fmt.Sprintf("ST_SRID(%s) IN (0, %d)", s.geom.sql, s.geom.srid))
	}
	rest, err := s.conditions(&w.params, w.scope, w.q.Where, w.q.From, w.q.To)
	if err != nil {
		return "", err
	}
	return strings.Join(append(parts, rest...), " AND "), nil
}

// columns returns those that the query wants.
func (w *tileWriter) columns(s *source) ([]offerColumn, error) {
	if w.q.Properties == nil {
		return s.columns, nil
	}
	var out []offerColumn
	for _, name := range w.q.Properties {
		i := s.Index(name)
		if i < 0 {
			e := layers.Invalid("properties", "unknown_column", "%s has no column %s", s.Name, name)
			e.Params = map[string]string{"name": name}
			return nil, e
		}
		out = append(out, s.columns[i])
	}
	return out, nil
}

// tileBox is the tile in the column's reference system: the index is over that, so the box is transformed and not the rows.
func (g *geometryColumn) tileBox(w *tileWriter) string {
	if g.srid == 3857 {
		return fmt.Sprintf("ST_TileEnvelope($1::int, $2::int, $3::int, margin => %d.0 / %d)", tileMargin, tileExtent)
	}
	return g.boxOf(w.degrees())
}

// boxOf is a box of EPSG:4326 (SQL of its west, south, east, north) in the column's reference system: at least what lies in it.
func (g *geometryColumn) boxOf(d []string) string {
	switch {
	case g.kind.name == "geography":
		return fmt.Sprintf("ST_Segmentize(ST_MakeEnvelope(%s, %d), 1)::geography", strings.Join(d, ", "), g.srid)
	case g.srid == 4326 || g.srid == 4490:
		return fmt.Sprintf("ST_MakeEnvelope(%s, %d)", strings.Join(d, ", "), g.srid)
	case g.geographic: // another datum lies some hundred metres beside this one
		return fmt.Sprintf("ST_MakeEnvelope(%s - 0.01, %s - 0.01, %s + 0.01, %s + 0.01, %d)", d[0], d[1], d[2], d[3], g.srid)
	}
	return fmt.Sprintf("offer_box(%s, %d)", strings.Join(d, ", "), g.srid)
}

// plain is the stored geometry in two dimensions without arcs, with its SRID.
func (g *geometryColumn) plain(sql string) string {
	if g.kind.name == "geography" {
		return "ST_Force2D(" + sql + "::geometry)"
	}
	typmod := uint32(0)
	if g.kind.typmod > 0 {
		typmod = uint32(g.kind.typmod)
	}
	out := sql
	switch kind := typmod & 0xFC >> 2; {
	case kind == 0:
		out = fmt.Sprintf("CASE WHEN GeometryType(%s) IN ('POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON') THEN ST_Force2D(%s) ELSE offer_plain(%s) END", sql, sql, sql)
	case kind > ewkbMultiPolygon:
		out = "offer_plain(" + sql + ")"
	case typmod&3 != 0: // Z, M
		out = "ST_Force2D(" + sql + ")"
	}
	if !g.declared {
		out = fmt.Sprintf("ST_SetSRID(%s, %d)", out, g.srid)
	}
	return out
}

// mercator is the stored geometry in EPSG:3857. What lies beyond the end of that map is cut off first: it would be infinitely far away.
func (g *geometryColumn) mercator(sql string, robust bool) string {
	out := g.plain(sql)
	if g.srid == 3857 {
		return out
	}
	if g.geographic {
		out = fmt.Sprintf("CASE WHEN ST_YMax(%[1]s::geometry) > 85.06 OR ST_YMin(%[1]s::geometry) < -85.06 THEN ST_ClipByBox2D(%[2]s, ST_MakeEnvelope(-540, -85.06, 540, 85.06, %[3]d)) ELSE %[2]s END",
			sql, out, g.srid)
	}
	if robust {
		return "offer_transform(" + out + ", 3857)"
	}
	return "ST_Transform(" + out + ", 3857)"
}

// simplified leaves out the corners that cannot be seen above the deepest zoom: half a pixel of a tile of 512.
func (s *source) simplified(sql string, zoom int) string {
	if s.Geometry == layers.GeometryPoint || zoom >= s.MaxZoom {
		return sql
	}
	return "ST_Simplify(" + sql + ", 40075016.68 / 1024 / 2 ^ $1::int, true)"
}
