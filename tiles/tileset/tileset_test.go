package tileset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wanglou/layers"
)

const small = `{"asset":{"version":"1.1"},"geometricError":10,"root":{"boundingVolume":{"region":[2.08,0.52,2.09,0.53,0,100]},"geometricError":5,"content":{"uri":"a.b3dm"}}}`

func TestParse(t *testing.T) {
	t.Parallel()
	info, err := Parse([]byte(small))
	if err != nil || info.Version != "1.1" || info.Bound == nil || info.Bound.Min[0] < 119 || info.Bound.Min[0] > 120 || info.Implicit {
		t.Errorf("%+v, %v", info, err)
	}
	root := `{"asset":{"version":"1.0"},"geometricError":1,"root":%}`
	volume := `"boundingVolume":{"sphere":[0,0,0,1]},"geometricError":1`
	for _, c := range []struct{ text, want string }{
		{`[]`, "is not what belongs here"}, {`{`, "not JSON"}, {`{}`, "asset: missing"}, {`{"asset":{"version":"0.9"}}`, "asset.version"},
		{`{"asset":{"version":"1.0"}}`, "geometricError"}, {`{"asset":{"version":"1.0"},"geometricError":-1}`, "geometricError"}, {`{"asset":{"version":"1.0"},"geometricError":1}`, "root: missing"},
		{strings.Replace(root, "%", `{}`, 1), "root.geometricError"},
		{strings.Replace(root, "%", `{"geometricError":1}`, 1), "root.boundingVolume: missing"},
		{strings.Replace(root, "%", `{"geometricError":1,"boundingVolume":{}}`, 1), "none of box, region, sphere"},
		{strings.Replace(root, "%", `{"geometricError":1,"boundingVolume":{"box":[1]}}`, 1), "a box has 12 numbers"},
		{strings.Replace(root, "%", `{"geometricError":1,"boundingVolume":{"region":[119,29,120,30,0,1]}}`, 1), "radians"},
		{strings.Replace(root, "%", `{`+volume+`,"refine":"MAYBE"}`, 1), "root.refine"},
		{strings.Replace(root, "%", `{`+volume+`,"transform":[1]}`, 1), "root.transform"},
		{strings.Replace(root, "%", `{`+volume+`,"children":[{`+volume+`},{`+volume+`,"content":{"uri":"../../etc/passwd"}}]}`, 1), "root.children[1].content.uri"},
		{strings.Replace(root, "%", `{`+volume+`,"content":{"uri":"https://elsewhere.org/a.b3dm"}}`, 1), "outside of the tileset"},
		{strings.Replace(root, "%", `{`+volume+`,"content":{"uri":"/a.b3dm"}}`, 1), "outside of the tileset"},
		{strings.Replace(root, "%", `{`+volume+`,"content":{}}`, 1), "root.content.uri: missing"},
		{strings.Replace(root, "%", `{`+volume+`,"implicitTiling":{"subdivisionScheme":"TREE"}}`, 1), "subdivisionScheme"},
		{strings.Replace(root, "%", `{`+volume+`,"implicitTiling":{"subdivisionScheme":"OCTREE","subtreeLevels":3,"availableLevels":6,"subtrees":{"uri":"s"}}}`, 1), "{level}"},
		{strings.Replace(root, "%", strings.Repeat(`{`+volume+`,"children":[`, 300)+`{`+volume+`}`+strings.Repeat(`]}`, 300), 1), "nested deeper"},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v, want %q", c.text, err, c.want)
		}
	}
}

// FuzzParse feeds descriptions of any content: refused or read, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, b []byte) {
		if info, err := Parse(b); err == nil && info.Version == "" {
			t.Fatalf("%+v", info)
		}
	})
}

type packed struct {
	name   string
	body   string
	method uint16
}

func zipped(t testing.TB, files ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: f.method}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func folder(t *testing.T) (*Folder, string) {
	dir := t.TempDir()
	return Open(dir, slog.New(slog.DiscardHandler)), dir
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, f *Folder, name, file string) (string, *File, error) {
	t.Helper()
	out, err := f.OpenFile(t.Context(), name, file)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = out.Close() }()
	b, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), out, nil
}

