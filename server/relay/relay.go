package relay

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where the log is kept.
type Options struct {
	Servers     string // nats://host:4222, several with commas between
	Credentials string // file of a NATS account; "" for none
	Stream      string // its name, and the first word of its subjects; default "WANGLOU"
	Replicas    int    // of the stream in a cluster; default 1
	MaxBytes    int64  // of the stream; default 1 GiB
	Logger      *slog.Logger
}

const (
	alivePeriod = time.Second
	minBackoff  = 100 * time.Millisecond
	maxBackoff  = 3 * time.Second
	// fragment is the most that one NATS message carries: its default limit is 1 MiB, with headers.
	fragment = 512 << 10
	// partHeader says which fragment of a message this is; one without it is the whole message.
	partHeader = "Wanglou-Part"
	partFirst  = "first"
	partNext   = "next"
	partLast   = "last"
)

func (o Options) withDefaults() Options {
	if o.Stream == "" {
		o.Stream = "WANGLOU"
	}
	if o.Replicas == 0 {
		o.Replicas = 1
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	o.Logger = o.Logger.With("stream", o.Stream)
	return o
}

func (o *Options) log() string   { return o.Stream + ".log" }
func (o *Options) start() string { return o.Stream + ".start" }
func (o *Options) alive() string { return o.Stream + ".alive" }

var errAddress = errors.New("the address of a NATS server cannot be read")

// session runs f over one connection; its context ends with the connection. There is no reconnecting below this: what a lost
// connection means is for f's caller to decide.
func (o *Options) session(ctx context.Context, f func(context.Context, *nats.Conn, jetstream.JetStream) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	options := []nats.Option{
		nats.Name("wanglou"), nats.NoReconnect(), nats.Timeout(3 * time.Second), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ClosedHandler(func(c *nats.Conn) {
			if err := c.LastError(); err != nil {
				cancel(err)
				return
			}
			cancel(nats.ErrConnectionClosed)
		}),
	}
	if o.Credentials != "" {
		options = append(options, nats.UserCredentials(o.Credentials))
	}
	conn, err := nats.Connect(o.Servers, options...)
	if unreadable := (*url.Error)(nil); errors.As(err, &unreadable) {
		return errAddress // the error itself would tell the password that may stand in the address
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	err = f(ctx, conn, js)
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		return cause
	}
	return err
}

// again runs one after another until ctx ends; worked says that the last one did what it was for, so that the next need not wait long.
func again(ctx context.Context, one func(context.Context) (worked bool, err error), failed func(err error, pause time.Duration)) error {
	backoff := minBackoff
	for {
		worked, err := one(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if worked {
			backoff = minBackoff
		}
		pause := backoff/2 + rand.N(backoff)
		failed(err, pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}
