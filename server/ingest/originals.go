package ingest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/bucket"
)

// UseBucket makes a bucket the place where originals are kept for good. What lies in the folder is brought there by [Folder.Move]; uploads and what is made of them stay in the folder, of which GDAL
// reads and tiles are served.
func (f *Folder) UseBucket(b *bucket.Bucket) { f.bucket = b }

// HasBucket reports whether originals are brought into a bucket.
func (f *Folder) HasBucket() bool { return f.bucket != nil }

// Open returns a published file, from wherever it lies, whole or in ranges. CodeNotFound with "file_gone"; CodeUnavailable with "bucket_away", "bucket_denied", "bucket_missing" and, where a
// bucket was used before, "bucket_not_configured".
func (f *Folder) Open(ctx context.Context, file survey.CaptureFile) (io.ReadSeekCloser, error) {
	if file.Store == survey.InBucket && f.bucket == nil {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "bucket_not_configured", Msg: "the file is in a bucket, and this server was told of none"}
	}
	if file.Store != survey.InBucket {
		local, err := os.Open(f.Path(file))
		if err == nil {
			return local, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || f.bucket == nil { // with a bucket it may have been brought there meanwhile
			return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "file_gone", Msg: "the file is not in the folder of captures", Err: err}
		}
	}
	return f.bucket.Open(ctx, file.SHA256, file.Path, file.Size)
}

// moveEvery is how often originals are looked for that wait.
const moveEvery = 15 * time.Second

// KeepMoving brings originals into the bucket as they come, until ctx ends. One process of an installation does it. It returns ctx's error.
func (f *Folder) KeepMoving(ctx context.Context, store survey.Originals, log *slog.Logger) error {
	tick := time.NewTicker(moveEvery)
	defer tick.Stop()
	said := ""
	if err := f.clear(ctx, store); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "originals that are in the bucket cannot be removed from the folder", "error", err)
	}
	for {
		n, err := f.Move(ctx, store)
		if n > 0 {
			log.InfoContext(ctx, "originals are in the bucket", "files", n)
		}
		if reason := reasonOf(err); err != nil && ctx.Err() == nil && reason != said { // once for each trouble
			log.WarnContext(ctx, "originals wait for the bucket", "reason", reason, "error", err)
			said = reason
		} else if err == nil {
			said = ""
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func reasonOf(err error) string {
	var known *layers.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &known) && known.Reason != "":
		return known.Reason
	}
	return string(layers.ErrorCode(err))
}

// Move brings what waits into the bucket, and returns how many files it was. A file is removed from the folder after the bucket gave it back with its sum and the row says where it is: whatever fails in
// between, it is in one of the two, and the next time goes on. One that is damaged does not hold up the others.
func (f *Folder) Move(ctx context.Context, store survey.Originals) (n int, err error) {
	waiting, err := store.WaitingOriginals(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, w := range waiting {
		err := f.move(ctx, store, w)
		switch {
		case err == nil:
			n++
			continue
		case ctx.Err() != nil:
			return n, ctx.Err()
		}
		failed = errors.Join(failed, err)
		if layers.ErrorCode(err) != layers.CodeConflict && layers.ErrorCode(err) != layers.CodeNotFound { // it would not go better with the next
			break
		}
	}
	return n, errors.Join(failed, store.SetOriginalsTrouble(ctx, reasonOf(failed)))
}

func (f *Folder) move(ctx context.Context, store survey.Originals, w survey.Waiting) error {
	file, err := os.Open(f.Path(w.File))
	if err != nil {
		return &layers.Error{Code: layers.CodeNotFound, Reason: "original_gone", Msg: "the file is not in the folder of captures", Err: err}
	}
	defer func() { _ = file.Close() }()
	if err := f.bucket.Put(ctx, file, w.File.SHA256); err != nil {
		return err
	}
	if err := store.OriginalMoved(ctx, w); err != nil {
		return err
	}
	return os.Remove(f.Path(w.File))
}

// clear removes from the folder what a crash left there after the bucket had it.
func (f *Folder) clear(ctx context.Context, store survey.Originals) error {
	left, err := store.OriginalsLeft(ctx)
	for _, path := range left {
		if gone := os.Remove(filepath.Join(f.root, "files", filepath.Clean("/"+path))); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
