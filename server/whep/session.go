package whep

import (
	"context"
	"fmt"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"wanglou/layers"
	"wanglou/server/video"
	"wanglou/server/video/nal"
)

const (
	packetSize = 1200                 // bytes of RTP payload
	burst      = 32                   // packets sent without a pause
	burstPause = 3 * time.Millisecond // about 100 Mbit/s: what is faster, networks and browsers drop
	squeezed   = clockRate / 1000     // from one picture to the next of those that are there at the beginning
)

// Session is one browser's connection.
type Session struct {
	mime    string
	conn    *webrtc.PeerConnection
	track   *webrtc.TrackLocalStaticRTP
	sender  *webrtc.RTPSender
	changed chan webrtc.PeerConnectionState
}

// refused is what a library says of an offer that it cannot take.
func refused(err error) error {
	return &layers.Error{Code: layers.CodeInvalid, Field: "offer", Reason: "bad_offer", Msg: "the offer cannot be answered", Err: err}
}

// Close ends the connection.
func (s *Session) Close() { _ = s.conn.Close() }

// Play waits for the browser and sends what the viewer gets, first first, until ctx ends, the browser is gone or the camera changes its codec. sent counts the pictures.
func (s *Session) Play(ctx context.Context, first *video.Frame, viewer *video.Viewer, sent *int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	connected := make(chan struct{})
	go s.follow(ctx, cancel, connected)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(connectTime):
		return ErrGone
	case <-connected:
	}
	go func() { // what the browser reports, which is how it asks for a packet once more
		b := make([]byte, 1500)
		for {
			if _, _, err := s.sender.Read(b); err != nil {
				return
			}
		}
	}()
	w := s.newWriter()
	waiting := viewer.Waiting()
	for f := first; ; {
		if f != nil {
			if f.Key && f.Codec != "" && nal.IsH265(f.Codec) != (s.mime == webrtc.MimeTypeH265) {
				return fmt.Errorf("the camera plays %s now", f.Codec)
			}
			if err := w.write(ctx, f, waiting > 0); err != nil {
				return err
			}
			*sent++
			waiting--
		}
		var err error
		if f, _, err = viewer.Next(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
	}
}

// follow tells when the browser is there, and when it is gone.
func (s *Session) follow(ctx context.Context, cancel context.CancelCauseFunc, connected chan<- struct{}) {
	there := false
	for {
		select {
		case <-ctx.Done():
			return
		case state := <-s.changed:
			switch state {
			case webrtc.PeerConnectionStateConnected:
				if !there {
					close(connected)
				}
				there = true
			case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
				cancel(ErrGone)
				return
			}
		}
	}
}

// writer makes packets of pictures.
type writer struct {
	to        *webrtc.TrackLocalStaticRTP
	packets   rtp.Packetizer
	clock     clock
	extension uint8 // of the playout delay; 0 where the browser knows none
}

func (s *Session) newWriter() *writer {
	var payloader rtp.Payloader = &codecs.H264Payloader{}
	if s.mime == webrtc.MimeTypeH265 {
		payloader = &codecs.H265Payloader{}
	}
	w := &writer{to: s.track, packets: rtp.NewPacketizer(packetSize, 0, 0, payloader, rtp.NewRandomSequencer(), clockRate)} // type and source are set by the track
	for _, e := range s.sender.GetParameters().HeaderExtensions {
		if e.URI == playoutDelay {
			w.extension = uint8(e.ID) // #nosec G115 -- under 15
		}
	}
	return w
}

// write sends one picture; old are those that were there at the beginning. Key pictures say that pictures are to be shown as soon as they are there: browsers would else hold some back, and
// play the old ones at their own pace.
func (w *writer) write(ctx context.Context, f *video.Frame, old bool) error {
	stamp := w.clock.stamp(f, old)
	delay, err := rtp.PlayoutDelayExtension{}.Marshal()
	if err != nil {
		return err
	}
	for i, p := range w.packets.Packetize(f.Data, 0) {
		p.Timestamp = stamp
		if w.extension != 0 && f.Key {
			if err := p.SetExtension(w.extension, delay); err != nil {
				return err
			}
		}
		if err := w.to.WriteRTP(p); err != nil {
			return err
		}
		if i%burst == burst-1 || old && i == 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(burstPause):
			}
		}
	}
	return nil
}

// clock turns a camera's clock into one that only goes forward.
type clock struct {
	video.Clock
	out    uint32
	wasOld bool // the last picture
}

// stamp returns the RTP time of a picture. Old pictures follow each other at once.
func (c *clock) stamp(f *video.Frame, old bool) uint32 {
	passed := c.Passed(f)
	if passed > 0 && (old || c.wasOld) {
		passed = squeezed
	}
	c.wasOld = old
	c.out += passed
	return c.out
}
