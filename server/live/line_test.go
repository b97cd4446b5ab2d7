package live

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Whoever closes a client after its answer has ended comes too late, and writes nothing.
func TestNothingIsWrittenAfterTheAnswer(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	l := &eventLine{w: w, rc: http.NewResponseController(w), limit: time.Second, cancel: func() {}}
	l.finish()
	l.end(websocket.StatusGoingAway, "too late")
	if err := l.send(t.Context(), "diff", "", []byte("{}")); err == nil || w.Body.Len() > 0 {
		t.Errorf("%v, %q", err, w.Body)
	}
}
