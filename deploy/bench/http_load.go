package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answer is what a server said to one request.
type answer struct {
	status   int
	etag     string
	encoding string
	kind     string // Content-Type
	body     []byte
}

// request writes a GET as a browser would, with the headers given as "Name: value".
func request(host, path string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", path, host)
	for _, h := range headers {
		b.WriteString(h)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// connection asks one server, one request at a time. Go's own client takes more time than the servers that it would measure.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(ctx context.Context, address string) (*connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{c, bufio.NewReaderSize(c, 1<<16)}, nil
}

// ask sends a request and reads the answer, of which the body is thrown away unless it is wanted.
func (c *connection) ask(request []byte, wantBody bool) (a answer, err error) {
	if _, err := c.Write(request); err != nil {
		return a, err
	}
	length := 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if first {
			if len(line) < 12 {
				return a, fmt.Errorf("no status line: %q", line)
			}
			if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return a, err
			}
			continue
		}
		switch line[0] | 0x20 { // few headers are looked at closer
		case 'c', 'e', 't':
			name, value, _ := strings.Cut(string(line), ": ")
			switch strings.ToLower(name) {
			case "content-length":
				if length, err = strconv.Atoi(value); err != nil {
					return a, err
				}
			case "content-encoding":
				a.encoding = value
			case "content-type":
				a.kind = value
			case "etag":
				a.etag = value
			case "transfer-encoding":
				return a, errors.New("chunked answers are not read here")
			}
		}
	}
	if wantBody {
		a.body = make([]byte, length)
		_, err = io.ReadFull(c.in, a.body)
	} else {
		_, err = c.in.Discard(length)
	}
	return a, err
}

// spent is what a server took to answer many requests.
type spent struct {
	requests   int
	seconds    float64
	cpuSeconds float64 // of the server's process
}

func (l spent) perCPUSecond() float64 { return float64(l.requests) / l.cpuSeconds }

// hammer sends the requests in turn, n in all, over so many connections. Every answer has to have the status, or be 204.
func hammer(ctx context.Context, address string, pid int, requests [][]byte, n, connections, status int) (l spent, err error) {
	conns := make([]*connection, connections)
	for i := range conns {
		if conns[i], err = dial(ctx, address); err != nil {
			return l, err
		}
		defer conns[i].Close()
	}
	before, err := processCPUSeconds(pid)
	if err != nil {
		return l, err
	}
	start := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, connections)
	for w, c := range conns {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				a, err := c.ask(requests[i%len(requests)], false)
				if err == nil && a.status != status {
					err = fmt.Errorf("status %d, want %d", a.status, status)
				}
				if err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return l, err
	}
	l = spent{requests: n, seconds: time.Since(start).Seconds()}
	after, err := processCPUSeconds(pid)
	l.cpuSeconds = after - before
	return l, err
}
