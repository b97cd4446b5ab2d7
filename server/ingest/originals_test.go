package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/server/bucket"
	"wanglou/server/bucket/buckettest"
)

// stores are the two places in which originals are kept. Each test of this file holds for both.
var stores = map[string]func(*testing.T, *world) *buckettest.Storage{
	"folder": func(*testing.T, *world) *buckettest.Storage { return nil },
	"bucket": func(t *testing.T, w *world) *buckettest.Storage {
		s := buckettest.Start(t)
		w.folder.UseBucket(s.Bucket(t))
		return s
	},
}

// capture makes one of a picture and a flight record, and brings what waits to where it is kept.
func (w *world) capture(content, record []byte) *survey.Stored {
	w.t.Helper()
	in, err := w.ingest(survey.Answers{CapturedAt: &flown}, w.put("五月.tif", content), w.put("flight.csv", record))
	if err != nil || in.State != survey.Ready {
		w.t.Fatalf("%s %+v, %v", in.State, in.Refusal, err)
	}
	w.move()
	return w.stored(in.CaptureID)
}

// move brings what waits into the bucket, where there is one.
func (w *world) move() {
	w.t.Helper()
	if !w.folder.HasBucket() {
		return
	}
	if _, err := w.folder.Move(w.ctx, w.captures); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stored(id int64) *survey.Stored {
	w.t.Helper()
	c, err := w.captures.Stored(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// read returns a part of a file of a capture, or all of it.
func (w *world) read(file *survey.CaptureFile, from, n int64) ([]byte, error) {
	f, err := w.folder.Open(w.ctx, *file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, n))
}

// An original comes back as it was sent, whole and in ranges, also after its capture was withdrawn; what is made of it stays in the folder.
func TestOriginalsComeBack(t *testing.T) {
	t.Parallel()
	for name, use := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := use(t, w)
			content, record := w.geotiff(91), []byte("lat,lon,time\n29.8,119.6,2026-05-31 10:00:00\n")
			c := w.capture(content, record)
			if _, err := w.captures.Withdraw(w.ctx, c.ID, "坐标有误"); err != nil {
				t.Fatal(err)
			}
			for kind, want := range map[string][]byte{"original": content, "track": record} {
				f := c.File(kind)
				if got, err := w.read(f, 0, f.Size+1); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %d bytes of %d, %v", kind, len(got), len(want), err)
				}
				if got, err := w.read(f, 7, 20); err != nil || !bytes.Equal(got, want[7:27]) {
					t.Errorf("%s: a range differs, %v", kind, err)
				}
				if f.Store != name {
					t.Errorf("%s is said to be in the %s", kind, f.Store)
				}
				_, err := os.Stat(w.folder.Path(*f))
				if gone := errors.Is(err, os.ErrNotExist); gone != (s != nil) {
					t.Errorf("%s: in the folder: %v", kind, err)
				}
				if s != nil && !bytes.Equal(s.Content(t, "wanglou/"+f.SHA256[:2]+"/"+f.SHA256+f.Path[len(f.Path)-4:]), want) {
					t.Errorf("%s: the bucket has something else", kind)
				}
			}
			if f := c.File("ortho"); f.Store != survey.InFolder {
				t.Errorf("the tiles are said to be in the %s", f.Store)
			}
			if _, err := os.Stat(w.folder.Path(*c.File("ortho"))); err != nil {
				t.Error(err)
			}
			// A second capture of the same record shares its bytes with the first; one of the same picture may be made, since the first is withdrawn.
			again := w.capture(content, record)
			for kind, want := range map[string][]byte{"original": content, "track": record} {
				if got, err := w.read(again.File(kind), 0, 1<<20); err != nil || !bytes.Equal(got, want) {
					t.Errorf("the second %s: %v", kind, err)
				}
			}
		})
	}
}

// A file that is gone is told, by the same word in both.
func TestAnOriginalThatIsGone(t *testing.T) {
	t.Parallel()
	for name, use := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := use(t, w)
			c := w.capture(w.geotiff(92), []byte("time\n2026-05-31 10:00:00\n"))
			f := c.File("original")
			if s != nil {
				s.Drop(t, "wanglou/"+f.SHA256[:2]+"/"+f.SHA256+".tif")
			} else if err := os.Remove(w.folder.Path(*f)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.folder.Open(w.ctx, *f); layers.ErrorCode(err) != layers.CodeNotFound || reasonOf(err) != "file_gone" {
				t.Error(err)
			}
		})
	}
}

