package postgis

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"wanglou/layers"
)

// minMajor is the oldest PostgreSQL that knows column lists and row filters of publications.
const minMajor = 15

// binaries is the bin folder of one installed PostgreSQL that has PostGIS.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// findBinaries returns the newest installed PostgreSQL with PostGIS; want, when not 0, asks for one major version, because
// a data folder cannot be read by another.
func findBinaries(ctx context.Context, want int) (binaries, error) {
	// Debian and Ubuntu, Fedora and RHEL, Alpine, then whatever is in PATH.
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/local/pgsql/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return binaries{}, err
		}
		dirs = append(dirs, found...)
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	var best, bare binaries
	for _, dir := range dirs {
		b := binaries{dir: dir}
		if _, err := os.Stat(b.path("initdb")); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, b.path("postgres"), "--version").Output()
		if err != nil {
			continue
		}
		if b.major = majorVersion(string(out)); b.major < minMajor || want != 0 && b.major != want {
			continue
		}
		if !b.hasPostGIS(ctx) {
			bare = b
			continue
		}
		if b.major > best.major {
			best = b
		}
	}
	if best.major != 0 {
		return best, nil
	}
	missing := &layers.Error{Code: layers.CodeUnavailable, Reason: "postgresql_missing"}
	switch {
	case bare.major != 0:
		missing.Msg = "PostgreSQL " + strconv.Itoa(bare.major) + " is installed without PostGIS: apt-get install postgresql-" + strconv.Itoa(bare.major) +
			"-postgis-3, or set DATABASE_URL to a server that has it"
	case want != 0:
		missing.Msg = "the data folder was made by PostgreSQL " + strconv.Itoa(want) + ", which is not installed: apt-get install postgresql-" +
			strconv.Itoa(want) + " postgresql-" + strconv.Itoa(want) + "-postgis-3"
	default:
		missing.Msg = "PostgreSQL 15 or newer with PostGIS is not installed: on Debian 12 apt-get install postgresql-15 postgresql-15-postgis-3, " +
			"or set DATABASE_URL to a server that has it"
	}
	return binaries{}, missing
}

// hasPostGIS looks for the extension's control file where this PostgreSQL would.
func (b binaries) hasPostGIS(ctx context.Context) bool {
	candidates := []string{filepath.Join("/usr/share/postgresql", strconv.Itoa(b.major)), filepath.Join(b.dir, "../share"), "/usr/share/pgsql"}
	if out, err := exec.CommandContext(ctx, b.path("pg_config"), "--sharedir").Output(); err == nil {
		candidates = append([]string{strings.TrimSpace(string(out))}, candidates...)
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "extension/postgis.control")); err == nil {
			return true
		}
	}
	return false
}

// majorVersion reads "postgres (PostgreSQL) 15.20 (Debian …)"; 0 when it cannot.
func majorVersion(s string) int {
	_, s, _ = strings.Cut(s, "(PostgreSQL) ")
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return 0
	}
	return n
}
