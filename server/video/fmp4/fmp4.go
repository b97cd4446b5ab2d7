// Package fmp4 writes pictures of H.264 and H.265 as fragmented MP4 (ISO/IEC 14496-12 and -15), one video track: a head that tells of the track, and fragments. It does no I/O.
package fmp4

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"wanglou/server/video/nal"
)

// Timescale is in what durations are counted: ticks a second.
const Timescale = 90_000

// ErrSets is the error of a key picture without parameter sets that can be read.
var ErrSets = errors.New("the picture's parameter sets cannot be read")

// maxSets is as many as the boxes can count.
const maxSets = 31

// Track is what a decoder has to know before the first picture.
type Track struct {
	nal.Geometry
	H265 bool
	sets [][]byte
}

// TrackOf reads the parameter sets at the front of a key picture, whose codec is named as WebCodecs name it.
func TrackOf(codec string, key []byte) (*Track, error) {
	t := &Track{H265: nal.IsH265(codec)}
	for _, n := range nal.Split(key) {
		if !t.isSet(n) || len(n) > math.MaxUint16 || len(t.sets) == maxSets {
			continue
		}
		g, ok := nal.ReadGeometry(t.H265, n)
		switch {
		case t.kind(n) == t.sps() && (!ok || len(n) < 4): // one that nobody can read
			continue
		case ok && t.Width == 0:
			t.Geometry = g
		}
		t.sets = append(t.sets, n)
	}
	if t.Width == 0 || len(t.of(t.sps()+1)) == 0 {
		return nil, ErrSets
	}
	return t, nil
}

// Same tells whether both describe the same stream.
func (t *Track) Same(other *Track) bool {
	return t.H265 == other.H265 && slices.EqualFunc(t.sets, other.sets, func(a, b []byte) bool { return string(a) == string(b) })
}

func (t *Track) kind(n []byte) byte {
	if t.H265 {
		return n[0] >> 1 & 0x3f
	}
	return n[0] & 31
}

func (t *Track) isSet(n []byte) bool {
	if t.H265 {
		return t.kind(n) >= 32 && t.kind(n) <= 34
	}
	return t.kind(n) == 7 || t.kind(n) == 8
}

// sps is the kind of sequence parameter sets; those of pictures are the next.
func (t *Track) sps() byte {
	if t.H265 {
		return 33
	}
	return 7
}

// of returns the sets of a kind.
func (t *Track) of(kind byte) (out [][]byte) {
	for _, n := range t.sets {
		if t.kind(n) == kind {
			out = append(out, n)
		}
	}
	return out
}

// box writes a box around what fill appends.
func box(b []byte, name string, fill func([]byte) []byte) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	b = append(b, name...)
	b = fill(b)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at)) // #nosec G115 -- bounded by the pictures that are handed in
	return b
}

// full is a box with a version and flags.
func full(b []byte, name string, version byte, flags uint32, fill func([]byte) []byte) []byte {
	return box(b, name, func(b []byte) []byte {
		return fill(binary.BigEndian.AppendUint32(b, uint32(version)<<24|flags))
	})
}

func u16(b []byte, n ...int) []byte {
	for _, v := range n {
		b = binary.BigEndian.AppendUint16(b, uint16(v)) // #nosec G115 -- constants, and lengths that were checked
	}
	return b
}

