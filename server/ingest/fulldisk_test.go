package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/image/tiff"

	"wanglou/layers"
	"wanglou/layers/survey"
	"wanglou/postgis/postgistest"
	"wanglou/tiles/gdal"
)

// stuff fills a disk until so many bytes are left, and returns what makes the room again.
func stuff(t *testing.T, dir string, left int64) (empty func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "other people's files"))
	if err != nil {
		t.Fatal(err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, max(0, int64(disk.Bavail)*disk.Bsize-left))); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Error(err)
		}
	}
}

// A disk that fills while a file comes ends the request with what can be done about it. What came is kept, and when there is room again the file goes on from there.
func TestTheDiskFillsWhileAFileComes(t *testing.T) {
	t.Parallel()
	w := newWorldIn(t, postgistest.SmallDisk(t, 12))
	store := NewStore(w.folder, w.captures)
	if err := w.folder.room(1); layers.ErrorCode(err) != layers.CodeStorageFull { // a gigabyte is left free
		t.Error(err)
	}
	w.folder.spare = 1
	content := make([]byte, 7<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	if err := w.folder.room(13 << 20); layers.ErrorCode(err) != layers.CodeStorageFull {
		t.Error(err)
	}
	u := &survey.Upload{Filename: "五月.tif", Size: int64(len(content))}
	if err := w.captures.BeginUpload(w.ctx, u); err != nil {
		t.Fatal(err)
	}
	up, err := store.GetUpload(w.ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	empty := stuff(t, w.root, 4<<20+1000)
	n, err := up.WriteChunk(w.ctx, 0, bytes.NewReader(content))
	if layers.ErrorCode(err) != layers.CodeStorageFull || n != 4<<20 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if up, err = store.GetUpload(w.ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	if info, err := up.GetInfo(w.ctx); err != nil || info.Offset != n {
		t.Fatalf("goes on at %d, %v", info.Offset, err)
	}
	if more, err := up.WriteChunk(w.ctx, n, bytes.NewReader(content[n:])); layers.ErrorCode(err) != layers.CodeStorageFull || more != 0 {
		t.Errorf("%d bytes more on a full disk, %v", more, err)
	}
	empty()
	if up, err = store.GetUpload(w.ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	if more, err := up.WriteChunk(w.ctx, n, bytes.NewReader(content[n:])); err != nil || n+more != u.Size {
		t.Fatalf("%d bytes more, %v", more, err)
	}
	if err := up.FinishUpload(w.ctx); err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(content)
	u, err = w.captures.Upload(w.ctx, u.ID)
	if err != nil || u.SHA256 != hex.EncodeToString(want[:]) {
		t.Errorf("%+v, %v", u, err)
	}
	if got, err := os.ReadFile(w.folder.upload(u.ID)); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A disk that fills while tiles are made ends the attempt, says that it is the disk, and publishes nothing; with room again the next attempt makes the capture.
func TestTheDiskFillsWhileTilesAreMade(t *testing.T) {
	t.Parallel()
	w := newWorldIn(t, postgistest.SmallDisk(t, 96))
	w.folder.spare = 1
	in, err := w.captures.BeginIngest(w.ctx, "五月", []string{w.put("五月.tif", w.noisy(2000)).ID}, survey.Answers{CapturedAt: &flown})
	if err != nil {
		t.Fatal(err)
	}
	var empty func()
	err = w.maker.Run(w.ctx, in.ID, func(step string, share float64) {
		if step == "tiles" && empty == nil { // it has begun to write
			empty = stuff(t, w.root, 0)
		}
	})
	if empty == nil || layers.ErrorCode(err) != layers.CodeStorageFull {
		t.Fatalf("filled: %v; %v", empty != nil, err)
	}
	if in, err = w.captures.Ingest(w.ctx, in.ID); err != nil || in.State != survey.Making || in.CaptureID != 0 || in.Refusal != nil {
		t.Errorf("%+v, %v", in, err)
	}
	for _, dir := range []string{"work", "files"} {
		if left, err := os.ReadDir(filepath.Join(w.root, dir)); err != nil || len(left) != 0 {
			t.Errorf("%s holds %v, %v", dir, left, err)
		}
	}
	if all, err := w.captures.AllStored(w.ctx); err != nil || len(all) != 0 {
		t.Errorf("%d captures, %v", len(all), err)
	}
	empty()
	if in, err = w.work(in.ID); err != nil || in.State != survey.Ready {
		t.Errorf("%+v, %v", in, err)
	}
}

// noisy is a GeoTIFF of so many pixels a side of which nothing can be made small.
func (w *world) noisy(side int) []byte {
	w.t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	r := rand.New(rand.NewPCG(5, 5))
	for i := 0; i < len(img.Pix); i += 4 {
		v := r.Uint32()
		img.SetNRGBA(i/4%side, i/4/side, color.NRGBA{R: uint8(v), G: uint8(v >> 8), B: uint8(v >> 16), A: 255})
	}
	dir := w.t.TempDir()
	plain, out := filepath.Join(dir, "plain.tif"), filepath.Join(dir, "a.tif")
	f, err := os.Create(plain)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := errors.Join(tiff.Encode(f, img, nil), f.Close()); err != nil {
		w.t.Fatal(err)
	}
	if _, err := gdal.Run(w.t.Context(), "gdal_translate", append(append([]string{"-q", "-of", "GTiff", "-b", "1", "-b", "2", "-b", "3", "-a_srs", "EPSG:4549", "-a_ullr", "461000", "3299200", "461200", "3299000"}, gdal.Input(plain)...), out), gdal.Options{Dir: dir}); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}
