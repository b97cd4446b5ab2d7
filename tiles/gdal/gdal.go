// Package gdal runs GDAL's command-line programs (3.6 and newer) on files that strangers sent. A program is a child process with a closed environment: no
// shell, no network, no files beside the ones it is given, bounded memory, threads and output; it dies with its context, and with this process.
//
// Inputs are opened by one driver alone: pass [Input] for each. A VRT that is named .tif would read any file of the machine otherwise.
package gdal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"wanglou/layers"
	"wanglou/tiles/child"
)

// Options bound one run. The zero value is usable.
type Options struct {
	Threads  int           // 0: one less than there are processors, at least one
	CacheMB  int           // GDAL's cache of blocks; 0: 256
	MemoryMB int           // address space of the process; 0: 6144, since GDAL maps much more than it uses
	MaxFile  int64         // bytes of any file it writes; 0: no bound
	Dir      string        // for temporary files; "": the system's
	Nice     int           // priority below that of others; 0: 10
	Progress func(float64) // told 0 to 1, from another goroutine, one call at a time
	Config   []string      // further "NAME=VALUE" settings of GDAL
}

const (
	maxOutput    = 8 << 20 // of gdalinfo
	maxComplaint = 4 << 10
)

// Input returns the arguments that name an existing file as a GeoTIFF, and nothing else.
func Input(path string) []string { return []string{"-if", "GTiff", path} }

// Run runs one program and returns what it printed. The arguments are handed over as they are. CodeUnavailable with "gdal_missing" where GDAL is not
// installed; CodeStorageFull where the disk is full; CodeTooLarge with "gdal_memory"; CodeInvalid with "gdal_failed" and what the program complained about for the rest;
// ctx's own error where it has ended.
func Run(ctx context.Context, program string, args []string, o Options) ([]byte, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, &layers.Error{Code: layers.CodeUnavailable, Reason: "gdal_missing", Msg: "GDAL is not installed (Debian: gdal-bin)", Err: err}
	}
	for _, a := range args {
		if strings.Contains(strings.ToLower(a), "/vsi") { // files inside of archives and behind addresses
			return nil, layers.Invalid("file", "bad_name", "%q is not the name of a file of this machine", a)
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Env = environment(o)
	cmd.Dir = cmp.Or(o.Dir, os.TempDir())
	out := &bounded{limit: maxOutput}
	complaint := &child.Tail{Limit: maxComplaint}
	cmd.Stdout, cmd.Stderr = out, complaint
	if o.Progress != nil {
		cmd.Stdout = io.MultiWriter(out, &meter{tell: o.Progress})
	}
	if err := child.Run(ctx, cmd, child.Bounds{AddressMB: cmp.Or(o.MemoryMB, 6144), MaxFile: o.MaxFile, Nice: o.Nice}); err != nil {
		return nil, explain(ctx, program, err, complaint.String())
	}
	if out.over {
		return nil, layers.Invalid("file", "too_much_metadata", "%s printed more than %d bytes", program, maxOutput)
	}
	return out.buf.Bytes(), nil
}

// skipped are drivers that reach the network, run programs or open other files by what stands in a text. VRT stays: GDAL's programs are built on it, and
// -if keeps it from being an input.
const skipped = "WMS,WMTS,WCS,HTTP,PLMOSAIC,PLScenes,RASTERLITE,PostGISRaster,GeoRaster,DAAS,EEDA,EEDAI,NGW,STACTA,STACIT,OGCAPI,CAD,PDF,netCDF,HDF5,HDF4,DERIVED,ESRIC,TileDB,RDB,MRF,SAFE,SENTINEL2,Zarr"

func environment(o Options) []string {
	dir := cmp.Or(o.Dir, os.TempDir())
	threads := o.Threads
	if threads == 0 {
		threads = max(1, runtime.NumCPU()-1)
	}
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "TMPDIR=" + dir, "CPL_TMPDIR=" + dir, "PROJ_NETWORK=OFF",
		"GDAL_DRIVER_PATH=disable", "GDAL_SKIP=" + skipped, "GDAL_PAM_ENABLED=NO", "GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS=.none",
		"GDAL_HTTP_MAX_RETRY=0", "GDAL_HTTP_TIMEOUT=1", "GDAL_HTTP_PROXY=127.0.0.1:1", "CPL_DEBUG=OFF", "GDAL_VRT_ENABLE_PYTHON=NO", "GDAL_TIFF_INTERNAL_MASK=YES",
		"GDAL_CACHEMAX=" + strconv.Itoa(cmp.Or(o.CacheMB, 256)), "GDAL_NUM_THREADS=" + strconv.Itoa(threads)}, o.Config...)
}

func explain(ctx context.Context, program string, err error, said string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var lines []string
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "GDAL_SKIP") { // drivers that this GDAL was built without
			lines = append(lines, strings.Fields(line)...)
		}
	}
	said = strings.Join(lines, " ")
	cause := fmt.Errorf("%s: %w: %s", program, err, said)
	var exit *exec.ExitError
	low := strings.ToLower(said)
	switch {
	case !errors.As(err, &exit):
		return cause
	case strings.Contains(low, "no space left") || strings.Contains(low, "free disk space"):
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: cause}
	case exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGXFSZ || strings.Contains(low, "file too large"):
		return &layers.Error{Code: layers.CodeTooLarge, Reason: "gdal_output", Msg: "the result grew over its limit", Err: cause}
	case strings.Contains(low, "out of memory") || strings.Contains(low, "bad_alloc") || strings.Contains(low, "cannot allocate") || exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return &layers.Error{Code: layers.CodeTooLarge, Reason: "gdal_memory", Msg: "it needs more memory than it may have", Err: cause}
	}
	return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "gdal_failed", Params: map[string]string{"said": clean(said)}, Msg: "GDAL cannot do that with this file", Err: cause}
}

// clean takes folders out of what GDAL said: where files lie is nobody's matter.
func clean(said string) string {
	words := strings.Fields(said)
	for i, w := range words {
		if strings.Contains(w, "/") {
			words[i] = filepath.Base(w)
		}
	}
	said = strings.ToValidUTF8(strings.Join(words, " "), "")
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + " …"
	}
	return said
}

// bounded keeps the first bytes that are written to it.
type bounded struct {
	buf   bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := len(p)
	if room := b.limit - b.buf.Len(); len(p) > room {
		p, b.over = p[:max(room, 0)], true
	}
	b.buf.Write(p)
	return n, nil
}

// meter reads GDAL's progress: "0...10...20" up to "100 - done.". A dot is a fortieth.
type meter struct {
	tell   func(float64)
	number int // digits that were read, -1 for none
	at     int // fortieths
	in     bool
	over   bool
}

func (m *meter) Write(p []byte) (int, error) {
	before := m.at
	for _, c := range p {
		switch {
		case c >= '0' && c <= '9':
			if m.over {
				m.over, m.at, before = false, 0, 0
			}
			if !m.in {
				m.number, m.in = 0, true
			}
			m.number = min(m.number*10+int(c-'0'), 1000)
			continue
		case c == '.' && m.in:
			if m.number <= 100 && m.number%10 == 0 && m.number*40/100 >= m.at-1 {
				m.at = m.number * 40 / 100
			}
			m.at = min(m.at+1, 40)
		case c == '.' && m.at > 0:
			m.at = min(m.at+1, 40)
		case c == ' ' && m.in && m.number == 100:
			m.at = 40
		case c == '\n' && m.at >= 40: // another pass of the same program may follow
			m.over = true
		}
		m.in = false
	}
	if m.at != before {
		m.tell(float64(m.at) / 40)
	}
	return len(p), nil
}
