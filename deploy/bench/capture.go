package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"golang.org/x/image/tiff"

	"wanglou/tiles/gdal"
	"wanglou/tiles/ortho"
)

const (
	ingestSide  = 20_000 // pixels
	tileSide    = 6_000
	uploadBytes = 1 << 30
	cutBytes    = 64 << 20
	cuts        = 20
)

// picture makes a GeoTIFF of so many pixels a side, five centimetres each, in the middle of the bench's county: blocks, lines and noise, as fine as a photograph.
func (e *env) picture(ctx context.Context, side int) (string, error) {
	const n = 2000
	r := rand.New(rand.NewPCG(7, 7))
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			base := 70 + 40*math.Sin(float64(x)/37)*math.Cos(float64(y)/53)
			if (x/90+y/70*3)%5 == 0 {
				base = 190
			}
			v := func(k float64) uint8 { return uint8(max(1, min(254, base*k+float64(r.IntN(24))))) }
			img.SetNRGBA(x, y, color.NRGBA{R: v(1), G: v(1.1), B: v(0.8), A: 255})
		}
	}
	small, out := filepath.Join(e.dir, "small.tif"), filepath.Join(e.dir, "picture-"+strconv.Itoa(side)+".tif")
	f, err := os.Create(small)
	if err != nil {
		return "", err
	}
	if err := errors.Join(tiff.Encode(f, img, nil), f.Close()); err != nil {
		return "", err
	}
	metres := strconv.Itoa(3_299_000 - side/20)
	_, err = gdal.Run(ctx, "gdal_translate", append(append([]string{"-q", "-of", "GTiff", "-b", "1", "-b", "2", "-b", "3", "-outsize", strconv.Itoa(side), strconv.Itoa(side), "-r", "bilinear", "-a_srs", "EPSG:4549",
		"-a_ullr", "461000", "3299000", strconv.Itoa(461_000 + side/20), metres, "-co", "TILED=YES", "-co", "COMPRESS=LZW", "-co", "PREDICTOR=2", "-co", "BIGTIFF=YES", "-co", "NUM_THREADS=ALL_CPUS"}, gdal.Input(small)...), out), gdal.Options{Dir: e.dir})
	return out, err
}

// childMemory is the most memory that any child process has used so far, bytes.
func childMemory() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u) != nil {
		return 0
	}
	return u.Maxrss << 10
}

