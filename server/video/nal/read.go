package nal

import (
	"bytes"
	"errors"
	"io"
)

// ErrEndless is the answer to a picture that does not end.
var ErrEndless = errors.New("a picture without end")

// Read cuts an encoder's output of H.264 (Annex B with access unit delimiters) into pictures, until it ends. The last one is not known to be whole, and is left out.
func Read(r io.Reader, each func(picture []byte)) error {
	var pending []byte
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		pending = append(pending, buf[:n]...)
		for {
			// A picture ends where the next delimiter begins.
			i := bytes.Index(pending[min(5, len(pending)):], []byte("\x00\x00\x00\x01\x09"))
			if i < 0 {
				break
			}
			each(pending[:i+5])
			pending = append([]byte(nil), pending[i+5:]...)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if len(pending) > MaxUnit {
			return ErrEndless
		}
	}
}

// Split returns the NAL units of a picture.
func Split(picture []byte) (out [][]byte) {
	for _, n := range bytes.Split(picture, []byte{0, 0, 1}) {
		if n = bytes.TrimRight(n, "\x00"); len(n) > 1 {
			out = append(out, n)
		}
	}
	return out
}
