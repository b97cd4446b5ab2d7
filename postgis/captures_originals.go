package postgis

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/survey"
)

// waitingFile is what was sent and lies in the folder: see the index capture_file_waiting.
const waitingFile = `f.store = 'folder' AND f.kind NOT IN ('ortho', 'dsm', 'dtm')`

// WaitingOriginals implements survey.Originals.
func (s *Captures) WaitingOriginals(ctx context.Context) ([]survey.Waiting, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (w survey.Waiting, err error) {
		w.File.Store = survey.InFolder
		return w, row.Scan(&w.CaptureID, &w.File.Kind, &w.File.Path, &w.File.Size, &w.File.SHA256)
	}, `SELECT f.capture_id, f.kind, f.path, f.size, f.sha256 FROM capture_file f WHERE `+waitingFile+` ORDER BY f.capture_id, f.kind LIMIT 100`)
}

// OriginalMoved implements survey.Originals.
func (s *Captures) OriginalMoved(ctx context.Context, w survey.Waiting) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE capture_file SET store = 'bucket' WHERE capture_id = $1 AND kind = $2 AND store = 'folder'`, w.CaptureID, w.File.Kind)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendAudit(ctx, tx, "capture.store", subject("capture", w.CaptureID), map[string]any{"kind": w.File.Kind, "sha256": w.File.SHA256})
	})
}

// OriginalsLeft implements survey.Originals.
func (s *Captures) OriginalsLeft(ctx context.Context) ([]string, error) {
	return collect(ctx, s.db.Pool, pgx.RowTo[string], `SELECT path FROM capture_file WHERE store = 'bucket'`)
}

// SetOriginalsTrouble implements survey.Originals.
func (s *Captures) SetOriginalsTrouble(ctx context.Context, reason string) error {
	if reason == "" {
		_, err := s.db.Pool.Exec(ctx, `DELETE FROM original_trouble`)
		return Wrap(err)
	}
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO original_trouble (reason) VALUES ($1) ON CONFLICT (one) DO UPDATE SET reason = excluded.reason, at = clock_timestamp()`, reason)
	return Wrap(err)
}

// OriginalsState implements survey.Originals.
func (s *Captures) OriginalsState(ctx context.Context) (*survey.OriginalsState, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionUploadCapture); err != nil {
		return nil, err
	}
	var state survey.OriginalsState
	if err := s.db.Pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(f.size), 0)::bigint FROM capture_file f WHERE `+waitingFile).Scan(&state.Waiting, &state.Bytes); err != nil {
		return nil, Wrap(err)
	}
	var t survey.OriginalsTrouble
	switch err := s.db.Pool.QueryRow(ctx, `SELECT reason, since, at FROM original_trouble`).Scan(&t.Reason, &t.Since, &t.At); {
	case errors.Is(err, pgx.ErrNoRows):
		return &state, nil
	case err != nil:
		return nil, Wrap(err)
	}
	t.Since, t.At = t.Since.UTC(), t.At.UTC()
	state.Trouble = &t
	return &state, nil
}
