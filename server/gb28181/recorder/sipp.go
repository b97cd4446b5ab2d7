package recorder

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// scenario is a device that registers with Digest, for sipp. [field0] is its id.
const scenario = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="register">
  <send retrans="500"><![CDATA[
REGISTER sip:PLATFORM@DOMAIN SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:[field0]@DOMAIN>;tag=[call_number]
To: <sip:[field0]@DOMAIN>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
Expires: 3600
Content-Length: 0

]]></send>
  <recv response="401" auth="true" />
  <send retrans="500"><![CDATA[
REGISTER sip:PLATFORM@DOMAIN SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:[field0]@DOMAIN>;tag=[call_number]
To: <sip:[field0]@DOMAIN>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
[field1]
Max-Forwards: 70
Expires: 3600
Content-Length: 0

]]></send>
  <recv response="200" />
</scenario>
`

// Sipp has sipp, another's program for load, register n devices at a server on loopback, rate of them a second; each has to be answered with 200. It returns how long that took, and exec.ErrNotFound where sipp is not
// installed. Device i is DeviceOf(i).
func Sipp(ctx context.Context, folder, address, platform, password string, n, rate int) (time.Duration, error) {
	path, err := exec.LookPath("sipp")
	if err != nil {
		return 0, err
	}
	var ids strings.Builder
	ids.WriteString("SEQUENTIAL\n")
	for i := range n {
		fmt.Fprintf(&ids, "%s;[authentication username=%s password=%s]\n", DeviceOf(i), DeviceOf(i), password)
	}
	plan, list := filepath.Join(folder, "register.xml"), filepath.Join(folder, "devices.csv")
	if err := os.WriteFile(plan, []byte(strings.NewReplacer("PLATFORM", platform, "DOMAIN", platform[:10]).Replace(scenario)), 0o600); err != nil {
		return 0, err
	}
	if err := os.WriteFile(list, []byte(ids.String()), 0o600); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, path, address, "-sf", plan, "-inf", list, "-m", strconv.Itoa(n), "-r", strconv.Itoa(rate), "-l", strconv.Itoa(n), "-i", "127.0.0.1", "-nostdin", "-timeout", "110s", "-timeout_error", "-trace_err", "-error_file", "errors.log") // #nosec G204 -- found by its name, arguments of ours
	cmd.Dir, cmd.Env = folder, []string{"TERM=dumb"}
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		why, _ := os.ReadFile(filepath.Join(folder, "errors.log")) // #nosec G304 -- ours; without it there is what it printed
		why = append(why, out[max(0, len(out)-1500):]...)
		return took, fmt.Errorf("sipp: %w: %.3000s", err, why)
	}
	return took, nil
}

// DeviceOf is the id of the nth device of a load.
func DeviceOf(n int) string { return fmt.Sprintf("3402000000118%07d", n) }
