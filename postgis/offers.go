package postgis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/offer"
)

// Offers implements offer.Service: what the database has beside the publication, in schemas that an administrator named. It reads through
// connections of its own, few, read-only and maybe of another role, so that neither a slow view nor a careless function touches what
// the rest of the server needs. Make one with [OpenOffers], keep it fresh with Run; it is safe for concurrent use.
type Offers struct {
	db   *DB
	opts OfferOptions
	gate *gate

	current atomic.Pointer[offerCatalog]
	reload  sync.Mutex // held while the schemas are read
	forgot  time.Time

	mu     sync.Mutex
	status map[string]offer.Status // of those that are not ready
	robust map[string]bool         // by name and revision: have rows that cannot be transformed
}

// OfferOptions say what is offered and what it may cost. Zero fields take the defaults.
type OfferOptions struct {
	Schemas []string // whose tables, views and functions are offered; none offers nothing
	Role    string   // that the connections take (SET ROLE); default the login's own

	Connections int           // to the database; default 4
	Queue       int           // requests that may wait for one of them; default 64
	Wait        time.Duration // how long they wait at most; default 5 s
	Statement   time.Duration // after which PostgreSQL gives up; default 8 s
	Poll        time.Duration // between two looks at the schemas; default 2 s
	Logger      *slog.Logger
}

func (o *OfferOptions) setDefaults() {
	o.Connections = cmp.Or(o.Connections, 4)
	o.Queue = cmp.Or(o.Queue, 64)
	o.Wait = cmp.Or(o.Wait, 5*time.Second)
	o.Statement = cmp.Or(o.Statement, 8*time.Second)
	o.Poll = cmp.Or(o.Poll, 2*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// offerCatalog is what was found at one time.
type offerCatalog struct {
	fingerprint string
	byName      map[string]*source
	offers      []*offer.Offer
}

// OpenOffers connects to the database of db once more. Errors are CodeInvalid for a schema that must not be offered, CodeUnavailable when the
// database does not take the connections.
func OpenOffers(ctx context.Context, db *DB, o OfferOptions) (*Offers, error) {
	o.setDefaults()
	if err := refuseOwnSchemas(ctx, db, o.Schemas); err != nil {
		return nil, err
	}
	own, err := db.Another(ctx, WithApplicationName("wanglou offers"), WithMaxConnections(o.Connections), WithStatementTimeout(o.Statement), forOffers(o.Role))
	if err != nil {
		return nil, err
	}
	s := &Offers{db: own, opts: o, gate: newGate(o.Connections, o.Queue, o.Wait), status: map[string]offer.Status{}, robust: map[string]bool{}}
	s.current.Store(&offerCatalog{byName: map[string]*source{}})
	return s, nil
}

// Close closes the connections.
func (o *Offers) Close() { o.db.Close() }

// refuseOwnSchemas keeps the product's tables out: whatever stands beside them is not offered. Users, sessions, phone numbers and logs are in those
// schemas, and an upgrade may put more there.
func refuseOwnSchemas(ctx context.Context, db *DB, schemas []string) error {
	own, err := ownSchemas(ctx, db)
	if err != nil {
		return err
	}
	for _, s := range schemas {
		switch {
		case slices.Contains(own, s):
			return layers.Invalid("--publish-schema", "own_schema",
				"schema %s holds Wanglou's own tables and is never offered: move yours with ALTER TABLE … SET SCHEMA open, or make views in a schema of their own", s)
		case strings.HasPrefix(s, "pg_") || s == "information_schema" || s == "":
			return layers.Invalid("--publish-schema", "system_schema", "schema %q belongs to PostgreSQL", s)
		}
	}
	return nil
}

var createSchema = regexp.MustCompile(`(?i)CREATE SCHEMA (?:IF NOT EXISTS )?"?(\w+)`)

// ownSchemas are the one in which the accounts are, and those that the migrations make.
func ownSchemas(ctx context.Context, db *DB) ([]string, error) {
	var own []string
	err := db.Pool.QueryRow(ctx, `SELECT array(SELECT DISTINCT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid IN (to_regclass('app_user'), to_regclass('session'), to_regclass('setting')))`).Scan(&own)
	if err != nil {
		return nil, Wrap(err)
	}
	files := MigrationFiles()
	return own, fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		for _, m := range createSchema.FindAllSubmatch(text, -1) {
			own = append(own, string(m[1]))
		}
		return err
	})
}

