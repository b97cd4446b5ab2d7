package tiles

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/auth"
	"wanglou/layers/offer"
)

// Offers is a [Group] of what a database has beside the replica, read by SQL: see package offer. It is safe for concurrent use.
type Offers struct {
	service offer.Service
	opts    OfferOptions
	flight  flight
}

// OfferOptions bound what offers cost. Zero fields take the defaults.
type OfferOptions struct {
	TimeToLive time.Duration // after it a tile is asked for again, where the offer does not say so itself; default 30 s
	MaxBytes   int           // of the tiles that are kept; default 64 MiB
	Limits     offer.Limits  // of one tile; default those of the service
	Timeout    time.Duration // of making one tile; default 10 s
	Now        func() time.Time

	cache *Cache
}

// NewOffers returns the tiles of a service's offers.
func NewOffers(service offer.Service, o OfferOptions) *Offers {
	if o.TimeToLive == 0 {
		o.TimeToLive = 30 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	o.cache = NewCache(o.MaxBytes)
	return &Offers{service: service, opts: o}
}

// Source implements [Group].
func (o *Offers) Source(name string) (Source, bool) {
	f, ok := o.service.Offer(name)
	if !ok {
		return nil, false
	}
	return o.source([]*offer.Offer{f}), true
}

// Sources implements [Group].
func (o *Offers) Sources() []Source {
	all := o.service.Offers()
	out := make([]Source, len(all))
	for i, f := range all {
		out[i] = o.source([]*offer.Offer{f})
	}
	return out
}

// offered is one offer, or several that are asked for in one statement.
type offered struct {
	*Query
	group  *Offers
	offers []*offer.Offer
}

// source makes the source of offers. It is made for each request, since they come and go: what is kept is in the group.
func (o *Offers) source(offers []*offer.Offer) *offered {
	s := &offered{group: o, offers: offers}
	opts := QueryOptions{Cache: o.opts.cache, Timeout: o.opts.Timeout, Now: o.opts.Now, Class: s.class, flight: &o.flight}
	for _, f := range offers {
		ttl := f.TTL
		if ttl == 0 {
			ttl = o.opts.TimeToLive
		}
		if opts.TimeToLive == 0 || ttl < opts.TimeToLive {
			opts.TimeToLive = ttl
		}
	}
	s.Query = NewQuery(infoOf(offers), s.make, opts)
	return s
}

// infoOf describes a tile of the offers.
func infoOf(offers []*offer.Offer) Info {
	names, infos := make([]string, len(offers)), make([]Info, len(offers))
	for i, f := range offers {
		names[i] = f.Name
		infos[i] = Info{Name: f.Name, Title: f.Title, Format: FormatMVT, MinZoom: f.MinZoom, MaxZoom: f.MaxZoom, Bound: f.Bound, Attribution: f.Attribution}
		if f.Kind == offer.KindTileFunction {
			continue // nobody knows its layers before a tile was made
		}
		fields := make(map[string]string, len(f.Columns))
		for _, c := range f.Columns {
			fields[c.Name] = fieldType(c.Type)
		}
		infos[i].Layers = []LayerInfo{{ID: f.Name, Fields: fields, MinZoom: f.MinZoom, MaxZoom: f.MaxZoom}}
	}
	return joinInfos(strings.Join(names, ","), infos)
}

// InfoFor implements [Private]: the extent of rows that lie in areas tells of rows that others may not see.
func (s *offered) InfoFor(scope *auth.Scope) (Info, error) {
	info := s.Info()
	for _, f := range s.offers {
		if !f.Allows(scope) {
			return Info{}, unknown(f.Name)
		}
		if f.ByArea() && !scope.InArea("") {
			info.Bound = orb.Bound{}
		}
	}
	return info, nil
}

// Join implements [Joiner].
func (s *offered) Join(next Source) (Source, bool) {
	n, ok := next.(*offered)
	if !ok || n.group != s.group {
		return nil, false
	}
	return s.group.source(slices.Concat(s.offers, n.offers)), true
}

// class names who shares a tile: those who see the same rows of each offer as it is made now, and want the same of it.
func (s *offered) class(r Request) (string, error) {
	parts := []string{r.Select.Class()}
	for _, f := range s.offers {
		if !f.Allows(r.Scope) {
			return "", unknown(f.Name)
		}
		parts = append(parts, f.Revision, f.Class(r.Scope))
	}
	return strings.Join(parts, "\n"), nil
}

// make asks for the tile. Offers that have nothing at its zoom are not asked.
func (s *offered) make(ctx context.Context, r Request) (Queried, error) {
	from, to := r.Select.During()
	q := offer.TileQuery{Z: r.Coord.Z, X: r.Coord.X, Y: r.Coord.Y, Where: r.Select.Where(), From: from, To: to, Properties: r.Select.Properties(), Limits: s.group.opts.Limits}
	var shown []*offer.Offer
	for _, f := range s.offers {
		if int(r.Coord.Z) >= f.MinZoom && int(r.Coord.Z) <= f.MaxZoom {
			shown = append(shown, f)
		}
	}
	if len(shown) == 0 {
		return Queried{}, nil
	}
	parts, err := s.group.service.Tile(ctx, r.Scope, shown, q)
	if err != nil {
		return Queried{}, err
	}
	var out Queried
	for _, p := range parts {
		out.Raw = append(out.Raw, p.MVT...)
		out.Dropped.Features += p.Dropped
		out.Dropped.Untransformed += p.Skipped
	}
	return out, nil
}
