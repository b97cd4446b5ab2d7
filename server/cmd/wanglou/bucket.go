package main

import (
	"context"
	"os"
	"strings"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/bucket"
	"wanglou/server/ingest"
)

// BucketFlags say where originals are kept for good: see docs/captures.md. The keys are no flags: what stands on a command line is read by everybody on the machine.
type BucketFlags struct {
	Endpoint string `env:"WANGLOU_BUCKET_ENDPOINT" placeholder:"URL" help:"S3-compatible storage for the originals of captures, e.g. https://s3.county.example:9000. Default: they stay in the data folder."`
	Name     string `env:"WANGLOU_BUCKET_NAME" placeholder:"NAME" help:"The bucket. It has to be there."`
	Region   string `env:"WANGLOU_BUCKET_REGION" default:"us-east-1" help:"Region that the storage calls itself."`
	Prefix   string `env:"WANGLOU_BUCKET_PREFIX" placeholder:"TEXT" help:"What every name in the bucket begins with, e.g. wanglou/."`
	KeyFile  string `env:"WANGLOU_BUCKET_KEY_FILE" type:"existingfile" placeholder:"FILE" help:"Access key and secret key, a line each, in a file that others cannot read. Or by WANGLOU_BUCKET_ACCESS_KEY and WANGLOU_BUCKET_SECRET_KEY."`
}

// use makes a folder keep its originals in the bucket, where one was named.
func (f *BucketFlags) use(folder *ingest.Folder) error {
	if f.Endpoint == "" {
		return nil
	}
	access, secret, err := f.keys()
	if err != nil {
		return err
	}
	b, err := bucket.Open(bucket.Options{Endpoint: f.Endpoint, Name: f.Name, Region: f.Region, Prefix: f.Prefix, Access: access, Secret: secret})
	if err != nil {
		return err
	}
	folder.UseBucket(b)
	return nil
}

func (f *BucketFlags) keys() (access, secret string, err error) {
	if f.KeyFile == "" {
		return os.Getenv("WANGLOU_BUCKET_ACCESS_KEY"), os.Getenv("WANGLOU_BUCKET_SECRET_KEY"), nil
	}
	info, err := os.Stat(f.KeyFile)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		return "", "", layers.Invalid("--bucket-key-file", "unreadable", "everybody can read the keys: chmod 600 %s", f.KeyFile)
	}
	text, err := os.ReadFile(f.KeyFile)
	if err != nil {
		return "", "", &layers.Error{Code: layers.CodeInvalid, Field: "--bucket-key-file", Reason: "unreadable", Msg: "the keys cannot be read", Err: err}
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2 {
		return "", "", layers.Invalid("--bucket-key-file", "unreadable", "the file has two lines: the access key and the secret key")
	}
	return lines[0], lines[1], nil
}

// moveOriginals brings originals into the bucket, where there is one, while no other process does.
func (p *surveyParts) moveOriginals(ctx context.Context) error {
	if !p.folder.HasBucket() {
		return nil
	}
	ctx = auth.WithActor(ctx, auth.Operator("originals"))
	return p.db.Lead(ctx, "originals", func(ctx context.Context) error { return p.folder.KeepMoving(ctx, p.captures, p.app.Logger) })
}
