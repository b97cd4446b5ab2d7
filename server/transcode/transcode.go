// Package transcode makes other pictures of a camera's live ones, by ffmpeg: smaller ones, of H.264 whatever came, with masks burnt in. What it hands out holds nothing
// of what is hidden: the masks are filled between decoding and encoding. A Budget bounds how many cameras' H.265 is transcoded at once; its callers bound the rest.
package transcode

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/video"
	"wanglou/server/video/nal"
)

const (
	width   = 1280             // pixels, at most
	keys    = 100              // pictures after which there is a key picture, where the camera has none earlier
	silence = 10 * time.Second // without a picture out, while pictures come in: the decoder can make nothing of them
	maxWait = 1500             // pictures that are in ffmpeg
)

// Why there are no pictures.
var (
	ErrDecoder = errors.New("there is no transcoder on this machine")
	ErrPicture = errors.New("the camera's pictures cannot be transcoded")
	ErrChanged = errors.New("the camera has changed its codec")
)

// Open begins to transcode what from plays, and closes it in the end, or at once where it does not begin. It waits for the first key picture.
func Open(ctx context.Context, from video.Source, masks camera.Masks) (*Source, error) {
	s := &Source{from: from}
	first, err := firstKey(from)
	if err == nil {
		err = s.start(ctx, first, masks)
	}
	if err != nil {
		_ = from.Close()
		return nil, err
	}
	return s, nil
}

// Source is a camera that is transcoded. Next and Close are not called at once.
type Source struct {
	from   video.Source
	cancel context.CancelFunc
	cmd    *exec.Cmd
	out    *bufio.Reader
	begun  bool // what FLV begins with was read
	fed    sync.WaitGroup
	quiet  *time.Timer
	build  nal.Builder

	mu    sync.Mutex
	in    []stamp // pictures that went in and are not out yet
	ended error   // why nothing goes in any more
}

// stamp is what of a picture's own does not pass through ffmpeg, by the milliseconds that do.
type stamp struct {
	ms   uint32
	time uint32
	came time.Time
}

func firstKey(from video.Source) (*video.Frame, error) {
	for {
		f, err := from.Next()
		if err != nil || f.Key {
			return f, err
		}
	}
}

// start runs ffmpeg. It sees no file, no network and no environment of ours.
func (s *Source) start(ctx context.Context, first *video.Frame, masks camera.Masks) error {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ErrDecoder
	}
	decoder := "h264"
	if nal.IsH265(first.Codec) {
		decoder = "hevc"
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.cmd = exec.CommandContext(ctx, path, "-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "pipe", // #nosec G204 -- found by its name
		"-flags", "low_delay", "-probesize", "32", "-analyzeduration", "0", "-threads", "1", "-copyts", "-f", "ivf", "-c:v", decoder, "-i", "pipe:0",
		"-map", "0:v:0", "-map_metadata", "-1", "-filter_threads", "1", "-vf", filter(masks), "-vsync", "passthrough", "-enc_time_base", "1:1000",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-crf", "26", "-maxrate", "3M", "-bufsize", "3M",
		"-force_key_frames", "source", "-g", fmt.Sprint(keys), "-flush_packets", "1", "-f", "flv", "-protocol_whitelist", "pipe", "pipe:1")
	s.cmd.Env = []string{}
	s.cmd.WaitDelay = time.Second
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		s.cancel()
		return fmt.Errorf("%w: %w", ErrDecoder, err)
	}
	s.out = bufio.NewReaderSize(out, 64<<10)
	s.quiet = time.AfterFunc(silence, s.cancel)
	s.fed.Go(func() {
		err := s.feed(in, first)
		s.mu.Lock()
		s.ended = err
		s.mu.Unlock()
		_ = in.Close()
	})
	return nil
}

// filter draws the masks, then makes the picture smaller. Its numbers are parts of the picture, so that they hold whatever size a camera changes to; a pixel that is touched is filled.
func filter(masks camera.Masks) string {
	var b strings.Builder
	for _, box := range masks.Boxes() {
		fmt.Fprintf(&b, "drawbox=x=floor(iw*%[1]f):y=floor(ih*%[2]f):w=ceil(iw*%[3]f)-floor(iw*%[1]f):h=ceil(ih*%[4]f)-floor(ih*%[2]f):color=black:t=fill,", // #nosec G705 -- numbers
			box.Min[0]-1e-6, box.Min[1]-1e-6, box.Max[0]+1e-6, box.Max[1]+1e-6)
	}
	fmt.Fprintf(&b, "scale='min(%d,iw)':-2:flags=fast_bilinear", width)
	return b.String()
}

