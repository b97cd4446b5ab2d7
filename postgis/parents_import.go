package postgis

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
)

// bringing is an import under way: what there is, by the ids of the file.
type bringing struct {
	tx      pgx.Tx
	out     *camera.FileImport
	areas   []string
	parents map[int64]camera.Parent
	coded
	owned map[int64]bool // that the actor may change
}

// Import implements camera.Parents. Devices are recognised by their code, whoever gave it: a recorder that has registered by itself is the one of its id.
func (s *Parents) Import(ctx context.Context, rows []camera.ParentRow, dry bool) (*camera.FileImport, error) {
	out := &camera.FileImport{Rows: len(rows), Errors: []camera.RowError{}}
	camera.CheckRows(rows, out)
	return s.bring(ctx, out, dry, "device.import", "device_parent", func(tx pgx.Tx) error {
		b := &bringing{tx: tx, out: out, areas: auth.ActorFrom(ctx).Scope.Areas, owned: map[int64]bool{}}
		if err := b.load(ctx); err != nil {
			return err
		}
		if err := b.devices(ctx, rows); err != nil {
			return err
		}
		if err := b.cameras(ctx, rows); err != nil {
			return err
		}
		if len(b.parents) > camera.MaxParents {
			return &layers.Error{Code: layers.CodeConflict, Reason: "too_many", Msg: "there are too many devices"}
		}
		return nil
	})
}

