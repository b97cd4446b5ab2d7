package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wanglou/layers"
)

// UploadCmd sends files to a server, and hands them in.
type UploadCmd struct {
	Files      []string  `arg:"" type:"existingfile" help:"Orthophoto, DSM, DTM (GeoTIFF), flight record (CSV, GPX, GeoJSON), or an output folder as zip: together one capture."`
	Server     string    `required:"" env:"WANGLOU_SERVER" placeholder:"URL" help:"Where the server is, e.g. https://wanglou.example."`
	Token      string    `required:"" env:"WANGLOU_TOKEN" help:"Personal access token with the right to write; better in the environment than on the command line."`
	Name       string    `help:"Name of the capture; default the first file's."`
	EPSG       int       `name:"epsg" help:"Coordinate system of files that do not say."`
	CapturedAt time.Time `name:"captured-at" format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"When it was flown, where the file does not say: 2026-05-31T10:00:00+08:00."`
	Outside    bool      `help:"It is meant to lie outside of the county."`
	Chunk      int       `default:"64" help:"MB in one request."`
	Patience   int       `default:"600" help:"Seconds without a byte after which it gives up."`
}

// Run sends, then waits until the capture is made.
func (c *UploadCmd) Run(ctx context.Context, app *App) error {
	base, err := url.Parse(strings.TrimRight(c.Server, "/"))
	if err != nil || base.Host == "" {
		return layers.Invalid("--server", "not_a_url", "%q is not the address of a server", c.Server)
	}
	u := &uploader{base: base.String(), token: c.Token, out: app.Stderr, chunk: int64(max(1, c.Chunk)) << 20, patience: time.Duration(max(1, c.Patience)) * time.Second, http: &http.Client{}}
	var ids []string
	for _, path := range c.Files {
		id, err := u.send(ctx, path)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	name := c.Name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(c.Files[0]), filepath.Ext(c.Files[0]))
	}
	in := map[string]any{"name": name, "uploads": ids, "epsg": c.EPSG, "outside": c.Outside}
	if !c.CapturedAt.IsZero() {
		in["captured_at"] = c.CapturedAt
	}
	return u.handIn(ctx, in)
}

// uploader sends files by tus 1.0.0.
type uploader struct {
	base, token string
	out         io.Writer
	chunk       int64
	patience    time.Duration
	http        *http.Client
}

// remote is an upload that the server knows.
type remote struct {
	ID       string     `json:"id"`
	Filename string     `json:"filename"`
	Size     int64      `json:"size"`
	Received int64      `json:"received"`
	DoneAt   *time.Time `json:"done_at"`
}

func (u *uploader) request(ctx context.Context, method, path string, body io.Reader, header map[string]string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+u.token)
	r.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return u.http.Do(r)
}

// refusedError is an answer that another try does not change.
type refusedError struct {
	status int
	text   string
}

func (e *refusedError) Error() string { return e.text }

