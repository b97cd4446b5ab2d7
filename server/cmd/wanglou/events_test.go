package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"wanglou/server/events/fake"
)

// withEvents lets streams of events lead to this machine, and be taken up soon.
func withEvents(c *ServeCmd) { c.Cameras, c.eventRetry = []string{"127.0.0.0/8"}, 50*time.Millisecond }

// A camera's event is a case with its picture, through the whole program: a wrong password, a burst, an event that identifies people, and a restart in the middle.
func TestEventsOfACamera(t *testing.T) {
	t.Parallel()
	c := fake.New("admin", "right")
	device := httptest.NewServer(c)
	defer func() { c.Cut(); device.CloseClientConnections(); device.Close() }()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 320, 240)), nil); err != nil {
		t.Fatal(err)
	}
	database := county(t)
	n := serve(t, database, withEvents)
	admin := n.as("admin")
	var source struct {
		ID, Revision int64
		State        struct{ Name, Why string }
	}
	body := map[string]any{"name": "东门球机", "protocol": "isapi", "address": device.URL, "user": "admin", "password": "wrong", "enabled": true, "places": []map[string]any{{"channel": "", "camera_id": 5}}}
	admin.Do(http.MethodPost, "/api/event-sources", map[string]any{"name": "x", "protocol": "isapi", "address": "http://admin:right@10.0.0.1", "enabled": true}).WantError(http.StatusBadRequest, "invalid", "address", "login_in_address")
	admin.Do(http.MethodPost, "/api/event-sources", body).Want(http.StatusCreated).Into(&source)
	path := fmt.Sprintf("/api/event-sources/%d", source.ID)
	state := func() string {
		var all struct {
			Items []struct{ State struct{ Name, Why string } }
		}
		admin.Get("/api/event-sources").Want(http.StatusOK).Into(&all)
		return all.Items[0].State.Name + " " + all.Items[0].State.Why
	}
	eventually(t, "the wrong password to be told", func() bool { return state() == "down wrong_password" })
	body["password"], body["revision"] = "right", source.Revision
	admin.Do(http.MethodPut, path, body).Want(http.StatusOK).Into(&source)
	var trial struct {
		OK  bool
		Why string
	}
	admin.Do(http.MethodPost, path+"/trial", nil).Want(http.StatusOK).Into(&trial)
	if !trial.OK {
		t.Errorf("the trial says %q", trial.Why)
	}
	eventually(t, "the stream", func() bool { return c.Listening() > 0 && state() == "up " })

	before := number(t, n.DB, `SELECT count(*) FROM report`)
	c.Alert(1, "facedetection", "active", time.Now(), photo.Bytes())
	c.Alert(1, "linedetection", "active", time.Now(), photo.Bytes())
	for range 500 {
		c.Alert(1, "linedetection", "active", time.Now(), nil)
	}
	eventually(t, "the report", func() bool {
		return number(t, n.DB, `SELECT count(*) FROM event_alarm WHERE report_id IS NOT NULL`) == 1
	})
	sum := sha256.Sum256(photo.Bytes())
	if got := number(t, n.DB, `SELECT count(*) FROM report r JOIN attachment a ON a.report_id = r.id JOIN incident i ON i.id = r.incident_id JOIN camera c ON c.id = 5 AND r.geom = c.geom AND r.address = c.name
		WHERE r.source = 'device-event' AND r.title = '区域入侵' AND i.severity = 2 AND a.sha256 = $1`, hex.EncodeToString(sum[:])); got != 1 {
		t.Errorf("%d cases with the picture", got)
	}

	// An event that is stored when the program ends is a report of the next one; what was one already is not told twice.
	n.exec(`CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '55P03'; END $$;
		CREATE TRIGGER busy BEFORE INSERT ON report FOR EACH ROW EXECUTE FUNCTION busy()`)
	c.Alert(1, "fireDetection", "active", time.Now(), photo.Bytes())
	eventually(t, "the event to be stored", func() bool {
		return number(t, n.DB, `SELECT count(*) FROM event_alarm WHERE kind = 'smoke' AND report_id IS NULL AND picture IS NOT NULL`) == 1
	})
	n.stop()
	n = serveIn(t, database, n.App.Data, withEvents)
	n.exec(`DROP TRIGGER busy ON report`)
	n.exec(`UPDATE event_alarm SET due_at = now() WHERE report_id IS NULL`)
	eventually(t, "the report of the next life", func() bool { return number(t, n.DB, `SELECT count(*) FROM report WHERE source = 'device-event'`) == 2 })
	admin = n.as("admin")
	eventually(t, "the stream of the next life", func() bool { return state() == "up " })
	c.Alert(1, "linedetection", "active", time.Now(), nil)
	eventually(t, "the sign", func() bool {
		return number(t, n.DB, `SELECT count(*) FROM event_alarm WHERE kind = 'intrusion' AND signs > 500`) == 1 || number(t, n.DB, `SELECT sum(signs) FROM event_source_state`) > 500
	})
	if got := number(t, n.DB, `SELECT count(*) FROM report`) - before; got != 2 {
		t.Errorf("%d reports", got)
	}
	if got := number(t, n.DB, `SELECT dropped FROM event_source_state`); got != 1 {
		t.Errorf("%d events that identify people were dropped", got)
	}
	if got := number(t, n.DB, `SELECT count(*) FROM event_kind WHERE event ILIKE '%face%'`); got != 0 {
		t.Error("an event that identifies people is remembered by its name")
	}
}