func TestFoldersAndZips(t *testing.T) {
	t.Parallel()
	f, dir := folder(t)
	put(t, filepath.Join(dir, "plain", "tileset.json"), []byte(small))
	put(t, filepath.Join(dir, "plain", "data", "a.glb"), []byte("glTF"))
	put(t, filepath.Join(dir, "plain", "a.b3dm"), []byte{0x1f, 0x8b, 8, 0})
	put(t, filepath.Join(dir, "plain", "README.md"), []byte("x"))
	put(t, filepath.Join(dir, "secret.glb"), []byte("x"))
	if err := os.Symlink(filepath.Join(dir, "secret.glb"), filepath.Join(dir, "plain", "link.glb")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "packed.zip"), zipped(t, packed{"out/tileset.json", small, zip.Deflate}, packed{"out/data/a.glb", "glTF", zip.Store},
		packed{"out/b.glb", strings.Repeat("glTF", 1000), zip.Deflate}, packed{"readme.txt", "x", zip.Store}))
	sets := f.Tilesets(t.Context())
	if len(sets) != 2 || sets[0].Name != "packed" || sets[1].Name != "plain" {
		t.Fatalf("%+v", sets)
	}
	for _, name := range []string{"plain", "packed"} {
		body, file, err := read(t, f, name, "tileset.json")
		if err != nil || body != small || file.ContentType != "application/json" || file.Encoding != "" || file.Tag == "" {
			t.Errorf("%s: %q, %+v, %v", name, body, file, err)
		}
		if body, file, err := read(t, f, name, "data/a.glb"); err != nil || body != "glTF" || file.ContentType != "model/gltf-binary" {
			t.Errorf("%s: %q, %v", name, body, err)
		}
		for _, bad := range []string{"../secret.glb", "data/../../secret.glb", "/etc/passwd.json", "none.glb", "data", "README.md", "readme.txt", `..\secret.glb`, "link.glb", ".hidden.json", ""} {
			if _, _, err := read(t, f, name, bad); layers.ErrorCode(err) != layers.CodeNotFound {
				t.Errorf("%s/%s: %v", name, bad, err)
			}
		}
	}
	if body, _, err := read(t, f, "packed", "b.glb"); err != nil || len(body) != 4000 {
		t.Errorf("deflated: %d, %v", len(body), err)
	}
	if _, file, err := read(t, f, "plain", "a.b3dm"); err != nil || file.Encoding != "gzip" {
		t.Errorf("stored as gzip: %+v, %v", file, err)
	}
	// Replaced under the eyes of a client: an error for a moment, and then the new one.
	put(t, filepath.Join(dir, "packed.zip"), zipped(t, packed{"tileset.json", small, zip.Store}, packed{"a.glb", "new", zip.Store}))
	if _, _, err := read(t, f, "packed", "data/a.glb"); layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("while it is replaced: %v", err)
	}
	f.at = f.at.Add(-look)
	if body, _, err := read(t, f, "packed", "a.glb"); err != nil || body != "new" {
		t.Errorf("afterwards: %q, %v", body, err)
	}
}

func TestZipsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := packed{"tileset.json", small, zip.Store}
	lie := func(at int, v uint32) []byte { // in the directory's entry of the first file
		b := zipped(t, packed{"tileset.json", small, zip.Deflate})
		i := bytes.Index(b, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(b[i+at:], v)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"slip":      {zipped(t, good, packed{"../../evil.json", "x", zip.Store}), "leads out"},
		"absolute":  {zipped(t, good, packed{"/evil.json", "x", zip.Store}), "leads out"},
		"backslash": {zipped(t, good, packed{`..\evil.json`, "x", zip.Store}), "leads out"},
		"twice":     {zipped(t, good, good), "twice"},
		"no set":    {zipped(t, packed{"a.glb", "x", zip.Store}), "no tileset.json"},
		"no zip":    {[]byte("PK but no zip"), "zip"},
		"cut":       {zipped(t, good)[:50], "zip"},
		"size":      {lie(20, 1<<30), "lies about its size"},
		"smaller":   {lie(24, 10), "does not unpack"},
		"larger":    {lie(24, 1<<20), "does not unpack"},
		"bomb":      {lie(24, 1<<31), "bytes; store files above"},
	} {
		path := filepath.Join(t.TempDir(), "a.zip")
		put(t, path, c.b)
		if _, err := openSet("a", path, true); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A real bomb that tells the truth: too much to unpack, and nothing is unpacked to find out.
	path := filepath.Join(t.TempDir(), "a.zip")
	put(t, path, zipped(t, good, packed{"big.bin", strings.Repeat("\x00", maxInflated+1), zip.Deflate}))
	s, err := openSet("a", path, true)
	if err != nil {
		t.Fatal(err)
	}
	var e *layers.Error
	if _, err := s.openEntry("big.bin"); !errors.As(err, &e) || e.Code != layers.CodeTooLarge {
		t.Errorf("error = %v", err)
	}
}
