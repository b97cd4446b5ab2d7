package main

import (
	"net"
	"strings"
	"testing"

	"wanglou/postgis/postgistest"
)

func TestCommandLines(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for name, c := range map[string]struct {
		args string
		code int
		want string // in what it says
	}{
		"nothing":           {"", 2, "expected one of"},
		"help":              {"--help", 0, "psql"},
		"version":           {"--version", 0, "dev"},
		"unknown command":   {"fly", 2, "unexpected argument fly"},
		"unknown flag":      {"serve --fast", 2, "unknown flag --fast"},
		"level":             {"--log-level loud migrate", 2, "--log-level"},
		"no role":           {"user add wang", 2, "--role"},
		"unknown role":      {"user add wang --role king", 2, "king"},
		"not an address":    {"serve --addr nowhere", 2, "--addr: cannot listen on nowhere"},
		"address in use":    {"serve --addr " + taken.Addr().String(), 1, "another program listens on " + taken.Addr().String()},
		"proxy":             {"serve --addr 127.0.0.1:0 --trusted-proxy 10.0.0.1", 2, `"10.0.0.1" is not a range`},
		"certificate alone": {"serve --addr 127.0.0.1:0 --tls-cert /dev/null", 2, "go together"},
		"no certificate":    {"serve --addr 127.0.0.1:0 --tls-cert /dev/null --tls-key /dev/null", 2, "certificate and key cannot be used"},
		"database's url":    {"migrate --database-url postgres://user:hunter2@host:port/x", 2, "DATABASE_URL"},
		"no database":       {"migrate --database-url postgres://wanglou:hunter2@127.0.0.1:1/x", 1, "the database cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, said := command(t, "", strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(out+said, c.want) {
				t.Errorf("wanglou %s: exit %d, want %d with %q:\n%s%s", c.args, code, c.code, c.want, out, said)
			}
			if strings.Contains(out+said, "hunter2") {
				t.Errorf("wanglou %s shows a password: %s", c.args, said)
			}
		})
	}
}

// What an administrator does on the day of the installation, on an empty database.
func TestAccountsByCommand(t *testing.T) {
	t.Parallel()
	db := "--database-url=" + postgistest.Empty(t)
	for _, c := range []struct {
		stdin, args string
		code        int
		want        string
	}{
		{"", "migrate", 0, "the schema is up to date"},
		{"", "migrate", 0, "the schema is up to date"},
		{"a-long-password\n", "user add Wang --name 王 --role duty_officer --role dispatcher --area 330122.330122001", 0, "account wang is there"},
		{"a-long-password\n", "user add wang --role viewer", 1, "already"},
		{"short\n", "user add li --role viewer", 2, "at least 10"},
		{"", "user add li --role viewer", 2, "at least 10"},
		{"li-li-li-li\n", "user add li-li-li-li --role viewer", 2, "the password is the login"},
		{"a-long-password\n", "user add li --role unit", 2, "unit_id"},
		{"", "user list", 0, "duty_officer,dispatcher"},
		{"", "user disable WANG", 0, "account wang is disabled"},
		{"", "user list", 0, "disabled"},
		{"", "user enable wang", 0, "account wang is enabled"},
		{"another-password\n", "user passwd wang", 0, "the password of wang is set"},
		{"another-password\n", "user passwd nobody", 1, `there is no account "nobody"`},
		{"", "user disable nobody", 1, `there is no account "nobody"`},
	} {
		code, out, said := command(t, c.stdin, append(strings.Fields(c.args), db)...)
		if code != c.code || !strings.Contains(out+said, c.want) {
			t.Errorf("wanglou %s: exit %d, want %d with %q:\n%s%s", c.args, code, c.code, c.want, out, said)
		}
	}
}

func TestSeedByCommand(t *testing.T) {
	t.Parallel()
	url := county(t)
	db := open(t, url)
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"seed --if-empty", 0, "there already"}, {"seed --if-empty", 0, "there already"}, {"seed", 1, "--reset"}, {"seed --scale 501", 2, "scale is 1 to 500"},
	} {
		before := number(t, db, `SELECT count(*) FROM camera`)
		code, out, said := command(t, "", append(strings.Fields(c.args), "--database-url="+url)...)
		if code != c.code || !strings.Contains(out+said, c.want) {
			t.Errorf("wanglou %s: exit %d, want %d with %q:\n%s%s", c.args, code, c.code, c.want, out, said)
		}
		if after := number(t, db, `SELECT count(*) FROM camera`); before != 2000 || after != before {
			t.Errorf("wanglou %s: %d cameras, then %d", c.args, before, after)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM position WHERE source_time > now() - interval '5 minutes'`); n < 20 {
		t.Errorf("%d units have a current position after seed --if-empty", n)
	}
}

// A database that cannot do its work is told so at once: each thing that is missing, with what mends it.
func TestDatabaseThatIsNotReady(t *testing.T) {
	t.Parallel()
	cluster := postgistest.Cluster(t)
	db := open(t, cluster.URL())
	for _, sql := range []string{`ALTER SYSTEM SET wal_level = 'replica'`, `CREATE ROLE guest LOGIN`, `CREATE DATABASE plain`} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	restart(t, cluster)
	url := strings.Replace(cluster.URL(), "/wanglou?", "/plain?options=-c%20role%3Dguest&", 1)
	for _, args := range []string{"migrate", "serve --addr 127.0.0.1:0", "user list", "seed --if-empty"} {
		code, _, said := command(t, "", append(strings.Fields(args), "--database-url", url)...)
		if code != 1 {
			t.Errorf("wanglou %s: exit %d", args, code)
		}
		for _, want := range []string{"the database plain is not ready", "CREATE EXTENSION postgis", "wal_level is replica", "ALTER ROLE guest REPLICATION"} {
			if !strings.Contains(said, want) {
				t.Errorf("wanglou %s does not say %q: %s", args, want, said)
			}
		}
	}
}
