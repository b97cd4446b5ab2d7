package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/server/live"
)

// unmasked is a camera without masks.
type unmasked struct{ camera.Streams }

func (unmasked) Stream(context.Context, int64) (*camera.Stream, error) { return &camera.Stream{}, nil }

// Whoever watches, by whichever way, is asked about every ten seconds: he is sent away when his session or his right has ended, and goes on while nobody can tell.
func TestKeepAsking(t *testing.T) {
	t.Parallel()
	viewer := (&auth.User{Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"c.t1"}}).Scope()
	unit := (&auth.User{Roles: []auth.Role{auth.RoleUnit}, Areas: []string{"c.t1"}}).Scope()
	for name, then := range map[string]struct {
		scope *auth.Scope
		err   error
		away  bool
	}{
		"the session is over":       {nil, nil, true},
		"the right is gone":         {unit, nil, true},
		"he still may":              {viewer, nil, false},
		"the database is not there": {nil, errors.New("no database"), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &Server{replica: layers.NewReplica(layers.ReplicaOptions{}), streams: unmasked{}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			began, asked, sent := time.Now(), 0, time.Duration(0)
			w := &watching{stream: &camera.Stream{CameraID: 1}, viewing: camera.Viewing{CameraID: 1}, peer: live.Peer{Check: func(context.Context) (*auth.Scope, error) {
				if asked++; asked <= 3 {
					return viewer, nil
				}
				return then.scope, then.err
			}}}
			go s.keepAsking(ctx, w, func() { sent = time.Since(began) })
			time.Sleep(95 * time.Second)
			cancel()
			synctest.Wait()
			if then.away && (sent != 4*watchRecheck || asked != 4) || !then.away && (sent != 0 || asked != 9) {
				t.Errorf("%s: sent away after %v, asked %d times", name, sent, asked)
			}
		})
	}
}
