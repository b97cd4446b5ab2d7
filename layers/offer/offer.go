// Package offer is the vocabulary of what a database has beside the publication: tables, views and functions with a geometry that an
// administrator lets the server read by SQL. They are not followed: an answer is as old as it says.
package offer

import (
	"context"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/cql2"
)

// Kind is what an offer is in the database.
type Kind string

const (
	KindTable        Kind = "table" // also partitioned and foreign ones
	KindView         Kind = "view"
	KindMaterialized Kind = "materialized_view"
	KindFunction     Kind = "function"      // returns rows with a geometry
	KindTileFunction Kind = "tile_function" // f(z, x, y [, query json]) returns the bytes of a tile
)

// State says whether an offer can be read.
type State string

const (
	StateReady   State = "ready"   // the last answer was good, or nobody asked yet
	StateFailing State = "failing" // the last answer was an error of the database; asked for again every time
	StateRefused State = "refused" // cannot be served as it is: Reason says what to change
)

// Offer is one source. It is not changed after it was given out.
type Offer struct {
	// Layer holds name ("schema.table"), title, columns, geometry type and zooms. Its area column is auth's, whatever the
	// database calls it.
	*layers.Layer
	Kind        Kind
	ID          string // column that tells rows apart and orders them; "" when there is none: then there are tiles and no features
	IDType      layers.ColumnType
	SRID        int
	Attribution string
	Roles       []auth.Role   // who may read it besides admins; nil: see [Offer.Allows]
	Told        bool          // a function that is told the areas of who asks, and answers with what lies in them
	TTL         time.Duration // how old an answer may be before it is asked for again; 0 is the server's default
	Revision    string        // changes when the offer is made otherwise: answers of another revision are not its own
	Bound       orb.Bound     // EPSG:4326, from the planner's statistics: an estimate; zero when nobody knows
	Estimate    int64         // rows, from the planner's statistics; -1 when nobody knows
	Notes       []string      // what of it is not shown, and why; English, for administrators
}

// Status is how an offer is.
type Status struct {
	State   State
	Reason  string // machine name: "failing", "srid_unknown", …; "" when ready
	Message string // English, with the database's own words: for administrators
	Since   time.Time
}

// Allows reports whether the scope may know of the offer and read it; of an offer with areas only its own rows. An offer
// that has neither an area column nor names roles is, like a row that lies in no area, for those who see everywhere. RoleViewer
// in Roles means everybody who is signed in.
func (o *Offer) Allows(s *auth.Scope) bool {
	switch {
	case !s.May(auth.ActionRead):
		return false
	case len(o.Roles) > 0:
		return slices.Contains(o.Roles, auth.RoleViewer) || slices.Contains(s.Roles, auth.RoleAdmin) ||
			slices.ContainsFunc(o.Roles, func(r auth.Role) bool { return slices.Contains(s.Roles, r) })
	case o.ByArea():
		return true
	}
	return s.InArea("")
}

// Class names the rows that the scope may read: scopes of one class share answers.
func (o *Offer) Class(s *auth.Scope) string {
	if !o.Allows(s) {
		return "-"
	}
	if !o.ByArea() {
		return ""
	}
	return s.Class()
}

// ByArea reports whether scopes of other areas see other rows.
func (o *Offer) ByArea() bool { return o.Scoped() || o.Told }

// Limits is the budget of one tile.
type Limits struct {
	Features int // of one offer
	Bytes    int // of one offer's part, uncompressed
}

// TileQuery asks for one tile of several offers.
type TileQuery struct {
	Z          uint8
	X, Y       uint32
	Where      cql2.Expr // nil is every row
	From, To   time.Time // of the offer's time; zero is open
	Properties []string  // columns; nil is all
	Limits     Limits
}

// Part is what one offer gives to a tile.
type Part struct {
	MVT      []byte // one layer named as the offer (a tile function's bytes as they are); nil when empty
	Features int    // in MVT, before those were left out that are too small to be drawn
	Dropped  int    // rows over the budget
	Skipped  int    // rows whose geometry cannot be brought into the tile's reference system
}

// FeatureQuery asks for rows in the order of their id.
type FeatureQuery struct {
	Box   *orb.Bound // EPSG:4326; features that meet it. West > east crosses the antimeridian
	Where cql2.Expr  // nil is every row
	From  time.Time
	To    time.Time
	After string // key of the last row of the page before; "" begins
	Limit int
}

// Item is one row. Feature.ID is the key where that is a number, else 0.
type Item struct {
	Key     string
	Feature *layers.Feature
}

// Page is part of the rows. Next is the key to go on after, "" on the last page.
type Page struct {
	Items []Item
	Next  string
}

// Load is how busy the database is with offers.
type Load struct {
	Running int
	Waiting int
	Shed    int64 // sent away since the start
}

// Service reads offers. Implementations are safe for concurrent use; implemented by postgis.Offers. Errors are *layers.Error:
// not_found for what the scope may not see, invalid for queries that do not fit, unavailable with reason "busy" when too many
// wait already, "failing" when the database cannot answer, "timeout" when it takes too long.
type Service interface {
	// Offers lists what there is, by name, for everybody: ask Allows before telling.
	Offers() []*Offer
	// Offer returns one of them.
	Offer(name string) (*Offer, bool)
	// Status says how an offer is now.
	Status(name string) Status
	// Load says how busy the database is with them.
	Load() Load
	// Tile makes one tile of all offers in one statement: parts come in their order. Equal rows give equal bytes.
	Tile(ctx context.Context, s *auth.Scope, offers []*Offer, q TileQuery) ([]Part, error)
	// Features returns a page of rows; CodeInvalid with reason "no_id" for an offer that has none.
	Features(ctx context.Context, s *auth.Scope, o *Offer, q FeatureQuery) (*Page, error)
	// Feature returns one row.
	Feature(ctx context.Context, s *auth.Scope, o *Offer, key string) (*Item, error)
}
