package postgis

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers/area"
)

// Areas implements area.Service. It is safe for concurrent use.
type Areas struct{ db *DB }

// NewAreas returns the administrative tree of db.
func NewAreas(db *DB) *Areas { return &Areas{db: db} }

// countySetting is the value of the setting "county". Fields that are missing are taken from the areas, or are their zero.
type countySetting struct {
	Name        string     `json:"name"`
	NameEN      string     `json:"name_en"`
	Bound       []float64  `json:"bbox"` // west, south, east, north
	View        *area.View `json:"view"`
	Demo        bool       `json:"demo"`
	Attribution string     `json:"attribution"`
	Timezone    string     `json:"timezone"` // IANA name; see TimeZone
}

// County implements area.Service.
func (s *Areas) County(ctx context.Context) (*area.County, error) {
	set, err := readCountySetting(ctx, s.db.Pool)
	if err != nil {
		return nil, err
	}
	var name, nameEN string
	var w, so, e, n *float64
	err = s.db.Pool.QueryRow(ctx, `
		SELECT coalesce(min(name) FILTER (WHERE level = 'county'), ''), coalesce(min(name_en) FILTER (WHERE level = 'county'), ''),
			ST_XMin(ST_Extent(geom)), ST_YMin(ST_Extent(geom)), ST_XMax(ST_Extent(geom)), ST_YMax(ST_Extent(geom)) FROM area`).
		Scan(&name, &nameEN, &w, &so, &e, &n)
	if err != nil {
		return nil, Wrap(err)
	}
	c := &area.County{
		Name: cmp.Or(set.Name, name), NameEN: cmp.Or(set.NameEN, nameEN),
		View: set.View, Demo: set.Demo, Attribution: set.Attribution,
	}
	switch {
	case len(set.Bound) == 4:
		c.Bound = orb.Bound{Min: orb.Point{set.Bound[0], set.Bound[1]}, Max: orb.Point{set.Bound[2], set.Bound[3]}}
	case w != nil:
		c.Bound = orb.Bound{Min: orb.Point{*w, *so}, Max: orb.Point{*e, *n}}
	default:
		c.Bound = orb.Bound{Min: orb.Point{-180, -85}, Max: orb.Point{180, 85}} // nothing is loaded yet: the world
	}
	return c, nil
}

// readCountySetting returns the setting "county", the zero value when there is none.
func readCountySetting(ctx context.Context, q querier) (countySetting, error) {
	var (
		raw []byte
		set countySetting
	)
	err := q.QueryRow(ctx, `SELECT value FROM setting WHERE key = 'county'`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return set, nil
	}
	if err != nil {
		return set, Wrap(err)
	}
	return set, json.Unmarshal(raw, &set)
}

// TimeZone returns the county's time zone, in which its days begin: the key "timezone" of the setting, or China's.
func TimeZone(ctx context.Context, q querier) (string, error) {
	set, err := readCountySetting(ctx, q)
	return cmp.Or(set.Timezone, "Asia/Shanghai"), err
}

// Areas implements area.Service.
func (s *Areas) Areas(ctx context.Context) ([]area.Area, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (area.Area, error) {
		var a area.Area
		err := row.Scan(&a.ID, &a.Code, &a.Path, &a.Level, &a.Name, &a.NameEN, &a.Center[0], &a.Center[1],
			&a.Bound.Min[0], &a.Bound.Min[1], &a.Bound.Max[0], &a.Bound.Max[1])
		return a, err
	}, `SELECT id, code, path, level, name, name_en, ST_X(c), ST_Y(c), ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)
		FROM area, ST_PointOnSurface(geom) c
		ORDER BY array_position(ARRAY['county', 'town', 'village'], level), path`)
}

// Places implements area.Service.
func (s *Areas) Places(ctx context.Context) ([]area.Place, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (area.Place, error) {
		var p area.Place
		err := row.Scan(&p.ID, &p.Kind, &p.Name, &p.NameEN, &p.Rank, &p.Point[0], &p.Point[1])
		return p, err
	}, `SELECT id, kind, name, name_en, least(greatest(rank, 0), 255), ST_X(geom), ST_Y(geom) FROM basemap_place ORDER BY rank, id LIMIT $1`, area.MaxPlaces)
}

// PlacesVersion implements area.Service.
func (s *Areas) PlacesVersion(ctx context.Context) (version int64, err error) {
	return version, Wrap(s.db.Pool.QueryRow(ctx, `SELECT version FROM basemap_place_version`).Scan(&version))
}
