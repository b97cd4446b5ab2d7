package postgis

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// newest adds to the check of a new connection that its server's history is not older than any that was seen: among several servers, an old primary that comes
// back after a standby was promoted still takes writes, and nobody may read or write there. PostgreSQL counts up the timeline with every promotion.
func newest(first pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	var seen atomic.Int64
	return func(ctx context.Context, c *pgconn.PgConn) error {
		if first != nil {
			if err := first(ctx, c); err != nil {
				return err
			}
		}
		res, err := c.Exec(ctx, `SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END`).ReadAll()
		if err != nil {
			return err
		}
		timeline, err := strconv.ParseInt(string(res[0].Rows[0][0]), 16, 64)
		if err != nil {
			return nil // a standby: whether that will do is the address' to say
		}
		for {
			known := seen.Load()
			if timeline < known {
				return fmt.Errorf("the server is on timeline %d, and another one was promoted to %d: it is an old primary", timeline, known)
			}
			if timeline == known || seen.CompareAndSwap(known, timeline) {
				return nil
			}
		}
	}
}