// Run keeps the offers as the schemas are until ctx ends. When the database is away it keeps what was there.
func (o *Offers) Run(ctx context.Context) error {
	if len(o.opts.Schemas) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(o.opts.Poll)
	defer tick.Stop()
	for {
		if err := o.Reload(ctx); err != nil && ctx.Err() == nil {
			o.opts.Logger.Warn("the offered schemas cannot be read", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Reload reads the schemas again if anything in them changed.
func (o *Offers) Reload(ctx context.Context) error {
	o.reload.Lock()
	defer o.reload.Unlock()
	var fingerprint string
	if err := o.db.Pool.QueryRow(ctx, fingerprintSQL, o.opts.Schemas).Scan(&fingerprint); err != nil {
		return Wrap(err)
	}
	old := o.current.Load()
	if fingerprint == old.fingerprint {
		return nil
	}
	found, err := readOffered(ctx, o.db.Pool, o.opts.Schemas)
	if err != nil {
		return Wrap(err)
	}
	next := &offerCatalog{fingerprint: fingerprint, byName: map[string]*source{}}
	for _, f := range found {
		for _, s := range newSources(f) {
			if next.byName[s.Name] != nil {
				o.opts.Logger.Warn("two functions of one name: only the first is offered", "offer", s.Name)
				continue
			}
			if err := o.examine(ctx, s, old.byName[s.Name]); err != nil {
				return Wrap(err)
			}
			s.Revision = s.revision()
			next.byName[s.Name] = s
			next.offers = append(next.offers, s.Offer)
		}
	}
	slices.SortFunc(next.offers, func(a, b *offer.Offer) int { return cmp.Compare(a.Name, b.Name) })
	o.current.Store(next)
	o.tell(old, next)
	return nil
}

// tell logs what came, changed and went, and forgets how those were that are other ones now.
func (o *Offers) tell(old, next *offerCatalog) {
	log := o.opts.Logger
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, was := range old.byName {
		now := next.byName[name]
		if now == nil {
			log.Info("no longer offered", "offer", name)
		}
		if now == nil || now.Revision != was.Revision {
			delete(o.status, name)
			delete(o.robust, name+was.Revision)
		}
	}
	for name, now := range next.byName {
		was := old.byName[name]
		if was != nil && was.Revision == now.Revision {
			continue
		}
		if now.reason != "" {
			o.status[name] = offer.Status{State: offer.StateRefused, Reason: now.reason, Message: now.message, Since: time.Now()}
			log.Warn("cannot be offered", "offer", name, "reason", now.reason, "why", now.message)
			continue
		}
		log.Info("offered", "offer", name, "kind", now.Kind, "id", now.ID, "srid", now.geom.srid, "notes", now.Notes)
	}
}

// Offers implements offer.Service.
func (o *Offers) Offers() []*offer.Offer { return o.current.Load().offers }

// Offer implements offer.Service.
func (o *Offers) Offer(name string) (*offer.Offer, bool) {
	s := o.current.Load().byName[name]
	if s == nil {
		return nil, false
	}
	return s.Offer, true
}

// Status implements offer.Service.
func (o *Offers) Status(name string) offer.Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	if st, ok := o.status[name]; ok {
		return st
	}
	return offer.Status{State: offer.StateReady}
}

// allowed returns the source of an offer as it is now, CodeNotFound where the scope may not know of it.
func (o *Offers) allowed(s *auth.Scope, name string) (*source, error) {
	src := o.current.Load().byName[name]
	if src == nil || !src.Allows(s) {
		return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "unknown_source", Params: map[string]string{"name": name}, Msg: "there is no source of that name"}
	}
	if src.reason != "" {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "source_refused", Params: map[string]string{"name": name},
			Msg: name + " cannot be served as it is", Err: fmt.Errorf("%s: %s", src.reason, src.message)}
	}
	return src, nil
}

// ask runs a question about sources behind the gate. When the schema changed under it, it looks again and asks once more. What the database
// then says is remembered as the state of the sources.
func (o *Offers) ask(ctx context.Context, names []string, question func(context.Context) error) error {
	leave, err := o.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	err = question(ctx)
	var known *layers.Error
	if errors.As(err, &known) {
		return err // the caller's
	}
	if schemaChanged(err) && o.mayForget() {
		if err := o.Reload(ctx); err != nil {
			return err
		}
		err = question(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return o.explain(names, ctx.Err()) // the database says only that it was told to stop
	}
	if pg := serverError(err); len(names) != 1 && pg != nil && !ofServer(pg) {
		return err // whose it is, those who ask find out one by one
	}
	for _, name := range names {
		o.remember(name, err)
	}
	return o.explain(names, err)
}

// mayForget makes the next Reload read everything, at most once a second: a view can be broken in the same words for ever.
func (o *Offers) mayForget() bool {
	o.reload.Lock()
	defer o.reload.Unlock()
	if time.Since(o.forgot) < time.Second {
		return false
	}
	o.forgot = time.Now()
	c := *o.current.Load()
	c.fingerprint = ""
	o.current.Store(&c)
	return true
}

// schemaChanged reports whether err says that a statement no longer fits what it reads: undefined_table, undefined_column,
// undefined_function, undefined_object, invalid_schema_name, a cached plan whose result would have another type, insufficient_privilege.
func schemaChanged(err error) bool {
	pg := serverError(err)
	return pg != nil && slices.Contains([]string{"42P01", "42703", "42883", "42704", "3F000", "0A000", "42501"}, pg.Code)
}

// remember keeps whether a source answers.
func (o *Offers) remember(name string, err error) {
	pg := serverError(err)
	if err != nil && (pg == nil || ofServer(pg) && pg.Code != pgQueryCanceled) { // a cancelled request, a lost connection: nothing about the source
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	was, bad := o.status[name]
	if err == nil {
		if bad && was.State == offer.StateFailing {
			delete(o.status, name)
			o.opts.Logger.Info("answers again", "offer", name)
		}
		return
	}
	st := offer.Status{State: offer.StateFailing, Reason: "source_failing", Message: pg.Message, Since: time.Now()}
	if pg.Code == pgQueryCanceled {
		st.Reason = "timeout"
	}
	if bad && was.Message == st.Message {
		return
	}
	o.status[name] = st
	o.opts.Logger.Warn("cannot be read", "offer", name, "err", err)
}

const pgQueryCanceled = "57014"

// explain makes an error for people of what the database says about sources.
func (o *Offers) explain(names []string, err error) error {
	if err == nil {
		return nil
	}
	pg := serverError(err)
	if pg == nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return tookTooLong(err)
		}
		return Wrap(err)
	}
	switch {
	case pg.Code == pgQueryCanceled:
		return tookTooLong(err)
	case ofServer(pg):
		return Wrap(err)
	}
	name := strings.Join(names, ",")
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "source_failing", Params: map[string]string{"name": name},
		Msg: "the database cannot read " + name, Err: err}
}

// ofServer reports whether an error is about the server rather than about what it was asked: it ends, it is full, it took too long.
func ofServer(pg *pgconn.PgError) bool {
	return strings.HasPrefix(pg.Code, "57") || strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53")
}

func tookTooLong(err error) error {
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "timeout", Params: map[string]string{"retry_after_s": "5"},
		Msg: "the database took too long", Err: err}
}

// forOffers makes connections that cannot change anything. Plans are made for each tile, because the whole world wants another one than a street; a
// cancelled request is cancelled in the database and keeps its connection.
func forOffers(role string) Option {
	return func(s *settings) {
		s.exact = true
		s.params = map[string]string{"default_transaction_read_only": "on", "plan_cache_mode": "force_custom_plan"}
		if role != "" {
			s.params["role"] = role
		}
		s.change = func(c *pgx.ConnConfig) {
			c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
				return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: 0, DeadlineDelay: 2 * time.Second}
			}
		}
	}
}
