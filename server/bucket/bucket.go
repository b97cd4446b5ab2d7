// Package bucket keeps files in a bucket of S3-compatible storage: each under its own SHA-256, so that nothing is ever overwritten by something else, and whoever has the bucket
// alone can check it with sha256sum. Only the endpoint that was configured is spoken to, bytes go through this process, and no address carries a signature.
package bucket

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"wanglou/layers"
)

// Options say where a bucket is.
type Options struct {
	Endpoint string // http(s)://host[:port]
	Name     string
	Region   string // "": us-east-1, which most that are not Amazon's call themselves
	Prefix   string // of every key
	Access   string
	Secret   string
	Part     int64 // bytes that are sent at once, 0: 64 MB
}

// Bucket is safe for concurrent use.
type Bucket struct {
	core   minio.Core
	name   string
	prefix string
	part   int64
}

const (
	defaultPart = 64 << 20 // of which there are 10,000 at most: three times what is taken of one upload
	tries       = 2        // of each request
	stall       = time.Minute
)

// Open returns a bucket; nothing is asked of it yet. CodeInvalid names the flag that is wrong.
func Open(o Options) (*Bucket, error) {
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, layers.Invalid("--bucket-endpoint", "not_an_address", "the storage's address is http(s)://host[:port], without the bucket")
	case u.User != nil:
		return nil, layers.Invalid("--bucket-endpoint", "not_an_address", "keys do not belong into an address: see --bucket-key-file")
	case o.Name == "":
		return nil, layers.Invalid("--bucket-name", "required", "the bucket's name is required")
	case o.Access == "" || o.Secret == "":
		return nil, layers.Invalid("--bucket-key-file", "required", "the bucket's two keys are required, by --bucket-key-file or WANGLOU_BUCKET_ACCESS_KEY and WANGLOU_BUCKET_SECRET_KEY")
	}
	region := o.Region
	if region == "" {
		region = "us-east-1"
	}
	c, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(o.Access, o.Secret, ""), Secure: u.Scheme == "https", Region: region, BucketLookup: minio.BucketLookupPath,
		Transport: transport(), MaxRetries: tries})
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "--bucket-endpoint", Reason: "not_an_address", Msg: "the storage cannot be spoken to", Err: err}
	}
	b := &Bucket{core: minio.Core{Client: c}, name: o.Name, prefix: o.Prefix, part: o.Part}
	if b.part == 0 {
		b.part = defaultPart
	}
	return b, nil
}

// transport gives up a line over which nothing moves; a file may take as long as it needs.
func transport() http.RoundTripper {
	dial := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: stall, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &lively{c}, nil
		}}
}

// lively moves the deadline along with what comes and goes.
type lively struct{ net.Conn }

func (l *lively) Read(p []byte) (int, error) {
	_ = l.SetReadDeadline(time.Now().Add(2 * stall)) // an idle connection waits for its next answer that way too
	return l.Conn.Read(p)
}

func (l *lively) Write(p []byte) (int, error) {
	_ = l.SetWriteDeadline(time.Now().Add(stall))
	return l.Conn.Write(p)
}

// Key is under which name a file is kept.
func (b *Bucket) Key(sum, filename string) string {
	return b.prefix + sum[:2] + "/" + sum + strings.ToLower(path.Ext(filename))
}

// explain tells apart what people can do something about: CodeUnavailable with "bucket_away", "bucket_denied" and "bucket_missing", CodeStorageFull with "bucket_full", CodeNotFound with "file_gone".
func explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	var known *layers.Error
	if errors.As(err, &known) {
		return err
	}
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "RequestTimeTooSkewed":
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "bucket_denied", Params: map[string]string{"said": answer.Code}, Msg: "the storage refuses the keys: " + answer.Code, Err: err}
	case "NoSuchBucket":
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "bucket_missing", Msg: "there is no such bucket in the storage", Err: err}
	case "NoSuchKey":
		return &layers.Error{Code: layers.CodeNotFound, Reason: "file_gone", Msg: "the file is not in the bucket", Err: err}
	case "QuotaExceeded", "EntityTooLarge", "XMinioStorageFull", "InsufficientStorage":
		return &layers.Error{Code: layers.CodeStorageFull, Reason: "bucket_full", Msg: "the bucket is full", Err: err}
	}
	return &layers.Error{Code: layers.CodeUnavailable, Reason: "bucket_away", Msg: "the storage does not answer as it should", Err: err}
}

// size returns how large an object is, -1 for none.
func (b *Bucket) size(ctx context.Context, key string) (int64, error) {
	info, err := b.core.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	if err != nil {
		if minio.ToErrorResponse(err).Code == "NoSuchKey" {
			return -1, nil
		}
		return -1, explain(ctx, err)
	}
	return info.Size, nil
}

