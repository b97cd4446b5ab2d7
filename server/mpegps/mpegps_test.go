package mpegps

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"wanglou/layers/realdata"
	"wanglou/server/video/nal"
	"wanglou/server/video/rtp"
)

// Pieces of streams, made by hand.
var (
	pack = []byte{0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xfa, 0xff, 0xff} // with two bytes of stuffing
	head = []byte{0, 0, 1, 0xbb, 0, 6, 0x80, 0, 1, 4, 0xe1, 0x7f}
	sps  = []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9}
	pps  = []byte{0x68, 0xce, 0x3c, 0x80}
	idr  = append([]byte{0x65, 0x88}, bytes.Repeat([]byte{0x17}, 300)...)
	rest = append([]byte{0x65, 0x42}, bytes.Repeat([]byte{0x18}, 300)...) // another slice of the same picture
	diff = append([]byte{0x41, 0x9a}, bytes.Repeat([]byte{0x19}, 100)...)
	vps5 = []byte{0x40, 1, 0xc, 1, 0xff}
	sps5 = []byte{0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 93, 0xa0}
	pps5 = []byte{0x44, 1, 0xc1, 0x72}
	idr5 = append([]byte{0x26, 1, 0xaf}, bytes.Repeat([]byte{0x1a}, 300)...)
	dif5 = append([]byte{2, 1, 0xd0}, bytes.Repeat([]byte{0x1b}, 300)...)
)

func mapOf(kind byte) []byte {
	return []byte{0, 0, 1, 0xbc, 0, 14, 0xe0, 0xff, 0, 0, 0, 4, kind, 0xe0, 0, 0, 1, 2, 3, 4}
}

// annexB puts start codes before NAL units.
func annexB(nals ...[]byte) (out []byte) {
	for _, n := range nals {
		out = append(append(out, 0, 0, 0, 1), n...)
	}
	return out
}

// pes is a packet of video; its length is not said where it is unbounded.
func pes(id byte, unbounded bool, payload []byte) []byte {
	out := []byte{0, 0, 1, id, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1}
	if !unbounded {
		binary.BigEndian.PutUint16(out[4:], uint16(len(out)-6+len(payload)))
	}
	return append(out, payload...)
}

var sound = append([]byte{0, 0, 1, 0xc0, 0, 13, 0x80, 0, 0}, 0, 0, 1, 0xba, 9, 9, 9, 9, 9, 9) // looks like a pack within

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// picture is what is sent under one time.
type picture struct {
	data []byte
	mark bool
}

// packets cuts pictures into RTP packets of a size.
func packets(size int, seq uint16, pictures ...picture) (out [][]byte) {
	for i, p := range pictures {
		for part := range slices.Chunk(p.data, size) {
			out = append(out, rtp.Append(nil, rtp.Packet{Seq: seq, Time: uint32(i) * 3600, SSRC: 7, Payload: part}))
			seq++
		}
		if p.mark {
			out[len(out)-1][1] |= 0x80
		}
	}
	return out
}

func receive(r *Receiver, list [][]byte) (out []*nal.Unit) {
	for _, p := range list {
		r.Packet(p)
		for u := r.Take(); u != nil; u = r.Take() {
			out = append(out, u)
		}
	}
	return out
}

// letters names what came: K and p for a key picture and another, each with its time.
func letters(units []*nal.Unit) string {
	var b strings.Builder
	for _, u := range units {
		b.WriteByte("pK"[map[bool]int{true: 1}[u.Key]])
		b.WriteByte('0' + byte(u.Time/3600))
	}
	return b.String()
}

