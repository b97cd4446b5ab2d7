package postgis

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/crs"
)

var _ camera.Files = (*Cameras)(nil)

// filed is a camera as it stands in a file, and as it is stored.
type filed struct {
	camera.FileRow
	parent int64
	own    bool // it stands in the actor's areas
	named  bool // a row of the file is it
}

const selectFiled = `SELECT c.id, coalesce(c.device_id, ''), c.name, c.department, coalesce(c.area_path, ''), c.height_m, c.azimuth_deg, c.tilt_deg, c.fov_deg, c.range_m, c.stream_url, c.stream_sub,
	c.coordinate_system, coalesce(c.parent_id, 0), ST_X(c.geom), ST_Y(c.geom) FROM camera c`

func scanFiled(row pgx.CollectableRow) (*filed, error) {
	var f filed
	err := row.Scan(&f.ID, &f.DeviceID, &f.Name, &f.Department, &f.AreaPath, &f.Height, &f.Azimuth, &f.Tilt, &f.FOV, &f.Range, &f.StreamURL, &f.StreamSub, &f.System, &f.parent, &f.Point[0], &f.Point[1])
	return &f, err
}

// Export implements camera.Files. A device that nobody has given an id is told by its number, behind a #.
func (s *Cameras) Export(ctx context.Context) (out []camera.FileRow, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageCameras); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		found, err := collect(ctx, tx, scanFiled, selectFiled+` WHERE `+inAreas("c.area_path", "$1")+` ORDER BY c.id`, actor.Scope.Areas)
		if err != nil {
			return err
		}
		ids := make([]int64, len(found))
		for i, f := range found {
			ids[i] = f.ID
		}
		presets, err := presetsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		codes, err := deviceCodes(ctx, tx)
		if err != nil {
			return err
		}
		for _, f := range found {
			f.StreamURL, f.StreamSub, f.Parent, f.Presets = "", "", codes.of(f.parent), presets[f.ID]
			out = append(out, f.FileRow)
		}
		return appendAudit(ctx, tx, "camera.export", "camera", map[string]any{"rows": len(out)})
	})
	return out, err
}

// cameraFile is an import of cameras under way.
type cameraFile struct {
	tx      pgx.Tx
	actor   *auth.Actor
	out     *camera.FileImport
	codes   *coded
	byID    map[int64]*filed
	byCode  map[string]*filed
	byName  map[string][]*filed // that the actor may change
	often   map[string]int      // rows of the file with a name
	presets map[int64]camera.Presets
}

