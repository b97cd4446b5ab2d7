package attachment

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"

	"wanglou/layers"
)

// Type is a media type.
type Type string

const (
	JPEG Type = "image/jpeg"
	PNG  Type = "image/png"
	WebP Type = "image/webp"
	MP4  Type = "video/mp4"
	HEIC Type = "image/heic" // not taken
)

// Types lists what is taken. HEIC is not: no browser but one shows it, and phones make a JPEG of it when they are asked to.
var Types = []Type{JPEG, PNG, WebP, MP4}

// HeadSize is how many bytes [Sniff] looks at.
const HeadSize = 64

// Photo reports whether t is a still picture.
func (t Type) Photo() bool { return t != MP4 }

// Limit is how many bytes a file of t may have.
func (t Type) Limit() int64 {
	if t.Photo() {
		return MaxPhoto
	}
	return MaxVideo
}

// Extension is what names of such files end in.
func (t Type) Extension() string {
	return map[Type]string{JPEG: ".jpg", PNG: ".png", WebP: ".webp", MP4: ".mp4"}[t]
}

// Check returns CodeInvalid for what is not taken.
func (t Type) Check() error {
	switch {
	case t.known():
		return nil
	case t == HEIC, t == "image/heif":
		return heic()
	}
	return layers.Invalid("type", "unknown_file_type", "%q is not taken: JPEG, PNG, WebP and MP4 are", t)
}

func (t Type) known() bool { return slices.Contains(Types, t) }

func heic() error {
	return layers.Invalid("type", "heic", "HEIC is not taken: set the camera to the most compatible format, JPEG")
}

// TooLarge tells that a file has more bytes than are taken: CodeTooLarge.
func TooLarge(size, limit int64) error {
	return &layers.Error{Code: layers.CodeTooLarge, Field: "size", Reason: "file_too_large", Params: map[string]string{"mb": strconv.FormatInt(limit>>20, 10)},
		Msg: "the file has " + strconv.FormatInt(size, 10) + " bytes, at most " + strconv.FormatInt(limit, 10) + " are taken"}
}

// Sniff tells from its first bytes what a file is: CodeInvalid for what is not taken.
func Sniff(head []byte) (Type, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, nil
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP, nil
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffBoxes(head)
	}
	return "", layers.Invalid("type", "unknown_file_type", "the file is neither JPEG, PNG, WebP nor MP4")
}

// sniffBoxes tells MP4 from HEIC and others of its family by the brands of the first box.
func sniffBoxes(head []byte) (Type, error) {
	end := min(int(min(binary.BigEndian.Uint32(head), HeadSize)), len(head))
	for at := 8; at+4 <= end; at += 4 {
		if at == 12 { // the minor version
			continue
		}
		switch string(head[at : at+4]) {
		case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1", "avif", "avis":
			return "", heic()
		case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "MSNV", "3gp4", "3gp5", "3gp6", "dash":
			return MP4, nil
		}
	}
	return "", layers.Invalid("type", "unknown_file_type", "the file is a relative of MP4 that is not taken")
}

// Confirm compares what a file was announced as with what its first bytes say.
func (t Type) Confirm(head []byte) error {
	found, err := Sniff(head)
	if err == nil && found != t {
		e := layers.Invalid("type", "lying_type", "the file was announced as %s and is %s", t, found)
		e.Params = map[string]string{"said": string(t), "found": string(found)}
		return e
	}
	return err
}