func TestStream(t *testing.T) {
	t.Parallel()
	key := join(pack, head, mapOf(typeH264), pes(0xe0, false, annexB(sps, pps, idr)), sound)
	other := join(pack, pes(0xe0, false, annexB(diff)))
	key5 := join(pack, mapOf(typeH265), pes(0xe0, false, annexB(vps5, sps5, pps5, idr5)))
	other5 := join(pack, pes(0xe0, false, annexB(dif5)))
	for name, c := range map[string]struct {
		pictures []picture
		want     string
	}{
		"h264":                         {[]picture{{key, true}, {other, true}, {other, true}, {key, true}}, "K0p1p2K3"},
		"it begins amid":               {[]picture{{other, true}, {key, true}, {other, true}}, "K1p2"},
		"h265":                         {[]picture{{key5, true}, {other5, true}, {other5, true}}, "K0p1p2"},
		"without marks":                {[]picture{{key, false}, {other, false}, {other, false}, {key, false}}, "K0p1p2"}, // the last one is not known to be whole
		"without lengths":              {[]picture{{join(pack, mapOf(typeH264), pes(0xe0, true, annexB(sps, pps, idr))), true}, {join(pack, pes(0xe0, true, annexB(diff))), true}}, "K0p1"},
		"without lengths, no marks":    {[]picture{{join(pack, pes(0xe0, true, annexB(sps, pps, idr)), sound), false}, {join(pack, pes(0xe0, true, annexB(diff))), false}, {other, true}}, "K0p1p2"},
		"without a map":                {[]picture{{join(pack, pes(0xe0, false, annexB(vps5, sps5, pps5, idr5))), true}, {other5, true}}, "K0p1"},
		"a map that lies":              {[]picture{{join(pack, mapOf(typeH264), pes(0xe0, false, annexB(vps5, sps5, pps5, idr5))), true}, {other5, true}, {join(pack, mapOf(typeH264), other5), true}}, "K0p1p2"},
		"each set in its packet":       {[]picture{{join(pack, mapOf(typeH264), pes(0xe0, false, annexB(sps)), pes(0xe0, false, annexB(pps)), pes(0xe0, false, annexB(idr)), pes(0xe0, false, annexB(rest))), true}, {other, true}}, "K0p1"},
		"one unit in several packets":  {[]picture{{join(pack, mapOf(typeH264), pes(0xe0, false, annexB(sps, pps, idr[:100])), pes(0xe0, false, idr[100:])), true}, {other, true}}, "K0p1"},
		"a second picture":             {[]picture{{join(pack, pes(0xe0, false, annexB(sps, pps, idr)), pes(0xe1, false, annexB(diff))), true}, {other, true}}, "K0p1"},
		"garbage between":              {[]picture{{key, true}, {join(other, []byte{9, 9, 9, 9, 9}), true}, {other, true}, {key, true}, {other, true}}, "K0K3p4"},
		"the end code":                 {[]picture{{join(key, []byte{0, 0, 1, 0xb9}), true}, {other, true}}, "K0p1"},
		"new parameters in mid-stream": {[]picture{{key, true}, {other, true}, {key5, true}, {other5, true}}, "K0p1K2p3"},
	} {
		for _, size := range []int{1, 7, 100, 1400} {
			r := &Receiver{}
			got := receive(r, packets(size, 65_500, c.pictures...))
			if letters(got) != c.want || r.Lost+r.Late > 0 || r.Err() != nil {
				t.Errorf("%s, packets of %d: %s, want %s; %+v", name, size, letters(got), c.want, r.Err())
			}
		}
	}
	got := receive(&Receiver{}, packets(100, 0, picture{key, true}, picture{other, true}))
	if want := annexB(sps, pps, idr); !bytes.Equal(got[0].Data, want) || got[0].Codec != "avc1.42C01E" || !bytes.Equal(got[1].Data, annexB(diff)) {
		t.Errorf("%x, %s", got[0].Data, got[0].Codec)
	}
}

// A device that marks packets within pictures loses one picture by it, not all.
func TestFalseMarks(t *testing.T) {
	t.Parallel()
	key := join(pack, mapOf(typeH264), pes(0xe0, false, annexB(sps, pps, idr)))
	more := pes(0xe0, false, annexB(rest))
	var list [][]byte
	for i := range 4 {
		for j, part := range [][]byte{key, more} {
			list = append(list, rtp.Append(nil, rtp.Packet{Marker: true, Seq: uint16(2*i + j), Time: uint32(i) * 3600, Payload: part}))
		}
	}
	got := receive(&Receiver{}, list)
	if letters(got) != "K0K1K2" || !bytes.Equal(got[2].Data, annexB(sps, pps, idr, rest)) {
		t.Error(letters(got))
	}
}

func TestOtherCodec(t *testing.T) {
	t.Parallel()
	r := &Receiver{}
	receive(r, packets(100, 0, picture{join(pack, mapOf(0x10), pes(0xe0, false, []byte{0, 0, 1, 0xb0, 1})), true}))
	if !errors.Is(r.Err(), ErrCodec) {
		t.Error(r.Err())
	}
}