// feed hands pictures to ffmpeg as IVF, which takes one at a time and its moment with it, until there are no more.
func (s *Source) feed(w io.Writer, f *video.Frame) error {
	h265, began, last := nal.IsH265(f.Codec), f.Came, int64(-1)
	head := append([]byte("DKIF\x00\x00\x20\x00"), make([]byte, 8)...) // neither codec, which is said besides, nor size, which the parameter sets tell
	head = binary.LittleEndian.AppendUint32(head, 1000)
	head = binary.LittleEndian.AppendUint32(head, 1)
	head = append(head, make([]byte, 8)...)
	for {
		if f.Key && nal.IsH265(f.Codec) != h265 {
			return ErrChanged
		}
		ms := max(f.Came.Sub(began).Milliseconds(), last+1)
		last = ms
		s.mu.Lock()
		if len(s.in) < maxWait {
			s.in = append(s.in, stamp{uint32(ms) & 0x7fffffff, f.Time, f.Came}) // #nosec G115 -- as much of it as comes out again
		}
		s.mu.Unlock()
		head = binary.LittleEndian.AppendUint32(head, uint32(len(f.Data))) // #nosec G115 -- some megabytes
		head = binary.LittleEndian.AppendUint64(head, uint64(ms))          // #nosec G115 -- not below 0
		if _, err := w.Write(head); err != nil {
			return ErrPicture
		}
		if _, err := w.Write(f.Data); err != nil {
			return ErrPicture
		}
		head = head[:0]
		var err error
		if f, err = s.from.Next(); err != nil {
			return err
		}
	}
}

// Next implements video.Source.
func (s *Source) Next() (*video.Frame, error) {
	for {
		f, err := s.next()
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.ended != nil {
				return nil, s.ended
			}
			return nil, fmt.Errorf("%w: %w", ErrPicture, err)
		}
		if f != nil {
			s.quiet.Reset(silence)
			return f, nil
		}
	}
}

// flvHead is what FLV begins with: version 1, pictures alone, and that nothing came before.
const flvHead = 9 + 4

var errFLV = errors.New("no FLV")

// next reads one tag of FLV; nil without an error is one that is no picture.
func (s *Source) next() (*video.Frame, error) {
	if !s.begun {
		if _, err := s.out.Discard(flvHead); err != nil {
			return nil, err
		}
		s.begun = true
	}
	var head [11]byte
	if _, err := io.ReadFull(s.out, head[:]); err != nil {
		return nil, err
	}
	size := int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	ms := uint32(head[4])<<16 | uint32(head[5])<<8 | uint32(head[6]) | uint32(head[7])<<24
	body := make([]byte, size+4)
	if _, err := io.ReadFull(s.out, body); err != nil {
		return nil, err
	}
	body = body[:size]
	if head[0] != 9 || size < 5 || body[0]&15 != 7 {
		return nil, nil
	}
	switch body[1] {
	case 0:
		return nil, s.params(body[5:])
	case 1:
		return s.picture(body[5:], ms)
	}
	return nil, nil
}

// params reads an AVCDecoderConfigurationRecord.
func (s *Source) params(b []byte) error {
	if len(b) < 7 {
		return errFLV
	}
	b = b[5:]
	var sets [][]byte
	for _, mask := range []byte{31, 255} {
		if len(b) == 0 {
			return errFLV
		}
		n := int(b[0] & mask)
		b = b[1:]
		for range n {
			if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
				return errFLV
			}
			size := int(binary.BigEndian.Uint16(b))
			sets = append(sets, b[2:2+size])
			b = b[2+size:]
		}
	}
	s.build.Params = sets
	return nil
}

func (s *Source) picture(b []byte, ms uint32) (*video.Frame, error) {
	for len(b) > 0 {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
			return nil, errFLV
		}
		size := int(binary.BigEndian.Uint32(b))
		if size > 0 {
			s.build.Add(b[4 : 4+size])
		}
		b = b[4+size:]
	}
	s.build.Finish()
	u := s.build.Take()
	if u == nil {
		return nil, nil
	}
	of, ok := s.stampOf(ms)
	if !ok {
		return nil, nil // one that nobody handed in
	}
	return &video.Frame{Data: u.Data, Key: u.Key, Codec: u.Codec, Time: of.time, Came: of.came}, nil
}

// stampOf takes the stamp of a picture that has come out, and forgets earlier ones: ffmpeg has left those pictures out.
func (s *Source) stampOf(ms uint32) (stamp, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, of := range s.in {
		if of.ms == ms {
			s.in = append(s.in[:0], s.in[i+1:]...)
			return of, true
		}
	}
	return stamp{}, false
}

// Close implements video.Source. ffmpeg is gone when it returns.
func (s *Source) Close() error {
	s.quiet.Stop()
	s.cancel()
	err := s.from.Close() // wakes who waits for its next picture
	s.fed.Wait()
	_ = s.cmd.Wait() // it was killed
	return err
}
