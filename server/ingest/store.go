package ingest

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"wanglou/layers"
	"wanglou/layers/survey"
)

// Store is where the tus protocol puts its bytes: one row and one file an upload. The row says how many bytes are on the disk for sure, and the state of their SHA-256; what a crash
// left behind them in the file is cut off.
type Store struct {
	folder *Folder
	rows   survey.Uploads
}

// NewStore returns the store of a folder.
func NewStore(folder *Folder, rows survey.Uploads) *Store { return &Store{folder, rows} }

// NewUpload implements handler.DataStore.
func (s *Store) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	u := &survey.Upload{Filename: info.MetaData["filename"], Size: info.Size}
	if err := u.Validate(); err != nil {
		return nil, err
	}
	if err := s.folder.room(u.Size); err != nil {
		return nil, err
	}
	if err := s.rows.BeginUpload(ctx, u); err != nil {
		return nil, err
	}
	return &upload{s, u}, nil
}

// GetUpload implements handler.DataStore.
func (s *Store) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	u, err := s.rows.Upload(ctx, id)
	if err != nil {
		return nil, err
	}
	return &upload{s, u}, nil
}

// AsTerminatableUpload implements handler.TerminaterDataStore.
func (s *Store) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return u.(*upload)
}

type upload struct {
	store *Store
	row   *survey.Upload
}

// GetInfo implements handler.Upload.
func (u *upload) GetInfo(context.Context) (handler.FileInfo, error) {
	return handler.FileInfo{ID: u.row.ID, Size: u.row.Size, Offset: u.row.Received, MetaData: handler.MetaData{"filename": u.row.Filename}}, nil
}

// What came is made sure of after so many bytes, on a slow line after so long: a power cut costs no more.
const (
	checkpoint      = 64 << 20
	checkpointAfter = 2 * time.Second
)

// WriteChunk implements handler.Upload. What came before the line broke is kept.
func (u *upload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (written int64, err error) {
	if offset != u.row.Received {
		return 0, handler.ErrMismatchOffset
	}
	file, err := os.OpenFile(u.store.folder.upload(u.row.ID), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, storage(err)
	}
	defer func() { _ = file.Close() }() // synced below
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return 0, &layers.Error{Code: layers.CodeConflict, Reason: "upload_busy", Msg: "another request sends this file now", Err: err}
	}
	// Another request may have written between our look at the row and the lock.
	row, err := u.store.rows.Upload(ctx, u.row.ID)
	if err != nil {
		return 0, err
	}
	if u.row = row; row.Received != offset {
		return 0, handler.ErrMismatchOffset
	}
	sum, err := u.sum(file)
	if err != nil {
		return 0, err
	}
	if err := file.Truncate(offset); err != nil {
		return 0, storage(err)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	buf := make([]byte, 1<<20)
	since, last := int64(0), time.Now()
	for {
		n, readErr := src.Read(buf)
		if n > 0 {
			if _, err := file.Write(buf[:n]); err != nil {
				if err := u.sure(ctx, file, sum, offset+written); err != nil { // what is whole is kept: on a full disk that may be much
					return u.row.Received - offset, err
				}
				return written, storage(err)
			}
			_, _ = sum.Write(buf[:n])
			written, since = written+int64(n), since+int64(n)
		}
		if readErr != nil {
			if err := u.sure(ctx, file, sum, offset+written); err != nil {
				return u.row.Received - offset, err
			}
			if errors.Is(readErr, io.EOF) {
				readErr = nil
			}
			return written, readErr
		}
		if since >= checkpoint || time.Since(last) >= checkpointAfter {
			since, last = 0, time.Now()
			if err := u.sure(ctx, file, sum, offset+written); err != nil {
				return u.row.Received - offset, err
			}
			if err := u.store.folder.room(0); err != nil {
				return written, err
			}
		}
	}
}

// sure brings what came to the disk, then notes it.
func (u *upload) sure(ctx context.Context, file *os.File, sum hash.Hash, received int64) error {
	if received == u.row.Received {
		return nil
	}
	if err := syscall.Fdatasync(int(file.Fd())); err != nil {
		return storage(err)
	}
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	if err := u.store.rows.AdvanceUpload(context.WithoutCancel(ctx), u.row.ID, received, state); err != nil {
		return err
	}
	u.row.Received, u.row.State = received, state
	return nil
}

// sum returns the SHA-256 of what is on the disk, from where it stood.
func (u *upload) sum(file *os.File) (hash.Hash, error) {
	sum := sha256.New()
	if u.row.Received == 0 {
		return sum, nil
	}
	if info, err := file.Stat(); err != nil || info.Size() < u.row.Received {
		return nil, errors.Join(err, &layers.Error{Code: layers.CodeNotFound, Reason: "file_gone", Msg: "what was sent before is not on the disk any more: send the file anew"})
	}
	return sum, sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(u.row.State)
}

// FinishUpload implements handler.Upload. It may be called again.
func (u *upload) FinishUpload(ctx context.Context) error {
	if u.row.DoneAt != nil {
		return nil
	}
	sum := sha256.New()
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(u.row.State); err != nil {
		return err
	}
	return u.store.rows.FinishUpload(context.WithoutCancel(ctx), u.row.ID, hex.EncodeToString(sum.Sum(nil)))
}

// Terminate implements handler.TerminatableUpload.
func (u *upload) Terminate(ctx context.Context) error {
	if err := u.store.rows.DropUpload(ctx, u.row.ID); err != nil {
		return err
	}
	if err := os.Remove(u.store.folder.upload(u.row.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// GetReader implements handler.Upload; nothing is read this way.
func (u *upload) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, fmt.Errorf("uploads are not read")
}
