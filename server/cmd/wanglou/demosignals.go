package main

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/postgis"
	"wanglou/server/gb28181/recorder"
)

const (
	demoRecorder = "33012200001180000001"
	demoChannels = 8
)

// demoSignals is where the demo county's recorder registers (GB/T 28181).
type demoSignals struct{ address, platform, password string }

// demoSignals returns it; nil where devices are not heard, or not with one password for all.
func (m *Main) demoSignals() *demoSignals {
	if m.signals == nil || m.Config.SIP.Password == "" {
		return nil
	}
	at, ok := m.signals.conns.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	return &demoSignals{fmt.Sprintf("127.0.0.1:%d", at.Port), m.Config.SIP.ID, m.Config.SIP.Password}
}

// keep has a recorder registered until ctx ends, on which some cameras hang that have no address of a stream.
func (d *demoSignals) keep(ctx context.Context, db *postgis.DB, pictures *recorder.Pictures, log *slog.Logger) {
	forget := func(ctx context.Context) { // without it nobody would tell of its cameras: they would be down
		if _, err := db.Pool.Exec(ctx, `DELETE FROM gb_device WHERE id = $1`, demoRecorder); err != nil {
			log.Warn("the demo county's recorder stays in the list of devices", "err", err)
		}
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		forget(last)
	}()
	for ctx.Err() == nil {
		if err := d.once(ctx, db, pictures); err != nil && ctx.Err() == nil {
			log.Warn("the demo county's recorder is not registered: it tries again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

func (d *demoSignals) once(ctx context.Context, db *postgis.DB, pictures *recorder.Pictures) error {
	rows, err := db.Pool.Query(ctx, `SELECT ARRAY[device_id, name] FROM camera WHERE source = 'demo' AND stream_url = '' ORDER BY status <> 'online', id LIMIT $1`, demoChannels)
	if err != nil {
		return err
	}
	channels, err := pgx.CollectRows(rows, pgx.RowTo[[2]string])
	if err != nil {
		return err
	}
	r := &recorder.Recorder{ID: demoRecorder, Password: d.password, Server: d.platform, Pictures: pictures, PageSize: demoChannels}
	for _, c := range channels {
		r.Channels = append(r.Channels, fmt.Sprintf("<Item><DeviceID>%s</DeviceID><Name>%s</Name><Status>ON</Status></Item>", c[0], html.EscapeString(c[1])))
	}
	if err := r.Dial(ctx, "udp", d.address); err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // it is played
	for every := time.NewTicker(20 * time.Minute); ; {
		if err := told(ctx, func(ctx context.Context) (int, error) { return r.Register(ctx, 3600) }); err != nil {
			return err
		}
		for alive := time.NewTicker(time.Minute); ; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-every.C:
			case <-alive.C:
				if err := told(ctx, r.Keepalive); err != nil {
					return err
				}
				continue
			}
			alive.Stop()
			break
		}
	}
}

// told waits for an answer that is a success.
func told(ctx context.Context, tell func(ctx context.Context) (int, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	code, err := tell(ctx)
	if err == nil && code != 200 {
		err = fmt.Errorf("status %d", code)
	}
	return err
}
