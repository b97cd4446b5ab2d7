package evidence

import (
	"bytes"
	"image"
	"image/jpeg"
	_ "image/png" // registers itself
	"io"
	"os"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // registers itself

	"wanglou/layers/attachment"
)

const (
	thumbEdge   = 320        // pixels of the longer edge
	maxPixels   = 40_000_000 // of a picture that is drawn small; a larger one would take too much memory
	jpegQuality = 80
)

// thumbnail draws a picture small and upright, as JPEG; nil for one that is too large.
func thumbnail(t attachment.Type, src []byte) ([]byte, error) {
	head, _, err := image.DecodeConfig(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	if head.Width < 1 || head.Height < 1 || head.Width > maxPixels/head.Height {
		return nil, nil
	}
	img, _, err := image.Decode(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	w, h := fit(b.Dx(), b.Dy())
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turn(small, attachment.Orientation(t, src)), &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// fit returns the size of a small picture.
func fit(w, h int) (int, int) {
	longer := max(w, h)
	if longer <= thumbEdge {
		return w, h
	}
	return max(1, w*thumbEdge/longer), max(1, h*thumbEdge/longer)
}

// turn returns a picture as EXIF's orientation, 1 to 8, means it.
func turn(src *image.RGBA, up uint16) image.Image {
	if up <= 1 || up > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if up >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [9]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[up]
			out.SetRGBA(to.X, to.Y, src.RGBAAt(x, y))
		}
	}
	return out
}

// shareVideo copies a video without what it tells beside itself.
func (f *Folder) shareVideo(path string, size int64) (string, error) {
	src, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = src.Close() }()
	blanks, err := attachment.Blanks(src, size)
	if err != nil {
		return "", err
	}
	return f.write(func(w io.Writer) error {
		_, err := io.Copy(w, attachment.Blanked(src, size, blanks))
		return err
	})
}
