package postgis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
	"wanglou/postgis/cqlsql"
)

// MaxOfferPage is the longest page of features.
const MaxOfferPage = 10_000

// Features implements offer.Service. It reads along the index of the id, or of the place where a box is asked for; it never counts.
func (o *Offers) Features(ctx context.Context, scope *auth.Scope, of *offer.Offer, q offer.FeatureQuery) (*offer.Page, error) {
	if q.Limit < 1 || q.Limit > MaxOfferPage {
		return nil, layers.Invalid("limit", "out_of_range", "limit must be from 1 to %d", MaxOfferPage)
	}
	page := &offer.Page{}
	err := o.items(ctx, scope, of.Name, page, func(w *featureWriter, s *source) error {
		if q.After != "" {
			key, err := w.key(s, "after", q.After)
			if err != nil {
				return err
			}
			w.where = append(w.where, s.id+" > "+key)
		}
		if q.Box != nil {
			w.where = append(w.where, w.inBox(s, *q.Box))
		}
		w.filtered = q.Where != nil
		rest, err := s.conditions(&w.params, scope, q.Where, q.From, q.To)
		if err != nil {
			return err
		}
		w.where = append(w.where, rest...)
		w.limit = q.Limit + 1
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.Next = page.Items[q.Limit-1].Key
	}
	return page, nil
}

// Feature implements offer.Service.
func (o *Offers) Feature(ctx context.Context, scope *auth.Scope, of *offer.Offer, key string) (*offer.Item, error) {
	page := &offer.Page{}
	err := o.items(ctx, scope, of.Name, page, func(w *featureWriter, s *source) error {
		place, err := w.key(s, "id", key)
		if err != nil {
			return &layers.Error{Code: layers.CodeNotFound, Msg: "there is nothing with that id", Err: err}
		}
		w.where = append(w.where, s.id+" = "+place)
		rest, err := s.conditions(&w.params, scope, nil, time.Time{}, time.Time{})
		w.where = append(w.where, rest...)
		w.limit = 1
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is nothing with that id")
	}
	return &page.Items[0], nil
}

// items reads rows into page; fill writes the conditions.
func (o *Offers) items(ctx context.Context, scope *auth.Scope, name string, page *offer.Page, fill func(*featureWriter, *source) error) error {
	return o.ask(ctx, []string{name}, func(ctx context.Context) error {
		s, err := o.allowed(scope, name)
		if err != nil {
			return err
		}
		if s.id == "" {
			return &layers.Error{Code: layers.CodeInvalid, Reason: "no_id", Params: map[string]string{"name": name}, Msg: name + " has no id: it is served as tiles alone"}
		}
		w := &featureWriter{scope: scope}
		if err := fill(w, s); err != nil {
			return err
		}
		robust := o.isRobust(s)
		if page.Items, err = o.readItems(ctx, w, s, robust); cannotTransform(err) && !robust {
			o.setRobust(s)
			page.Items, err = o.readItems(ctx, w, s, true)
		}
		if w.filtered {
			err = cqlsql.Refusal(err)
		}
		return err
	})
}

// featureWriter writes the statement of one page.
type featureWriter struct {
	params
	scope *auth.Scope
	where []string
	limit int

	filtered bool // by what the caller wrote
}

// key adds a key as a value of the id's type.
func (w *featureWriter) key(s *source, field, key string) (string, error) {
	if s.IDType == layers.ColumnInt {
		n, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return "", layers.Invalid(field, "wrong_type", "%q is not an id of %s", key, s.Name)
		}
		return w.arg(n) + "::bigint", nil
	}
	if strings.ContainsRune(key, 0) {
		return "", layers.Invalid(field, "not_a_value", "a key has no zero bytes")
	}
	for _, a := range s.found.attributes {
		if a.name == s.ID {
			return w.arg(key) + "::text::" + pgx.Identifier{a.kind.name}.Sanitize(), nil
		}
	}
	return w.arg(key) + "::text", nil
}

// inBox is the condition that a row's own box meets b. A box that crosses the antimeridian is two.
func (w *featureWriter) inBox(s *source, b orb.Bound) string {
	if b.Min[0] > b.Max[0] {
		east := orb.Bound{Min: b.Min, Max: orb.Point{180, b.Max[1]}}
		west := orb.Bound{Min: orb.Point{-180, b.Min[1]}, Max: b.Max}
		return "(" + w.inBox(s, east) + " OR " + w.inBox(s, west) + ")"
	}
	var d []string
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		d = append(d, w.arg(v)+"::float8")
	}
	out := s.geom.sql + " && " + s.geom.boxOf(d)
	if s.geom.srid != 4326 && s.geom.srid != 4490 { // that box is larger than what was asked for
		out += " AND offer_transform(" + s.geom.plain(s.geom.sql) + ", 4326) && ST_MakeEnvelope(" + strings.Join(d, ", ") + ", 4326)"
	}
	return out
}

// readItems runs the statement. A row that cannot be transformed comes without its geometry.
func (o *Offers) readItems(ctx context.Context, w *featureWriter, s *source, robust bool) ([]offer.Item, error) {
	query := "NULL"
	args := w.args
	if s.found.takesQuery {
		t := &tileWriter{scope: w.scope, params: params{args}}
		query = t.query(s)
		args = t.args
	}
	transform := "ST_Transform"
	if robust {
		transform = "offer_transform"
	}
	geometry := s.geom.plain(s.geom.sql)
	if s.geom.srid != 4326 {
		geometry = transform + "(" + geometry + ", 4326)"
	}
	list := []string{s.id + "::text", "ST_AsBinary(" + geometry + ")"}
	decoders := make([]decoder, len(s.columns))
	for i, c := range s.columns {
		list = append(list, c.sql)
		_, decoders[i], _ = decoderOf(c.kind)
	}
	where := "TRUE"
	if len(w.where) > 0 {
		where = strings.Join(w.where, " AND ")
	}
	formats := make(pgx.QueryResultFormats, len(list))
	for i := range formats {
		formats[i] = pgx.BinaryFormatCode
	}
	args = append([]any{formats}, append(args[:len(args):len(args)], int64(w.limit))...)
	rows, err := o.db.Pool.Query(ctx, fmt.Sprintf("SELECT %s FROM %s s WHERE %s AND %s IS NOT NULL ORDER BY %s LIMIT $%d::bigint",
		strings.Join(list, ", "), s.rows(query), where, s.id, s.id, len(args)-1), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []offer.Item
	for rows.Next() {
		item, err := s.item(rows.RawValues(), decoders)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, rows.Err()
}

// item decodes a row: the key, the geometry, the columns.
func (s *source) item(raw [][]byte, decoders []decoder) (offer.Item, error) {
	f := &layers.Feature{Values: make([]any, len(s.columns))}
	item := offer.Item{Key: string(raw[0]), Feature: f}
	if s.IDType == layers.ColumnInt {
		f.ID, _ = strconv.ParseInt(item.Key, 10, 64) // PostgreSQL wrote it
	}
	if raw[1] != nil {
		g, err := decodeGeometry(raw[1])
		if err != nil {
			return item, fmt.Errorf("%s %s: %w", s.Name, item.Key, err)
		}
		if g != nil {
			f.Geometry, f.Bound = g, g.Bound()
		}
	}
	for i, d := range decoders {
		if raw[i+2] == nil {
			continue
		}
		v, err := d(raw[i+2])
		if err != nil {
			return item, fmt.Errorf("%s %s, column %s: %w", s.Name, item.Key, s.columns[i].name, err)
		}
		f.Values[i] = v
	}
	return item, nil
}
