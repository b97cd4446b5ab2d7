// Package still makes one picture of a camera's key picture, by ffmpeg, within a declared budget: so many at once, so long for each. Pictures are kept for a while as
// they came; masks and the watermark are burnt into every answer, so that both are those of the moment.
package still

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"golang.org/x/sync/singleflight"

	"wanglou/layers/camera"
	"wanglou/server/video/nal"
)

// The budget.
const (
	atOnce     = 2                // decoders
	waiting    = 32               // who may wait for one
	decodeTime = 3 * time.Second  // for one picture
	Fresh      = 10 * time.Second // a picture of this age is not made again
	Oldest     = 10 * time.Minute // a picture of a camera that does not play now is shown up to this age
	maxKept    = 256
	maxKey     = 8 << 20 // bytes of a key picture
	maxPicture = 4 << 20 // bytes of the JPEG that the decoder makes
	width      = 640     // pixels, at most
)

// Why there is no picture.
var (
	ErrBusy    = errors.New("too many pictures are being made")
	ErrDecoder = errors.New("there is no decoder on this machine")
	ErrPicture = errors.New("the camera's picture cannot be decoded")
)

// Key is a key picture with its parameter sets.
type Key struct {
	Data  []byte
	Codec string    // as WebCodecs names it
	Came  time.Time // when it had come
}

// Picture is a still: a JPEG without masks. It never leaves the server like that.
type Picture struct {
	jpeg []byte
	Came time.Time
}

// Maker is safe for concurrent use.
type Maker struct {
	now    func() time.Time
	flight singleflight.Group
	slots  chan struct{}
	queue  chan struct{}

	mu   sync.Mutex
	kept map[string]*Picture // by the stream's address: one that was changed has no picture yet
}

// New returns a maker that has no pictures yet.
func New(now func() time.Time) *Maker {
	return &Maker{now: now, slots: make(chan struct{}, atOnce), queue: make(chan struct{}, atOnce+waiting), kept: map[string]*Picture{}}
}

// Of returns a picture of the stream at an address: the kept one while it is fresh, else one that is made of what key hands out, else an old one. Many who ask at once cause one.
func (m *Maker) Of(ctx context.Context, address string, key func(ctx context.Context) (*Key, error)) (*Picture, error) {
	kept := m.get(address)
	if kept != nil && m.now().Sub(kept.Came) < Fresh {
		return kept, nil
	}
	result := m.flight.DoChan(address, func() (any, error) {
		// Who asked first may leave; the others wait on.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*decodeTime)
		defer cancel()
		return m.make(ctx, address, key)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err != nil && kept != nil && m.now().Sub(kept.Came) < Oldest {
			return kept, nil
		}
		p, _ := r.Val.(*Picture)
		return p, r.Err
	}
}

func (m *Maker) get(address string) *Picture {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[address]
}

func (m *Maker) make(ctx context.Context, address string, key func(ctx context.Context) (*Key, error)) (*Picture, error) {
	select {
	case m.queue <- struct{}{}:
		defer func() { <-m.queue }()
	default:
		return nil, ErrBusy
	}
	k, err := key(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return nil, ErrBusy
	}
	b, err := decode(ctx, k)
	if err != nil {
		return nil, err
	}
	p := &Picture{jpeg: b, Came: k.Came}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= maxKept {
		oldest := address
		for other, q := range m.kept {
			if o := m.kept[oldest]; o == nil || q.Came.Before(o.Came) {
				oldest = other
			}
		}
		delete(m.kept, oldest)
	}
	m.kept[address] = p
	return p, nil
}

// decode runs one decoder on one picture. It sees no file, no network and no environment of ours.
func decode(ctx context.Context, k *Key) ([]byte, error) {
	if len(k.Data) > maxKey {
		return nil, ErrPicture
	}
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, ErrDecoder
	}
	format := "h264"
	if nal.IsH265(k.Codec) {
		format = "hevc"
	}
	ctx, cancel := context.WithTimeout(ctx, decodeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "pipe", "-threads", "1", "-f", format, "-i", "pipe:0", // #nosec G204 -- found by its name
		"-frames:v", "1", "-vf", fmt.Sprintf("scale='min(%d,iw)':-2", width), "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "-protocol_whitelist", "pipe", "pipe:1")
	cmd.Env = []string{}
	cmd.Stdin = bytes.NewReader(k.Data)
	var out limited
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil || out.Len() == 0 {
		return nil, fmt.Errorf("%w: %v", ErrPicture, err)
	}
	return out.Bytes(), nil
}

// limited takes as many bytes as a picture may have.
type limited struct{ bytes.Buffer }

func (b *limited) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxPicture {
		return 0, ErrPicture
	}
	return b.Buffer.Write(p)
}

// JPEG returns the picture with masks filled and a mark (Latin letters) written all over it.
func (p *Picture) JPEG(masks camera.Masks, mark string) ([]byte, error) {
	src, err := jpeg.Decode(bytes.NewReader(p.jpeg))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	size := src.Bounds().Size()
	img := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(img, img.Bounds(), src, src.Bounds().Min, draw.Src)
	for _, mask := range masks {
		r := vector.NewRasterizer(size.X, size.Y)
		for i, c := range mask {
			x, y := float32(c[0]*float64(size.X)), float32(c[1]*float64(size.Y))
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
		r.Draw(img, img.Bounds(), image.Black, image.Point{})
	}
	sign(img, mark)
	var out bytes.Buffer
	err = jpeg.Encode(&out, img, &jpeg.Options{Quality: 75})
	return out.Bytes(), err
}

// sign writes the mark in rows over the whole picture, each row begun further left, so that no part can be cut out without it.
func sign(img *image.RGBA, mark string) {
	face := basicfont.Face7x13
	advance := font.MeasureString(face, mark).Ceil() + 40
	for row, y := 0, 20; y < img.Rect.Max.Y+13; row, y = row+1, y+52 {
		for x := -(row * 61 % advance); x < img.Rect.Max.X; x += advance {
			for _, ink := range []struct {
				by int
				of color.Color
			}{{1, color.NRGBA{A: 90}}, {0, color.NRGBA{255, 255, 255, 90}}} {
				d := font.Drawer{Dst: img, Src: image.NewUniform(ink.of), Face: face, Dot: fixed.P(x+ink.by, y+ink.by)}
				d.DrawString(mark)
			}
		}
	}
}