// bring imports a file into the registry by what rows does, alone: all of it with its audit row, or, with dry and with anything wrong, nothing. out is told what was, or would be, done.
func (s *Parents) bring(ctx context.Context, out *camera.FileImport, dry bool, action, subject string, rows func(tx pgx.Tx) error) (*camera.FileImport, error) {
	if len(out.Errors) > 0 {
		return out, forbid(auth.ActorFrom(ctx), auth.ActionManageCameras)
	}
	err := s.alone(ctx, func(tx pgx.Tx) error {
		if err := rows(tx); err != nil {
			return err
		}
		if dry || len(out.Errors) > 0 {
			return errDry
		}
		return appendAudit(ctx, tx, action, subject, map[string]any{"rows": out.Rows, "added": out.Added, "changed": out.Changed, "moved": out.Moved})
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if len(out.Errors) > 0 {
		out.Added, out.Changed, out.Moved, out.Same, out.Left = 0, 0, 0, 0, 0
	}
	return out, err
}

// coded are devices by their codes, whoever gave them.
type coded struct {
	ids     map[string]int64
	several map[string]bool // codes that more than one device has
	numbers map[int64]string
}

func deviceCodes(ctx context.Context, q querier) (*coded, error) {
	c := &coded{ids: map[string]int64{}, several: map[string]bool{}, numbers: map[int64]string{}}
	_, err := collect(ctx, q, func(row pgx.CollectableRow) (id int64, err error) {
		var code string
		if err = row.Scan(&id, &code); err != nil {
			return id, err
		}
		c.numbers[id] = code
		if code != "" {
			_, twice := c.ids[code]
			c.several[code] = twice
			c.ids[code] = id
		}
		return id, nil
	}, `SELECT id, source_id FROM device_parent`)
	return c, err
}

// of tells a device by its code, or by its number behind a # where that alone is clear.
func (c *coded) of(id int64) string {
	code := c.numbers[id]
	if id != 0 && (code == "" || c.several[code] || code[0] == '#') {
		return "#" + strconv.FormatInt(id, 10)
	}
	return code
}

// find is the inverse of of; it returns why there is none.
func (c *coded) find(code string) (id int64, reason string) {
	if code == "" {
		return 0, ""
	}
	if number, is := strings.CutPrefix(code, "#"); is {
		id, _ := strconv.ParseInt(number, 10, 64)
		if _, known := c.numbers[id]; !known {
			return 0, "unknown_value"
		}
		return id, ""
	}
	id, known := c.ids[code]
	switch {
	case c.several[code]:
		return 0, "several"
	case !known:
		return 0, "unknown_value"
	}
	return id, ""
}

func (b *bringing) load(ctx context.Context) (err error) {
	if b.parents, err = allParents(ctx, b.tx); err != nil {
		return err
	}
	codes, err := deviceCodes(ctx, b.tx)
	if err != nil {
		return err
	}
	b.coded = *codes
	owned, err := collect(ctx, b.tx, scanNode, selectNode(nodeOwned), b.areas)
	for _, n := range owned {
		b.owned[n.ID] = true
	}
	return err
}

// devices enters those that are new, then hangs all of them where the file says: in whatever order it tells them.
func (b *bringing) devices(ctx context.Context, rows []camera.ParentRow) error {
	added := map[int64]bool{}
	for _, r := range rows {
		if r.Kind == camera.RowCamera {
			continue
		}
		id, known := b.ids[r.Code]
		switch {
		case b.several[r.Code]:
			b.out.Wrong(r.Row, "id", "several", r.Code)
		case known && !b.owned[id]:
			b.out.Wrong(r.Row, "id", "outside_areas", r.Code)
		case !known:
			if err := b.tx.QueryRow(ctx, `INSERT INTO device_parent (kind, name, source, source_id) VALUES ($1, $2, $3, $4) RETURNING id`, r.Kind, r.Name, sourceParents, r.Code).Scan(&id); err != nil {
				return err
			}
			b.ids[r.Code], b.owned[id], added[id] = id, true, true
			b.parents[id] = camera.Parent{ID: id, Kind: camera.ParentKind(r.Kind), Name: r.Name}
			b.out.Added++
		}
	}
	if len(b.out.Errors) > 0 {
		return nil
	}
	var hung []camera.ParentRow
	for _, r := range rows {
		if r.Kind == camera.RowCamera {
			continue
		}
		parent, ok := b.parentOf(r)
		if !ok {
			continue
		}
		was := b.parents[b.ids[r.Code]]
		is := camera.Parent{ID: was.ID, Kind: camera.ParentKind(r.Kind), Name: r.Name, ParentID: parent}
		if is == was {
			if !added[was.ID] {
				b.out.Same++
			}
			continue
		}
		b.parents[is.ID] = is
		hung = append(hung, r)
		if _, err := b.tx.Exec(ctx, `UPDATE device_parent SET kind = $2, name = $3, parent_id = nullif($4::bigint, 0), revision = revision + 1 WHERE id = $1`, is.ID, is.Kind, is.Name, is.ParentID); err != nil {
			return err
		}
		if !added[is.ID] {
			b.out.Changed++
		}
	}
	for _, r := range hung {
		var e *layers.Error
		if errors.As(camera.CheckTree(b.parents, b.ids[r.Code]), &e) {
			b.out.Wrong(r.Row, "parent", e.Reason, r.Parent)
		}
	}
	return nil
}

// parentOf finds what a row hangs on; it notes what is wrong.
func (b *bringing) parentOf(r camera.ParentRow) (int64, bool) {
	id, reason := b.find(r.Parent)
	if reason != "" {
		b.out.Wrong(r.Row, "parent", reason, r.Parent)
	}
	return id, reason == ""
}

// cameras hangs cameras on devices: by their device id, else by a name that one camera has.
func (b *bringing) cameras(ctx context.Context, rows []camera.ParentRow) error {
	type known struct {
		id, parent int64
		n          int
		own        bool
	}
	byCode, byName := map[string]known{}, map[string]known{}
	all, err := b.tx.Query(ctx, `SELECT id, coalesce(device_id, ''), name, coalesce(parent_id, 0), `+inAreas("area_path", "$1")+` FROM camera`, b.areas)
	if err != nil {
		return err
	}
	defer all.Close()
	for all.Next() {
		var (
			k          known
			code, name string
		)
		if err := all.Scan(&k.id, &code, &name, &k.parent, &k.own); err != nil {
			return err
		}
		k.n = byName[name].n + 1
		byName[name] = k
		byCode[code] = k
	}
	if err := all.Err(); err != nil {
		return err
	}
	var ids, parents []int64
	for _, r := range rows {
		if r.Kind != camera.RowCamera {
			continue
		}
		field, value := "id", r.Code
		k, is := byCode[r.Code]
		if r.Code == "" {
			field, value = "name", r.Name
			k, is = byName[r.Name]
		}
		switch {
		case !is || !k.own: // one of other areas is one that nobody knows
			b.out.Wrong(r.Row, field, "unknown_value", value)
			continue
		case field == "name" && k.n > 1:
			b.out.Wrong(r.Row, field, "several", value)
			continue
		}
		parent, ok := b.parentOf(r)
		switch {
		case !ok:
		case parent == k.parent:
			b.out.Same++
		default:
			ids, parents = append(ids, k.id), append(parents, parent)
			b.out.Moved++
		}
	}
	_, err = b.tx.Exec(ctx, `UPDATE camera c SET parent_id = nullif(n.parent, 0) FROM unnest($1::bigint[], $2::bigint[]) n (id, parent) WHERE c.id = n.id`, ids, parents)
	return err
}
