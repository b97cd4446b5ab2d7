package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// staticFlag makes this program be the reference.
const staticFlag = "static-server"

// startStatic starts the reference for tiles that are served from a cache: Go's net/http, in a process of its own, with the answers in a map by path. It does
// nothing else: no rights, no session, no log. The caller stops it.
func startStatic(ctx context.Context, e *env, answers map[string]answer) (*reference, error) {
	type stored struct {
		Kind, Encoding string
		Body           []byte
	}
	file := filepath.Join(e.dir, "static.gob")
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	files := make(map[string]stored, len(answers))
	for path, a := range answers {
		files[path] = stored{a.kind, a.encoding, a.body}
	}
	if err := gob.NewEncoder(f).Encode(files); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return startReference(ctx, e, "--"+staticFlag, file)
}

// serveStatic is the reference's main: it prints its address and serves until it is killed.
func serveStatic(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	var files map[string]struct {
		Kind, Encoding string
		Body           []byte
	}
	if err := gob.NewDecoder(f).Decode(&files); err != nil {
		return err
	}
	_ = f.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.Kind)
		if f.Encoding != "" {
			h.Set("Content-Encoding", f.Encoding)
		}
		h.Set("Content-Length", strconv.Itoa(len(f.Body)))
		_, _ = w.Write(f.Body)
	}))
}
