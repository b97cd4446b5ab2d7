package live

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"wanglou/server/geojson"
)

// line is how frames reach one client.
type line interface {
	// send sends a frame. token is the one that the client may keep when it has the frame, "" for none.
	send(ctx context.Context, kind, token string, frame []byte) error
	// patient reports whether a send may take as long as it takes: then no clock of the hub's runs beside it.
	patient() bool
	// end tells the client why there is nothing more, as far as it still hears. It is called once, from any goroutine.
	end(code websocket.StatusCode, reason string)
}

// socketLine is a websocket. Its frames say themselves what they are.
type socketLine struct{ conn *websocket.Conn }

// send does without its context, which would cost a tenth of the writing: the hub's clock ends a write that takes too long.
func (l socketLine) send(_ context.Context, _, _ string, frame []byte) error {
	kind := websocket.MessageText
	if isBulk(frame) {
		kind = websocket.MessageBinary
	}
	return l.conn.Write(context.Background(), kind, frame)
}

func (socketLine) patient() bool { return false }

func (l socketLine) end(code websocket.StatusCode, reason string) {
	_ = l.conn.Close(code, reason) // an error means that it was already broken
}

var errEnded = errors.New("the stream has ended")

// eventLine is a stream of Server-Sent Events: the frame's type is the event's, the token its id, by which a client goes on.
type eventLine struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	limit  time.Duration // of one write
	cancel context.CancelFunc

	mu   sync.Mutex
	over bool
	buf  []byte
}

func (l *eventLine) send(_ context.Context, kind, token string, frame []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errEnded
	}
	err := l.write(kind, token, frame)
	if kind == "error" { // the one subscription is over
		l.over = true
		l.cancel()
	}
	return err
}

func (*eventLine) patient() bool { return false }

// write sends one event. JSON has no raw line breaks: the frame is one line of data.
func (l *eventLine) write(kind, token string, frame []byte) error {
	b := append(append(l.buf[:0], "event: "...), kind...)
	if token != "" {
		b = append(append(b, "\nid: "...), token...)
	}
	b = append(append(append(b, "\ndata: "...), frame...), "\n\n"...)
	if l.buf = b; cap(b) > 2*partBytes {
		l.buf = nil
	}
	if err := l.rc.SetWriteDeadline(time.Now().Add(l.limit)); err != nil {
		return err
	}
	if _, err := l.w.Write(b); err != nil {
		return err
	}
	return l.rc.Flush()
}

// end sends an event "close" with the code that a websocket would have had.
func (l *eventLine) end(code websocket.StatusCode, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.over = true
		frame := append(strconv.AppendInt([]byte(`{"type":"close","code":`), int64(code), 10), `,"reason":`...)
		_ = l.write("close", "", append(geojson.AppendString(frame, reason), '}')) // whoever is gone hears nothing
	}
	l.cancel()
}

// finish waits for what is being written; nothing is written after it: the answer belongs to the server again, and who closes the client from elsewhere may be late.
func (l *eventLine) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

// funcLine is a client within the program.
type funcLine struct {
	take   func(ctx context.Context, kind, token string, frame []byte) error
	cancel context.CancelCauseFunc
}

func (l *funcLine) send(ctx context.Context, kind, token string, frame []byte) error {
	if kind == "hello" || kind == "heartbeat" {
		return nil
	}
	err := l.take(ctx, kind, token, frame)
	if err != nil {
		l.cancel(err)
	}
	return err
}

func (*funcLine) patient() bool { return true }

func (l *funcLine) end(code websocket.StatusCode, reason string) {
	l.cancel(websocket.CloseError{Code: code, Reason: reason})
}