// orthoIngest measures how long an orthophoto of 400 MPx takes from the gate to tiles that can be served, against plain gdal_translate into a COG of the same compression and quality.
var orthoIngest = bench{figures: []string{"ortho-ingest"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	path, err := e.picture(ctx, ingestSide)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if _, err := gdal.Run(ctx, "gdal_translate", append(append([]string{"-q", "-of", "COG", "-co", "COMPRESS=WEBP", "-co", "QUALITY=85", "-co", "NUM_THREADS=ALL_CPUS", "-co", "BIGTIFF=IF_SAFER"}, gdal.Input(path)...),
		filepath.Join(e.dir, "plain.tif")), gdal.Options{Dir: e.dir, CacheMB: 512, MemoryMB: 8192, Nice: 1}); err != nil {
		return nil, err
	}
	plain, memory := time.Since(began), childMemory()
	began = time.Now()
	looked, err := ortho.Gate(ctx, path, "", 0, ortho.DefaultLimits)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(e.dir, "ingest-")
	if err != nil {
		return nil, err
	}
	made, err := ortho.Make(ctx, path, looked, ortho.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	ours := time.Since(began)
	e.say("ortho-ingest: %d × %d px, zooms %d to %d; plain %.1f s and %d MB, ours %.1f s and at most %d MB", ingestSide, ingestSide, made.MinZoom, made.MaxZoom, plain.Seconds(), memory>>20, ours.Seconds(), childMemory()>>20)
	return []figure{{name: "ortho-ingest", value: ours.Seconds(), unit: "s", ratio: ours.Seconds() / plain.Seconds(), against: "gdal-translate-cog"}}, nil
}}

// orthoTile measures what a tile of an orthophoto costs, over HTTP on loopback, signed in: how many of them a second of the server's processor time serves, as a share of what Go's
// net/http serves of the same bytes out of a map.
var orthoTile = bench{figures: []string{"ortho-tile"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	path, err := e.picture(ctx, tileSide)
	if err != nil {
		return nil, err
	}
	looked, err := ortho.Gate(ctx, path, "", 0, ortho.DefaultLimits)
	if err != nil {
		return nil, err
	}
	files := filepath.Join(e.dir, "data", "captures", "files", "1")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return nil, err
	}
	made, err := ortho.Make(ctx, path, looked, ortho.Options{Dir: files})
	if err != nil {
		return nil, err
	}
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.Pool.Exec(ctx, `WITH c AS (INSERT INTO capture (name, captured_at, gsd_m, area_path, geom) VALUES ('bench', now(), 0.05, '330122', ST_GeomFromEWKB($1)) RETURNING id)
		INSERT INTO capture_file (capture_id, kind, path, size, sha256) SELECT id, 'ortho', '1/ortho.tif', 1, repeat('0', 64) FROM c`, ewkb.Value(made.Footprint, 4326)); err != nil {
		return nil, err
	}
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	conn, err := dial(ctx, srv.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	usual := []string{"Cookie: " + srv.cookie(), "Accept-Encoding: gzip"}
	answers := map[string]answer{}
	var hits [][]byte
	size := 0
	for _, p := range tilesOf(made.Footprint.Bound(), made.MaxZoom) {
		a, err := conn.ask(request(srv.address, p, usual...), true)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK || a.kind != "image/webp" {
			continue // at the border
		}
		answers[p] = a
		size += len(a.body)
		hits = append(hits, request(srv.address, p, usual...))
	}
	if len(hits) == 0 {
		return nil, errors.New("no tile of the capture is served")
	}
	e.say("ortho-tile: %d tiles, %d bytes on average", len(hits), size/len(hits))
	static, err := startStatic(ctx, e, answers)
	if err != nil {
		return nil, err
	}
	defer static.stop()
	var shares []float64
	var rate float64
	for range hitRounds {
		reference, err := hammer(ctx, static.address, static.cmd.Process.Pid, hits, hitRequests, hitConnections, http.StatusOK)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		l, err := hammer(ctx, srv.address, srv.cmd.Process.Pid, hits, hitRequests, hitConnections, http.StatusOK)
		if err != nil {
			return nil, err
		}
		rate = l.perCPUSecond()
		e.say("ortho-tile: %.0f a second of processor time, static %.0f", rate, reference.perCPUSecond())
		shares = append(shares, rate/reference.perCPUSecond())
	}
	share := percentile(shares, 0.5)
	return []figure{{name: "ortho-tile", value: 100 * share, unit: "%", ratio: share, against: "go-net-http-static"}}, nil
}}

// tilesOf returns the addresses of the mosaic's tiles within a bound.
func tilesOf(b orb.Bound, zoom int) (out []string) {
	n := math.Exp2(float64(zoom))
	at := func(p orb.Point) (x, y int) {
		return int((p[0] + 180) / 360 * n), int((1 - math.Asinh(math.Tan(p[1]*math.Pi/180))/math.Pi) / 2 * n)
	}
	x0, y1 := at(b.Min)
	x1, y0 := at(b.Max)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			out = append(out, fmt.Sprintf("/tiles/%s/%d/%d/%d", ortho.Mosaic, zoom, x, y))
		}
	}
	return out
}

