// Package relaytest holds a NATS server inside the test's process.
package relaytest

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"wanglou/server/relay"
)

// Server is a NATS server with JetStream, which can go away and come back with what it had. It ends with the test.
type Server struct {
	t       testing.TB
	options *server.Options
	server  *server.Server
}

// New starts a server.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, options: &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.Up()
	t.Cleanup(s.Down)
	return s
}

// Up starts it again, at the same address.
func (s *Server) Up() {
	s.t.Helper()
	run, err := server.NewServer(s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	run.Start()
	if !run.ReadyForConnections(30 * time.Second) {
		s.t.Fatal("NATS did not start")
	}
	s.server = run
	s.options.Port = run.Addr().(*net.TCPAddr).Port
}

// Down ends it; what it holds stays.
func (s *Server) Down() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// Cut breaks every connection once.
func (s *Server) Cut() {
	s.t.Helper()
	connections, err := s.server.Connz(&server.ConnzOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range connections.Conns {
		_ = s.server.DisconnectClientByID(c.Cid) // it may have gone by itself
	}
}

// URL is its address.
func (s *Server) URL() string { return s.server.ClientURL() }

// Options are those of its clients.
func (s *Server) Options() relay.Options {
	return relay.Options{Servers: s.URL(), Logger: slog.New(slog.DiscardHandler)}
}
