package postgis

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// Signals implements camera.Signals. It is safe for concurrent use.
type Signals struct {
	db   *DB
	keys *camera.KeyRing
	log  *slog.Logger
}

// NewSignals returns what devices have told the cameras of db, with the keys that seal their passwords.
func NewSignals(db *DB, keys *camera.KeyRing, log *slog.Logger) *Signals {
	return &Signals{db, keys, log}
}

// sourceSignal is the source of cameras and recorders that told of themselves.
const sourceSignal = "gb28181"

// Devices implements camera.Signals.
func (s *Signals) Devices(ctx context.Context) ([]camera.Device, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (d camera.Device, err error) {
		err = row.Scan(&d.ID, &d.Address, &d.Transport, &d.Agent, &d.RegisteredAt, &d.ExpiresAt, &d.HeardAt, &d.Gone, &d.Channels)
		d.RegisteredAt, d.ExpiresAt, d.HeardAt = d.RegisteredAt.UTC(), d.ExpiresAt.UTC(), d.HeardAt.UTC()
		return d, err
	}, `SELECT d.id, d.address, d.transport, d.agent, d.registered_at, d.expires_at, d.heard_at, d.gone, (SELECT count(*) FROM gb_channel h WHERE h.device_id = d.id AND h.camera)::int
		FROM gb_device d WHERE '*' = ANY($1::text[]) OR EXISTS (SELECT FROM camera c LEFT JOIN gb_channel h ON h.id = c.device_id
			WHERE d.id IN (h.device_id, c.device_id) AND `+inAreas("c.area_path", "$1")+`) ORDER BY d.id`, actor.Scope.Areas)
}

// Channels implements camera.Signals.
func (s *Signals) Channels(ctx context.Context) (map[string][]string, error) {
	found, err := collect(ctx, s.db.Pool, pgx.RowTo[[2]string], `SELECT ARRAY[device_id, id] FROM gb_channel`)
	out := map[string][]string{}
	for _, f := range found {
		out[f[0]] = append(out[f[0]], f[1])
	}
	return out, err
}

// Passwords implements camera.Signals.
func (s *Signals) Passwords(ctx context.Context) (map[string]camera.Login, error) {
	found, err := s.sealed(ctx, "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]camera.Login, len(found))
	for _, f := range found {
		login, err := s.keys.OpenDevice(f.device, f.keyID, f.bytes)
		if err != nil {
			s.log.Warn("the password of a device cannot be opened: it cannot register", "device", f.device)
		}
		out[f.device] = login // an empty one lets nobody in: least of all with the password of all others
	}
	return out, nil
}

type sealedDevice struct {
	device, keyID string
	bytes         []byte
}

// sealed lists what another key than newest has sealed.
func (s *Signals) sealed(ctx context.Context, newest string) ([]sealedDevice, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (d sealedDevice, err error) {
		return d, row.Scan(&d.device, &d.keyID, &d.bytes)
	}, `SELECT device_id, key_id, sealed FROM gb_secret WHERE key_id <> $1 ORDER BY device_id`, newest)
}

// SetPassword implements camera.Signals.
func (s *Signals) SetPassword(ctx context.Context, device, password string) error {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageCameras); err != nil {
		return err
	}
	if !camera.IsDeviceID(device) {
		return layers.Invalid("device", "bad_device_id", "a GB/T 28181 device id has 20 digits, %.40q has not", device)
	}
	if len(password) > 200 {
		return layers.Invalid("password", "too_long", "a password has at most 200 bytes")
	}
	keyID, bytes, err := s.keys.SealDevice(device, camera.Login{User: device, Password: password})
	if err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if password == "" {
			_, err = tx.Exec(ctx, `DELETE FROM gb_secret WHERE device_id = $1`, device)
		} else {
			_, err = tx.Exec(ctx, `INSERT INTO gb_secret (device_id, key_id, sealed) VALUES ($1, $2, $3)
				ON CONFLICT (device_id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, sealed_at = now()`, device, keyID, bytes)
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "camera.device_password", "gb_device:"+device, map[string]any{"taken_away": password == ""})
	})
}

// reseal gives the newest key to what older ones sealed; what no key opens stays as it is.
func (s *Signals) reseal(ctx context.Context) error {
	found, err := s.sealed(ctx, s.keys.Newest())
	if err != nil {
		return err
	}
	for _, f := range found {
		login, err := s.keys.OpenDevice(f.device, f.keyID, f.bytes)
		if errors.Is(err, camera.ErrSealed) {
			continue
		}
		keyID, bytes, err := s.keys.SealDevice(f.device, login)
		if err != nil {
			return err
		}
		if _, err := s.db.Pool.Exec(ctx, `UPDATE gb_secret SET key_id = $3, sealed = $4, sealed_at = now() WHERE device_id = $1 AND sealed = $2`, f.device, f.bytes, keyID, bytes); err != nil {
			return Wrap(err)
		}
	}
	return nil
}

