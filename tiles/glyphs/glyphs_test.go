package glyphs

import (
	"bytes"
	"log/slog"
	"os"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
	"google.golang.org/protobuf/encoding/protowire"

	"wanglou/layers"
)

type letter struct {
	bitmap                            []byte
	width, height, left, top, advance int
}

// decode reads a PBF by the published schema, as clients do.
func decode(t testing.TB, pbf []byte) map[rune]letter {
	t.Helper()
	out := map[rune]letter{}
	each := func(b []byte, visit func(n protowire.Number, v uint64, raw []byte)) {
		for len(b) > 0 {
			n, kind, m := protowire.ConsumeTag(b)
			if m < 0 {
				t.Fatal("no tag")
			}
			b = b[m:]
			if kind == protowire.BytesType {
				raw, m := protowire.ConsumeBytes(b)
				if m < 0 {
					t.Fatal("no bytes")
				}
				visit(n, 0, raw)
				b = b[m:]
				continue
			}
			v, m := protowire.ConsumeVarint(b)
			if m < 0 {
				t.Fatal("no number")
			}
			visit(n, v, nil)
			b = b[m:]
		}
	}
	each(pbf, func(_ protowire.Number, _ uint64, stack []byte) {
		each(stack, func(n protowire.Number, _ uint64, raw []byte) {
			if n != 3 {
				return
			}
			var l letter
			var id rune
			each(raw, func(n protowire.Number, v uint64, raw []byte) {
				switch n {
				case 1:
					id = rune(v)
				case 2:
					l.bitmap = raw
				case 3:
					l.width = int(v)
				case 4:
					l.height = int(v)
				case 5:
					l.left = int(protowire.DecodeZigZag(v))
				case 6:
					l.top = int(protowire.DecodeZigZag(v))
				case 7:
					l.advance = int(v)
				}
			})
			out[id] = l
		})
	})
	return out
}

func TestLatinNeedsNoFile(t *testing.T) {
	t.Parallel()
	f := open(nil, slog.New(slog.DiscardHandler))
	for _, stack := range []string{"Wanglou Regular", "Open Sans Bold,Arial Unicode MS Regular", "Medium,Noto Sans CJK SC", "anything"} {
		pbf, tag, err := f.Range(stack, 0)
		if err != nil || tag == "" {
			t.Fatal(err)
		}
		letters := decode(t, pbf)
		for _, r := range "AZaz09éß" {
			l, ok := letters[r]
			if !ok || l.width < 4 || l.height < 8 || l.advance < 5 || len(l.bitmap) != (l.width+6)*(l.height+6) {
				t.Errorf("%s: %c = %d × %d with %d bytes, %d wide", stack, r, l.width, l.height, len(l.bitmap), l.advance)
			}
		}
		if l := letters[' ']; l.advance < 3 || l.bitmap != nil {
			t.Errorf("space = %+v", l)
		}
	}
	regular, _, _ := f.Range("Regular", 0)
	bold, _, _ := f.Range("Bold", 0)
	sum := func(b []byte) (n int) {
		for _, v := range decode(t, b)['l'].bitmap {
			n += int(v)
		}
		return n
	}
	if bytes.Equal(regular, bold) || sum(bold) <= sum(regular) {
		t.Error("bold is not bolder")
	}
	// A stem is dark in its middle, light around, and the outline lies between.
	l := decode(t, regular)['I']
	w := l.width + 6
	row := l.bitmap[(l.height/2+3)*w : (l.height/2+4)*w]
	if row[0] > 130 || row[w/2] < 192 {
		t.Errorf("a row through I: %v", row)
	}
	for _, first := range []int{-256, 1, 255, lastRange + 256} {
		if _, _, err := f.Range("Regular", first); layers.ErrorCode(err) != layers.CodeNotFound {
			t.Errorf("%d: %v", first, err)
		}
	}
	if pbf, _, err := f.Range("Regular", 0x9f00); err != nil || len(decode(t, pbf)) != 0 {
		t.Errorf("a range without letters: %d, %v", len(pbf), err)
	}
}

func TestChinese(t *testing.T) {
	t.Parallel()
	f := open(systemFonts, slog.New(slog.DiscardHandler))
	if len(f.fonts[Regular]) < 2 {
		t.Skip("Noto Sans CJK is not here")
	}
	for _, r := range "望楼桐庐县富春江镇" {
		pbf, _, err := f.Range("Medium", int(r)/256*256)
		if err != nil {
			t.Fatal(err)
		}
		if l := decode(t, pbf)[r]; l.width < 18 || l.height < 18 || l.advance != 24 || l.top < -9 || l.top > 0 {
			t.Errorf("%c = %d × %d, top %d, advance %d", r, l.width, l.height, l.top, l.advance)
		}
	}
}

func TestFilesThatAreNoFonts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"a.ttf": []byte("no font"), "cut.otf": goregular.TTF[:3000], "Mine-Bold.ttf": goregular.TTF, "readme.txt": nil} {
		if err := os.WriteFile(dir+"/"+name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	f := Open(dir, slog.New(slog.NewTextHandler(&log, nil)))
	if !bytes.Contains(log.Bytes(), []byte("a.ttf")) || len(f.fonts[Bold]) < 2 {
		t.Errorf("fonts %v, log %s", f.fonts, log.String())
	}
	if _, _, err := f.Range("Bold", 0); err != nil {
		t.Error(err)
	}
}

func TestWeightOf(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]Weight{"Regular,Noto Bold": Regular, "Bold": Bold, "Noto Sans Medium,Arial Bold": Medium, "": Regular, "NotoSansCJK-Bold.ttc": Bold} {
		if got := WeightOf(stack); got != want {
			t.Errorf("%s = %s", stack, got)
		}
	}
}

func BenchmarkChineseRange(b *testing.B) {
	f := open(systemFonts, slog.New(slog.DiscardHandler))
	if len(f.fonts[Regular]) < 2 {
		b.Skip("Noto Sans CJK is not here")
	}
	for b.Loop() {
		b.SetBytes(int64(len(f.draw(Regular, 0x6700))))
	}
}
