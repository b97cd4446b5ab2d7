// Package whep carries cameras' pictures to browsers by WebRTC, as WHEP asks for them: an offer by HTTP, an answer, and then RTP. It is for pages that are not secure, whose browsers decode nothing by themselves.
// All connections go through one UDP port. No other host takes part: the answer names addresses of this machine, the browser calls, and what the offer says of addresses is not looked at.
// Pictures pass as the camera sent them.
package whep

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"wanglou/server/video"
)

const (
	clockRate    = video.ClockRate
	connectTime  = 15 * time.Second // from the answer to the connection
	gatherTime   = 5 * time.Second
	quiet        = 7 * time.Second // without a sign of the browser the line is called broken
	gone         = 8 * time.Second // and after that it is over
	sendBuffer   = 4 << 20         // bytes of the socket
	kept         = 1024            // packets that can be sent again, of each viewer
	playoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
)

// ErrGone is the end of a connection that never came to be, or whose browser is away.
var ErrGone = errors.New("the browser is gone")

// Gate is the port. It is safe for concurrent use.
type Gate struct {
	conn     *net.UDPConn
	mux      ice.UDPMux
	settings webrtc.SettingEngine
}

// Open listens on an address like 0.0.0.0:8189.
func Open(address string, log *slog.Logger) (*Gate, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address like 0.0.0.0:8189: %w", address, err)
	}
	g := &Gate{}
	if g.conn, err = net.ListenUDP("udp", at); err != nil {
		return nil, err
	}
	_ = g.conn.SetWriteBuffer(sendBuffer) // as much as the machine grants
	_ = g.conn.SetReadBuffer(sendBuffer)
	loggers := loggers{log}
	g.mux = webrtc.NewICEUDPMux(loggers.NewLogger("ice"), g.conn)
	s := &g.settings
	s.LoggerFactory = loggers
	s.SetICEUDPMux(g.mux)
	s.SetLite(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetIncludeLoopbackCandidate(at.IP.IsLoopback())
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(quiet, gone, 2*time.Second)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// Close ends all connections.
func (g *Gate) Close() error { return errors.Join(g.mux.Close(), g.conn.Close()) }

// Answer accepts an offer for a camera whose first picture is known. The session is closed by its owner; nobody is called before the browser has called.
func (g *Gate) Answer(o *Offer, first *video.Frame) (session *Session, answer string, err error) {
	codec, err := o.codec(first.Codec)
	if err != nil {
		return nil, "", err
	}
	s := &Session{mime: codec.MimeType, changed: make(chan webrtc.PeerConnectionState, 8)}
	media, chain := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, "", err
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: playoutDelay}, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, "", err
	}
	again, err := nack.NewResponderInterceptor(nack.ResponderSize(kept))
	if err != nil {
		return nil, "", err
	}
	reports, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, "", err
	}
	chain.Add(again)
	chain.Add(reports)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(g.settings))
	if s.conn, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	s.conn.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		select {
		case s.changed <- state:
		default: // it has ended already
		}
	})
	if s.track, err = webrtc.NewTrackLocalStaticRTP(codec.RTPCodecCapability, "video", "camera"); err != nil {
		return nil, "", err
	}
	way, err := s.conn.AddTransceiverFromTrack(s.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, "", err
	}
	s.sender = way.Sender()
	if err := s.conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.sdp}); err != nil {
		return nil, "", refused(err)
	}
	made, err := s.conn.CreateAnswer(nil)
	if err != nil {
		return nil, "", refused(err)
	}
	gathered := webrtc.GatheringCompletePromise(s.conn)
	if err := s.conn.SetLocalDescription(made); err != nil {
		return nil, "", refused(err)
	}
	select {
	case <-gathered:
	case <-time.After(gatherTime):
		return nil, "", errors.New("the addresses of this machine are not known in time")
	}
	return s, s.conn.LocalDescription().SDP, nil
}

// loggers hand what the libraries say to the log, all of it as debug: most of it is about strangers' packets.
type loggers struct{ log *slog.Logger }

func (l loggers) NewLogger(scope string) logging.LeveledLogger {
	return logger{l.log.With("part", "webrtc "+scope)}
}

type logger struct{ log *slog.Logger }

func (l logger) Trace(string)          {}
func (l logger) Tracef(string, ...any) {}
func (l logger) Debug(string)          {}
func (l logger) Debugf(string, ...any) {}
func (l logger) Info(string)           {}
func (l logger) Infof(string, ...any)  {}
func (l logger) Warn(m string)         { l.log.Debug(m) }
func (l logger) Warnf(f string, a ...any) {
	l.log.Debug(fmt.Sprintf(f, a...))
}
func (l logger) Error(m string) { l.log.Debug(m) }
func (l logger) Errorf(f string, a ...any) {
	l.log.Debug(fmt.Sprintf(f, a...))
}