// uploadResume measures how fast a gigabyte is sent over loopback, hashed and made sure of on the disk, against cp with fsync; then a file that is cut off twenty times has to arrive whole.
var uploadResume = bench{figures: []string{"upload-resume"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	db, address, err := e.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	srv, err := e.serve(ctx, db, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	r := rand.NewChaCha8([32]byte{7})
	source := filepath.Join(e.dir, "upload.tif")
	f, err := os.Create(source)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(f, r, uploadBytes); err != nil {
		return nil, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := copied(source, filepath.Join(e.dir, "copy.tif")); err != nil {
		return nil, err
	}
	copying := time.Since(began)
	began = time.Now()
	if f, err = os.Open(source); err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	at, err := srv.announce(ctx, uploadBytes)
	if err != nil {
		return nil, err
	}
	if err := srv.patch(ctx, at, 0, f, uploadBytes); err != nil {
		return nil, err
	}
	sending := time.Since(began)
	e.say("upload-resume: %d MB/s, cp with fsync %d MB/s", int(uploadBytes/1e6/sending.Seconds()), int(uploadBytes/1e6/copying.Seconds()))
	if err := srv.cutOff(ctx, source); err != nil {
		return nil, err
	}
	return []figure{{name: "upload-resume", value: uploadBytes / 1e6 / sending.Seconds(), unit: "MB/s", ratio: copying.Seconds() / sending.Seconds(), against: "cp-fsync"}}, nil
}}

// copied copies a file as cp does, and makes sure of it.
func copied(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(struct{ io.Writer }{dst}, struct{ io.Reader }{src}) // byte by byte: not by the file system's own ways
	return errors.Join(err, dst.Sync(), dst.Close())
}

func (s *server) tus(ctx context.Context, method, path string, body io.Reader, size int64, header map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	req.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return s.client.Do(req)
}

// announce begins an upload and returns its address.
func (s *server) announce(ctx context.Context, size int64) (string, error) {
	res, err := s.tus(ctx, http.MethodPost, "/api/uploads", nil, 0, map[string]string{"Upload-Length": strconv.FormatInt(size, 10), "Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte("upload.tif"))})
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("announce: %s", res.Status)
	}
	return res.Header.Get("Location"), nil
}

func (s *server) patch(ctx context.Context, at string, offset int64, body io.Reader, size int64) error {
	res, err := s.tus(ctx, http.MethodPatch, at, body, size, map[string]string{"Upload-Offset": strconv.FormatInt(offset, 10), "Content-Type": "application/offset+octet-stream"})
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("patch: %s", res.Status)
	}
	return nil
}

// cutOff sends the beginning of a file, which is cut off twenty times at random, and compares what the server has.
func (s *server) cutOff(ctx context.Context, source string) error {
	content := make([]byte, cutBytes)
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(f, content); err != nil {
		return errors.Join(err, f.Close())
	}
	_ = f.Close()
	at, err := s.announce(ctx, cutBytes)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(3, 3))
	for cut := 0; ; cut++ {
		res, err := s.tus(ctx, http.MethodHead, at, nil, 0, nil)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		offset, err := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
		if err != nil {
			return fmt.Errorf("offset after cut %d: %s", cut, res.Status)
		}
		if offset == cutBytes {
			break
		}
		rest := content[offset:]
		if cut < cuts {
			part := rest[:r.IntN(min(len(rest), 2*cutBytes/cuts))]
			_ = s.patch(ctx, at, offset, io.MultiReader(bytes.NewReader(part), cutLine{}), int64(len(rest))) // it fails: that is what is tried
			continue
		}
		if err := s.patch(ctx, at, offset, bytes.NewReader(rest), int64(len(rest))); err != nil {
			return err
		}
	}
	res, err := s.tus(ctx, http.MethodGet, "/api/uploads", nil, 0, nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var all struct {
		Items []struct{ ID, SHA256 string }
	}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		return err
	}
	want := sha256.Sum256(content)
	for _, u := range all.Items {
		if strings.HasSuffix(at, u.ID) && u.SHA256 == hex.EncodeToString(want[:]) {
			return nil
		}
	}
	return errors.New("what was cut off twenty times did not arrive as it was")
}

// cutLine is where a line breaks.
type cutLine struct{}

func (cutLine) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }
