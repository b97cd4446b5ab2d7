package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/demo"
	"wanglou/postgis/postgistest"
	"wanglou/server/live/livetest"
	"wanglou/server/onnx/onnxtest"
	"wanglou/server/servertest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir := builtDir; dir != "" {
		_ = os.RemoveAll(dir)
	}
	onnxtest.Remove()
	os.Exit(code)
}

var builtDir string // set by binary

// binary is the program, built once as it is shipped: child processes are what can be killed, and they have no race detector,
// beside which a county takes ten times as long.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wanglou-built-")
	if err != nil {
		return "", err
	}
	builtDir = dir
	file := filepath.Join(dir, "wanglou")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

// county returns the address of a database with the demo county, the test's own.
func county(t testing.TB) string {
	t.Helper()
	if !demo.Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	return postgistest.Prepared(t, "county", seedCounty)
}

// seedCounty makes the demo county by command. Beside the race detector a log-in takes over a second, by intention of who chose how passwords
// are hashed: the accounts' hashes are made light.
func seedCounty(url string) error {
	file, err := binary()
	if err != nil {
		return err
	}
	if out, err := exec.Command(file, "seed", "--database-url", url).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	light, err := argon2id.CreateHash(demo.Password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		return err
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `UPDATE app_user SET password_hash = $1`, light)
	return err
}

// command runs one command line in this process.
func command(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &said)
	return code, out.String(), said.String()
}

// node is one server in this process.
type node struct {
	*Main
	t    testing.TB
	url  string
	stop func() // ends it and waits; so does the end of the test
}

// serve runs a server on the database and returns when it has loaded the map.
func serve(t testing.TB, database string, change ...func(*ServeCmd)) *node {
	t.Helper()
	return serveIn(t, database, t.TempDir(), change...)
}

// serveIn is serve with a data folder that an earlier one may have left.
func serveIn(t testing.TB, database, data string, change ...func(*ServeCmd)) *node {
	t.Helper()
	app := &App{DatabaseURL: database, Data: data, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Logger: postgistest.Log(t)}
	n := &node{t: t, Main: &Main{App: app, Config: ServeCmd{Addr: "127.0.0.1:0", TileCache: 16, Publish: PublishFlags{Schema: []string{"open", "gis"}}}}}
	for _, c := range change {
		c(&n.Config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := n.Open(ctx); err != nil {
		cancel()
		t.Fatal(err)
	}
	n.url = n.URL()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		n.Close()
	})
	t.Cleanup(n.stop)
	wait, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	if _, err := n.Replica.WaitPast(wait, layers.Position{}); err != nil {
		t.Fatal(err)
	}
	return n
}

// as logs a demo account in.
func (n *node) as(login string) *servertest.Client {
	n.t.Helper()
	return servertest.As(n.t, n.url, login, demo.Password)
}

// exec changes the database as psql would.
func (n *node) exec(sql string, args ...any) {
	n.t.Helper()
	if _, err := n.DB.Pool.Exec(n.t.Context(), sql, args...); err != nil {
		n.t.Fatalf("%s: %v", sql, err)
	}
}

// dial connects a client to a server's live stream. copies are those of an earlier connection, nil for none.
func dial(t testing.TB, c *servertest.Client, copies map[string]*livetest.Layer) (*livetest.Client, error) {
	t.Helper()
	live, err := livetest.Dial(t.Context(), c.Base+"/live", c.Cookies())
	if err != nil {
		return nil, err
	}
	t.Cleanup(live.Cut)
	for name, l := range copies {
		l.Forget()
		live.Layers[name] = l
	}
	return live, nil
}

// follow connects and subscribes to layers with their geometry, from the copies' tokens on.
func follow(t testing.TB, c *servertest.Client, copies map[string]*livetest.Layer, names ...string) *livetest.Client {
	t.Helper()
	live, err := dial(t, c, copies)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := live.Subscribe(t.Context(), name, true); err != nil {
			t.Fatal(err)
		}
	}
	return live
}

// until reads frames until the condition holds, for a minute at most.
func until(t testing.TB, live *livetest.Client, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := live.Until(ctx, holds); err != nil {
		t.Fatalf("waited in vain for %s: %v", what, err)
	}
}

// eventually asks until the condition holds, for a minute at most.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

// open connects to a database.
func open(t testing.TB, url string) *postgis.DB {
	t.Helper()
	db, err := postgis.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// number returns the one number that a query answers.
func number(t testing.TB, db *postgis.DB, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.Pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// isKilled reports whether a child ended by a signal.
func isKilled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == -1
}