// Import implements camera.Files. A row is the camera with its id; without one, that with its device id; without either, that with its name, and of several the one at its place.
func (s *Cameras) Import(ctx context.Context, f *camera.File, dry bool) (*camera.FileImport, error) {
	out := f.Found
	return NewParents(s.db).bring(ctx, &out, dry, "camera.import", "camera", func(tx pgx.Tx) error {
		b := &cameraFile{tx: tx, actor: auth.ActorFrom(ctx), out: &out, byID: map[int64]*filed{}, byCode: map[string]*filed{}, byName: map[string][]*filed{}, often: map[string]int{}}
		if err := b.load(ctx, f); err != nil {
			return err
		}
		for i := range f.Rows {
			if err := b.row(ctx, &f.Rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *cameraFile) load(ctx context.Context, f *camera.File) (err error) {
	if b.codes, err = deviceCodes(ctx, b.tx); err != nil {
		return err
	}
	all, err := collect(ctx, b.tx, scanFiled, selectFiled+` ORDER BY c.id`)
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(all))
	for _, c := range all {
		c.own = b.actor.Scope.InArea(c.AreaPath)
		b.byID[c.ID] = c
		if c.DeviceID != "" {
			b.byCode[c.DeviceID] = c
		}
		if c.own {
			b.byName[c.Name] = append(b.byName[c.Name], c)
			ids = append(ids, c.ID)
		}
	}
	for i := range f.Rows {
		b.often[f.Rows[i].Name]++
	}
	b.presets, err = presetsOf(ctx, b.tx, ids)
	return err
}

// find returns the camera that a row is, nil for a new one. It notes what is wrong.
func (b *cameraFile) find(r *camera.FileRow) (is *filed, ok bool) {
	switch {
	case r.ID != 0:
		if is = b.byID[r.ID]; is == nil || !is.own { // one of other areas is one that nobody knows
			b.out.Wrong(r.Row, "id", "unknown_value", "")
			return nil, false
		}
	case r.DeviceID != "":
		if is = b.byCode[r.DeviceID]; is != nil && !is.own {
			b.out.Wrong(r.Row, "device_id", "already_exists", r.DeviceID)
			return nil, false
		}
	default:
		same := b.byName[r.Name]
		if i := slices.IndexFunc(same, func(c *filed) bool { return r.Has("point") && near(c.Point, r.Point) }); i >= 0 {
			is = same[i]
		} else if len(same) == 1 && b.often[r.Name] == 1 {
			is = same[0]
		} else if len(same) > 1 && !r.Has("point") {
			b.out.Wrong(r.Row, "name", "several", r.Name)
			return nil, false
		}
	}
	if is != nil && is.named {
		b.out.Wrong(r.Row, "name", "twice", r.Name)
		return nil, false
	}
	return is, true
}

// near is under a hand's breadth.
func near(a, b orb.Point) bool {
	return max(a[0]-b[0], b[0]-a[0], a[1]-b[1], b[1]-a[1]) < 1e-6
}

func (b *cameraFile) row(ctx context.Context, r *camera.FileRow) error {
	was, ok := b.find(r)
	switch {
	case !ok:
		return nil
	case was == nil && !r.Has("point") && r.Known:
		b.out.Left++
		return nil
	case was == nil && r.Name == "":
		b.out.Wrong(r.Row, "name", "required", "")
		return nil
	case was == nil && !r.Has("point"):
		b.out.Wrong(r.Row, "lon", "required", "")
		return nil
	}
	is := filed{FileRow: camera.FileRow{System: crs.WGS84}}
	if was != nil {
		was.named = true
		is = *was
	}
	b.merge(&is, r)
	if other := b.byCode[is.DeviceID]; is.DeviceID != "" && other != nil && other != was {
		b.out.Wrong(r.Row, "device_id", "already_exists", is.DeviceID)
		return nil
	}
	if was == nil || is.Point != was.Point {
		path, err := placeOf(ctx, b.tx, b.actor, is.Point)
		var e *layers.Error
		switch {
		case errors.As(err, &e) && (e.Code == layers.CodeInvalid || e.Code == layers.CodeForbidden):
			b.out.Wrong(r.Row, "lon", e.Reason, "")
			return nil
		case err != nil:
			return err
		}
		is.AreaPath = path
	}
	turned := r.Has("presets") && !b.presets[is.ID].Equal(r.Presets)
	switch {
	case was == nil:
		b.out.Added++
	case sameFiled(&is, was) && !turned:
		b.out.Same++
		return nil
	default:
		b.out.Changed++
		if is.parent != was.parent {
			b.out.Moved++
		}
	}
	if len(b.out.Errors) > 0 {
		return nil // nothing is kept any more
	}
	if err := b.store(ctx, &is); err != nil {
		return err
	}
	b.byCode[is.DeviceID] = &is
	if turned {
		return replacePresets(ctx, b.tx, is.ID, r.Presets)
	}
	return nil
}

// merge gives a camera what the row says of it.
func (b *cameraFile) merge(is *filed, r *camera.FileRow) {
	if r.Has("name") {
		is.Name = r.Name
	}
	if r.DeviceID != "" || r.ID != 0 && r.Has("device_id") {
		is.DeviceID = r.DeviceID
	}
	if r.Has("department") {
		is.Department = r.Department
	}
	for _, v := range []struct {
		column string
		to     **float64
		from   *float64
	}{{"height_m", &is.Height, r.Height}, {"azimuth_deg", &is.Azimuth, r.Azimuth}, {"tilt_deg", &is.Tilt, r.Tilt}, {"fov_deg", &is.FOV, r.FOV}, {"range_m", &is.Range, r.Range}} {
		if r.Has(v.column) {
			*v.to = v.from
		}
	}
	if r.Has("point") && !near(is.Point, r.Point) {
		is.Point = r.Point
	}
	if r.Has("crs") {
		is.System = r.System
	}
	if r.StreamURL != "" {
		is.StreamURL = r.StreamURL
	}
	if r.StreamSub != "" {
		is.StreamSub = r.StreamSub
	}
	if !r.Has("parent") {
		return
	}
	switch id, reason := b.codes.find(r.Parent); {
	case reason == "":
		is.parent = id
	case !r.Known:
		b.out.Wrong(r.Row, "parent", reason, r.Parent)
	}
}

func sameFiled(a, b *filed) bool {
	return camera.SameEntry(&a.Camera, &b.Camera) && camera.SameDegrees(a.Tilt, b.Tilt) && a.StreamURL == b.StreamURL && a.StreamSub == b.StreamSub && a.System == b.System && a.parent == b.parent
}

func (b *cameraFile) store(ctx context.Context, is *filed) error {
	values := pgx.NamedArgs{"id": is.ID, "device_id": is.DeviceID, "name": is.Name, "department": is.Department, "area_path": is.AreaPath, "height": is.Height, "azimuth": is.Azimuth, "tilt": is.Tilt, "fov": is.FOV,
		"range": is.Range, "lon": is.Point[0], "lat": is.Point[1], "stream_url": is.StreamURL, "stream_sub": is.StreamSub, "system": is.System, "parent": is.parent, "source": sourceRegistry}
	if is.ID == 0 {
		return b.tx.QueryRow(ctx, `INSERT INTO camera (device_id, name, department, area_path, height_m, azimuth_deg, tilt_deg, fov_deg, range_m, geom, stream_url, stream_sub, coordinate_system, parent_id, source)
			VALUES (nullif(@device_id, ''), @name, @department, @area_path, @height, @azimuth, @tilt, @fov, @range, ST_SetSRID(ST_MakePoint(@lon, @lat), 4326), @stream_url, @stream_sub, @system, nullif(@parent::bigint, 0), @source)
			RETURNING id`, values).Scan(&is.ID)
	}
	_, err := b.tx.Exec(ctx, `UPDATE camera SET device_id = nullif(@device_id, ''), name = @name, department = @department, area_path = nullif(@area_path, ''), height_m = @height, azimuth_deg = @azimuth, tilt_deg = @tilt,
		fov_deg = @fov, range_m = @range, geom = ST_SetSRID(ST_MakePoint(@lon, @lat), 4326), stream_url = @stream_url, stream_sub = @stream_sub, coordinate_system = @system, parent_id = nullif(@parent::bigint, 0)
		WHERE id = @id`, values)
	return err
}
