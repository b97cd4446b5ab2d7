package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"wanglou/layers"
	"wanglou/layers/attachment"
	"wanglou/postgis/postgistest"
)

// stuffed fills the folder's disk until so many bytes are left, and returns what makes the room again.
func stuffed(t *testing.T, f *Folder, left int64) (empty func()) {
	t.Helper()
	path := filepath.Join(f.root, "other people's files")
	var disk syscall.Statfs_t
	if err := syscall.Statfs(f.root, &disk); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, int64(disk.Bavail)*disk.Bsize-left), 0o600); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// A disk that fills while a video comes, or while it is kept, says so. What came is kept; with room again it goes on, and nothing of it was lost or doubled.
func TestTheDiskFills(t *testing.T) {
	t.Parallel()
	f, err := Open(postgistest.SmallDisk(t, 24))
	if err != nil {
		t.Fatal(err)
	}
	src := video(6 << 20)
	a := announced(src, attachment.MP4, 1)
	if _, err := f.Append(a, 0, bytes.NewReader(src)); layers.ErrorCode(err) != layers.CodeStorageFull { // a gigabyte is left free
		t.Error(err)
	}
	f.spare = -100 << 20 // as if nobody had looked: another program may be faster
	empty := stuffed(t, f, 2<<20)
	have, err := f.Append(a, 0, bytes.NewReader(src))
	if layers.ErrorCode(err) != layers.CodeStorageFull || have < 1<<20 || have >= a.Size {
		t.Fatalf("%d bytes, %v", have, err)
	}
	if now, err := f.Received(a); err != nil || now != have {
		t.Fatalf("%d bytes of %d, %v", now, have, err)
	}
	empty()
	if have, err = f.Append(a, have, bytes.NewReader(src[have:])); err != nil || have != a.Size {
		t.Fatalf("%d bytes, %v", have, err)
	}
	empty = stuffed(t, f, 1<<20) // too little for the copy that is shared
	if _, err := f.Finish(t.Context(), a); layers.ErrorCode(err) != layers.CodeStorageFull {
		t.Fatal(err)
	}
	if file, err := f.Open(a.SHA256); err == nil {
		_ = file.Close()
		t.Error("it is kept, and was said not to be")
	}
	empty()
	files, err := f.Finish(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.object(a.SHA256)); err != nil || !bytes.Equal(got, src) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := os.Stat(f.object(files.Shared)); err != nil {
		t.Error(err)
	}
}

// video is a film of so many bytes.
func video(size int) []byte {
	head := "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"
	b := bytes.Repeat([]byte("frames, "), size/8)[:size]
	copy(b, head)
	binary.BigEndian.PutUint32(b[len(head):], uint32(size-len(head)))
	copy(b[len(head)+4:], "mdat")
	return b
}
