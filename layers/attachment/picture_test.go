package attachment

import (
	"errors"
	"testing"

	"wanglou/layers"
)

func TestSniffPicture(t *testing.T) {
	t.Parallel()
	const jpeg, mp4, heicHead = "\xff\xd8\xff\xe0\x00\x10JFIF", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isom", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heic"
	for _, c := range []struct {
		said   Type
		head   string
		want   Type
		reason string
	}{
		{JPEG, jpeg, JPEG, ""},
		{"", jpeg, JPEG, ""},
		{"application/octet-stream", jpeg, JPEG, ""},
		{"image/jpg", jpeg, JPEG, ""},
		{PNG, jpeg, "", "lying_type"},
		{MP4, mp4, "", "unknown_file_type"},
		{JPEG, mp4, "", "unknown_file_type"},
		{HEIC, heicHead, "", "heic"},
		{JPEG, heicHead, "", "heic"},
		{JPEG, "<svg", "", "unknown_file_type"},
		{JPEG, "", "", "unknown_file_type"},
	} {
		got, err := SniffPicture(c.said, []byte(c.head))
		var e *layers.Error
		if (c.reason == "") != (err == nil) || errors.As(err, &e) && e.Reason != c.reason || err == nil && got != c.want {
			t.Errorf("%s %q: %q, %v", c.said, c.head, got, err)
		}
	}
}
