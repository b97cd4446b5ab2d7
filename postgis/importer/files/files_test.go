package files_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/wkt"

	"wanglou/layers"
	"wanglou/layers/realdata"
	"wanglou/postgis/importer/files"
)

// collection is a small file of one point near Tonglu.
const collection = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"桐君山测试点位","n":7},"geometry":{"type":"Point","coordinates":[119.693,29.8255]}}]}`

// write writes a file into the folder and returns its path.
func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ogr2ogr makes a file of another format, or skips where GDAL is not installed.
func ogr2ogr(t testing.TB, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skipf("GDAL is not here: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "ogr2ogr", args...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr %v: %v\n%s", args, err, out)
	}
}

// zipped makes an archive of name → content.
func zipped(t testing.TB, path string, content map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range content {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder returns the files of a folder.
func folder(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = b
	}
	return out
}

// read returns "format: fields geometry" of each row, or the error.
func read(t testing.TB, path string, o files.Options) (string, error) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	in, err := files.Open(t.Context(), path, o)
	if err != nil {
		return "", err
	}
	defer func() {
		in.Close()
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Errorf("%d things are left in the temporary folder, %v", len(left), err)
		}
	}()
	out := []string{string(in.Format)}
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n"), nil
		}
		if err != nil {
			return strings.Join(out, "\n"), err
		}
		if row.Err != nil {
			return strings.Join(out, "\n"), row.Err
		}
		name := row.Fields["name"]
		if in.Format == files.KML {
			name = row.Fields["Name"]
		}
		s := fmt.Sprint(name, " ", row.Fields["n"])
		if row.Geometry != nil {
			s += " " + wkt.MarshalString(row.Geometry)
		}
		out = append(out, s)
	}
}

func reason(err error) string {
	var e *layers.Error
	if errors.As(err, &e) {
		if e.Reason == "" {
			return string(e.Code)
		}
		return e.Reason
	}
	return fmt.Sprint(err)
}

const point = "桐君山测试点位 7 POINT(119.693 29.8255)"

func TestEveryFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := write(t, dir, "source.geojson", collection)
	shp := filepath.Join(dir, "shp")
	if err := os.Mkdir(shp, 0o755); err != nil {
		t.Fatal(err)
	}
	ogr2ogr(t, "-f", "ESRI Shapefile", "-lco", "ENCODING=UTF-8", filepath.Join(shp, "点.shp"), source)
	gbk := filepath.Join(dir, "gbk")
	if err := os.Mkdir(gbk, 0o755); err != nil {
		t.Fatal(err)
	}
	ogr2ogr(t, "-f", "ESRI Shapefile", "-lco", "ENCODING=CP936", "-t_srs", "EPSG:4549", filepath.Join(gbk, "a.shp"), source)
	if err := os.Remove(filepath.Join(gbk, "a.cpg")); err != nil { // as most Chinese software leaves it out
		t.Fatal(err)
	}
	ogr2ogr(t, "-f", "GPKG", "-nln", "one", filepath.Join(dir, "a.gpkg"), source)
	ogr2ogr(t, "-f", "GPKG", "-nln", "one", filepath.Join(dir, "two.gpkg"), source)
	ogr2ogr(t, "-f", "GPKG", "-nln", "two", "-update", filepath.Join(dir, "two.gpkg"), source)
	ogr2ogr(t, "-f", "KML", filepath.Join(dir, "a.kml"), source)
	kml, err := os.ReadFile(filepath.Join(dir, "a.kml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		o          files.Options
		want       string // the row, "" for point
	}{
		{"GeoJSON", source, files.Options{}, "geojson"},
		{"a name without an ending", write(t, dir, "export", collection), files.Options{}, "geojson"},
		{"sequence", write(t, dir, "a.json", `{"type":"Feature","properties":{"name":"桐君山测试点位","n":7},"geometry":{"type":"Point","coordinates":[119.693,29.8255]}}`+"\n"+
			`{"type":"Feature","properties":{},"geometry":null}`+"\n"), files.Options{}, "geojsonseq"},
		{"records", write(t, dir, "b.json", `{"A":[{"name":"桐君山测试点位","n":7,"lon":119.693,"lat":29.8255}]}`), files.Options{}, "json"},
		{"CSV", write(t, dir, "a.csv", "name,n,lon,lat\n桐君山测试点位,7,119.693,29.8255\n"), files.Options{}, "csv"},
		{"Shapefile, folder", shp, files.Options{}, "shapefile"},
		{"Shapefile, file", filepath.Join(shp, "点.shp"), files.Options{}, "shapefile"},
		{"Shapefile, GBK without a .cpg, projected", gbk, files.Options{}, "shapefile"},
		{"Shapefile, archive", zipped(t, filepath.Join(dir, "shp.zip"), folder(t, shp)), files.Options{}, "shapefile"},
		{"GeoPackage", filepath.Join(dir, "a.gpkg"), files.Options{}, "gpkg"},
		{"GeoPackage of two layers", filepath.Join(dir, "two.gpkg"), files.Options{Layer: "two"}, "gpkg"},
		{"KML", filepath.Join(dir, "a.kml"), files.Options{}, "kml"},
		{"KMZ", zipped(t, filepath.Join(dir, "a.kmz"), map[string][]byte{"doc.kml": kml, "files/other.kml": kml}), files.Options{}, "kml"},
		{"CSV in an archive", zipped(t, filepath.Join(dir, "csv.zip"), map[string][]byte{"数据/a.csv": []byte("name,n,lon,lat\n桐君山测试点位,7,119.693,29.8255\n")}), files.Options{}, "csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, c.path, c.o)
			want := c.want + "\n" + point
			if c.want == "geojsonseq" {
				want += "\n<nil> <nil>"
			}
			if err != nil || got != want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, want)
			}
		})
	}
	t.Run("GeoPackage of two layers, none named", func(t *testing.T) {
		t.Parallel()
		if _, err := read(t, filepath.Join(dir, "two.gpkg"), files.Options{}); reason(err) != "which_layer" || !strings.Contains(err.Error(), "one, two") {
			t.Error(err)
		}
	})
	t.Run("no such layer", func(t *testing.T) {
		t.Parallel()
		if _, err := read(t, filepath.Join(dir, "two.gpkg"), files.Options{Layer: "three"}); reason(err) != "unknown_layer" {
			t.Error(err)
		}
	})
	t.Run("without .prj", func(t *testing.T) {
		t.Parallel()
		parts := folder(t, gbk)
		delete(parts, "a.prj")
		bare := zipped(t, filepath.Join(t.TempDir(), "bare.zip"), parts)
		_, err := read(t, bare, files.Options{})
		if reason(err) != "missing_prj" || !strings.Contains(err.Error(), "3300809") { // the extent, metres
			t.Error(err)
		}
		if got, err := read(t, bare, files.Options{EPSG: 4549}); err != nil || !strings.HasSuffix(got, point) {
			t.Error(got, err)
		}
		got, err := read(t, bare, files.Options{Raw: true})
		if err != nil || strings.Contains(got, "119.693") {
			t.Errorf("raw coordinates were converted: %s, %v", got, err)
		}
	})
	t.Run("without .dbf", func(t *testing.T) {
		t.Parallel()
		parts := folder(t, shp)
		delete(parts, "点.dbf")
		if got, err := read(t, zipped(t, filepath.Join(t.TempDir(), "bare.zip"), parts), files.Options{}); err != nil || !strings.Contains(got, "POINT") {
			t.Error(got, err)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		cut := t.TempDir()
		for name, b := range folder(t, shp) {
			if strings.HasSuffix(name, ".shp") {
				b = b[:40]
			}
			write(t, cut, name, string(b))
		}
		if _, err := read(t, cut, files.Options{}); reason(err) != "broken_file" {
			t.Error(err)
		}
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skipf("GDAL is not here: %v", err)
	}
	dir := t.TempDir()
	vrt := `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`
	sqlite := "SQLite format 3\x00" + vrt
	for _, c := range []struct {
		name, path string
		o          files.Options
		reason     string
	}{
		{"no such file", filepath.Join(dir, "none"), files.Options{}, "not_found"},
		{"address", "/vsicurl/http://127.0.0.1:1/a.geojson", files.Options{}, "not_a_file"},
		{"address of a browser", "http://127.0.0.1:1/a.geojson", files.Options{}, "not_a_file"},
		{"device", "/dev/zero", files.Options{}, "not_a_file"},
		{"empty", write(t, dir, "empty.csv", ""), files.Options{}, "empty_file"},
		{"too large", write(t, dir, "large.csv", "a\n"+strings.Repeat("1\n", 1000)), files.Options{MaxBytes: 1000}, "file_too_large"},
		{"virtual", write(t, dir, "a.vrt", vrt), files.Options{}, "unknown_format"},
		{"virtual under another name", write(t, dir, "b.kml", vrt), files.Options{}, "unknown_format"},
		{"virtual, said to be KML", write(t, dir, "c.kml", vrt), files.Options{Format: files.KML}, "unknown_format"},
		{"virtual behind SQLite's mark", write(t, dir, "d.gpkg", sqlite), files.Options{}, "broken_file"},
		{"picture", write(t, dir, "a.png", "\x89PNG\r\n\x1a\n\x00\x00"), files.Options{}, "unknown_format"},
		{"part of a Shapefile", write(t, dir, "a.dbf", "\x03abc"), files.Options{}, "not_a_layer"},
		{"folder without one", t.TempDir(), files.Options{}, "empty_folder"},
		{"unknown format", write(t, dir, "x.csv", "a\n1\n"), files.Options{Format: "dxf"}, "unknown_value"},
		{"KML that is none", write(t, dir, "x.kml", "<kml><Placemark></kml>"), files.Options{}, "broken_file"},

		{"archive that climbs", zipped(t, filepath.Join(dir, "slip.zip"), map[string][]byte{"../../etc/a.geojson": []byte(collection)}), files.Options{}, "zip_slip"},
		{"archive that climbs, in Windows' way", zipped(t, filepath.Join(dir, "slip2.zip"), map[string][]byte{`..\a.geojson`: []byte(collection)}), files.Options{}, "zip_slip"},
		{"archive with an absolute name", zipped(t, filepath.Join(dir, "slip3.zip"), map[string][]byte{"/tmp/a.geojson": []byte(collection)}), files.Options{}, "zip_slip"},
		{"bomb", zipped(t, filepath.Join(dir, "bomb.zip"), map[string][]byte{"a.csv": bytes.Repeat([]byte("0"), 32<<20)}), files.Options{}, "zip_bomb"},
		{"over the limit", zipped(t, filepath.Join(dir, "over.zip"), map[string][]byte{"a.csv": bytes.Repeat([]byte("0"), 1<<20)}), files.Options{MaxBytes: 1 << 19}, "zip_bomb"},
		{"archive of nothing", zipped(t, filepath.Join(dir, "none.zip"), map[string][]byte{"readme.md": []byte("x")}), files.Options{}, "empty_archive"},
		{"archive of two", zipped(t, filepath.Join(dir, "both.zip"), map[string][]byte{"a.csv": []byte("a\n1"), "b.csv": []byte("a\n1")}), files.Options{}, "which_layer"},
		{"archive in an archive", zipped(t, filepath.Join(dir, "in.zip"), map[string][]byte{"a.zip": []byte("PK\x03\x04")}), files.Options{}, "empty_archive"},
		{"broken archive", write(t, dir, "broken.zip", "PK\x03\x04 and nothing"), files.Options{}, "broken_archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := read(t, c.path, c.o); reason(err) != c.reason {
				t.Errorf("%v, want %s\n%s", err, c.reason, got)
			}
		})
	}
	t.Run("link to a device", func(t *testing.T) {
		t.Parallel()
		link := filepath.Join(t.TempDir(), "a.csv")
		if err := os.Symlink("/dev/zero", link); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, link, files.Options{}); reason(err) != "not_a_file" {
			t.Error(err)
		}
	})
	t.Run("many files", func(t *testing.T) {
		t.Parallel()
		many := map[string][]byte{}
		for i := range 2500 {
			many[fmt.Sprintf("%d.txt", i)] = nil
		}
		if _, err := read(t, zipped(t, filepath.Join(t.TempDir(), "many.zip"), many), files.Options{}); reason(err) != "zip_bomb" {
			t.Error(err)
		}
	})
}

// What a KML links to is not fetched, and entities do not grow without end.
func TestKMLIsNotFollowed(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skipf("GDAL is not here: %v", err)
	}
	dir := t.TempDir()
	write(t, dir, "secret.kml", `<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>secret</name><Point><coordinates>1,2</coordinates></Point></Placemark></Document></kml>`)
	linked := write(t, dir, "link.kml", `<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>`+dir+`/secret.kml</href></Link></NetworkLink>
		<Placemark><name>mine</name><Point><coordinates>3,4</coordinates></Point></Placemark></Document></kml>`)
	got, err := read(t, linked, files.Options{})
	if err != nil || strings.Contains(got, "secret") || !strings.Contains(got, "POINT(3 4)") {
		t.Errorf("%s, %v", got, err)
	}
	external := write(t, dir, "xxe.kml", `<!DOCTYPE kml [<!ENTITY x SYSTEM "file://`+dir+`/secret.kml">]><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
		<Placemark><name>&x;</name><Point><coordinates>3,4</coordinates></Point></Placemark></Document></kml>`)
	if got, err := read(t, external, files.Options{}); err == nil && strings.Contains(got, "secret") {
		t.Errorf("an external entity was read: %s", got)
	}
	laughs := `<!DOCTYPE kml [<!ENTITY a "ha">`
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	laughs += `]><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&z;</name></Placemark></Document></kml>`
	if _, err := read(t, write(t, dir, "laughs.kml", laughs), files.Options{}); reason(err) != "broken_file" {
		t.Errorf("entities of entities: %v", err)
	}
}

func TestOpenStreetMapTagsAreFields(t *testing.T) {
	t.Parallel()
	path := realdata.Path(t, "osm/liechtenstein-latest.osm.pbf")
	in, err := files.Open(t.Context(), path, files.Options{Layer: "multipolygons", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for {
		row, err := in.Next()
		if err != nil {
			t.Fatalf("Vaduz was not found: %v", err)
		}
		if row.Fields["admin_level"] == "8" && row.Fields["name"] == "Vaduz" {
			if code := row.Fields["bfs:OBJECTVAL"]; code != "7001" {
				t.Errorf("its code is %v", code)
			}
			return
		}
	}
}
