package postgis

import (
	"context"
	"maps"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wanglou/layers"
)

// DB is one PostgreSQL database with PostGIS. It is safe for concurrent use; the zero value is not usable.
type DB struct {
	Pool *pgxpool.Pool
}

// Option changes how Open connects.
type Option func(*settings)

type settings struct {
	application string
	statement   time.Duration
	connections int32

	// Of connections beside the first ones.
	exact  bool              // connections is a bound that nothing raises
	params map[string]string // settings of each session
	change func(*pgx.ConnConfig)
}

// WithApplicationName sets what the server's lists of connections show; the default is "wanglou".
func WithApplicationName(name string) Option { return func(s *settings) { s.application = name } }

// WithStatementTimeout sets after how long the server gives up a statement; the default is 30 s, 0 is never.
func WithStatementTimeout(d time.Duration) Option { return func(s *settings) { s.statement = d } }

// WithMaxConnections bounds the pool; the default is 4 for each processor and at least 10.
func WithMaxConnections(n int) Option { return func(s *settings) { s.connections = int32(n) } }

// connectTimeout bounds one attempt to connect, so that a black hole in the network is noticed.
const connectTimeout = 5 * time.Second

// Open connects to the database of url (postgres://… or key=value; several hosts are a primary and its standbys, see docs/nodes.md) and returns once it answers. What the url itself
// sets (application_name, statement_timeout, pool_max_conns) wins over the options. It returns CodeInvalid for a url that cannot be
// read and CodeUnavailable when the server does not answer.
func Open(ctx context.Context, url string, opts ...Option) (*DB, error) {
	s := settings{application: "wanglou", statement: 30 * time.Second, connections: int32(max(10, 4*runtime.NumCPU()))}
	for _, o := range opts {
		o(&s)
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The cause of pgx hides passwords.
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "DATABASE_URL", Reason: "not_a_url", Msg: "the database address cannot be read", Err: err}
	}
	if len(cfg.ConnConfig.Fallbacks) > 0 {
		cfg.ConnConfig.ValidateConnect = newest(cfg.ConnConfig.ValidateConnect)
	}
	return s.open(ctx, cfg)
}

// Another opens more connections to the same database, with their own settings; those of the first ones' address do not hold for them.
func (db *DB) Another(ctx context.Context, opts ...Option) (*DB, error) {
	s := settings{application: "wanglou", statement: 30 * time.Second, connections: int32(max(10, 4*runtime.NumCPU()))}
	for _, o := range opts {
		o(&s)
	}
	cfg := db.Pool.Config()
	for _, key := range []string{"application_name", "statement_timeout"} {
		delete(cfg.ConnConfig.RuntimeParams, key)
	}
	return s.open(ctx, cfg)
}

// open connects as the settings say, where cfg says nothing else.
func (s *settings) open(ctx context.Context, cfg *pgxpool.Config) (*DB, error) {
	params := cfg.ConnConfig.RuntimeParams
	setDefault(params, "application_name", s.application)
	setDefault(params, "statement_timeout", milliseconds(s.statement))
	// A crashed client must not hold locks for ever, and nobody waits for a lock longer than people wait for a page.
	setDefault(params, "idle_in_transaction_session_timeout", milliseconds(time.Minute))
	setDefault(params, "lock_timeout", milliseconds(10*time.Second))
	setDefault(params, "jit", "off") // our statements last milliseconds, and to compile one takes hundreds of them
	if cfg.ConnConfig.ConnectTimeout == 0 || cfg.ConnConfig.ConnectTimeout > connectTimeout {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	maps.Copy(params, s.params)
	if s.change != nil {
		s.change(cfg.ConnConfig)
	}
	if cfg.MaxConns = max(cfg.MaxConns, s.connections); s.exact {
		cfg.MaxConns = s.connections
	}
	cfg.MaxConnLifetimeJitter = 5 * time.Minute
	cfg.HealthCheckPeriod = 5 * time.Second // dead connections of a restarted server go soon
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, Wrap(err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, Wrap(err)
	}
	return &DB{Pool: pool}, nil
}

// Close closes all connections and waits for those in use.
func (db *DB) Close() { db.Pool.Close() }

func setDefault(params map[string]string, key, value string) {
	if _, ok := params[key]; !ok {
		params[key] = value
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
