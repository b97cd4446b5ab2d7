package postgis

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
)

const (
	clusterRole = "wanglou" // superuser, database and ident map of our own clusters
	clusterPort = "5432"    // names the socket; there is no TCP
)

// Cluster is a PostgreSQL with PostGIS that the program keeps for itself in a folder. Several processes may use one cluster at the same
// time; the last to close it stops it. It is safe for concurrent use.
type Cluster struct {
	folder  folder
	bin     binaries
	options clusterOptions
	log     *slog.Logger

	users  *fileLock // shared while we use the cluster
	cancel context.CancelFunc
	done   chan struct{} // closed when supervise has ended

	mu sync.Mutex
	pm postmaster
}

// StartCluster starts PostgreSQL in dir, or finds the one that already runs there, and returns when it answers and has
// the database. The first start makes the cluster. While the Cluster is open, a PostgreSQL that dies is
// started again. As root it runs as the user postgres, or as whoever owns the data folder.
//
// Errors: CodeUnavailable with the names of the packages when PostgreSQL or PostGIS is not installed, CodeForbidden when the folder
// belongs to somebody else, CodeStorageFull.
func StartCluster(ctx context.Context, dir string, log *slog.Logger, opts ...ClusterOption) (*Cluster, error) {
	c := &Cluster{log: log, done: make(chan struct{})}
	for _, o := range opts {
		o(&c.options)
	}
	var err error
	if c.folder, err = openFolder(ctx, dir); err != nil {
		return nil, err
	}
	if c.bin, err = findBinaries(ctx, c.folder.major()); err != nil {
		return nil, err
	}
	if err := c.ensure(ctx, func() (err error) {
		c.users, err = lockFile(ctx, c.folder.file("users.lock"), syscall.LOCK_SH)
		return err
	}); err != nil {
		if c.users != nil {
			c.users.release()
		}
		return nil, err
	}
	supervised, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	go c.supervise(supervised)
	return c, nil
}

// URL returns the address of the database, for Open and for psql.
func (c *Cluster) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url(clusterRole)
}

func (c *Cluster) url(database string) string {
	q := url.Values{"host": {c.pm.socket}, "port": {c.pm.port}, "user": {clusterRole}}
	return "postgres:///" + database + "?" + q.Encode()
}

// PID returns the process id of PostgreSQL's postmaster.
func (c *Cluster) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pm.pid
}

// Close lets go of the cluster and, when no other process uses it, stops PostgreSQL.
func (c *Cluster) Close() error {
	c.cancel()
	<-c.done
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	lock, err := lockFile(ctx, c.folder.file("start.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.release()
	defer c.users.release()
	if !c.users.alone() {
		return nil
	}
	if pm, ok := c.folder.running(); ok {
		if err := stop(ctx, pm.pid, 30*time.Second); err != nil {
			return err
		}
	}
	return c.folder.removeSocketDir()
}

// ensure makes PostgreSQL run, under the start lock; then is done while the lock is still held.
func (c *Cluster) ensure(ctx context.Context, then func() error) error {
	lock, err := lockFile(ctx, c.folder.file("start.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.release()
	pm, ok := c.folder.running()
	if !ok {
		if err := c.folder.prepare(ctx, c.bin, c.options); err != nil {
			return err
		}
		if err := c.start(ctx); err != nil {
			return err
		}
	} else if err := c.ready(ctx, pm, nil); err != nil {
		return err
	}
	return then()
}

// start runs a new postmaster and waits until it answers.
func (c *Cluster) start(ctx context.Context) error {
	if err := c.folder.removeStaleLocks(); err != nil {
		return folderError(c.folder.data(), err)
	}
	if err := c.folder.quitOrphans(ctx); err != nil {
		return folderError(c.folder.data(), err)
	}
	said, err := os.OpenFile(c.folder.file("postgres.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return folderError(c.folder.dir, err)
	}
	defer said.Close()
	cmd, release, err := c.folder.command(c.bin.path("postgres"), c.folder.data())
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Start()
	release()
	if err != nil {
		return &layers.Error{Code: layers.CodeUnavailable, Msg: "PostgreSQL cannot be started", Err: err}
	}
	exited := make(chan struct{})
	go func() { // the child must be waited for, or it stays as a zombie
		_ = cmd.Wait()
		close(exited)
	}()
	pm := postmaster{pid: cmd.Process.Pid, socket: c.folder.socketDir(), port: clusterPort}
	return c.ready(ctx, pm, exited)
}

// ready waits until the postmaster takes connections (after a crash it reads its log first) and makes the database where it is missing.
func (c *Cluster) ready(ctx context.Context, pm postmaster, exited <-chan struct{}) error {
	c.mu.Lock()
	c.pm = pm
	c.mu.Unlock()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.makeDatabase(ctx)
		if err == nil {
			return nil
		}
		if code := layers.ErrorCode(Wrap(err)); code != layers.CodeUnavailable {
			return Wrap(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-exited:
			return c.startError()
		case <-tick.C:
			if exited == nil && !alive(pm.pid) {
				return c.startError()
			}
		}
	}
}

// startError tells what PostgreSQL said before it gave up.
func (c *Cluster) startError() error {
	said, err := os.ReadFile(c.folder.file("postgres.log"))
	if err != nil {
		said = []byte(err.Error())
	}
	return layers.Errorf(layers.CodeUnavailable, "PostgreSQL in %s does not start: %s", c.folder.dir, lastLines(string(said), 3))
}

func (c *Cluster) makeDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, clusterRole).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE DATABASE `+clusterRole)
	return err
}

// supervise starts PostgreSQL again when it dies, until ctx ends.
func (c *Cluster) supervise(ctx context.Context) {
	defer close(c.done)
	for {
		if waitGone(ctx, c.PID(), 200*time.Millisecond) != nil {
			return
		}
		c.log.Warn("PostgreSQL died and is started again", "pid", c.PID(), "folder", c.folder.dir)
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
			err := c.ensure(ctx, func() error { return nil })
			if err == nil {
				c.log.Info("PostgreSQL runs again", "pid", c.PID())
				break
			}
			if ctx.Err() != nil {
				return
			}
			c.log.Error("PostgreSQL does not start", "error", err, "next_try", fmt.Sprint(pause))
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
}
