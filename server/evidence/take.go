package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"wanglou/layers/attachment"
)

// Take keeps a picture that comes in one piece, with its copies; said is what its sender calls it, or "". It belongs to nobody until a row names it: what no
// row names, Sweep removes. CodeInvalid for what is no picture, CodeTooLarge, CodeStorageFull.
func (f *Folder) Take(ctx context.Context, said attachment.Type, body io.Reader) (*attachment.Picture, error) {
	if err := f.room(attachment.MaxPhoto); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Join(f.root, "parts"), "copy-*")
	if err != nil {
		return nil, storage(err)
	}
	defer func() {
		_ = file.Close() // synced below
		_ = os.Remove(file.Name())
	}()
	head := make([]byte, attachment.HeadSize)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	a := &attachment.Attachment{}
	if a.Type, err = attachment.SniffPicture(said, head[:n]); err != nil {
		return nil, err
	}
	h := sha256.New()
	to := io.MultiWriter(file, h)
	if _, err := to.Write(head[:n]); err != nil {
		return nil, storage(err)
	}
	rest, err := io.Copy(to, io.LimitReader(body, attachment.MaxPhoto-int64(n)+1))
	a.Size = int64(n) + rest
	switch {
	case err != nil:
		return nil, storage(err)
	case a.Size > attachment.MaxPhoto:
		return nil, attachment.TooLarge(a.Size, attachment.MaxPhoto)
	}
	if err := file.Sync(); err != nil {
		return nil, storage(err)
	}
	select {
	case f.one <- struct{}{}:
		defer func() { <-f.one }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p := &attachment.Picture{Type: a.Type, Size: a.Size, SHA256: hex.EncodeToString(h.Sum(nil))}
	if p.Files, err = f.copies(file.Name(), a); err != nil {
		return nil, storage(err)
	}
	return p, storage(f.keep(file.Name(), p.SHA256))
}
