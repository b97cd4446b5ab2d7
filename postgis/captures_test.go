package postgis_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/postgis"
)

// A capture that is withdrawn leaves the map at once, while its row and files stay; the candidates that stand on it say so.
func TestAWithdrawnCaptureLeavesTheMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := capture(t, w, "-7 days", orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.7, 29.75}})
	gone := capture(t, w, "-1 days", orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.7, 29.75}})
	w.exec(t, `INSERT INTO capture_file (capture_id, kind, path, size, sha256) SELECT id, 'original', id || '/original.tif', 1, repeat('f', 64) FROM capture`)
	w.exec(t, `INSERT INTO detection (number, detector, area_path, capture_before_id, capture_after_id, geom)
		VALUES ('D1', 'dsm', '330122', $1, $2, ST_Multi(ST_MakeEnvelope(119.6, 29.7, 119.6002, 29.7002, 4326)))`, kept, gone)
	r := follow(t, w.db)
	r.until(t, "two captures", func() bool { return r.Len("capture") == 2 })
	s := postgis.NewCaptures(w.db, func(context.Context, pgx.Tx, string, string, string, any) (int64, error) { return 1, nil })
	admin := w.as(t, "admin")
	if _, err := s.Withdraw(w.as(t, "duty"), gone, "坐标有误"); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Error(err)
	}
	c, err := s.Withdraw(admin, gone, "坐标有误")
	if err != nil || c.Withdrawn == nil || c.Withdrawn.Reason != "坐标有误" || c.File("original") == nil {
		t.Fatalf("%+v %v", c, err)
	}
	r.until(t, "one capture", func() bool { return r.Len("capture") == 1 })
	if r.Get("capture", kept) == nil {
		t.Error("the other one left")
	}
	d, err := postgis.NewDetections(w.db).Detection(admin, 1)
	if err != nil || !d.After.Withdrawn || d.Before.Withdrawn || d.State != survey.Detected {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := s.Withdraw(admin, gone, "again"); err != nil { // a repeat changes nothing
		t.Error(err)
	}
	if n := queryOne[int](t, w, `SELECT count(*) FROM audit_log WHERE action = 'capture.withdraw'`); n != 1 {
		t.Errorf("%d rows of the audit", n)
	}
}
