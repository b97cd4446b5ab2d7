// Package ingest takes the files of captures in, and makes captures of them. Below one folder lie uploads (what is coming, by its id), work (what a job makes, emptied when it begins)
// and files (what is published: nothing in it is ever changed).
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/bucket"
)

// Folder is where the bytes are. It is safe for concurrent use.
type Folder struct {
	root   string
	spare  int64          // bytes that are left free
	bucket *bucket.Bucket // of originals; nil: they stay in the folder
}

// Open returns the folder, which it makes where it is missing.
func Open(root string) (*Folder, error) {
	for _, dir := range []string{"uploads", "work", "files"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			return nil, storage(err)
		}
	}
	return &Folder{root: root, spare: spare}, nil
}

func (f *Folder) upload(id string) string { return filepath.Join(f.root, "uploads", id) }
func (f *Folder) work(ingest int64) string {
	return filepath.Join(f.root, "work", strconv.FormatInt(ingest, 10))
}

// Path returns where a published file lies.
func (f *Folder) Path(file survey.CaptureFile) string {
	return filepath.Join(f.root, "files", filepath.Clean("/"+file.Path))
}

// storage names what people can do something about.
func storage(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return full(err)
	}
	return err
}

func full(err error) error {
	return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk for captures is full", Err: err}
}

// spare is how many bytes uploads leave free on their disk: the database may live there too.
const spare = 1 << 30

// room refuses what would fill the disk: CodeStorageFull.
func (f *Folder) room(wanted int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(f.root, &disk); err != nil {
		return nil // writing will tell
	}
	if int64(disk.Bavail)*disk.Bsize < wanted+f.spare {
		return full(nil)
	}
	return nil
}

// Keep forgets from time to time what nobody waits for any more, until ctx ends. It returns ctx's error.
func (f *Folder) Keep(ctx context.Context, store survey.Uploads, log *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := f.Sweep(ctx, store); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "old uploads cannot be cleaned up", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Sweep forgets uploads that have expired, and removes the bytes of those that nobody knows. What was written to within the hour stays: its row may not be committed yet.
func (f *Folder) Sweep(ctx context.Context, store survey.Uploads) error {
	if _, err := store.ExpireUploads(ctx); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(f.root, "uploads"))
	if err != nil {
		return err
	}
	var old []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
			old = append(old, e.Name())
		}
	}
	known, err := store.KnownUploads(ctx, old)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, id := range known {
		keep[id] = true
	}
	for _, id := range old {
		if !keep[id] {
			err = errors.Join(err, os.Remove(f.upload(id)))
		}
	}
	return err
}
