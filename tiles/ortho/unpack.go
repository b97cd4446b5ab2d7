package ortho

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"wanglou/layers"
)

// Limits of zip files.
const (
	maxEntries = 200_000
	maxRatio   = 200 // of what comes out to what is in the file
)

// Found is a file of a zip that is part of a capture.
type Found struct {
	Name string // in the zip
	Path string // unpacked
	Kind string // "ortho", "dsm", "dtm", "track"
}

// KindOf tells by a file's name, in the folders that ODM, DJI Terra, Pix4D and Metashape write, what it holds, and how sure that is; "" for what is no part of a capture.
func KindOf(name string) (kind string, sure int) {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	base, ext := path.Base(name), path.Ext(name)
	stem := strings.TrimSuffix(base, ext)
	in := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch ext {
	case ".csv", ".gpx":
		return "track", 1
	case ".tif", ".tiff":
	default:
		return "", 0
	}
	switch {
	case strings.HasPrefix(base, ".") || in("__macosx/", "/tiles/", "thumbnail", "_overview", "report/", "mesh/", "texture"):
		return "", 0
	case stem == "odm_orthophoto": // ODM
		return "ortho", 5
	case in("odm_dem/") && stem == "dsm", in("3_dsm_ortho/1_dsm/"), stem == "dsm" && in("map/", "terra"):
		return "dsm", 5
	case in("odm_dem/") && stem == "dtm", in("extras/dtm/"), stem == "dtm" && in("map/", "terra"):
		return "dtm", 5
	case in("2_mosaic/") && in("transparent_mosaic"): // Pix4D: the one with an alpha channel
		return "ortho", 5
	case in("2_mosaic/"):
		return "ortho", 3
	case stem == "result" && in("map/"): // DJI Terra
		return "ortho", 5
	case in("dtm", "地面模型"):
		return "dtm", 3
	case in("dsm", "表面模型"), strings.Contains(stem, "dem") && !in("ortho"): // Metashape's DEM is of the surface
		return "dsm", 3
	case in("ortho", "mosaic", "dom", "result", "正射"):
		return "ortho", 4
	}
	return "ortho", 1
}

// Unpack takes the parts of a capture out of a zip into dir: the orthophoto, the models of heights and the flight record, of several for one purpose the likeliest, then the largest. Names of the zip never
// become paths. CodeInvalid with "capture_bad_zip", "capture_zip_path", "capture_zip_empty"; CodeTooLarge with "capture_zip_bomb".
func Unpack(ctx context.Context, file, dir string, most int64) ([]Found, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_bad_zip", Msg: "the zip cannot be read to its end", Err: err}
	}
	defer func() { _ = z.Close() }()
	if len(z.File) > maxEntries {
		return nil, &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "capture_zip_bomb", Msg: "the zip has too many files"}
	}
	type pick struct {
		*zip.File
		sure int
	}
	best := map[string]pick{}
	for _, f := range z.File {
		if !filepath.IsLocal(strings.ReplaceAll(f.Name, `\`, "/")) {
			return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_zip_path", Params: map[string]string{"name": f.Name}, Msg: "a name in the zip leads out of it"}
		}
		if !f.Mode().IsRegular() { // folders, and links to anywhere
			continue
		}
		kind, sure := KindOf(f.Name)
		if kind == "" {
			continue
		}
		was, ok := best[kind]
		if !ok || sure > was.sure || sure == was.sure && f.UncompressedSize64 > was.UncompressedSize64 {
			best[kind] = pick{f, sure}
		}
	}
	var sum uint64
	for _, p := range best {
		if p.UncompressedSize64 > 64<<20 && p.UncompressedSize64/max(1, p.CompressedSize64) > maxRatio {
			return nil, &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "capture_zip_bomb", Params: map[string]string{"name": p.Name}, Msg: "a file of the zip grows more than " + strconv.Itoa(maxRatio) + " times"}
		}
		sum += p.UncompressedSize64
	}
	if sum > uint64(most) {
		return nil, &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "capture_zip_bomb", Msg: "the zip is larger than what is taken"}
	}
	if err := (&Options{Dir: dir}).room(int64(sum)); err != nil {
		return nil, err
	}
	var out []Found
	for _, kind := range []string{"ortho", "dsm", "dtm", "track"} {
		p, ok := best[kind]
		if !ok {
			continue
		}
		to := filepath.Join(dir, "zip-"+kind+strings.ToLower(path.Ext(p.Name)))
		if err := extract(ctx, p.File, to); err != nil {
			return nil, err
		}
		out = append(out, Found{Name: path.Base(strings.ReplaceAll(p.Name, `\`, "/")), Path: to, Kind: kind})
	}
	if len(out) == 0 || out[0].Kind == "track" {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_zip_empty", Msg: "there is no GeoTIFF in the zip"}
	}
	return out, nil
}

// extract writes a file of a zip, not a byte more than it says it has.
func extract(ctx context.Context, f *zip.File, to string) (err error) {
	r, err := f.Open()
	if err != nil {
		return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_bad_zip", Msg: "the zip cannot be read", Err: err}
	}
	defer func() { _ = r.Close() }()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	limit := int64(f.UncompressedSize64)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(w, r, min(16<<20, limit-done+1))
		done += n
		switch {
		case done > limit:
			return &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "capture_zip_bomb", Params: map[string]string{"name": f.Name}, Msg: "a file of the zip is larger than it says"}
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, syscall.ENOSPC):
			return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: err}
		case err != nil:
			return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_bad_zip", Msg: "the zip cannot be read to its end", Err: err}
		}
	}
}