// answer reads what the server said. What it may say otherwise later is an ordinary error.
func answer(res *http.Response, into any) error {
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var said struct{ Code, Reason, Message string }
		_ = json.Unmarshal(body, &said)
		text := fmt.Sprintf("the server answers %d", res.StatusCode)
		if said.Message != "" {
			text = said.Message
		}
		if res.StatusCode >= 500 && res.StatusCode != http.StatusInsufficientStorage || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusLocked || res.StatusCode == http.StatusConflict {
			return errors.New(text)
		}
		return &refusedError{res.StatusCode, text}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// find returns an upload of the same name and size that was begun before.
func (u *uploader) find(ctx context.Context, name string, size int64) (*remote, error) {
	res, err := u.request(ctx, http.MethodGet, "/api/uploads", nil, nil)
	if err != nil {
		return nil, err
	}
	var all struct{ Items []remote }
	if err := answer(res, &all); err != nil {
		return nil, err
	}
	for i := range all.Items {
		if r := &all.Items[i]; r.Filename == name && r.Size == size {
			return r, nil
		}
	}
	return nil, nil
}

// send sends one file, from where an earlier try ended, and returns its id.
func (u *uploader) send(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	name, size := filepath.Base(path), info.Size()
	bar := &meter{out: u.out, name: name, size: size, began: time.Now()}
	last := time.Now() // that anything went forward
	var id string
	var offset int64
	for wait := time.Second; ; {
		if id == "" {
			if id, err = u.begin(ctx, name, size); err == nil {
				last = time.Now()
			}
		}
		if err == nil {
			var now int64
			if now, err = u.offset(ctx, id); err == nil {
				offset = now
				bar.start(offset)
			}
		}
		for err == nil && offset < size {
			var n int64
			n, err = u.patch(ctx, id, f, offset, min(u.chunk, size-offset), bar)
			if n > 0 {
				offset, last, wait = offset+n, time.Now(), time.Second
			}
		}
		if err == nil {
			bar.end()
			return id, nil
		}
		var refused *refusedError
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.As(err, &refused) && refused.status == http.StatusNotFound && id != "": // it has expired
			id = ""
		case errors.As(err, &refused):
			return "", fmt.Errorf("%s: %w", name, err)
		case time.Since(last) > u.patience:
			return "", fmt.Errorf("%s: given up after %s without a byte: %w; the same command goes on from %d bytes", name, u.patience, err, offset)
		}
		bar.note(fmt.Sprintf("interrupted (%v), next try in %s", short(err), wait))
		err = nil
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

func short(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 {
		s = s[i+2:]
	}
	return s
}

func (u *uploader) begin(ctx context.Context, name string, size int64) (string, error) {
	if r, err := u.find(ctx, name, size); err != nil || r != nil {
		if err != nil {
			return "", err
		}
		return r.ID, nil
	}
	res, err := u.request(ctx, http.MethodPost, "/api/uploads", nil, map[string]string{"Upload-Length": strconv.FormatInt(size, 10),
		"Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte(name))})
	if err != nil {
		return "", err
	}
	at := res.Header.Get("Location")
	if err := answer(res, nil); err != nil {
		return "", err
	}
	return at[strings.LastIndexByte(at, '/')+1:], nil
}

func (u *uploader) offset(ctx context.Context, id string) (int64, error) {
	res, err := u.request(ctx, http.MethodHead, "/api/uploads/"+id, nil, nil)
	if err != nil {
		return 0, err
	}
	text := res.Header.Get("Upload-Offset")
	if err := answer(res, nil); err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// patch sends one part and returns how many bytes of it the server has for sure.
func (u *uploader) patch(ctx context.Context, id string, f io.ReaderAt, offset, n int64, bar *meter) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body := &watched{Reader: io.NewSectionReader(f, offset, n), bar: bar, alive: time.AfterFunc(time.Minute, cancel)}
	defer body.alive.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, u.base+"/api/uploads/"+id, body)
	if err != nil {
		return 0, err
	}
	r.ContentLength = n
	for k, v := range map[string]string{"Authorization": "Bearer " + u.token, "Tus-Resumable": "1.0.0", "Upload-Offset": strconv.FormatInt(offset, 10), "Content-Type": "application/offset+octet-stream"} {
		r.Header.Set(k, v)
	}
	res, err := u.http.Do(r)
	if err != nil {
		bar.start(offset)
		return 0, err
	}
	now, _ := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	if err := answer(res, nil); err != nil {
		bar.start(offset)
		return 0, err
	}
	return now - offset, nil
}

// watched tells the bar what goes out; a line that takes nothing for a minute is cut.
type watched struct {
	io.Reader
	bar   *meter
	alive *time.Timer
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.alive.Reset(time.Minute)
	w.bar.add(int64(n))
	return n, err
}

// meter prints how far a file is, at which rate, and how long it will take.
type meter struct {
	out   io.Writer
	name  string
	size  int64
	began time.Time
	from  int64 // where this run began
	at    int64
	told  time.Time
	first bool
}

func (m *meter) start(offset int64) {
	if !m.first {
		m.first, m.from, m.began = true, offset, time.Now()
	}
	m.at = offset
}

func (m *meter) add(n int64) {
	m.at += n
	if time.Since(m.told) > time.Second/2 {
		m.print("")
	}
}

func (m *meter) print(end string) {
	m.told = time.Now()
	rate := float64(m.at-m.from) / max(0.001, time.Since(m.began).Seconds())
	left := "–"
	if rate > 0 {
		left = (time.Duration(float64(m.size-m.at)/rate) * time.Second).Round(time.Second).String()
	}
	fmt.Fprintf(m.out, "\r%s  %3.0f %%  %.1f of %.1f MB  %.2f MB/s  %s left   %s", m.name, 100*float64(m.at)/float64(max(1, m.size)), float64(m.at)/1e6, float64(m.size)/1e6, rate/1e6, left, end)
}

func (m *meter) note(s string) { m.print(s + "\n") }
func (m *meter) end()          { m.at = m.size; m.print("\n") }

// handIn makes a capture of what was sent and tells how that goes.
func (u *uploader) handIn(ctx context.Context, in map[string]any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	res, err := u.request(ctx, http.MethodPost, "/api/ingests", bytes.NewReader(body), map[string]string{"Content-Type": "application/json"})
	if err != nil {
		return err
	}
	var got struct {
		ID        int64                                       `json:"id"`
		State     string                                      `json:"state"`
		Step      string                                      `json:"step"`
		Progress  float64                                     `json:"progress"`
		JobState  string                                      `json:"job_state"`
		CaptureID int64                                       `json:"capture_id"`
		Refusal   *struct{ Reason, Message, Filename string } `json:"refusal"`
		Questions []struct{ Kind, Filename string }           `json:"questions"`
	}
	if err := answer(res, &got); err != nil {
		return err
	}
	id := got.ID
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		switch {
		case got.State == "ready":
			fmt.Fprintf(u.out, "\rcapture %d is on the map                         \n", got.CaptureID)
			return nil
		case got.State == "refused" || got.JobState == "failed":
			if got.Refusal != nil {
				return layers.Invalid("file", got.Refusal.Reason, "%s: %s", got.Refusal.Filename, got.Refusal.Message)
			}
			return errors.New("the capture could not be made")
		case got.State == "asking":
			for _, q := range got.Questions {
				fmt.Fprintf(u.out, "\n%s: %s", q.Filename, map[string]string{"crs": "which coordinate system? (--epsg, or on the page /captures)", "captured_at": "when was it flown? (--captured-at, or on the page /captures)",
					"outside": "it lies outside of the county: meant so? (--outside, or on the page /captures)"}[q.Kind])
			}
			fmt.Fprintln(u.out)
			return layers.Invalid("file", "asked", "the files do not say everything: answer on the page /captures")
		}
		fmt.Fprintf(u.out, "\r%s %s %3.0f %%   ", got.State, got.Step, 100*got.Progress)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		res, err := u.request(ctx, http.MethodGet, "/api/ingests/"+strconv.FormatInt(id, 10), nil, nil)
		if err == nil {
			err = answer(res, &got)
		}
		var refused *refusedError
		if errors.As(err, &refused) {
			return err
		}
	}
}
