// Package hls cuts a camera's pictures into pieces that browsers fetch by HTTP (RFC 8216bis, with its parts of a third of a second): for those to which nothing else comes through. A camera's pieces are made
// once however many fetch them, stand in memory alone, and are gone with the last of those.
package hls

import (
	"fmt"
	"math"
	"strings"
	"time"

	"wanglou/server/video"
	"wanglou/server/video/fmp4"
)

const (
	partTicks    = 27_000              // 0.3 s: a part is no longer, where two pictures are not further apart
	leastTicks   = fmp4.Timescale      // of a segment
	mostTicks    = 10 * fmp4.Timescale // the same, where no key picture comes
	mostSegment  = 8 << 20             // bytes
	mostKept     = 24 << 20            // of all segments
	keptSegments = 4                   // beside the one under way
	listedParts  = 2                   // segments whose parts are still told of
	lastOne      = fmp4.Timescale / 25 // of a picture after which nothing comes
	stamps       = "2006-01-02T15:04:05.000Z07:00"
)

// film is what there is of one camera's picture. It is not safe for concurrent use.
type film struct {
	clock    video.Clock
	track    *fmp4.Track
	heads    []head // of the segments that are kept
	segments []*segment
	kept     int // bytes
	at       uint64
	number   uint32 // of the last fragment
	target   int    // s: no segment is longer
	longest  uint32 // of all parts, ticks
	next     int    // number of the next segment
	broken   bool   // what comes next does not follow what was
	gaps     int    // before the first segment that is kept

	last   *fmp4.Sample // whose duration is not known yet
	cameOf time.Time    // when it had come
	under  []fmp4.Sample
	ticks  uint32 // of under
	came   time.Time
}

// head stands before the fragments of a track.
type head struct {
	number int
	data   []byte
}

// segment begins with a key picture.
type segment struct {
	number int
	head   int
	gap    bool // it does not follow the one before
	came   time.Time
	parts  []part
	ticks  uint32
	bytes  int
	whole  bool
}

type part struct {
	data     []byte
	ticks    uint32
	key      bool
	pictures int
}

func newFilm() *film { return &film{target: 2, longest: partTicks} }

// add takes the next picture.
func (f *film) add(p *video.Frame) error {
	passed := f.clock.Passed(p)
	if p.Key {
		track, err := fmp4.TrackOf(p.Codec, p.Data)
		if err != nil {
			f.cut()
			f.track = nil
			return err
		}
		f.finish(passed)
		if f.track == nil || !f.track.Same(track) {
			f.track = track
			n := 0
			if len(f.heads) > 0 {
				n = f.heads[len(f.heads)-1].number + 1
				f.broken = true
			}
			f.heads = append(f.heads, head{n, track.Head()})
		}
		f.flush()
		if s := f.open(); s == nil || f.broken || s.ticks >= leastTicks {
			f.begin(p)
		}
	}
	if f.track == nil || f.open() == nil {
		return nil // before the first key picture
	}
	if !p.Key {
		f.finish(passed)
		if f.ticks+passed > partTicks {
			f.flush()
		}
		if s := f.open(); s.ticks >= mostTicks || s.bytes >= mostSegment {
			f.begin(p)
		}
	}
	f.last, f.cameOf = &fmp4.Sample{Data: p.Data, Key: p.Key}, p.Came
	return nil
}

// finish tells how long the last picture stood.
func (f *film) finish(ticks uint32) {
	if f.last == nil {
		return
	}
	f.last.Duration = max(ticks, 1)
	if len(f.under) == 0 {
		f.came = f.cameOf
	}
	f.under = append(f.under, *f.last)
	f.ticks += f.last.Duration
	f.last = nil
}

// flush makes a part of the pictures under way.
func (f *film) flush() {
	s := f.open()
	if len(f.under) == 0 || s == nil {
		return
	}
	f.number++
	p := part{data: f.track.Fragment(f.number, f.at, f.under), ticks: f.ticks, key: f.under[0].Key, pictures: len(f.under)}
	f.at += uint64(f.ticks)
	f.longest = max(f.longest, f.ticks)
	clear(f.under)
	f.under, f.ticks = f.under[:0], 0
	s.parts = append(s.parts, p)
	s.ticks += p.ticks
	s.bytes += len(p.data)
	f.kept += len(p.data)
	f.forget()
}

// cut ends what is under way: the camera broke off.
func (f *film) cut() {
	f.finish(lastOne)
	f.flush()
	f.close()
	f.broken = true
}

// open is the segment under way, nil where there is none.
func (f *film) open() *segment {
	if n := len(f.segments); n > 0 && !f.segments[n-1].whole {
		return f.segments[n-1]
	}
	return nil
}

func (f *film) close() {
	if s := f.open(); s != nil {
		s.whole = true
		f.target = max(f.target, int(math.Round(float64(s.ticks)/fmp4.Timescale)))
	}
}

func (f *film) begin(p *video.Frame) {
	f.close()
	f.segments = append(f.segments, &segment{number: f.next, head: f.heads[len(f.heads)-1].number, gap: f.broken && f.next > 0, came: p.Came})
	f.next++
	f.broken = false
	f.forget()
}

// forget lets go of what is too much.
func (f *film) forget() {
	for len(f.segments) > 1 && (len(f.segments) > keptSegments+1 || f.kept > mostKept) {
		f.kept -= f.segments[0].bytes
		f.segments = f.segments[1:]
		if f.segments[0].gap {
			f.gaps++
		}
	}
	for len(f.segments) > 0 && f.heads[0].number < f.segments[0].head {
		f.heads = f.heads[1:]
	}
}

func seconds(ticks uint32) string { return fmt.Sprintf("%.5f", float64(ticks)/fmp4.Timescale) }

// has tells whether a part of a segment is there; part -1 is all of it.
func (f *film) has(segment, part int) bool {
	if len(f.segments) == 0 {
		return false
	}
	if s := f.find(segment); s != nil {
		return s.whole || part >= 0 && part < len(s.parts)
	}
	return segment < f.next
}

func (f *film) find(number int) *segment {
	for _, s := range f.segments {
		if s.number == number {
			return s
		}
	}
	return nil
}

// list is the playlist.
func (f *film) list() []byte {
	var b strings.Builder
	target := seconds(f.longest)
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:%d\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=%s\n#EXT-X-PART-INF:PART-TARGET=%s\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n",
		f.target, seconds(3*f.longest), target, f.segments[0].number, f.gaps)
	last := -1
	for i, s := range f.segments {
		if s.gap && i > 0 {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		if s.head != last {
			last = s.head
			fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"head-%d.mp4\"\n", last)
		}
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", s.came.UTC().Format(stamps))
		if i >= len(f.segments)-1-listedParts {
			for n, p := range s.parts {
				independent := ""
				if p.key {
					independent = ",INDEPENDENT=YES"
				}
				fmt.Fprintf(&b, "#EXT-X-PART:DURATION=%s,URI=\"%d.%d.m4s\"%s\n", seconds(p.ticks), s.number, n, independent)
			}
		}
		if s.whole {
			fmt.Fprintf(&b, "#EXTINF:%s,\n%d.m4s\n", seconds(s.ticks), s.number)
		}
	}
	number, n := f.next, 0
	if s := f.open(); s != nil {
		number, n = s.number, len(s.parts)
	}
	fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%d.%d.m4s\"\n", number, n)
	return []byte(b.String())
}
