package attachment

import (
	"encoding/binary"
	"io"
	"strings"
)

// Blank is a box of a video that is overwritten in the copy that is shared: its name by "free", what it holds by zeros. Offsets are bytes of the file.
type Blank struct {
	Name        int64
	From, Until int64
}

// nested are the boxes that are looked into, and told those that go: who made the film, with what and where.
var (
	nested = map[string]bool{"moov": true, "trak": true, "mdia": true, "minf": true, "edts": true, "dinf": true, "moof": true, "traf": true}
	told   = map[string]bool{"udta": true, "meta": true, "uuid": true, "cprt": true, "loci": true, "XMP_": true}
)

const maxBoxes = 100_000

// Blanks finds what a shared copy of an MP4 must not tell: place, device and comments stand in boxes of their own. They are overwritten, not removed, so that no offset
// into the film changes. CodeInvalid with reason "broken_file" where the boxes do not fit into each other.
func Blanks(r io.ReaderAt, size int64) ([]Blank, error) {
	var out []Blank
	count, film := 0, false
	var walk func(from, until int64, depth int) error
	walk = func(from, until int64, depth int) error {
		for at := from; at < until; {
			var head [16]byte
			n := min(int64(len(head)), until-at)
			if _, err := r.ReadAt(head[:n], at); err != nil {
				return err
			}
			box, header := int64(binary.BigEndian.Uint32(head[:])), int64(8)
			switch {
			case n < 8:
				return broken("it ends early")
			case box == 1 && n == 16:
				box, header = int64(binary.BigEndian.Uint64(head[8:])), 16
			case box == 0 && depth == 0: // to the end of the file
				box = until - at
			}
			if count++; box < header || box > until-at || count > maxBoxes || depth > 16 {
				return broken("a box is longer than what holds it")
			}
			name := string(head[4:8])
			film = film || name == "mdat"
			if told[name] {
				out = append(out, Blank{Name: at + 4, From: at + header, Until: at + box})
			} else if nested[name] {
				if err := walk(at+header, at+box, depth+1); err != nil {
					return err
				}
			}
			at += box
		}
		return nil
	}
	if err := walk(0, size, 0); err != nil {
		return nil, err
	}
	if !film {
		return nil, broken("no film in it")
	}
	return out, nil
}

// Blanked reads size bytes of r as the shared copy has them. The blanks are in the order of their offsets.
func Blanked(r io.ReaderAt, size int64, blanks []Blank) io.Reader {
	parts, at := []io.Reader{}, int64(0)
	for _, b := range blanks {
		parts = append(parts, io.NewSectionReader(r, at, b.Name-at), strings.NewReader("free"),
			io.NewSectionReader(r, b.Name+4, b.From-b.Name-4), io.LimitReader(zeros{}, b.Until-b.From))
		at = b.Until
	}
	return io.MultiReader(append(parts, io.NewSectionReader(r, at, size-at))...)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
