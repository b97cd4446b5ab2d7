package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"wanglou/server"
)

// However long headers and body are, and whether the body was announced or not, the client gets the answer whole and the next one behind it.
func TestAnnouncedBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	s := server.NewTestServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body, _ := strconv.Atoi(q.Get("body"))
		header, _ := strconv.Atoi(q.Get("header"))
		w.Header().Set("X-Long", strings.Repeat("x", header))
		w.Header().Set("Content-Length", q.Get("body"))
		if q.Get("announced") == "true" && !server.AnnounceBody(r, body) {
			t.Error("the request does not know its connection")
		}
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(bytes.Repeat([]byte("b"), body))
	}))
	t.Cleanup(s.Close)
	// The end of the headers falls before, onto and behind the seam of net/http's 4 kB pieces.
	headers := []int{0, 100, 3000}
	for n := 3900; n < 4110; n++ {
		headers = append(headers, n)
	}
	for _, header := range headers {
		for _, body := range []int{0, 1, 3, 4000, 4096, 8192, 100_000} {
			for _, announced := range []bool{true, false} {
				resp, err := s.Client().Get(fmt.Sprintf("%s/?header=%d&body=%d&announced=%t", s.URL, header, body, announced))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || len(got) != body || len(resp.Header.Get("X-Long")) != header {
					t.Fatalf("headers of %d, body of %d, announced %t: %d bytes came, %v", header, body, announced, len(got), err)
				}
			}
		}
	}
}
