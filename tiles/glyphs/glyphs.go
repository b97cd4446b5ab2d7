// Package glyphs draws the letters of maps: ranges of 256 characters as signed distance fields, in the form that MapLibre and its kin read
// (/fonts/{fontstack}/{range}.pbf). Fonts are those of a folder, then Noto Sans CJK where the machine has it, then the Latin ones that the
// program carries.
package glyphs

import (
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/encoding/protowire"

	"wanglou/layers"
)

// Weight is how strong letters are. Any font stack comes down to one.
type Weight string

const (
	Regular Weight = "Regular"
	Medium  Weight = "Medium"
	Bold    Weight = "Bold"
)

// WeightOf reads a font stack, or the name of a font's file: the first word that names a weight counts.
func WeightOf(stack string) Weight {
	s := strings.ToLower(stack)
	at := func(words ...string) int {
		best := len(s) + 1
		for _, w := range words {
			if i := strings.Index(s, w); i >= 0 {
				best = min(best, i)
			}
		}
		return best
	}
	bold, medium, regular := at("bold", "black", "heavy"), at("medium", "semi"), at("regular", "normal", "light")
	switch {
	case bold < medium && bold < regular:
		return Bold
	case medium < regular:
		return Medium
	}
	return Regular
}

const (
	perRange = 256
	// lastRange is where the last range begins: the planes of letters and of rare Chinese characters.
	lastRange = 0x2ff00
	// maxKept bounds the ranges in memory; one of Chinese takes about 200 kB.
	maxKept = 64 << 20
	// maxFont bounds a font's file.
	maxFont = 128 << 20
)

// Fonts draws ranges. It is safe for concurrent use.
type Fonts struct {
	fonts map[Weight][]*sfnt.Font // in the order in which they are asked for a character
	tag   string                  // of what they are made of

	flight singleflight.Group
	turn   chan struct{} // drawing takes a processor for a tenth of a second: one at a time

	mu    sync.Mutex
	kept  map[string][]byte
	bytes int
}

// systemFonts are those of Debian's fonts-noto-cjk.
var systemFonts = []string{"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"}

// Open takes up the fonts (*.ttf, *.otf, *.ttc) in dir, which need not be there, and of the machine. What cannot be read is told to log.
func Open(dir string, log *slog.Logger) *Fonts {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	slices.Sort(names)
	return open(append(names, systemFonts...), log)
}

func open(files []string, log *slog.Logger) *Fonts {
	f := &Fonts{fonts: map[Weight][]*sfnt.Font{}, kept: map[string][]byte{}, turn: make(chan struct{}, 1)}
	h := fnv.New64a()
	for _, path := range files {
		if ext := strings.ToLower(filepath.Ext(path)); ext != ".ttf" && ext != ".otf" && ext != ".ttc" {
			continue
		}
		st, err := os.Stat(path)
		if err != nil {
			continue
		}
		font, err := load(path, st.Size())
		if err != nil {
			log.Warn("font is not used", "file", path, "reason", err)
			continue
		}
		_, _ = io.WriteString(h, path+strconv.FormatInt(st.Size(), 10)+st.ModTime().String())
		w := WeightOf(filepath.Base(path))
		f.fonts[w] = append(f.fonts[w], font)
	}
	for w, raw := range map[Weight][]byte{Regular: goregular.TTF, Medium: gomedium.TTF, Bold: gobold.TTF} {
		if font, err := sfnt.Parse(raw); err == nil {
			f.fonts[w] = append(f.fonts[w], font)
		}
	}
	f.tag = strconv.FormatUint(h.Sum64(), 16)
	return f
}

// load opens a font, of a collection that for simplified Chinese. The file stays open: a font of 20 MB is not read into memory.
func load(path string, size int64) (*sfnt.Font, error) {
	if size > maxFont {
		return nil, layers.Errorf(layers.CodeTooLarge, "larger than %d MiB", maxFont>>20)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := sfnt.ParseCollectionReaderAt(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	for i := range c.NumFonts() {
		font, err := c.Font(i)
		if err != nil {
			continue
		}
		if name, _ := font.Name(nil, sfnt.NameIDFull); strings.Contains(name, " SC") {
			return font, nil
		}
	}
	return c.Font(0)
}

// Range returns the characters first to first+255 of a font stack, whatever it names, as a PBF; and its validator, with quotes. CodeNotFound
// for what is no range.
func (f *Fonts) Range(stack string, first int) (pbf []byte, tag string, err error) {
	if first < 0 || first%perRange != 0 || first > lastRange || len(stack) > 1000 {
		return nil, "", layers.Errorf(layers.CodeNotFound, "there is no such range of characters")
	}
	w := WeightOf(stack)
	key := string(w) + strconv.Itoa(first)
	tag = `"` + f.tag + "-" + key + `"`
	f.mu.Lock()
	pbf = f.kept[key]
	f.mu.Unlock()
	if pbf != nil {
		return pbf, tag, nil
	}
	made, _, _ := f.flight.Do(key, func() (any, error) {
		f.turn <- struct{}{}
		defer func() { <-f.turn }()
		b := f.draw(w, rune(first))
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.bytes += len(b); f.bytes > maxKept {
			clear(f.kept)
			f.bytes = len(b)
		}
		f.kept[key] = b
		return b, nil
	})
	return made.([]byte), tag, nil
}

// find returns the font that has a character: of the weight, of the regular one, of any.
func (f *Fonts) find(w Weight, r rune, b *sfnt.Buffer) (*sfnt.Font, sfnt.GlyphIndex) {
	for _, weight := range []Weight{w, map[Weight]Weight{Regular: Medium, Medium: Regular, Bold: Medium}[w], map[Weight]Weight{Regular: Bold, Medium: Bold, Bold: Regular}[w]} {
		for _, font := range f.fonts[weight] {
			if i, err := font.GlyphIndex(b, r); err == nil && i != 0 {
				return font, i
			}
		}
	}
	return nil, 0
}

func (f *Fonts) draw(w Weight, first rune) []byte {
	var b sfnt.Buffer
	stack := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "Wanglou "+string(w))
	stack = protowire.AppendString(protowire.AppendTag(stack, 2, protowire.BytesType), strconv.Itoa(int(first))+"-"+strconv.Itoa(int(first)+perRange-1))
	for r := first; r < first+perRange; r++ {
		font, i := f.find(w, r, &b)
		if font == nil {
			continue
		}
		if g, err := drawGlyph(font, i, r, &b); err == nil {
			stack = protowire.AppendBytes(protowire.AppendTag(stack, 3, protowire.BytesType), g)
		}
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), stack)
}
