package attachment

import "wanglou/layers"

// Picture is a still picture that came with a report and whose bytes are kept already. The same bytes twice in one report are one picture.
type Picture struct {
	Type   Type
	Size   int64  // bytes of the original
	SHA256 string // of the original, hexadecimal: the evidence
	Files  Files
}

// SniffPicture tells from its first bytes what picture a file is, whatever its sender called it: CodeInvalid for what is no picture, and for what was called
// another type that we take.
func SniffPicture(said Type, head []byte) (Type, error) {
	if said == HEIC {
		return "", heic()
	}
	t, err := Sniff(head)
	switch {
	case err != nil:
		return "", err
	case !t.Photo():
		return "", layers.Invalid("type", "unknown_file_type", "a report takes pictures alone: JPEG, PNG and WebP")
	case said.known():
		return t, said.Confirm(head)
	}
	return t, nil
}
