package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/postgis"
	"wanglou/server"
	"wanglou/server/gb28181"
	"wanglou/server/reach"
)

// SIPFlags say where recorders and cameras register by themselves: see docs/gb28181.md.
type SIPFlags struct {
	Listen   string `env:"WANGLOU_SIP_LISTEN" placeholder:"ADDRESS" help:"Hear devices of GB/T 28181 at this address, UDP and TCP, e.g. 0.0.0.0:5060. Only those within --camera-network are heard. Default: none are."`
	ID       string `name:"id" env:"WANGLOU_SIP_ID" placeholder:"20 DIGITS" help:"Id of this platform, as devices are told it."`
	Realm    string `env:"WANGLOU_SIP_REALM" help:"Domain of this platform. Default: the first ten digits of its id."`
	Ports    string `name:"media-ports" env:"WANGLOU_SIP_MEDIA_PORTS" placeholder:"FIRST-LAST" help:"Where pictures of devices come to; the even ones are used, one for each picture. Default: what the system gives. e.g. 30000-30200."`
	Media    string `name:"media-address" env:"WANGLOU_SIP_MEDIA_ADDRESS" placeholder:"ADDRESS" help:"Where devices are told to send pictures to. Default: the address of this machine that they are reached from."`
	MediaTCP bool   `name:"media-tcp" env:"WANGLOU_SIP_MEDIA_TCP" help:"Devices send pictures over TCP connections of their own, not by UDP: for networks that lose packets."`
	Password string `env:"WANGLOU_SIP_PASSWORD" help:"Password of the devices that have none of their own; better in the environment than here."`
}

// signalling is the server of devices and what it listens on.
type signalling struct {
	server  *gb28181.Server
	packets net.PacketConn
	conns   net.Listener
}

// open takes the address; nil where devices are not heard.
func (f *SIPFlags) open(ctx context.Context, app *App, db *postgis.DB, keys *camera.KeyRing, network reach.Ranges) (*signalling, error) {
	if f.Listen == "" {
		return nil, nil //nolint:nilnil // off
	}
	if len(network) == 0 {
		return nil, layers.Invalid("--camera-network", "required", "--sip-listen hears nobody without --camera-network: say where devices stand")
	}
	ports, address, err := f.media()
	if err != nil {
		return nil, err
	}
	s, err := gb28181.New(gb28181.Options{MediaPorts: ports, MediaAddress: address, MediaTCP: f.MediaTCP, ID: f.ID, Realm: f.Realm, Password: f.Password, Networks: network, Store: postgis.NewSignals(db, keys, app.Logger), Alarms: postgis.NewReports(db), Logger: app.Logger})
	if err != nil {
		return nil, err
	}
	out := &signalling{server: s}
	if out.packets, out.conns, err = gb28181.Listen(ctx, f.Listen); err != nil {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "--sip-listen", Reason: "not_an_address", Msg: "cannot listen on " + f.Listen, Err: err}
	}
	return out, nil
}

// media reads where pictures come to.
func (f *SIPFlags) media() (ports gb28181.Ports, address netip.Addr, err error) {
	if f.Ports != "" {
		first, last, _ := strings.Cut(f.Ports, "-")
		a, errA := strconv.ParseUint(first, 10, 16)
		b, errB := strconv.ParseUint(last, 10, 16)
		if errA != nil || errB != nil || a < 1024 || b < a+1 {
			return ports, address, layers.Invalid("--sip-media-ports", "bad_range", "%.40q is not a range of ports like 30000-30200, from 1024 on", f.Ports)
		}
		ports = gb28181.Ports{First: int(a), Last: int(b)} // #nosec G115 -- 16 bits
	}
	if f.Media != "" {
		if address, err = netip.ParseAddr(f.Media); err != nil || address.IsUnspecified() {
			return ports, address, layers.Invalid("--sip-media-address", "not_an_address", "%.60q is not an address that devices can send to", f.Media)
		}
	}
	return ports, address.Unmap(), nil
}

// devices are those that can be asked for pictures; nil where none are heard.
func (s *signalling) devices() server.Devices {
	if s == nil {
		return nil
	}
	return s.server
}

func (s *signalling) run(ctx context.Context) error { return s.server.Run(ctx, s.packets, s.conns) }

// close lets go of the addresses, of those that were taken.
func (s *signalling) close() {
	if s != nil {
		_, _ = s.packets.Close(), s.conns.Close() // closed already when run has ended
	}
}

// DevicePasswordCmd gives a device a password of its own.
type DevicePasswordCmd struct {
	Device string `arg:"" help:"Id of the device, 20 digits."`
}

// Run reads the password from the input, where no list of processes shows it.
func (c *DevicePasswordCmd) Run(ctx context.Context, app *App) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	keys, err := openKeys(app.Data)
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(io.LimitReader(app.Stdin, 1<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	password := strings.TrimRight(line, "\r\n")
	if err := postgis.NewSignals(db, keys, app.Logger).SetPassword(auth.WithActor(ctx, auth.Operator("camera device-password")), c.Device, password); err != nil {
		return err
	}
	if password == "" {
		fmt.Fprintln(app.Stdout, "The device has no password of its own any more.")
		return nil
	}
	fmt.Fprintln(app.Stdout, "The password is in force within half a minute.")
	return nil
}
