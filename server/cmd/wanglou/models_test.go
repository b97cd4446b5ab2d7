package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/job"
	"wanglou/layers/survey"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
	"wanglou/server/onnx/onnxtest"
)

// pictured writes a GeoTIFF of 200 × 160 pixels of half a metre in EPSG:4549: ground, and a white roof of 24 × 16 m.
func pictured(t *testing.T, path string) {
	t.Helper()
	roof := filepath.Join(t.TempDir(), "roof.geojson")
	if err := os.WriteFile(roof, []byte(`{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[470030,3296960],[470054,3296960],[470054,3296944],[470030,3296944],[470030,3296960]]]},
		"crs":{"type":"name","properties":{"name":"EPSG:4549"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"gdal_create", "-q", "-of", "GTiff", "-outsize", "200", "160", "-bands", "3", "-burn", "100", "-burn", "115", "-burn", "80", "-a_srs", "EPSG:4549", "-a_ullr", "470000", "3297000", "470100", "3296920", path},
		{"gdal_rasterize", "-q", "-b", "1", "-b", "2", "-b", "3", "-burn", "230", "-burn", "225", "-burn", "235", roof, path},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
}

// A model looks at a capture as a job: the process that runs it is killed in the middle, the job begins again, and what is found stands there once.
func TestAModelLooksAtACapture(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdal_create"); err != nil {
		t.Skip("GDAL is not installed")
	}
	runtime, kill := onnxtest.Own(t, onnxtest.Runtime(t))
	db := postgistest.New(t)
	app := &App{Data: t.TempDir(), Logger: postgistest.Log(t)}
	p, err := openSurvey(app, db)
	if err != nil {
		t.Fatal(err)
	}
	// The version is asked for first, so that what is killed is the run.
	if _, err := runtime.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.runtime = runtime
	user := &auth.User{Login: "drone", Name: "航拍", Roles: []auth.Role{auth.RoleDroneTeam}, Areas: []string{"330122"}}
	operator := auth.WithActor(t.Context(), auth.Operator("test"))
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐县', ST_Multi(ST_MakeEnvelope(119, 29, 121, 31, 4326)))`); err != nil {
		t.Fatal(err)
	}
	if err := postgis.NewUsers(db).Save(operator, user, "a password of some length"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO capture (name, captured_at, sha256, area_path, gsd_m, geom) VALUES ('五月', '2026-05-01', repeat('b', 64), '330122', 0.5, ST_Multi(ST_Transform(ST_MakeEnvelope(470000, 3296920, 470100, 3297000, 4549), 4326)))`,
		`INSERT INTO capture_file (capture_id, kind, path, size, sha256) VALUES (1, 'ortho', '1/ortho.tif', 1, repeat('c', 64))`,
	} {
		if _, err := db.Pool.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	file := p.folder.Path(survey.CaptureFile{Path: "1/ortho.tif"})
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	pictured(t, file)
	m := onnxtest.Manifest(64)
	m.Name = "roofs"
	onnxtest.Shelve(t, p.models.Dir, "roofs", m, onnxtest.Slow(64).Bytes())
	actor, err := postgis.NewUsers(db).User(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.WithActor(t.Context(), &auth.Actor{User: actor, Scope: actor.Scope()})
	id, err := p.Detect(ctx, "roofs", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	working, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.worker().Run(working) }()
	defer func() { stop(); <-ended }()
	kill()
	// Whoever brings the model has mended it meanwhile.
	onnxtest.Shelve(t, p.models.Dir, "roofs", m, onnxtest.Bright(64).Bytes())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		<-tick.C
		j, err := p.queue.Job(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if j.State.Ended() {
			if j.State != job.Done || j.Attempt < 2 {
				t.Fatalf("%+v %+v", j, j.Failure)
			}
			break
		}
	}
	found, err := p.detections.Queue(ctx, "")
	if err != nil || len(found) != 1 || found[0].Detector != "roofs" || found[0].Kind != survey.New || found[0].Area < 360 || found[0].Area > 410 {
		t.Fatalf("%+v, %v", found, err)
	}
	if left, err := filepath.Glob(filepath.Join(app.Data, "captures", "work", "detect-*")); err != nil || len(left) > 0 {
		t.Errorf("work is left: %v %v", left, err)
	}
	if got, version, away, err := p.Detectors(ctx); err != nil || away != nil || version == "" || len(got) != 1 || got[0].Unusable != nil {
		t.Errorf("%+v %q %v %v", got, version, away, err)
	}
	if _, err := p.CheckDetector(ctx, "roofs"); err != nil {
		t.Error(err)
	}
}

// The command lists, runs and scores models; without any it says so.
func TestModelsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdal_create"); err != nil {
		t.Skip("GDAL is not installed")
	}
	data := t.TempDir()
	if code, out, _ := command(t, "", "detect", "models", "--data", data); code != 0 || !strings.Contains(out, "No models in") {
		t.Errorf("%d %s", code, out)
	}
	onnxtest.Shelve(t, filepath.Join(data, "models"), "roofs", onnxtest.Manifest(64), onnxtest.Bright(64).Bytes())
	picture := filepath.Join(t.TempDir(), "a.tif")
	pictured(t, picture)
	if code, _, said := command(t, "", "detect", "run", "--data", data, "none", picture); code == 0 || !strings.Contains(said, `no model "none"`) {
		t.Errorf("%d %s", code, said)
	}
	// The program under test has no wanglou-onnx beside it; the built one gets both.
	r := onnxtest.Runtime(t)
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(r.Program, filepath.Join(filepath.Dir(file), "wanglou-onnx")); err != nil && !os.IsExist(err) {
		raw, err := os.ReadFile(r.Program)
		if err == nil {
			err = os.WriteFile(filepath.Join(filepath.Dir(file), "wanglou-onnx"), raw, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := func(args ...string) string {
		t.Helper()
		var said bytes.Buffer
		cmd := exec.Command(file, append(args, "--data", data)...)
		cmd.Env, cmd.Stderr = append(os.Environ(), "WANGLOU_ONNXRUNTIME="+r.Library), &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v: %s", args, err, said.String())
		}
		return string(out)
	}
	if out := ask("detect", "models", "--check"); !strings.Contains(out, "ms a window") {
		t.Error(out)
	}
	out := ask("detect", "run", "roofs", picture)
	in, err := survey.ParseIntake(strings.NewReader(out))
	if err != nil || len(in.Findings) != 1 || in.Model != "made red" || in.Findings[0].Class != "red roof" {
		t.Errorf("%v %s", err, out)
	}
	pairs := t.TempDir()
	for _, name := range []string{"A", "B", "label"} {
		if err := os.Mkdir(filepath.Join(pairs, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, args := range map[string][]string{"A": {"-burn", "90"}, "B": {}, "label": {"-scale", "100", "230", "0", "255"}} {
		in := picture
		if name == "A" {
			in = filepath.Join(pairs, "a.tif")
			if said, err := exec.Command("gdal_create", append([]string{"-q", "-outsize", "200", "160", "-bands", "3"}, append(args, in)...)...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			args = nil
		}
		if said, err := exec.Command("gdal_translate", append(append([]string{"-q", "-of", "PNG"}, args...), in, filepath.Join(pairs, name, "x.png"))...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	for _, more := range [][]string{nil, {"--pair"}} {
		if out := ask(append([]string{"detect", "eval", pairs, "--model", "roofs"}, more...)...); !strings.Contains(out, "1.00") || !strings.Contains(fmt.Sprint(strings.Fields(out)), " 1 0 0 ") {
			t.Errorf("%v: %s", more, out)
		}
	}
}
