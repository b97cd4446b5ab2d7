package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// broadcastFlag makes this program be the reference for the live stream: a websocket server that greets whoever comes, and sends all of them the same
// bytes when it is told to. It knows no sessions, rights, subscriptions or positions.
const broadcastFlag = "broadcast-server"

type broadcastServer struct{ *reference }

// startBroadcast starts the reference. The caller stops it.
func startBroadcast(ctx context.Context, e *env) (broadcastServer, error) {
	r, err := startReference(ctx, e, "--"+broadcastFlag)
	return broadcastServer{r}, err
}

func (s broadcastServer) dial(ctx context.Context) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+s.address+"/live", nil)
	return conn, err
}

// broadcast has it send frames of a size, so many a second, and returns when it has.
func (s broadcastServer) broadcast(ctx context.Context, frames, size, rate int) error {
	_, err := get(ctx, http.DefaultClient, fmt.Sprintf("http://%s/broadcast?frames=%d&size=%d&rate=%d", s.address, frames, size, rate))
	return err
}

// memory returns the bytes of its heap and stacks after a collection.
func (s broadcastServer) memory(ctx context.Context) (float64, error) {
	text, err := get(ctx, http.DefaultClient, "http://"+s.address+"/memory")
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(text), 64)
}

// serveBroadcast is the reference's main: it prints its address and serves until it is killed.
func serveBroadcast() error {
	var (
		mu      sync.Mutex
		clients = map[chan []byte]struct{}{}
	)
	mux := http.NewServeMux()
	mux.HandleFunc("/live", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		ctx := conn.CloseRead(context.Background())
		frames := make(chan []byte, 4)
		mu.Lock()
		clients[frames] = struct{}{}
		mu.Unlock()
		defer func() {
			mu.Lock()
			delete(clients, frames)
			mu.Unlock()
		}()
		for frame := []byte(`{"type":"hello"}`); ; {
			if conn.Write(ctx, websocket.MessageText, frame) != nil {
				return
			}
			select {
			case frame = <-frames:
			case <-ctx.Done():
				return
			}
		}
	})
	mux.HandleFunc("/broadcast", func(w http.ResponseWriter, r *http.Request) {
		frames, _ := strconv.Atoi(r.FormValue("frames"))
		size, _ := strconv.Atoi(r.FormValue("size"))
		rate, _ := strconv.Atoi(r.FormValue("rate"))
		frame := []byte(`"` + strings.Repeat("x", max(0, size-2)) + `"`)
		for range frames {
			mu.Lock()
			for c := range clients {
				c <- frame
			}
			mu.Unlock()
			time.Sleep(time.Second / time.Duration(max(1, rate)))
		}
	})
	mux.HandleFunc("/memory", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprint(w, m.HeapInuse+m.StackInuse)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, mux)
}
