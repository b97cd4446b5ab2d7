package fmp4

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"wanglou/server/video/nal"
)

// filmOf are 30 pictures of a size as an encoder writes them.
func filmOf(t testing.TB, encoder, params, size string) (out [][]byte) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size="+size+":rate=25", "-frames:v", "31", "-pix_fmt", "yuv420p",
		"-c:v", "lib"+encoder, "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-"+encoder+"-params", params, "-f", map[string]string{"x264": "h264", "x265": "hevc"}[encoder], "pipe:1")
	b, err := cmd.Output()
	if err != nil {
		t.Skip("no ffmpeg:", err)
	}
	if err := nal.Read(bytes.NewReader(b), encoder == "x265", func(p []byte) { out = append(out, bytes.Clone(p)) }); err != nil || len(out) != 30 {
		t.Fatal(len(out), err)
	}
	return out
}

var codecs = map[string]struct{ name, params string }{
	"x264": {"avc1.42C01E", "aud=1:repeat-headers=1"},
	"x265": {"hev1.1.6.L63.90", "aud=1:repeat-headers=1:log-level=error"},
}

// What is written is read by ffmpeg without a complaint: as many pictures, of the same size and time.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for encoder, codec := range codecs {
		t.Run(encoder, func(t *testing.T) {
			t.Parallel()
			pictures := filmOf(t, encoder, codec.params, "426x240") // no multiple of 16: the edge is cut
			track, err := TrackOf(codec.name, pictures[0])
			if err != nil || track.Width != 426 || track.Height != 240 {
				t.Fatal(track, err)
			}
			other, err := TrackOf(codec.name, pictures[10])
			if err != nil || !track.Same(other) {
				t.Error("the same stream is another one", err)
			}
			whole, at := track.Head(), uint64(0)
			for i := 0; i < len(pictures); i += 6 {
				var samples []Sample
				for n := i; n < i+6; n++ {
					samples = append(samples, Sample{Data: pictures[n], Key: n%10 == 0, Duration: 3600})
				}
				whole = append(whole, track.Fragment(uint32(i/6+1), at, samples)...)
				at += 6 * 3600
			}
			probe := func(program string, args ...string) string {
				cmd := exec.CommandContext(t.Context(), program, append([]string{"-v", "warning"}, args...)...)
				cmd.Stdin = bytes.NewReader(whole)
				var complaints bytes.Buffer
				cmd.Stderr = &complaints
				out, err := cmd.Output()
				if err != nil || complaints.Len() > 0 {
					t.Errorf("%s: %v %s", program, err, complaints.String())
				}
				return strings.TrimSpace(string(out))
			}
			probe("ffmpeg", "-xerror", "-i", "pipe:0", "-f", "null", "-")
			if got := probe("ffprobe", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of", "csv=p=0", "pipe:0"); got != "426,240,30" {
				t.Errorf("read back: %s", got)
			}
			times := strings.Fields(probe("ffprobe", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", "pipe:0"))
			if len(times) != 30 || !strings.HasPrefix(times[10], "0.400000,K") || !strings.HasPrefix(times[29], "1.160000,_") {
				t.Errorf("times %v", times)
			}
		})
	}
}

func TestNoSets(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"nothing": "", "no sets": "\x00\x00\x00\x01\x65\x88", "half": "\x00\x00\x00\x01\x67\x42", "no picture set": "\x00\x00\x00\x01\x67\x42\xc0\x1e\xd9\x01\x41\xfb\x01"} {
		if _, err := TrackOf("avc1.42C01E", []byte(key)); !errors.Is(err, ErrSets) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTrack(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x67\x42\xc0\x1e\xd9\x00\xa0\x47\xfe\xc8\x00\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x00\x01\x65\x88\x84"), false)
	f.Add([]byte("\x00\x00\x00\x01\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x3f\xa0\x0d\x08\x0f\x16\x59\x59\xa4\x93\x2b\x9a\x02\x00\x00\x00\x01\x44\x01\xc1\x72\xb4\x62\x40\x00\x00\x00\x01\x26\x01\xaf"), true)
	f.Fuzz(func(t *testing.T, b []byte, h265 bool) {
		name := "avc1.42C01E"
		if h265 {
			name = "hev1.1.6.L63.90"
		}
		track, err := TrackOf(name, b)
		if err != nil {
			return
		}
		if track.Width > 16<<10 || len(track.Head()) > len(b)+1024 || len(track.Fragment(1, 0, []Sample{{Data: b, Key: true, Duration: 1}})) > 3*len(b)+1024 {
			t.Error("out of bounds")
		}
	})
}
