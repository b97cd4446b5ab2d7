package gb28181

import (
	"errors"
	"os/exec"
	"testing"

	"wanglou/server/gb28181/recorder"
)

// Another's program for load registers thousands of devices with Digest, as after a power cut: all are in, and nothing was refused.
func TestSippRegisters(t *testing.T) {
	t.Parallel()
	n := 5000
	if testing.Short() {
		n = 500
	}
	s, _, address := start(t, loopback)
	took, err := recorder.Sipp(t.Context(), t.TempDir(), address, platform, "geheim", n, n)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("sipp (Debian: sip-tester) is not installed:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Devices != int64(n) || st.Refused != 0 {
		t.Errorf("%+v", st)
	}
	t.Logf("%d devices registered in %v", n, took)
}