// Whatever is lost, doubled or overtaken: pictures that come are whole, in order, and begin with a key picture.
func TestLoss(t *testing.T) {
	t.Parallel()
	key := join(pack, mapOf(typeH264), pes(0xe0, false, annexB(sps, pps, idr)))
	other := join(pack, pes(0xe0, false, annexB(diff)))
	var all []picture
	for i := range 9 {
		all = append(all, picture{[][]byte{key, other, other}[i%3], true})
	}
	whole := packets(50, 65_530, all...)
	want := letters(receive(&Receiver{}, whole))
	if want != "K0p1p2K3p4p5K6p7p8" {
		t.Fatal(want)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for round := range 300 {
		list := slices.Clone(whole)
		overtaken := round%2 == 0
		if overtaken { // within the window everything comes out
			for i := 0; i+window < len(list); i += window / 2 {
				j := i + 1 + rng.IntN(window/2-1)
				list[i+1], list[j] = list[j], list[i+1]
			}
			list = slices.Insert(list, 9, list[5])
		} else {
			for range 1 + rng.IntN(3) {
				i := rng.IntN(len(list))
				list = slices.Delete(list, i, i+1)
			}
		}
		r := &Receiver{Ordered: !overtaken && round%3 == 0}
		got := receive(r, list)
		if overtaken {
			if letters(got) != want || r.Lost > 0 || r.Late != 1 {
				t.Fatalf("round %d: %s, %d lost, %d late", round, letters(got), r.Lost, r.Late)
			}
			continue
		}
		last := -1
		for i, u := range got {
			at := int(u.Time / 3600)
			if !bytes.Equal(u.Data, [][]byte{annexB(sps, pps, idr), annexB(diff), annexB(diff)}[at%3]) || at <= last || at%3 != 0 && (i == 0 || last != at-1) {
				t.Fatalf("round %d: %s", round, letters(got))
			}
			last = at
		}
	}
}

// A device that begins anew goes on with its next key picture.
func TestRestart(t *testing.T) {
	t.Parallel()
	key := picture{join(pack, pes(0xe0, false, annexB(sps, pps, idr))), true}
	r := &Receiver{}
	if got := letters(receive(r, append(packets(100, 10, key), packets(100, 40_000, key)...))); got != "K0K0" {
		t.Error(got)
	}
}

// What ffmpeg packs comes out as it was encoded.
func TestByFFmpeg(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"libx264", "libx265"} {
		for _, format := range []string{"vob", "svcd"} {
			name := t.TempDir() + "/x." + format
			cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-f", "lavfi", "-i", "sine", "-t", "1",
				"-c:v", codec, "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "mp2", "-f", format, name)
			if out, err := cmd.CombinedOutput(); errors.Is(err, exec.ErrNotFound) || strings.Contains(string(out), "Unknown encoder") {
				t.Skip("no ffmpeg, or without the encoder")
			} else if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := receive(&Receiver{}, packets(1400, 0, picture{b, false}))
			if len(got) != 24 || !got[0].Key { // the last one is not known to be whole
				t.Fatalf("%s in %s: %d pictures", codec, format, len(got))
			}
			var stream bytes.Buffer
			for _, u := range got {
				stream.Write(u.Data)
			}
			sums := func(in *bytes.Buffer, args ...string) string {
				cmd := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-v", "error"}, args...), "-map", "0:v", "-frames:v", "24", "-f", "framehash", "-hash", "crc32", "-")...)
				if in != nil {
					cmd.Stdin = in
				}
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				var list []string
				for line := range strings.Lines(string(out)) {
					if !strings.HasPrefix(line, "#") {
						list = append(list, line[strings.LastIndex(line, ",")+1:])
					}
				}
				return strings.Join(list, "")
			}
			elementary := map[string]string{"libx264": "h264", "libx265": "hevc"}[codec]
			if mine, real := sums(&stream, "-f", elementary, "-i", "pipe:0"), sums(nil, "-i", name); mine != real || strings.Count(mine, "\n") != 24 {
				t.Errorf("%s in %s:\n%s\n%s", codec, format, mine, real)
			}
		}
	}
}

// Pieces that real devices sent: they end in no picture, and are taken in any order.
func TestRealPieces(t *testing.T) {
	t.Parallel()
	r := &Receiver{}
	for _, name := range realdata.Glob(t, "devices/gb28181/srs_ps/*.bin") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r.Packet(b)
		r.d.feed(b, 0, true)
	}
	if u := r.Take(); u != nil {
		t.Errorf("%+v", u)
	}
}

func FuzzReceiver(f *testing.F) {
	f.Add(join(pack, head, mapOf(typeH264), pes(0xe0, false, annexB(sps, pps, idr)), sound), uint8(40))
	f.Add(join(pack, pes(0xe0, true, annexB(vps5, sps5, pps5, idr5)), pack), uint8(3))
	f.Add(join(pack, mapOf(0x80), pes(0xe1, true, annexB(diff)), []byte{0, 0, 1, 0xbf, 0xff, 0xff}), uint8(200))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		r := &Receiver{}
		for i, p := range packets(int(size)+1, 0, picture{append(b, 0), true}) {
			p[3] ^= byte(i) & size & 3 // some overtake others, or come twice
			r.Packet(p)
			for u := r.Take(); u != nil; u = r.Take() {
				if len(u.Data) == 0 || len(u.Data) > nal.MaxData {
					t.Fatalf("a picture of %d bytes", len(u.Data))
				}
			}
			if len(r.d.buf) > 2<<10 || len(r.d.unit) > nal.MaxUnit {
				t.Fatalf("%d and %d bytes wait", len(r.d.buf), len(r.d.unit))
			}
		}
	})
}
