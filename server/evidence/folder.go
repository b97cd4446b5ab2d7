// Package evidence keeps the bytes of attachments in a folder: what is still coming under its id, what is whole under its own SHA-256. Several nodes may share
// one folder; who writes to a file locks it.
package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"wanglou/layers"
	"wanglou/layers/attachment"
)

// Folder is where the bytes are. It is safe for concurrent use.
type Folder struct {
	root  string
	spare int64         // bytes that are left free
	one   chan struct{} // pictures are taken apart one at a time: a large one needs much memory
}

// Open returns the folder, which it makes where it is missing.
func Open(root string) (*Folder, error) {
	for _, dir := range []string{"parts", "objects"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			return nil, storage(err)
		}
	}
	return &Folder{root: root, spare: spare, one: make(chan struct{}, 1)}, nil
}

func (f *Folder) part(id int64) string {
	return filepath.Join(f.root, "parts", strconv.FormatInt(id, 10))
}

func (f *Folder) object(sum string) string { return filepath.Join(f.root, "objects", sum[:2], sum) }

// storage names what people can do something about.
func storage(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk for attachments is full", Err: err}
	}
	return err
}

// spare is how many bytes attachments leave free on their disk: the database may live there too.
const spare = 1 << 30

// room refuses what would fill the disk: CodeStorageFull.
func (f *Folder) room(wanted int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(f.root, &disk); err != nil {
		return nil // writing will tell
	}
	if int64(disk.Bavail)*disk.Bsize < 2*wanted+f.spare { // the copy that is shared needs as much again
		return layers.Errorf(layers.CodeStorageFull, "the disk for attachments is full")
	}
	return nil
}

// Received is how many bytes of an attachment are there.
func (f *Folder) Received(a *attachment.Attachment) (int64, error) {
	if a.DoneAt != nil {
		return a.Size, nil
	}
	info, err := os.Stat(f.part(a.ID))
	if errors.Is(err, fs.ErrNotExist) { // even if its sum is known: who announces a sum need not have the file
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Append writes what comes of an attachment, from the offset on, and returns how many bytes are there. What came before body broke is kept. CodeConflict: with
// reason "wrong_offset" and the right one where there are more or fewer bytes, with "upload_busy" while another request writes. CodeInvalid for a file that is not what it
// was announced as; nothing of it is kept.
func (f *Folder) Append(a *attachment.Attachment, offset int64, body io.Reader) (have int64, err error) {
	have, err = f.Received(a)
	if err != nil {
		return have, err
	}
	if have == a.Size && offset == have { // nothing more is wanted
		return have, nil
	}
	if err := f.room(a.Size - have); err != nil {
		return have, err
	}
	file, err := os.OpenFile(f.part(a.ID), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return have, storage(err)
	}
	defer func() { _ = file.Close() }() // synced below
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return have, &layers.Error{Code: layers.CodeConflict, Reason: "upload_busy", Msg: "another request sends this file now", Err: err}
	}
	info, err := file.Stat()
	if err != nil {
		return have, err
	}
	if have = info.Size(); have != offset {
		return have, &layers.Error{Code: layers.CodeConflict, Reason: "wrong_offset", Field: "Upload-Offset", Params: map[string]string{"offset": strconv.FormatInt(have, 10)},
			Msg: fmt.Sprintf("there are %d bytes", have)}
	}
	if _, err := file.Seek(have, io.SeekStart); err != nil {
		return have, err
	}
	n, broke := io.Copy(file, io.LimitReader(body, a.Size-have))
	have += n
	if broke == nil && have == a.Size {
		if extra, _ := io.ReadFull(body, make([]byte, 1)); extra > 0 {
			_ = os.Remove(f.part(a.ID)) // begun anew
			return 0, layers.Invalid("size", "longer_than_said", "more than the announced %d bytes were sent", a.Size)
		}
	}
	if err := file.Sync(); err != nil {
		return have, storage(err)
	}
	if have >= attachment.HeadSize || have == a.Size {
		head := make([]byte, min(have, attachment.HeadSize))
		if _, err := file.ReadAt(head, 0); err != nil {
			return have, err
		}
		if err := a.Type.Confirm(head); err != nil {
			_ = os.Remove(f.part(a.ID))
			return 0, err
		}
	}
	if broke != nil {
		return have, storage(broke)
	}
	return have, nil
}

// Finish keeps an attachment whose bytes are all there, with its copies. It may be called again until Forget. CodeInvalid with "hash_differs" where the bytes are not those that were
// announced, and with "broken_file"; nothing is kept then.
func (f *Folder) Finish(ctx context.Context, a *attachment.Attachment) (attachment.Files, error) {
	select {
	case f.one <- struct{}{}:
		defer func() { <-f.one }()
	case <-ctx.Done():
		return attachment.Files{}, ctx.Err()
	}
	path := f.part(a.ID)
	sum, err := sumOf(path)
	if err != nil {
		return attachment.Files{}, err
	}
	if sum != a.SHA256 {
		_ = os.Remove(f.part(a.ID))
		return attachment.Files{}, layers.Invalid("sha256", "hash_differs", "the bytes that came are not those that were announced")
	}
	files, err := f.copies(path, a)
	if err != nil {
		if layers.ErrorCode(err) == layers.CodeInvalid {
			_ = os.Remove(f.part(a.ID))
		}
		return files, storage(err)
	}
	return files, storage(f.keep(path, a.SHA256))
}

// Forget lets go of what came of an attachment, once its row names what is kept.
func (f *Folder) Forget(a *attachment.Attachment) { _ = os.Remove(f.part(a.ID)) } // else Sweep does

// copies makes what is shared, and the small picture.
func (f *Folder) copies(path string, a *attachment.Attachment) (files attachment.Files, err error) {
	if !a.Type.Photo() {
		files.Shared, err = f.shareVideo(path, a.Size)
		return files, err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return files, err
	}
	clean, err := attachment.Strip(a.Type, src)
	if err != nil {
		return files, err
	}
	if files.Shared, err = f.put(clean); err != nil {
		return files, err
	}
	small, err := thumbnail(a.Type, clean)
	if err != nil || small == nil { // a picture that cannot be drawn is evidence all the same
		return files, nil
	}
	files.Thumb, err = f.put(small)
	return files, err
}

// put keeps some bytes under their sum.
func (f *Folder) put(b []byte) (string, error) {
	return f.write(func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// write keeps what fill writes under its sum: first beside, then, when it is on the disk, by its name.
func (f *Folder) write(fill func(io.Writer) error) (string, error) {
	file, err := os.CreateTemp(filepath.Join(f.root, "parts"), "copy-*")
	if err != nil {
		return "", err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	h := sha256.New()
	if err := fill(io.MultiWriter(file, h)); err != nil {
		return "", err
	}
	if err := file.Sync(); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return sum, f.keep(file.Name(), sum)
}

// keep gives a file that is on the disk a second name, for good.
func (f *Folder) keep(path, sum string) error {
	to := f.object(sum)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Link(path, to); err != nil && !errors.Is(err, fs.ErrExist) { // the same bytes are there already
		return err
	}
	now := time.Now()
	if err := os.Chtimes(to, now, now); err != nil { // Sweep leaves what is new
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

// Open returns what is kept under a sum: CodeNotFound where it is gone.
func (f *Folder) Open(sum string) (*os.File, error) {
	if len(sum) != 2*sha256.Size {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no such file")
	}
	file, err := os.Open(f.object(sum))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &layers.Error{Code: layers.CodeNotFound, Reason: "file_gone", Msg: "the file is not in the folder of attachments", Err: err}
	}
	return file, err
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
