package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/postgis"
	"wanglou/server/probe"
	"wanglou/server/reach"
)

// ProbeFlags say which cameras are looked at: see docs/cameras.md.
type ProbeFlags struct {
	Basic   bool          `env:"WANGLOU_PROBE_BASIC" help:"Send passwords in the clear to cameras that know nothing better."`
	Every   time.Duration `env:"WANGLOU_PROBE_EVERY" default:"1m" help:"Between two looks at a camera."`
	Workers int           `env:"WANGLOU_PROBE_WORKERS" default:"256" help:"Cameras asked at once."`
	Each    int           `env:"WANGLOU_PROBE_EACH" default:"4" help:"Cameras asked at once at one recorder or host."`
	Timeout time.Duration `env:"WANGLOU_PROBE_TIMEOUT" default:"5s" help:"After which a camera has not answered."`
}

// check refuses what would hurt cameras or nobody wants; zero is the default.
func (f *ProbeFlags) check() error {
	switch {
	case f.Every != 0 && f.Every < time.Second:
		return layers.Invalid("--probe-every", "out_of_range", "cameras are asked once a second at most")
	case f.Timeout != 0 && (f.Timeout < 100*time.Millisecond || f.Timeout > time.Minute):
		return layers.Invalid("--probe-timeout", "out_of_range", "a camera is waited for from 100 ms to a minute")
	case f.Workers < 0 || f.Workers > 4096 || f.Each < 0:
		return layers.Invalid("--probe-workers", "out_of_range", "1 to 4096 cameras are asked at once")
	}
	return nil
}

// prober returns who looks at cameras. Outages are grouped whoever says how cameras are, so it runs also where nobody may be asked.
func (f *ProbeFlags) prober(app *App, db *postgis.DB, keys *camera.KeyRing, network reach.Ranges) *probe.Prober {
	return probe.New(probe.Options{Store: postgis.NewWatches(db, keys, app.Logger), Networks: network, Basic: f.Basic, Every: f.Every, Workers: f.Workers, Each: f.Each,
		Timeout: f.Timeout, Logger: app.Logger})
}

func keyFile(data string) string { return filepath.Join(data, "camera.keys") }

// openKeys reads the keys that passwords of cameras are sealed with, and makes one where there is none.
func openKeys(data string) (*camera.KeyRing, error) {
	file, err := os.ReadFile(keyFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		keys := &camera.KeyRing{}
		if err := keys.Rotate(); err != nil {
			return nil, err
		}
		return keys, writeKeys(data, keys)
	}
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(keyFile(data)); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, layers.Errorf(layers.CodeInvalid, "%s may be read by others: chmod 600", keyFile(data))
	}
	return camera.ParseKeys(file)
}

// writeKeys puts the file in its place as a whole.
func writeKeys(data string, keys *camera.KeyRing) error {
	if err := os.MkdirAll(data, 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(data, "camera.keys.*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is there only after an error
	_, err = f.Write(keys.File())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), keyFile(data))
}

// CameraCmd keeps what belongs to cameras.
type CameraCmd struct {
	RotateKey RotateKeyCmd `cmd:"" help:"Make a new key, and seal all passwords of cameras with it."`

	DevicePassword DevicePasswordCmd `cmd:"" help:"Give a device of GB/T 28181 a password of its own, read from the input; an empty one takes it away."`
}

// RotateKeyCmd makes a new key.
type RotateKeyCmd struct{}

// Run seals everything anew before the old keys are forgotten: cut off at any step, every password can be opened.
func (c *RotateKeyCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	keys, err := openKeys(app.Data)
	if err != nil {
		return err
	}
	if err := keys.Rotate(); err != nil {
		return err
	}
	if err := writeKeys(app.Data, keys); err != nil {
		return err
	}
	watches := postgis.NewWatches(db, keys, app.Logger)
	if err := watches.Seal(ctx); err != nil {
		return err
	}
	left, err := watches.SealedByOthers(ctx)
	if err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(app.Stdout, "%d passwords cannot be opened by any key; all keys are kept.\n", left)
		return nil
	}
	keys.Keep()
	if err := writeKeys(app.Data, keys); err != nil {
		return err
	}
	fmt.Fprintln(app.Stdout, "All passwords of cameras are sealed with a new key. Running servers read it when they start: restart them.")
	return nil
}
