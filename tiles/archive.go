package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html"
	"image"
	_ "image/jpeg" // pictures of archives
	_ "image/png"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	_ "golang.org/x/image/webp" // pictures of archives

	"wanglou/layers"
)

// archive is one file of tiles as a [Source]: the same for everybody who is signed in.
type archive struct {
	info Info
	etag string // of every tile: the file's identity. A tag counts for one URL alone, and a file is replaced as a whole

	mu     sync.RWMutex // held for reading while the file is read, so that it is not closed meanwhile
	closed bool
	file   archiveFile
}

// archiveFile is what the two formats have in common.
type archiveFile interface {
	// describe fills info from what the file says of itself. It refuses files whose tiles cannot be drawn.
	describe(info *Info) error
	// tile returns the bytes of a tile and their Content-Encoding; nil when the file does not have the tile.
	tile(ctx context.Context, c Coord) (body []byte, encoding Encoding, err error)
	Close() error
}

// archiveOpeners says how a file is opened, by extension.
var archiveOpeners = map[string]func(ctx context.Context, path string) (archiveFile, error){
	".pmtiles": openPMTiles,
	".mbtiles": openMBTiles,
}

// archiveName is what a file must be called, without its extension, to be offered under /tiles.
var archiveName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// openArchive opens the file at path, which looked like st a moment ago.
func openArchive(ctx context.Context, path string, st fs.FileInfo) (*archive, error) {
	ext := filepath.Ext(path)
	name := strings.TrimSuffix(filepath.Base(path), ext)
	if !archiveName.MatchString(name) {
		return nil, fmt.Errorf("the name %q is not usable: a–z, 0–9, - and _ alone", name)
	}
	file, err := archiveOpeners[ext](ctx, path)
	if err != nil {
		return nil, err
	}
	a := &archive{file: file, etag: fileTag(st), info: Info{
		Name:    name,
		Title:   layers.Text{ZH: name, EN: name},
		MaxZoom: 14,
		Bound:   orb.Bound{Min: orb.Point{-180, -85.051129}, Max: orb.Point{180, 85.051129}},
	}}
	if err := file.describe(&a.info); err != nil {
		_ = file.Close()
		return nil, err
	}
	if err := a.describeTerrain(); err != nil {
		_ = file.Close()
		return nil, err
	}
	a.measure(ctx)
	return a, nil
}

// fileTag is a strong validator made of a file's size and the time of its last change.
func fileTag(st fs.FileInfo) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d/%d", st.Name(), st.Size(), st.ModTime().UnixNano())
	return fmt.Sprintf(`"%016x"`, h.Sum64())
}

// describeTerrain settles how heights are coded: archives named terrain, or terrain-…, hold heights, terrarium unless they say otherwise.
func (a *archive) describeTerrain() error {
	if a.info.Name != "terrain" && !strings.HasPrefix(a.info.Name, "terrain-") {
		return nil
	}
	if a.info.Format != FormatPNG && a.info.Format != FormatWebP {
		return fmt.Errorf("terrain is read from png and webp tiles, these are %s", a.info.Format)
	}
	if a.info.Encoding == "" {
		a.info.Encoding = "terrarium"
	}
	return nil
}

// measure looks at one picture for the size of all.
func (a *archive) measure(ctx context.Context) {
	if a.info.Format == FormatMVT {
		return
	}
	for z := a.info.MinZoom; z <= a.info.MaxZoom; z++ {
		at := maptile.At(a.info.Bound.Center(), maptile.Zoom(z))
		body, _, err := a.file.tile(ctx, Coord{Z: uint8(z), X: at.X, Y: at.Y})
		if err != nil || len(body) == 0 {
			continue
		}
		if c, _, err := image.DecodeConfig(bytes.NewReader(body)); err == nil && c.Width == c.Height {
			a.info.TileSize = c.Width
		}
		return
	}
}

func (a *archive) Info() Info { return a.info }

// Tile implements [Source]. A tile that the file does not have is empty.
func (a *archive) Tile(ctx context.Context, r Request) (Tile, error) {
	tag, err := a.Tag(ctx, r)
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == tag {
		return Tile{ETag: tag, Unchanged: true}, nil
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		return Tile{}, layers.Errorf(layers.CodeUnavailable, "%s is being replaced", a.info.Name)
	}
	body, encoding, err := a.file.tile(ctx, r.Coord)
	if err != nil {
		return Tile{}, a.unreadable(err)
	}
	t, err := Tile{Body: body, Encoding: encoding, ETag: tag}.For(r.Accept)
	if err != nil {
		return Tile{}, a.unreadable(err)
	}
	return t, nil
}

// Tag implements [Validator].
func (a *archive) Tag(_ context.Context, r Request) (string, error) {
	if err := r.Check(); err != nil {
		return "", err
	}
	if err := r.RefuseSelection(); err != nil {
		return "", err
	}
	return a.etag, nil
}

func (a *archive) unreadable(err error) error {
	return &layers.Error{Code: layers.CodeUnavailable, Msg: a.info.Name + " cannot be read", Err: err}
}

// close closes the file after the reads that are under way.
func (a *archive) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	return a.file.Close()
}

// archiveMetadata is the part of an archive's own description that both formats write in the same words.
type archiveMetadata struct {
	Name         string      `json:"name"`
	Attribution  string      `json:"attribution"`
	Encoding     string      `json:"encoding"`
	VectorLayers []LayerInfo `json:"vector_layers"`
}

// apply puts m into info. The zooms of info are set already.
func (m *archiveMetadata) apply(info *Info) error {
	if m.Name != "" {
		info.Title = layers.Text{ZH: m.Name, EN: m.Name}
	}
	info.Attribution = plainText(m.Attribution)
	switch m.Encoding {
	case "", "terrarium", "mapbox":
		info.Encoding = m.Encoding
	default:
		return fmt.Errorf("heights coded as %q are not read, only terrarium and mapbox", m.Encoding)
	}
	if info.Format != FormatMVT {
		return nil
	}
	for _, l := range m.VectorLayers {
		if l.Fields == nil {
			l.Fields = map[string]string{}
		}
		if l.MaxZoom == 0 {
			l.MaxZoom = info.MaxZoom
		}
		info.Layers = append(info.Layers, l)
	}
	return nil
}

func parseArchiveMetadata(b []byte) (archiveMetadata, error) {
	var m archiveMetadata
	if len(b) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("metadata: %w", err)
	}
	return m, nil
}

var markup = regexp.MustCompile(`<[^>]*>`)

// plainText takes the HTML out of an attribution: files are made by strangers, and clients show it as text.
func plainText(s string) string {
	return strings.TrimSpace(html.UnescapeString(markup.ReplaceAllString(s, "")))
}
