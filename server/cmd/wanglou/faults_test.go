package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wanglou/postgis"
	"wanglou/postgis/postgistest"
	"wanglou/server/live/livetest"
	"wanglou/server/servertest"
)

// child is the program as a process of its own, on a data folder.
type child struct {
	t    testing.TB
	data string
	addr string
	cmd  *exec.Cmd
}

const childPassword = "a-long-password"

// freeAddr returns an address that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// tool runs another command of the program on the child's data folder.
func (c *child) tool(stdin string, args ...string) string {
	c.t.Helper()
	file, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(file, append([]string{"--data", c.data, "--database-url="}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("wanglou %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start begins to serve and returns when the map is loaded. What the child says goes to the test's log.
func (c *child) start() {
	c.t.Helper()
	file, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	c.cmd = exec.Command(file, "serve", "--data", c.data, "--database-url=", "--addr", c.addr)
	said, err := c.cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	cmd := c.cmd
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			fmt.Fprintln(c.t.Output(), lines.Text())
		}
		_, _ = io.Copy(io.Discard, said)
	}()
	c.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // killed before by the test, or ends now
	})
	eventually(c.t, "the server to be ready", func() bool {
		res, err := http.Get(c.url() + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

func (c *child) url() string { return "http://" + c.addr }

// postmaster returns the process id of the child's PostgreSQL, 0 while there is none.
func (c *child) postmaster() int {
	b, err := os.ReadFile(filepath.Join(c.data, "postgres", "data", "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return pid
}

// database returns the address of the child's own database.
func (c *child) database() string {
	b, err := os.ReadFile(filepath.Join(c.data, "postgres", "data", "postmaster.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	return "postgres:///wanglou?host=" + strings.TrimSpace(lines[4]) + "&port=" + strings.TrimSpace(lines[3]) + "&user=wanglou"
}

// install makes a database with an account and some cameras, and serves it.
func install(t testing.TB, data string) *child {
	t.Helper()
	c := &child{t: t, data: data, addr: freeAddr(t)}
	c.tool(childPassword+"\n", "user", "add", "admin", "--role", "admin")
	c.start()
	db := open(t, c.database())
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO camera (name, geom) SELECT 'c' || i, ST_Point(119 + i / 1000.0, 29, 4326) FROM generate_series(1, 100) i`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	return c
}

// PostgreSQL and the server are killed without warning while a writer goes on. Whatever was acknowledged is on the wall in the end,
// without a reload, by tokens alone.
func TestKilled(t *testing.T) {
	t.Parallel()
	c := install(t, postgistest.Folder(t))
	admin := servertest.As(t, c.url(), "admin", childPassword)
	live := follow(t, admin, nil, "camera")
	copies := live.Layers
	until(t, live, "the cameras", func() bool { return len(copies["camera"].Rows) == 100 })

	writing, stop := context.WithCancel(t.Context())
	defer stop()
	acknowledged := make(chan map[int]string, 1)
	go func() { acknowledged <- c.write(writing) }()
	reconnect := func() *livetest.Client {
		var live *livetest.Client
		eventually(t, "the wall to be back", func() bool {
			var err error
			live, err = dial(t, admin, copies)
			return err == nil
		})
		if err := live.Subscribe(t.Context(), "camera", true); err != nil {
			t.Fatal(err)
		}
		return live
	}
	token := func() string { return copies["camera"].Token }
	for _, kill := range []string{"PostgreSQL", "the server", "PostgreSQL", "both"} {
		at := token()
		until(t, live, "changes before the kill of "+kill, func() bool { return token() != at })
		pg := c.postmaster()
		if pg == 0 {
			t.Fatal("no PostgreSQL runs before the kill of " + kill)
		}
		if kill != "the server" {
			postgistest.Signal(t, pg, syscall.SIGKILL)
		}
		if kill != "PostgreSQL" {
			if err := c.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := c.cmd.Wait(); !isKilled(err) {
				t.Errorf("the server ended by itself: %v", err)
			}
			c.start()
			live = reconnect()
		}
		if kill != "the server" { // what was under way when it died may still arrive, and looks like changes after it
			eventually(t, "another PostgreSQL in place of the killed", func() bool { now := c.postmaster(); return now != 0 && now != pg })
		}
		at = token()
		until(t, live, "changes after the kill of "+kill, func() bool { return token() != at && live.Heartbeat.Source == "live" })
	}
	stop()
	want := <-acknowledged
	if len(want) == 0 {
		t.Fatal("nothing was written")
	}
	db := open(t, c.database())
	rows, err := db.Pool.Query(t.Context(), `SELECT id, to_json(name)::text FROM camera`)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			t.Fatal(err)
		}
		names[id] = name
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	until(t, live, "the wall to equal the database", func() bool {
		for id, name := range names {
			if copies["camera"].Rows[id].Values["name"] != name {
				return false
			}
		}
		return len(copies["camera"].Rows) == len(names)
	})
	for id, n := range want { // a later write may have been committed without its acknowledgement
		have, err := strconv.Atoi(strings.Trim(names[int64(id)], `"`))
		least, _ := strconv.Atoi(n)
		if err != nil || have < least {
			t.Errorf("camera %d is %s, acknowledged was %s", id, names[int64(id)], n)
		}
	}
}

// write counts upwards in the names of cameras until ctx ends, through every fault, and returns what was acknowledged last for each.
func (c *child) write(ctx context.Context) map[int]string {
	done := map[int]string{}
	var db *postgis.DB
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ctx.Err() == nil; n++ {
		<-tick.C
		if db == nil {
			var err error
			if db, err = postgis.Open(ctx, c.database()); err != nil {
				db = nil
				continue
			}
			defer db.Close()
		}
		id := 1 + n%100
		if _, err := db.Pool.Exec(ctx, `UPDATE camera SET name = $1 WHERE id = $2`, strconv.Itoa(n), id); err == nil {
			done[id] = strconv.Itoa(n)
		}
	}
	return done
}

// A second program on the same folder joins the first one's PostgreSQL; the first may end and the second goes on.
func TestASecondProgramOnTheFolder(t *testing.T) {
	t.Parallel()
	a := install(t, postgistest.Folder(t))
	b := &child{t: t, data: a.data, addr: freeAddr(t)}
	b.start()
	pg := a.postmaster()
	live := follow(t, servertest.As(t, b.url(), "admin", childPassword), nil, "camera")
	until(t, live, "the cameras", func() bool { return len(live.Layers["camera"].Rows) == 100 })
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Wait(); err != nil {
		t.Errorf("the first program ended with %v", err)
	}
	if now := b.postmaster(); now != pg {
		t.Errorf("PostgreSQL is %d after the first program ended, was %d", now, pg)
	}
	db := open(t, b.database())
	if _, err := db.Pool.Exec(t.Context(), `UPDATE camera SET name = 'after' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	until(t, live, "the change", func() bool { return live.Layers["camera"].Rows[1].Values["name"] == `"after"` })
	db.Close()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Wait(); err != nil {
		t.Errorf("the second program ended with %v", err)
	}
	eventually(t, "PostgreSQL to be gone with the last program", func() bool { return syscall.Kill(pg, 0) != nil })
}

// A full disk: what would be stored is refused with the reason, what there is goes on to be shown, and with room everything goes on.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := postgistest.SmallDisk(t, 400)
	c := install(t, dir)
	admin := servertest.As(t, c.url(), "admin", childPassword)
	live := follow(t, admin, nil, "camera")
	until(t, live, "the cameras", func() bool { return len(live.Layers["camera"].Rows) == 100 })
	db := open(t, c.database())
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐', ST_Multi(ST_MakeEnvelope(119, 28, 121, 31, 4326)))`); err != nil {
		t.Fatal(err)
	}
	create := func(key string) *servertest.Response {
		return admin.Do("POST", "/api/incidents", map[string]any{"title": "一", "description": strings.Repeat("满", 4000), "category": "09012", "severity": 2,
			"point": []float64{119.5, 29.5}}, "Idempotency-Key", key)
	}
	create("before").Want(201)
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	var refused *servertest.Response
	for i := range 2000 {
		if refused = create(fmt.Sprint("full", i)); refused.Status != 201 {
			break
		}
	}
	if refused.Status != 507 && refused.Status != 503 {
		t.Fatalf("a full disk: %d %s", refused.Status, refused.Body)
	}
	t.Logf("a full disk: %d %s", refused.Status, refused.Body)
	if text := string(refused.Body); strings.Contains(text, dir) || strings.Contains(text, "base/") {
		t.Errorf("the answer tells of files: %s", text)
	}
	servertest.NewClient(t, c.url()).Get("/healthz").Want(200)
	admin.Get("/api/layers/camera/features/17").Want(200)
	admin.Get("/api/catalog").Want(200)
	admin.Get("/tiles/camera/10/850/425").Want(200)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "cases to be taken again", func() bool { return create("after").Status == 201 })
	again := open(t, c.database())
	if n := number(t, again, `SELECT count(*) FROM incident i WHERE NOT EXISTS (SELECT FROM incident_log l WHERE l.incident_id = i.id)`); n != 0 {
		t.Errorf("%d cases were stored by half", n)
	}
	if n := number(t, again, `SELECT count(*) FROM incident WHERE client_key = 'after'`); n != 1 {
		t.Errorf("the case is there %d times", n)
	}
	if _, err := again.Pool.Exec(t.Context(), `UPDATE camera SET name = 'room again' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	until(t, live, "the wall to go on", func() bool { return live.Layers["camera"].Rows[1].Values["name"] == `"room again"` })
}

// fill writes a file until the disk is full.
func fill(t testing.TB, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
}
