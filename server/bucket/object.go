package bucket

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/minio/minio-go/v7"

	"wanglou/layers"
)

// object reads from the bucket. Who reads all of it from the beginning gets the last bytes only if the sum is right: a damaged file never arrives whole.
type object struct {
	ctx  context.Context
	b    *Bucket
	key  string
	size int64
	want string

	at     int64
	body   io.ReadCloser
	whole  hash.Hash
	hashed int64 // bytes from the beginning that are in whole
}

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return o.at, errors.New("before the beginning of the file")
	}
	if offset != o.at {
		_ = o.Close()
		o.at = offset
	}
	return offset, nil
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	if o.body == nil {
		var opts minio.GetObjectOptions
		if o.at > 0 {
			if err := opts.SetRange(o.at, 0); err != nil {
				return 0, err
			}
		}
		body, _, _, err := o.b.core.GetObject(o.ctx, o.b.name, o.key, opts)
		if err != nil {
			return 0, explain(o.ctx, err)
		}
		o.body = body
		if o.at == 0 {
			o.whole.Reset()
			o.hashed = 0
		}
	}
	n, err := o.body.Read(p[:min(int64(len(p)), o.size-o.at)])
	if o.hashed == o.at {
		_, _ = o.whole.Write(p[:n])
		if o.hashed += int64(n); o.hashed == o.size && hex.EncodeToString(o.whole.Sum(nil)) != o.want {
			return 0, &layers.Error{Code: layers.CodeConflict, Reason: "bucket_differs", Msg: "what the bucket gives is not what was brought"}
		}
	}
	o.at += int64(n)
	if errors.Is(err, io.EOF) && o.at < o.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, explain(o.ctx, err)
	}
	return n, err
}

// Close implements io.Closer.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	err := o.body.Close()
	o.body = nil
	return err
}
