package files

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wanglou/layers"
)

const (
	maxEntries = 2000
	// maxRatio is how much larger than the archive its content may be; the densest honest table of coordinates is some 30 times as large.
	maxRatio = 200
	// smallAnyway is what any archive may unpack to, whatever its ratio.
	smallAnyway = 16 << 20
)

// parts are the endings of the files that are taken out of an archive, and principal are those that an import begins with.
var (
	parts     = []string{".shp", ".shx", ".dbf", ".prj", ".cpg", ".gpkg", ".kml", ".geojson", ".json", ".geojsonl", ".csv", ".tsv"}
	principal = []string{".shp", ".gpkg", ".kml", ".geojson", ".json", ".geojsonl", ".csv", ".tsv"}
)

// unpack takes an archive's one data set out of it and returns its path under dir. Names of the archive are not used: its files are numbered. CodeInvalid for
// archives that name files outside of themselves, hold no data set, or hold several of which o.Layer names none; CodeTooLarge for bombs.
func unpack(file, dir string, o Options) (string, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return "", &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_archive", Msg: "the archive cannot be read", Err: err}
	}
	defer func() { _ = z.Close() }()
	if len(z.File) > maxEntries {
		return "", bomb("it has %d files, at most %d are looked at", len(z.File), maxEntries)
	}
	for _, f := range z.File {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		if path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..") || len(name) > 1 && name[1] == ':' {
			return "", layers.Invalid("file", "zip_slip", "the archive names a file outside of itself (%q) and is not opened", f.Name)
		}
	}
	chosen, err := choose(z.File, o.Layer)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	allowed := max(smallAnyway, info.Size()*maxRatio)
	if o.MaxBytes > 0 {
		allowed = min(allowed, o.MaxBytes)
	}
	main := ""
	for _, f := range z.File {
		stem, ext := splitName(f.Name)
		if !f.Mode().IsRegular() || stem != chosen.stem || ext != chosen.ext && (chosen.ext != ".shp" || !slices.Contains(parts[:5], ext)) {
			continue
		}
		to := filepath.Join(dir, "data"+ext)
		n, err := extract(f, to, allowed)
		if err != nil {
			return "", err
		}
		if allowed -= n; ext == chosen.ext {
			main = to
		}
	}
	return main, nil
}

func bomb(format string, args ...any) error {
	return &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: "zip_bomb", Msg: "the archive is not opened: " + fmt.Sprintf(format, args...)}
}

// entry names one data set of an archive: its path without the ending, and the ending.
type entry struct{ stem, ext string }

func splitName(name string) (stem, ext string) {
	ext = path.Ext(name)
	return strings.TrimSuffix(name, ext), strings.ToLower(ext)
}

// choose picks the data set that layer names by its file's name, or the only one.
func choose(files []*zip.File, layer string) (entry, error) {
	var found []entry
	var names []string
	for _, f := range files {
		stem, ext := splitName(f.Name)
		base := path.Base(stem)
		if !f.Mode().IsRegular() || !slices.Contains(principal, ext) || strings.HasPrefix(base, ".") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if ext == ".kml" && base == "doc" { // a KMZ's main document; others are what it links to
			return entry{stem, ext}, nil
		}
		found, names = append(found, entry{stem, ext}), append(names, base)
	}
	if i := slices.Index(names, layer); layer != "" && i >= 0 {
		return found[i], nil
	}
	switch {
	case len(found) == 0:
		return entry{}, layers.Invalid("file", "empty_archive", "the archive holds none of %s", strings.Join(principal, " "))
	case len(found) > 1:
		return entry{}, whichLayer(names)
	}
	return found[0], nil
}

// whichLayer asks for a word more.
func whichLayer(names []string) error {
	if len(names) > 30 {
		names = append(names[:30:30], "…")
	}
	return &layers.Error{Code: layers.CodeInvalid, Field: "--source-layer", Reason: "which_layer",
		Msg: "there is more than one layer: say --source-layer with one of " + strings.Join(names, ", ")}
}

// extract writes one file of the archive, never more than allowed bytes: what the archive says of sizes is not believed.
func extract(f *zip.File, to string, allowed int64) (n int64, err error) {
	r, err := f.Open()
	if err != nil {
		return 0, broken(err)
	}
	defer func() { _ = r.Close() }()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	n, err = io.Copy(w, io.LimitReader(r, allowed+1))
	switch {
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF):
		return n, broken(err)
	case err != nil:
		return n, err
	case n > allowed:
		return n, bomb("it unpacks to more than is allowed (%d MB here)", allowed>>20)
	}
	return n, nil
}

func broken(err error) error {
	return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "broken_archive", Msg: "the archive is broken", Err: err}
}
