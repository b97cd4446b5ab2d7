package postgis

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
)

// rightsChannel is where the triggers of 00008_rights.sql tell.
const rightsChannel = "wanglou_rights"

// WatchRights tells of every change of what somebody may do, by whichever node or by psql, until ctx ends: some milliseconds after its commit. When it
// begins to listen, and each time that it listens again, it tells that anything may have changed.
func WatchRights(ctx context.Context, db *DB, tell func(auth.RightsChange), log *slog.Logger) error {
	wait := 500 * time.Millisecond
	for {
		began := time.Now()
		err := listenRights(ctx, db, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > time.Minute {
			wait = 500 * time.Millisecond
		}
		log.Debug("changes of rights are not heard of for a moment", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait - wait/4 + rand.N(wait/2)):
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// listenRights listens on a connection of its own, since one that listens is not the pool's to lend.
func listenRights(ctx context.Context, db *DB, tell func(auth.RightsChange)) error {
	conn, err := pgx.ConnectConfig(ctx, db.Pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it may be broken already
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+rightsChannel); err != nil {
		return err
	}
	tell(auth.RightsChange{})
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		tell(parseRights(n.Payload))
	}
}

// parseRights reads what a trigger tells; whatever it does not know may be anything.
func parseRights(payload string) (c auth.RightsChange) {
	kind, what, _ := strings.Cut(payload, " ")
	switch kind {
	case "user":
		c.UserID, _ = strconv.ParseInt(what, 10, 64)
	case "session":
		c.Session = what
	}
	return c
}
