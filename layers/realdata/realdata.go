// Package realdata finds the real input that tests try, which is not part of the repository: the folder that WANGLOU_SHARED names, else `shared` beside the checkout.
package realdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns where a file or folder of the real data lies, or skips the test with the reason.
func Path(t testing.TB, path string) string {
	t.Helper()
	full := filepath.Join(root(t), "data", filepath.FromSlash(path))
	if _, err := os.Stat(full); err != nil {
		t.Skipf("real data is not here: %v", err)
	}
	return full
}

// Glob returns all files of the real data that the pattern of [filepath.Glob] fits, or skips the test where there are none.
func Glob(t testing.TB, pattern string) []string {
	t.Helper()
	full := filepath.Join(root(t), "data", filepath.FromSlash(pattern))
	found, err := filepath.Glob(full)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skipf("real data is not here: nothing at %s", full)
	}
	return found
}

// root climbs from the package that is tested to the checkout.
func root(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("WANGLOU_SHARED"); named != "" {
		return named
	}
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(at), "shared")
		}
		above := filepath.Dir(at)
		if above == at {
			t.Fatal("no go.mod above the test")
		}
		at = above
	}
}