// A bucket that is away, or refuses the keys, holds nobody up: files are taken and captures made as ever, the originals wait in the folder, readable, and the trouble is told. When it is back they follow.
func TestTheBucketIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := stores["bucket"](t, w)
	state := func() *survey.OriginalsState {
		t.Helper()
		got, err := w.captures.OriginalsState(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	content := w.geotiff(93)
	s.Leave(true)
	u := w.put("五月.tif", content) // while it is away in mid-upload
	in, err := w.ingest(survey.Answers{CapturedAt: &flown}, u)
	if err != nil || in.State != survey.Ready {
		t.Fatalf("%+v, %v", in, err)
	}
	if n, err := w.folder.Move(w.ctx, w.captures); n != 0 || reasonOf(err) != "bucket_away" {
		t.Fatalf("%d, %v", n, err)
	}
	c := w.stored(in.CaptureID)
	f := c.File("original")
	if got, err := w.read(f, 0, 1<<30); err != nil || !bytes.Equal(got, content) || f.Store != survey.InFolder {
		t.Errorf("%s: %d bytes, %v", f.Store, len(got), err)
	}
	if now := state(); now.Waiting != 1 || now.Bytes != int64(len(content)) || now.Trouble == nil || now.Trouble.Reason != "bucket_away" {
		t.Errorf("%+v %+v", now, now.Trouble)
	}
	since := state().Trouble.Since
	s.Leave(false)
	o := s.Options()
	o.Secret = "guessed-in-vain"
	w.folder.UseBucket(mustOpen(t, o))
	if _, err := w.folder.Move(w.ctx, w.captures); reasonOf(err) != "bucket_denied" {
		t.Error(err)
	}
	if now := state(); now.Trouble == nil || now.Trouble.Reason != "bucket_denied" || !now.Trouble.Since.Equal(since) {
		t.Errorf("%+v", now.Trouble)
	}
	w.folder.UseBucket(s.Bucket(t))
	w.move()
	if now := state(); now.Waiting != 0 || now.Trouble != nil {
		t.Errorf("%+v %+v", now, now.Trouble)
	}
	// What the row said before the file was moved still finds it.
	if got, err := w.read(f, 0, 1<<30); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	s.Leave(true)
	if _, err := w.read(w.stored(c.ID).File("original"), 0, 1); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Error(err)
	}
	// A server that is told of no bucket says so.
	bare, err := Open(w.root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Open(w.ctx, *w.stored(c.ID).File("original")); reasonOf(err) != "bucket_not_configured" {
		t.Error(err)
	}
}

// A process that dies while it brings files into the bucket leaves each in one of the two places, and the next one goes on.
func TestADeathWhileMoving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := stores["bucket"](t, w)
	content := w.geotiff(94)
	in, err := w.ingest(survey.Answers{CapturedAt: &flown}, w.put("五月.tif", content))
	if err != nil {
		t.Fatal(err)
	}
	f := w.stored(in.CaptureID).File("original")
	s.CutAfter(int64(len(content) / 2)) // before the bucket has it
	if _, err := w.folder.Move(w.ctx, w.captures); err == nil {
		t.Fatal("half a file was taken for a whole one")
	}
	if got, err := w.read(w.stored(in.CaptureID).File("original"), 0, 1<<30); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	s.Leave(false)
	if _, err := w.folder.Move(w.ctx, &dying{w.captures}); err == nil { // after the bucket has it, before the row says so
		t.Fatal("it did not die")
	}
	if got := w.stored(in.CaptureID).File("original"); got.Store != survey.InFolder {
		t.Errorf("in the %s", got.Store)
	}
	if err := w.captures.OriginalMoved(w.ctx, survey.Waiting{CaptureID: in.CaptureID, File: *f}); err != nil { // after the row says so, before it is gone from the folder
		t.Fatal(err)
	}
	if _, err := os.Stat(w.folder.Path(*f)); err != nil {
		t.Fatal(err)
	}
	if err := w.folder.clear(w.ctx, w.captures); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.folder.Path(*f)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it stays in the folder: %v", err)
	}
	if got, err := w.read(w.stored(in.CaptureID).File("original"), 0, 1<<30); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var moved int
	if err := w.db.Pool.QueryRow(w.ctx, `SELECT count(*) FROM audit_log WHERE action = 'capture.store'`).Scan(&moved); err != nil || moved != 1 {
		t.Errorf("%d rows of the audit, %v", moved, err)
	}
}

func mustOpen(t *testing.T, o bucket.Options) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dying fails when it has to say where a file is.
type dying struct{ survey.Originals }

func (*dying) OriginalMoved(context.Context, survey.Waiting) error { return errors.New("killed") }

// An original that was damaged in the folder is not brought anywhere, is told of, and does not hold up the others.
func TestADamagedOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stores["bucket"](t, w)
	in, err := w.ingest(survey.Answers{CapturedAt: &flown}, w.put("五月.tif", w.geotiff(95)), w.put("flight.csv", []byte("time\n2026-05-31 10:00:00\n")))
	if err != nil {
		t.Fatal(err)
	}
	path := w.folder.Path(*w.stored(in.CaptureID).File("original"))
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("damage"), 500); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := w.folder.Move(w.ctx, w.captures)
	if n != 1 || reasonOf(err) != "original_damaged" {
		t.Errorf("%d moved, %v", n, err)
	}
	c := w.stored(in.CaptureID)
	if c.File("original").Store != survey.InFolder || c.File("track").Store != survey.InBucket {
		t.Errorf("%+v", c.Files)
	}
	if now, err := w.captures.OriginalsState(w.ctx); err != nil || now.Trouble == nil || now.Trouble.Reason != "original_damaged" {
		t.Errorf("%+v, %v", now, err)
	}
}