// Heard implements camera.Signals.
func (s *Signals) Heard(ctx context.Context, devices []camera.Device) error {
	if len(devices) == 0 {
		return nil
	}
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO gb_device AS d (id, address, transport, agent, registered_at, expires_at, heard_at, gone)
		SELECT * FROM jsonb_to_recordset($1) AS n (id text, address text, transport text, agent text, registered_at timestamptz, expires_at timestamptz, heard_at timestamptz, gone boolean) ORDER BY id
		ON CONFLICT (id) DO UPDATE SET address = excluded.address, transport = excluded.transport, agent = excluded.agent, registered_at = excluded.registered_at,
			expires_at = excluded.expires_at, heard_at = greatest(d.heard_at, excluded.heard_at), gone = excluded.gone`, devices)
	return Wrap(err)
}

// Catalog implements camera.Signals.
func (s *Signals) Catalog(ctx context.Context, device string, channels []camera.DeviceChannel, whole bool) (ids []string, err error) {
	type row struct {
		camera.DeviceChannel
		Lon, Lat *float64
	}
	rows := make([]row, 0, len(channels))
	for _, c := range channels {
		r := row{DeviceChannel: c}
		if c.Point != nil {
			r.Lon, r.Lat = &c.Point[0], &c.Point[1]
		}
		r.Point = nil
		rows = append(rows, r)
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		// A device that went silent for a day has lost its channels to whoever tells of them now: a recorder was replaced.
		if _, err := tx.Exec(ctx, `INSERT INTO gb_channel AS h (id, device_id, name, parent_id, manufacturer, camera, off, fixed, geom)
			SELECT DISTINCT ON (n."ID") n."ID", $1, n."Name", n."Parent", n."Manufacturer", n."Camera", n."Off", n."Fixed", ST_SetSRID(ST_MakePoint(n."Lon", n."Lat"), 4326)
			FROM jsonb_to_recordset($2) AS n ("ID" text, "Name" text, "Parent" text, "Manufacturer" text, "Camera" boolean, "Off" boolean, "Fixed" boolean, "Lon" float8, "Lat" float8) ORDER BY n."ID"
			ON CONFLICT (id) DO UPDATE SET device_id = excluded.device_id, name = excluded.name, parent_id = excluded.parent_id, manufacturer = excluded.manufacturer,
				camera = excluded.camera, off = excluded.off, fixed = excluded.fixed, geom = excluded.geom, seen_at = now()
			WHERE h.device_id = excluded.device_id OR (SELECT d.heard_at < now() - interval '1 day' FROM gb_device d WHERE d.id = h.device_id)`, device, rows); err != nil {
			return err
		}
		if whole {
			if _, err := tx.Exec(ctx, `DELETE FROM gb_channel WHERE device_id = $1 AND id <> ALL (SELECT n."ID" FROM jsonb_to_recordset($2) AS n ("ID" text))`, device, rows); err != nil {
				return err
			}
		}
		if err := enter(ctx, tx, device); err != nil {
			return err
		}
		ids, err = collect(ctx, tx, pgx.RowTo[string], `SELECT id FROM gb_channel WHERE device_id = $1 ORDER BY id`, device)
		return err
	})
	return ids, err
}

// enter makes cameras of the channels with a place in the county that the registry does not have, and hangs them on their recorder. What a person has entered
// stays as it is, but for what it hangs on, where nobody said.
func enter(ctx context.Context, tx pgx.Tx, device string) error {
	var parent int64
	if err := tx.QueryRow(ctx, `INSERT INTO device_parent (kind, name, source, source_id) VALUES ('recorder', $1, $2, $1)
		ON CONFLICT (source, source_id) WHERE source_id <> '' DO UPDATE SET name = device_parent.name RETURNING id`, device, sourceSignal).Scan(&parent); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE camera c SET parent_id = $2 FROM gb_channel h WHERE h.id = c.device_id AND h.device_id = $1 AND h.id <> $1 AND c.parent_id IS NULL`, device, parent); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE camera c SET name = h.name FROM gb_channel h WHERE h.id = c.device_id AND h.device_id = $1 AND c.source = $2 AND c.name <> h.name`, device, sourceSignal); err != nil {
		return err
	}
	entered, err := collect(ctx, tx, pgx.RowTo[int64], `INSERT INTO camera (device_id, name, area_path, geom, source, source_id, parent_id, coordinate_system)
		SELECT h.id, h.name, a.path, h.geom, $3, h.id, CASE WHEN h.id <> $1 THEN $2::bigint END, 'wgs84'
		FROM gb_channel h CROSS JOIN LATERAL (SELECT area_path_at(h.geom) AS path) a
		WHERE h.device_id = $1 AND h.camera AND h.geom IS NOT NULL AND a.path IS NOT NULL AND NOT EXISTS (SELECT FROM camera c WHERE c.device_id = h.id)
		ORDER BY h.id RETURNING id`, device, parent, sourceSignal)
	if err != nil || len(entered) == 0 {
		return err
	}
	return appendAudit(ctx, tx, "camera.catalog", "gb_device:"+device, map[string]any{"cameras": entered})
}
