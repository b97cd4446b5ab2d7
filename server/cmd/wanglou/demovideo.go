package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/demo"
	"wanglou/server/gb28181/recorder"
	"wanglou/server/reach"
	"wanglou/server/rtsp"
)

// demoPictures is how many cameras of the demo county have a picture.
const demoPictures = 16

// cameraNetwork returns where cameras may be dialled: what the flags say, and this machine while the demo county is simulated, whose cameras play there.
func (m *Main) cameraNetwork(ctx context.Context) (reach.Ranges, error) {
	out, err := reach.Parse(m.Config.Cameras)
	if err != nil {
		return nil, layers.Invalid("--camera-network", "not_a_cidr", "%s", err)
	}
	if !m.Config.Simulate {
		return out, nil
	}
	state, err := demo.Inspect(ctx, m.DB)
	if err == nil && state == demo.Seeded {
		out = append(out, netip.MustParsePrefix("127.0.0.1/32"))
	}
	return out, err
}

// playDemoCameras gives some cameras of the demo county a picture: a test pattern that counts seconds, made by ffmpeg, the same for all. Without ffmpeg there is none.
// Where devices are heard, some more hang on a recorder that registers.
func playDemoCameras(ctx context.Context, db *postgis.DB, signals *demoSignals, log *slog.Logger) error {
	state, err := demo.Inspect(ctx, db)
	if err != nil || state != demo.Seeded {
		return nil //nolint:nilerr // the county is shown without
	}
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		log.Info("the demo county's cameras have no picture: ffmpeg is not installed")
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	camera := &rtsp.Server{}
	go func() { _ = camera.Serve(ctx, l) }() // it ends with ctx
	if _, err := db.Pool.Exec(ctx, `UPDATE camera SET stream_url = CASE WHEN id IN (SELECT id FROM camera WHERE source = 'demo' ORDER BY status <> 'online', id LIMIT $2) THEN $1 ELSE '' END
		WHERE source = 'demo' AND (stream_url <> '' OR id IN (SELECT id FROM camera WHERE source = 'demo' ORDER BY status <> 'online', id LIMIT $2))`,
		fmt.Sprintf("rtsp://%s/demo", l.Addr()), demoPictures); err != nil {
		log.Warn("the demo county's cameras have no picture", "err", err)
		return nil
	}
	if _, err := db.Pool.Exec(ctx, `DELETE FROM gb_device WHERE id = $1`, demoRecorder); err != nil { // of the last time, where it ended otherwise than in order
		log.Warn("the demo county's recorder stays in the list of devices", "err", err)
	}
	pictures := &recorder.Pictures{}
	if signals != nil {
		go signals.keep(ctx, db, pictures, log)
	}
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=15", // #nosec G204 -- found by its name
			"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", "30", "-b:v", "600k",
			"-x264-params", "aud=1:repeat-headers=1", "-f", "h264", "-flush_packets", "1", "pipe:1")
		cmd.Env = []string{}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			log.Warn("the demo county's cameras have no picture", "err", err)
			return nil
		}
		both, tee := io.Pipe()
		go func() { _ = pictures.Feed(both) }() // it ends with the pipe
		_ = camera.Feed(io.TeeReader(out, tee))
		_ = tee.Close()
		_ = cmd.Wait()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
	return nil
}