func u32(b []byte, n ...uint32) []byte {
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func zeros(b []byte, n int) []byte { return append(b, make([]byte, n)...) }

func nothing(b []byte) []byte { return b }

// matrix is the one that changes nothing.
func matrix(b []byte) []byte { return u32(b, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000) }

// Head returns what stands before all fragments.
func (t *Track) Head() []byte {
	b := box(nil, "ftyp", func(b []byte) []byte { return append(u32(append(b, "iso6"...), 0), "iso6mp41cmfc"...) })
	return box(b, "moov", func(b []byte) []byte {
		b = full(b, "mvhd", 0, 0, func(b []byte) []byte {
			return u32(zeros(matrix(zeros(u16(u32(b, 0, 0, Timescale, 0, 0x10000), 0x100), 10)), 24), 2)
		})
		b = box(b, "trak", func(b []byte) []byte {
			b = full(b, "tkhd", 0, 3, func(b []byte) []byte {
				return u32(matrix(zeros(u32(b, 0, 0, 1, 0, 0), 16)), uint32(t.Width)<<16, uint32(t.Height)<<16) // #nosec G115 -- at most 16,384
			})
			return box(b, "mdia", func(b []byte) []byte {
				b = full(b, "mdhd", 0, 0, func(b []byte) []byte { return u16(u32(b, 0, 0, Timescale, 0), 0x55c4, 0) })
				b = full(b, "hdlr", 0, 0, func(b []byte) []byte { return append(zeros(append(u32(b, 0), "vide"...), 12), "camera\x00"...) })
				return box(b, "minf", func(b []byte) []byte {
					b = full(b, "vmhd", 0, 1, func(b []byte) []byte { return zeros(b, 8) })
					b = box(b, "dinf", func(b []byte) []byte {
						return full(b, "dref", 0, 0, func(b []byte) []byte { return full(u32(b, 1), "url ", 0, 1, nothing) })
					})
					return box(b, "stbl", t.tables)
				})
			})
		})
		return box(b, "mvex", func(b []byte) []byte {
			return full(b, "trex", 0, 0, func(b []byte) []byte { return u32(b, 1, 1, 0, 0, 0) })
		})
	})
}

func (t *Track) tables(b []byte) []byte {
	b = full(b, "stsd", 0, 0, func(b []byte) []byte {
		name, config := "avc1", t.avcC
		if t.H265 {
			name, config = "hvc1", t.hvcC
		}
		return box(u32(b, 1), name, func(b []byte) []byte {
			b = u16(zeros(b, 6), 1)
			b = u16(zeros(b, 16), t.Width, t.Height)
			b = u16(u32(b, 0x480000, 0x480000, 0), 1)
			return config(u16(zeros(b, 32), 0x18, 0xffff))
		})
	})
	for _, name := range []string{"stts", "stsc", "stco"} {
		b = full(b, name, 0, 0, func(b []byte) []byte { return u32(b, 0) })
	}
	return full(b, "stsz", 0, 0, func(b []byte) []byte { return u32(b, 0, 0) })
}

// sized writes units, each with its length before it.
func sized(b []byte, units [][]byte) []byte {
	for _, n := range units {
		b = append(u16(b, len(n)), n...)
	}
	return b
}

// form is what both configurations end their numbers with.
func (t *Track) form(b []byte) []byte {
	return append(b, 0xfc|byte(t.Chroma), 0xf8|byte(t.Luma-8), 0xf8|byte(t.Colour-8)) // #nosec G115 -- small
}

func (t *Track) avcC(b []byte) []byte {
	return box(b, "avcC", func(b []byte) []byte {
		sps, pps := t.of(7), t.of(8)
		b = append(b, 1, sps[0][1], sps[0][2], sps[0][3], 0xff, 0xe0|byte(len(sps))) // #nosec G115 -- maxSets
		b = sized(b, sps)
		b = sized(append(b, byte(len(pps))), pps) // #nosec G115 -- maxSets
		switch sps[0][1] {
		case 100, 110, 122, 144:
			b = append(t.form(b), 0)
		}
		return b
	})
}

func (t *Track) hvcC(b []byte) []byte {
	return box(b, "hvcC", func(b []byte) []byte {
		level := nal.Level265(t.of(33)[0])
		b = append(append(b, 1), level[:]...)
		b = append(t.form(append(b, 0xf0, 0, 0xfc)), 0, 0, 0x0f, 3)
		for kind := byte(32); kind <= 34; kind++ {
			of := t.of(kind)
			b = sized(u16(append(b, 0x80|kind), len(of)), of)
		}
		return b
	})
}

// Sample is one picture.
type Sample struct {
	Data     []byte // with start codes
	Key      bool
	Duration uint32
}

// Fragment returns pictures that follow each other, the first at a time since the track began. Parameter sets stand in the head, and are left out.
func (t *Track) Fragment(number uint32, at uint64, samples []Sample) []byte {
	var data []byte
	sizes := make([]uint32, len(samples))
	for i, s := range samples {
		before := len(data)
		for _, n := range nal.Split(s.Data) {
			if !t.isSet(n) {
				data = append(u32(data, uint32(len(n))), n...) // #nosec G115 -- nal.MaxData
			}
		}
		sizes[i] = uint32(len(data) - before) // #nosec G115 -- as above
	}
	offset := 0
	b := make([]byte, 0, len(data)+256+12*len(samples))
	b = box(b, "moof", func(b []byte) []byte {
		b = full(b, "mfhd", 0, 0, func(b []byte) []byte { return u32(b, number) })
		return box(b, "traf", func(b []byte) []byte {
			b = full(b, "tfhd", 0, 0x20000, func(b []byte) []byte { return u32(b, 1) }) // offsets count from this fragment
			b = full(b, "tfdt", 1, 0, func(b []byte) []byte { return binary.BigEndian.AppendUint64(b, at) })
			return full(b, "trun", 0, 0x701, func(b []byte) []byte {
				b = u32(b, uint32(len(samples))) // #nosec G115 -- some hundred
				offset = len(b)
				b = u32(b, 0)
				for i, s := range samples {
					flags := uint32(0x1010000) // needs others
					if s.Key {
						flags = 0x2000000
					}
					b = u32(b, s.Duration, sizes[i], flags)
				}
				return b
			})
		})
	})
	binary.BigEndian.PutUint32(b[offset:], uint32(len(b)+8)) // #nosec G115 -- some kB
	return box(b, "mdat", func(b []byte) []byte { return append(b, data...) })
}