// Put brings a file into the bucket and reads it back: it returns nil when what the bucket gives has the sum. What an earlier attempt brought is not sent again. Beside what explain tells, CodeConflict
// with "original_damaged" where the file itself is not what it was, and "bucket_differs" where the bucket gave something else back; then nothing is kept under the name.
func (b *Bucket) Put(ctx context.Context, file *os.File, sum string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	key := b.Key(sum, file.Name())
	have, err := b.size(ctx, key)
	if err != nil {
		return err
	}
	if have != info.Size() {
		if err := b.send(ctx, file, info.Size(), key, sum); err != nil {
			return err
		}
	}
	back, err := b.sum(ctx, key)
	if err != nil {
		return err
	}
	if back != sum {
		if err := b.core.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil {
			return explain(ctx, err)
		}
		return &layers.Error{Code: layers.CodeConflict, Reason: "bucket_differs", Msg: "the bucket gave back something else than was brought"}
	}
	return nil
}

// send sends a file in parts. Those that lie there from an attempt before are left as they are.
func (b *Bucket) send(ctx context.Context, file *os.File, size int64, key, sum string) error {
	id, there, err := b.begun(ctx, key)
	if err != nil {
		return explain(ctx, err)
	}
	whole := sha256.New()
	var parts []minio.CompletePart
	for at, n := int64(0), 1; at < size || n == 1; at, n = at+b.part, n+1 {
		length := min(b.part, size-at)
		md, sha := md5.New(), sha256.New() // S3 names the content of a part by the first, and signs it by the second
		if _, err := io.Copy(io.MultiWriter(whole, md, sha), &cancellable{ctx, io.NewSectionReader(file, at, length)}); err != nil {
			return err
		}
		mark := md.Sum(nil)
		if p, ok := there[n]; ok && p.Size == length && strings.Trim(p.ETag, `"`) == hex.EncodeToString(mark) {
			parts = append(parts, minio.CompletePart{PartNumber: n, ETag: p.ETag})
			continue
		}
		p, err := b.core.PutObjectPart(ctx, b.name, key, id, n, io.NewSectionReader(file, at, length), length, minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(mark),
			Sha256Hex: hex.EncodeToString(sha.Sum(nil)), DisableContentSha256: true}) // said once and signed, not in pieces of 64 kB
		if err != nil {
			return explain(ctx, err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: n, ETag: p.ETag})
	}
	if hex.EncodeToString(whole.Sum(nil)) != sum {
		_ = b.core.AbortMultipartUpload(ctx, b.name, key, id)
		return &layers.Error{Code: layers.CodeConflict, Reason: "original_damaged", Msg: "the file in the folder is not what was sent any more"}
	}
	_, err = b.core.CompleteMultipartUpload(ctx, b.name, key, id, parts, minio.PutObjectOptions{})
	return explain(ctx, err)
}

// begun returns the upload of a key that an attempt before left, or a new one.
func (b *Bucket) begun(ctx context.Context, key string) (id string, there map[int]minio.ObjectPart, err error) {
	there = map[int]minio.ObjectPart{}
	found, err := b.core.ListMultipartUploads(ctx, b.name, key, "", "", "", 100)
	if err != nil && minio.ToErrorResponse(err).Code != "NoSuchUpload" { // some say so of a bucket without any
		return "", nil, err
	}
	for _, u := range found.Uploads {
		if u.Key != key {
			continue
		}
		for after := 0; ; {
			page, err := b.core.ListObjectParts(ctx, b.name, key, u.UploadID, after, 1000)
			if err != nil {
				return "", nil, err
			}
			for _, p := range page.ObjectParts {
				there[p.PartNumber] = p
			}
			if !page.IsTruncated {
				return u.UploadID, there, nil
			}
			after = page.NextPartNumberMarker
		}
	}
	id, err = b.core.NewMultipartUpload(ctx, b.name, key, minio.PutObjectOptions{ContentType: "application/octet-stream"})
	return id, there, err
}

// sum returns the SHA-256 of what the bucket gives back.
func (b *Bucket) sum(ctx context.Context, key string) (string, error) {
	body, _, _, err := b.core.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err != nil {
		return "", explain(ctx, err)
	}
	defer func() { _ = body.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", explain(ctx, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Open returns an object of which size and sum are known. Whole or in ranges: each Seek begins a new request with the next Read.
func (b *Bucket) Open(ctx context.Context, sum, filename string, size int64) (io.ReadSeekCloser, error) {
	key := b.Key(sum, filename)
	have, err := b.size(ctx, key)
	switch {
	case err != nil:
		return nil, err
	case have < 0:
		return nil, explain(ctx, minio.ErrorResponse{Code: "NoSuchKey"})
	case have != size:
		return nil, &layers.Error{Code: layers.CodeConflict, Reason: "bucket_differs", Msg: "the file in the bucket has another size"}
	}
	return &object{ctx: ctx, b: b, key: key, size: size, want: sum, whole: sha256.New()}, nil
}

// cancellable reads until its context ends.
type cancellable struct {
	ctx context.Context
	io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}
