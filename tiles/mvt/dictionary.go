package mvt

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
	"time"
	"unsafe"
)

// dictionary numbers the different values of a layer in the order of their first use and keeps them as they are written.
type dictionary struct {
	bytes   []byte // all values, each with its tag and length
	entries []entry
	slots   []uint32 // open addressing: index into entries plus one; a power of two long

	recent [recentValues]recent
	round  uint32 // of recent: counts resets
}

// recent remembers the number of a value. Where it stands follows from where the value is in memory: a replica shares
// equal values, so asking here first finds most of them without hashing a byte.
type recent struct {
	value  any
	number uint32
	round  uint32
}

const recentValues = 512

// near returns the one place where v would be remembered. The address is a hash here, no more: who finds something
// compares the value.
func (d *dictionary) near(v *any) *recent {
	data := (*[2]uintptr)(unsafe.Pointer(v))[1]
	return &d.recent[(data>>3^data>>12)%recentValues]
}

// entry is one value: its message is bytes[start:end].
type entry struct {
	hash       uint64
	start, end uint32
}

const firstSlots = 256

var hashSeed = maphash.MakeSeed()

func (d *dictionary) reset() {
	d.bytes, d.entries = d.bytes[:0], d.entries[:0]
	// Begin small whatever the last tile needed: clearing a large table costs more than growing again.
	d.slots = resized(d.slots, firstSlots)
	clear(d.slots)
	d.round++
	if d.round == 0 { // after four thousand million tiles
		clear(d.recent[:])
		d.round = 1
	}
}

// Field number and wire type of a value's kinds.
const (
	valueString = 1<<3 | 2
	valueFloat  = 2<<3 | 5
	valueDouble = 3<<3 | 1
	valueUint   = 5<<3 | 0
	valueSint   = 6<<3 | 0
	valueBool   = 7<<3 | 0
)

// add returns the number of v; ok is false for what the format cannot say: nil, numbers that are none, unknown types.
func (d *dictionary) add(v any) (number uint32, ok bool) {
	switch v.(type) {
	case nil:
		return 0, false
	case []string: // cannot be compared
		return d.write(v)
	}
	r := d.near(&v)
	if r.round == d.round && r.value == v {
		return r.number, true
	}
	if number, ok = d.write(v); ok {
		*r = recent{value: v, number: number, round: d.round}
	}
	return number, ok
}

// write returns the number of a value of which only the content is known.
func (d *dictionary) write(v any) (number uint32, ok bool) {
	start := len(d.bytes)
	b := append(d.bytes, layerValue)
	switch v := v.(type) {
	case string:
		b = binary.AppendUvarint(b, uint64(1+uvarintLen(uint64(len(v)))+len(v)))
		b = appendString(b, valueString, v)
	case bool:
		b = append(b, 2, valueBool, 0)
		if v {
			b[len(b)-1] = 1
		}
	case int64:
		b = appendInt(b, v)
	case time.Time:
		b = appendInt(b, v.Unix())
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, false
		}
		b = appendFloat(b, v)
	case []string:
		size := max(len(v)-1, 0)
		for _, s := range v {
			size += len(s)
		}
		b = binary.AppendUvarint(b, uint64(1+uvarintLen(uint64(size))+size))
		b = append(b, valueString)
		b = binary.AppendUvarint(b, uint64(size))
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, s...)
		}
	default:
		return 0, false
	}
	d.bytes = b
	return d.intern(start), true
}

// intern numbers the value that was appended at start, and takes it back if it is known.
func (d *dictionary) intern(start int) uint32 {
	value := d.bytes[start:]
	hash := maphash.Bytes(hashSeed, value)
	mask := uint64(len(d.slots) - 1)
	i := hash & mask
	for d.slots[i] != 0 {
		n := d.slots[i] - 1
		if e := &d.entries[n]; e.hash == hash && bytes.Equal(d.bytes[e.start:e.end], value) {
			d.bytes = d.bytes[:start]
			return n
		}
		i = (i + 1) & mask
	}
	n := uint32(len(d.entries))
	d.entries = append(d.entries, entry{hash: hash, start: uint32(start), end: uint32(len(d.bytes))})
	d.slots[i] = n + 1
	if len(d.entries)*2 > len(d.slots) {
		d.grow()
	}
	return n
}

func (d *dictionary) grow() {
	d.slots = resized(d.slots, 2*len(d.slots))
	clear(d.slots)
	mask := uint64(len(d.slots) - 1)
	for n := range d.entries {
		i := d.entries[n].hash & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = uint32(n + 1)
	}
}

// appendInt writes a length and an integer, in the shorter of the two forms.
func appendInt(b []byte, v int64) []byte {
	tag, u := byte(valueUint), uint64(v)
	if v < 0 {
		tag, u = valueSint, uint64(v)<<1^uint64(v>>63)
	}
	b = append(b, byte(1+uvarintLen(u)), tag)
	return binary.AppendUvarint(b, u)
}

// appendFloat writes a length and a number; in four bytes where that loses nothing.
func appendFloat(b []byte, v float64) []byte {
	if f := float32(v); float64(f) == v {
		b = append(b, 5, valueFloat)
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	b = append(b, 9, valueDouble)
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}
