package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"wanglou/layers/auth"
	"wanglou/postgis"
)

// server is the whole product, running as it does in an installation.
type server struct {
	address string // host:port
	cmd     *exec.Cmd
	client  *http.Client // signed in as somebody who sees everything

	started    time.Time
	readyAfter time.Duration // from the start of the process
}

const (
	benchLogin    = "bench"
	benchPassword = "measured-in-milliseconds"
)

// serve starts the product on a database, with further flags, and signs in. The caller stops it.
func (e *env) serve(ctx context.Context, db *postgis.DB, database string, flags ...string) (*server, error) {
	program, err := e.binary(ctx)
	if err != nil {
		return nil, err
	}
	viewer := &auth.User{Login: benchLogin, Name: "Bench", Roles: []auth.Role{auth.RoleViewer, auth.RoleDuty, auth.RoleDroneTeam}, Areas: []string{auth.Everywhere}}
	admin := &auth.User{Login: "bench-setup", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{auth.Everywhere}}
	asAdmin := auth.WithActor(ctx, &auth.Actor{User: admin, Scope: admin.Scope()})
	if err := postgis.NewUsers(db).Save(asAdmin, viewer, benchPassword); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &server{address: address, client: &http.Client{Jar: jar}}
	s.cmd = exec.CommandContext(ctx, program, append([]string{"serve", "--addr", address, "--database-url", database, "--data", filepath.Join(e.dir, "data"), "--log-level", "warn", "--pprof"}, flags...)...)
	s.cmd.Stderr = e.progress
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 10 * time.Second
	s.started = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// ask gets a path and returns the answer, and how long it took in milliseconds.
func (s *server) ask(ctx context.Context, path string) (body []byte, took float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	body, err = io.ReadAll(resp.Body)
	took = float64(time.Since(began)) / float64(time.Millisecond)
	_ = resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return body, took, err
}

// page runs a program that opens pages of the server in Chromium and reads the JSON that it prints.
func (s *server) page(ctx context.Context, e *env, program string, into any, args ...string) error {
	cmd := exec.CommandContext(ctx, "node", append([]string{"deploy/bench/" + program, "http://" + s.address, benchLogin, benchPassword}, args...)...) // #nosec G204 -- arguments of ours
	cmd.Stderr = e.progress
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("%s told %q: %w", program, out, err)
	}
	return nil
}

// stop ends the server as a service manager does.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// ready waits until the server answers that it is, and signs in.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := s.client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s.readyAfter = time.Since(s.started)
				return s.signIn(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server was not ready in time: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (s *server) signIn(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"login": benchLogin, "password": benchPassword})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/api/session", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("log-in: %s", resp.Status)
	}
	return nil
}

// cookie returns the session as it stands in a request's header.
func (s *server) cookie() string {
	var all []string
	for _, c := range s.client.Jar.Cookies(&url.URL{Scheme: "http", Host: s.address, Path: "/"}) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// live opens the websocket.
func (s *server) live(ctx context.Context) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+s.address+"/live", &websocket.DialOptions{HTTPClient: s.client})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(16 << 20) // as docs/protocol.md says
	return conn, nil
}

// freeAddress returns an address on this machine that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
