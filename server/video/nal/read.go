package nal

import (
	"bytes"
	"errors"
	"io"
)

// ErrEndless is the answer to a picture that does not end.
var ErrEndless = errors.New("a picture without end")

// Delimiter begins a picture of an encoder's output.
func Delimiter(h265 bool) []byte {
	if h265 {
		return []byte("\x00\x00\x00\x01\x46\x01")
	}
	return []byte("\x00\x00\x00\x01\x09")
}

// Read cuts an encoder's output (Annex B with access unit delimiters) into pictures, until it ends. The last one is not known to be whole, and is left out.
func Read(r io.Reader, h265 bool, each func(picture []byte)) error {
	delimiter := Delimiter(h265)
	var pending []byte
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		pending = append(pending, buf[:n]...)
		for {
			// A picture ends where the next delimiter begins.
			i := bytes.Index(pending[min(len(delimiter), len(pending)):], delimiter)
			if i < 0 {
				break
			}
			each(pending[:i+len(delimiter)])
			pending = append([]byte(nil), pending[i+len(delimiter):]...)
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
