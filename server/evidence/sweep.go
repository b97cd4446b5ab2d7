package evidence

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"wanglou/layers/attachment"
)

// grace is how long a file may lie there before a row names it: another node may be about to write the row.
const grace = 2 * time.Hour

// Keep cleans up now and every hour, until ctx ends.
func (f *Folder) Keep(ctx context.Context, known attachment.Keeper, log *slog.Logger) error {
	for {
		if n, err := f.Sweep(ctx, known, time.Now().Add(-grace)); err != nil && ctx.Err() == nil {
			log.Warn("the folder of attachments was not cleaned", "err", err)
		} else if n > 0 {
			log.Info("attachments that nobody finished were removed", "files", n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Hour):
		}
	}
}

// Sweep removes what was last written before a moment and belongs to no attachment, and returns how many files went.
func (f *Folder) Sweep(ctx context.Context, known attachment.Keeper, before time.Time) (int, error) {
	if _, err := known.Expire(ctx); err != nil {
		return 0, err
	}
	old := map[string]string{} // path by name
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // moved meanwhile
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil && info.ModTime().Before(before) {
			old[d.Name()] = path
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var sums, gone []string
	var ids []int64
	for name := range old {
		if id, err := strconv.ParseInt(name, 10, 64); err == nil && filepath.Base(filepath.Dir(old[name])) == "parts" {
			ids = append(ids, id)
		} else if len(name) == 64 {
			sums = append(sums, name)
		} else {
			gone = append(gone, name) // a copy that was never finished
		}
	}
	waited, err := known.Unfinished(ctx, ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if !slices.Contains(waited, id) {
			gone = append(gone, strconv.FormatInt(id, 10))
		}
	}
	for part := range slices.Chunk(sums, 1000) {
		unknown, err := known.Unknown(ctx, part)
		if err != nil {
			return 0, err
		}
		gone = append(gone, unknown...)
	}
	n := 0
	for _, name := range gone {
		if os.Remove(old[name]) == nil {
			n++
		}
	}
	return n, nil
}
