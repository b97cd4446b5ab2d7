package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	tus "github.com/tus/tusd/v2/pkg/handler"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/survey"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
	"wanglou/tiles/gdal"
	"wanglou/tiles/ortho"
)

// world is a database with a county and a drone team, and a folder.
type world struct {
	t        *testing.T
	ctx      context.Context // of the team
	db       *postgis.DB
	captures *postgis.Captures
	folder   *Folder
	maker    *Maker
	root     string
}

var county = orb.Bound{Min: orb.Point{119.17, 29.59}, Max: orb.Point{119.98, 30.1}}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir())
}

// newWorldIn is newWorld with the captures in a folder of one's own.
func newWorldIn(t *testing.T, root string) *world {
	t.Helper()
	db := postgistest.New(t)
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO area (code, path, level, name, geom) VALUES ('330122', '330122', 'county', '桐庐县', ST_Multi(ST_MakeEnvelope(119.17, 29.59, 119.98, 30.1, 4326)))`); err != nil {
		t.Fatal(err)
	}
	u := &auth.User{Login: "drone", Name: "无人机队", Roles: []auth.Role{auth.RoleDroneTeam}, Areas: []string{"330122"}}
	if err := postgis.NewUsers(db).Save(auth.WithActor(t.Context(), auth.Operator("test")), u, "wanglou-demo-1"); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, root: root, ctx: auth.WithActor(t.Context(), &auth.Actor{User: u, Scope: u.Scope()})}
	w.captures = postgis.NewCaptures(db, func(context.Context, pgx.Tx, string, string, string, any) (int64, error) { return 1, nil })
	var err error
	if w.folder, err = Open(w.root); err != nil {
		t.Fatal(err)
	}
	w.maker = &Maker{Folder: w.folder, Store: w.captures, Limits: ortho.DefaultLimits, County: func(context.Context) (orb.Bound, error) { return county, nil }}
	return w
}

// server speaks tus as the team.
func (w *world) server() *httptest.Server {
	w.t.Helper()
	composer := tus.NewStoreComposer()
	store := NewStore(w.folder, w.captures)
	composer.UseCore(store)
	composer.UseTerminater(store)
	h, err := tus.NewHandler(tus.Config{StoreComposer: composer, BasePath: "/"})
	if err != nil {
		w.t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // as the server's route does
		defer cancel()
		h.ServeHTTP(rw, r.WithContext(auth.WithActor(ctx, auth.ActorFrom(w.ctx))))
	}))
	w.t.Cleanup(s.Close)
	return s
}

// put stores a file as a whole upload.
func (w *world) put(name string, content []byte) *survey.Upload {
	w.t.Helper()
	u := &survey.Upload{Filename: name, Size: int64(len(content))}
	if err := w.captures.BeginUpload(w.ctx, u); err != nil {
		w.t.Fatal(err)
	}
	up, err := NewStore(w.folder, w.captures).GetUpload(w.ctx, u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := up.WriteChunk(w.ctx, 0, bytes.NewReader(content)); err != nil || n != u.Size {
		w.t.Fatalf("%d bytes, %v", n, err)
	}
	if err := up.FinishUpload(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	u, err = w.captures.Upload(w.ctx, u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// geotiff makes one near the middle of the county, ten centimetres a pixel; the burnt value makes it its own file.
func (w *world) geotiff(burn int, args ...string) []byte {
	w.t.Helper()
	if _, err := exec.LookPath("gdal_create"); err != nil {
		w.t.Skip("GDAL is not installed")
	}
	path := filepath.Join(w.t.TempDir(), "a.tif")
	all := append([]string{"-q", "-of", "GTiff", "-outsize", "300", "200", "-bands", "3", "-burn", strconv.Itoa(burn), "-a_srs", "EPSG:4549", "-a_ullr", "461000", "3299020", "461030", "3299000"}, args...)
	if _, err := gdal.Run(w.t.Context(), "gdal_create", append(all, path), gdal.Options{}); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

var flown = time.Date(2026, 5, 31, 2, 0, 0, 0, time.UTC)

// ingest hands files in, and works on them once.
func (w *world) ingest(a survey.Answers, uploads ...*survey.Upload) (*survey.Ingest, error) {
	w.t.Helper()
	ids := make([]string, len(uploads))
	for i, u := range uploads {
		ids[i] = u.ID
	}
	in, err := w.captures.BeginIngest(w.ctx, "五月", ids, a)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.work(in.ID)
}

func (w *world) work(id int64) (*survey.Ingest, error) {
	w.t.Helper()
	failed := w.maker.Run(w.ctx, id, func(string, float64) {})
	in, err := w.captures.Ingest(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return in, failed
}

// A file that is cut off at random again and again comes whole: no byte is lost, none comes twice. What a crash leaves past the last checkpoint does no harm.
func TestTwentyCuts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	r := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 3<<20)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	do := func(method, url string, body io.Reader, header map[string]string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), method, url, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Tus-Resumable", "1.0.0")
		for k, v := range header {
			req.Header.Set(k, v)
		}
		if n, err := strconv.ParseInt(header["Length"], 10, 64); err == nil {
			req.ContentLength = n
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil // the line broke
		}
		_ = res.Body.Close()
		return res
	}
	res := do(http.MethodPost, s.URL+"/", nil, map[string]string{"Upload-Length": strconv.Itoa(len(content)), "Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte("五月.tif"))})
	if res == nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%+v", res)
	}
	at := res.Header.Get("Location")
	id := at[strings.LastIndexByte(at, '/')+1:]
	for cut := 0; ; cut++ {
		res := do(http.MethodHead, at, nil, nil)
		offset, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
		if err != nil {
			t.Fatal(err)
		}
		if offset == len(content) {
			if cut < 20 {
				t.Errorf("only %d cuts", cut)
			}
			break
		}
		if cut == 10 { // the machine lost power after bytes that it never made sure of
			f, err := os.OpenFile(w.folder.upload(id), os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("left by a crash")
			}
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		rest := content[offset:]
		var body io.Reader = bytes.NewReader(rest)
		if cut < 20 {
			body = io.MultiReader(bytes.NewReader(rest[:r.IntN(min(len(rest), 200_000))]), broken{})
		}
		do(http.MethodPatch, at, body, map[string]string{"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/offset+octet-stream", "Length": strconv.Itoa(len(rest))})
	}
	u, err := w.captures.Upload(w.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(content)
	got, err := os.ReadFile(w.folder.upload(id))
	if err != nil || !bytes.Equal(got, content) || u.SHA256 != hex.EncodeToString(want[:]) || u.DoneAt == nil || u.Filename != "五月.tif" {
		t.Errorf("%d bytes of %d, %+v, %v", len(got), len(content), u, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }

func TestOthersUploadsAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.put("a.tif", []byte("x"))
	stranger := &auth.User{ID: 99, Roles: []auth.Role{auth.RoleDroneTeam}, Areas: []string{"*"}}
	ctx := auth.WithActor(t.Context(), &auth.Actor{User: stranger, Scope: stranger.Scope()})
	if _, err := NewStore(w.folder, w.captures).GetUpload(ctx, u.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
	if err := w.captures.DropUpload(ctx, u.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Error(err)
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.db.Pool.Exec(w.ctx, `UPDATE upload_quota SET bytes = 1000`); err != nil {
		t.Fatal(err)
	}
	w.put("a.tif", make([]byte, 900))
	err := w.captures.BeginUpload(w.ctx, &survey.Upload{Filename: "b.tif", Size: 200})
	if layers.ErrorCode(err) != layers.CodeStorageFull {
		t.Error(err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, gone := w.put("a.tif", []byte("x")), w.put("b.tif", []byte("y"))
	if _, err := w.db.Pool.Exec(w.ctx, `UPDATE upload SET touched_at = now() - interval '15 days' WHERE id = $1`, gone.ID); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	for _, u := range []*survey.Upload{kept, gone} {
		if err := os.Chtimes(w.folder.upload(u.ID), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.folder.Sweep(w.ctx, w.captures); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.folder.upload(gone.ID)); err == nil {
		t.Error("an expired upload is kept")
	}
	if _, err := os.Stat(w.folder.upload(kept.ID)); err != nil {
		t.Error(err)
	}
}

// A worker that dies at any step leaves nothing that could be taken for a capture, and the next attempt makes it.
func TestADeathAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := w.geotiff(90)
	u := w.put("五月.tif", content)
	in, err := w.captures.BeginIngest(w.ctx, "五月", []string{u.ID}, survey.Answers{CapturedAt: &flown})
	if err != nil {
		t.Fatal(err)
	}
	died := errors.New("killed")
	for _, step := range []string{"checked", "made ortho", "publish", "moved"} {
		reached := false
		w.maker.Moment = func(at string) error {
			if at != step {
				return nil
			}
			reached = true
			return died
		}
		now, err := w.work(in.ID)
		if !reached || !errors.Is(err, died) || now.State == survey.Ready || now.State == survey.Refused {
			t.Errorf("%s: reached %v, %s, %v", step, reached, now.State, err)
		}
		if all, err := w.captures.AllStored(w.ctx); err != nil || len(all) != 0 {
			t.Errorf("%s: %d captures, %v", step, len(all), err)
		}
	}
	w.maker.Moment = nil
	now, err := w.work(in.ID)
	if err != nil || now.State != survey.Ready || now.CaptureID == 0 {
		t.Fatalf("%+v, %v", now, err)
	}
	c, err := w.captures.Stored(w.ctx, now.CaptureID)
	if err != nil || c.AreaPath != "330122" || c.SHA256 != u.SHA256 || !c.CapturedAt.Equal(flown) {
		t.Fatalf("%+v, %v", c, err)
	}
	if got, err := os.ReadFile(w.folder.Path(*c.File("original"))); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the original is another: %d bytes, %v", len(got), err)
	}
	for _, dir := range []string{"work", "uploads"} {
		if left, err := os.ReadDir(filepath.Join(w.root, dir)); err != nil || len(left) != 0 {
			t.Errorf("%s holds %v, %v", dir, left, err)
		}
	}
	if again, err := w.work(in.ID); err != nil || again.CaptureID != now.CaptureID {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	// The same file a second time.
	twice, err := w.ingest(survey.Answers{CapturedAt: &flown}, w.put("again.tif", content))
	if err != nil || twice.State != survey.Refused || twice.Refusal.Reason != "capture_same_file" {
		t.Errorf("%+v, %v", twice.Refusal, err)
	}
	// Withdrawn, it is served no more, and may be sent again.
	if c, err = w.captures.Withdraw(w.ctx, c.ID, "坐标有误"); err != nil || c.Withdrawn == nil {
		t.Fatalf("%+v, %v", c, err)
	}
	if all, err := w.captures.AllStored(w.ctx); err != nil || len(all) != 0 {
		t.Errorf("%d captures, %v", len(all), err)
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kinds := func(in *survey.Ingest) (out []string) {
		for _, q := range in.Questions {
			out = append(out, q.Kind)
		}
		return out
	}
	for name, c := range map[string]struct {
		args   []string
		extra  string
		want   []string
		answer survey.Answers
	}{
		"no time":             {nil, "", []string{"captured_at"}, survey.Answers{CapturedAt: &flown}},
		"time in the file":    {[]string{"-mo", "TIFFTAG_DATETIME=2026:05:31 10:00:00"}, "", nil, survey.Answers{}},
		"time in the record":  {nil, "lat,lon,time\n29.8,119.6,2026-05-31 10:00:00\n", nil, survey.Answers{}},
		"outside":             {[]string{"-a_ullr", "461000", "3499020", "461030", "3499000"}, "", []string{"outside", "captured_at"}, survey.Answers{Outside: true, CapturedAt: &flown}},
		"no reference system": {[]string{"none"}, "", []string{"crs", "captured_at"}, survey.Answers{EPSG: 4549, CapturedAt: &flown}},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			burn := 20 + len(name)*7
			content := w.geotiff(burn, slices.DeleteFunc(slices.Clone(c.args), func(s string) bool { return s == "none" })...)
			if slices.Contains(c.args, "none") {
				content = w.bare(burn)
			}
			files := []*survey.Upload{w.put("a.tif", content)}
			if c.extra != "" {
				files = append(files, w.put("flight.csv", []byte(c.extra)))
			}
			in, err := w.ingest(survey.Answers{}, files...)
			if err != nil || !slices.Equal(kinds(in), c.want) {
				t.Fatalf("%s asks %v, want %v; %+v, %v", in.State, kinds(in), c.want, in.Refusal, err)
			}
			if len(c.want) == 0 {
				return
			}
			if in, err = w.captures.AnswerIngest(w.ctx, in.ID, c.answer); err != nil {
				t.Fatal(err)
			}
			if in, err = w.work(in.ID); err != nil || in.State != survey.Ready {
				t.Errorf("%s %+v %+v, %v", in.State, in.Refusal, in.Questions, err)
			}
		})
	}
}

// bare is a GeoTIFF that does not say its reference system.
func (w *world) bare(burn int) []byte {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "a.tif")
	if _, err := gdal.Run(w.t.Context(), "gdal_create", []string{"-q", "-of", "GTiff", "-outsize", "300", "200", "-bands", "3", "-burn", strconv.Itoa(burn), "-a_ullr", "461000", "3299020", "461030", "3299000", path}, gdal.Options{}); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func TestFirstTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"time\n2026-05-31 10:00:00\n":         "2026-05-31T02:00:00Z",
		"<time>2026-05-31T02:00:00.5Z</time>": "2026-05-31T02:00:00Z",
		`{"t":"2026-05-31T10:00:00+08:00"}`:   "2026-05-31T02:00:00Z",
		"no time here":                        "0001-01-01T00:00:00Z",
		"9999-99-99 99:99:99":                 "0001-01-01T00:00:00Z",
	} {
		if got := firstTime(strings.NewReader(text)).Format(time.RFC3339); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// Two people send one file at the same moment, and two machines make it: one capture comes of it, the other is told which.
func TestOneFileOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := w.geotiff(97)
	var ids []int64
	for _, name := range []string{"a.tif", "b.tif"} {
		in, err := w.captures.BeginIngest(w.ctx, name, []string{w.put(name, content).ID}, survey.Answers{CapturedAt: &flown})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, in.ID)
	}
	// The second is checked before the first is published, and wants to be published after it.
	second := &Maker{Folder: w.folder, Store: w.captures, Limits: w.maker.Limits, County: w.maker.County, Moment: func(step string) error {
		if step != "publish" {
			return nil
		}
		_, err := w.work(ids[0])
		return err
	}}
	if err := second.Run(w.ctx, ids[1], func(string, float64) {}); err != nil {
		t.Fatal(err)
	}
	first, err := w.captures.Ingest(w.ctx, ids[0])
	if err != nil || first.State != survey.Ready {
		t.Fatalf("%+v, %v", first, err)
	}
	late, err := w.captures.Ingest(w.ctx, ids[1])
	if err != nil || late.State != survey.Refused || late.Refusal.Reason != "capture_same_file" || late.Refusal.Params["capture"] != strconv.FormatInt(first.CaptureID, 10) {
		t.Errorf("%+v %+v, %v", late, late.Refusal, err)
	}
	if all, err := w.captures.AllStored(w.ctx); err != nil || len(all) != 1 {
		t.Errorf("%d captures, %v", len(all), err)
	}
	if _, err := os.Stat(filepath.Join(w.root, "files", strconv.FormatInt(ids[1], 10))); err == nil {
		t.Error("the files of the second stay")
	}
}

// One file that two requests send at once, from the same offset on: one of them writes.
func TestTwoRequestsOfOneUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := &survey.Upload{Filename: "a.tif", Size: 4}
	if err := w.captures.BeginUpload(w.ctx, u); err != nil {
		t.Fatal(err)
	}
	store := NewStore(w.folder, w.captures)
	first, err := store.GetUpload(w.ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, send := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := first.WriteChunk(w.ctx, 0, r)
		done <- err
	}()
	if _, err := send.Write([]byte("ab")); err != nil { // the first has the file now
		t.Fatal(err)
	}
	second, err := store.GetUpload(w.ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := second.WriteChunk(w.ctx, 0, strings.NewReader("XXXX")); n != 0 || reasonOf(err) != "upload_busy" {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, err := send.Write([]byte("cd")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(send.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(w.folder.upload(u.ID)); err != nil || string(got) != "abcd" {
		t.Errorf("%q, %v", got, err)
	}
}
