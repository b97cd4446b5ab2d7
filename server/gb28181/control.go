package gb28181

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"wanglou/layers/camera"
	"wanglou/server/gb28181/manscdp"
)

// ErrNoAnswer is the silence of a device that has taken a question.
var ErrNoAnswer = errors.New("the device does not answer in time")

// tellTime is how long is waited for the answer to a question, and for a command to be taken.
const tellTime = 5 * time.Second

// query is a question that a device was asked.
type query struct{ device, kind, sn string }

// Ask asks a device what it is and how it is: DeviceInfo and DeviceStatus. Devices that know one of the two alone are known by that.
func (s *Server) Ask(ctx context.Context, device string) (*manscdp.About, error) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	answers := make(chan manscdp.About, 2)
	kinds := []string{manscdp.DeviceInfo, manscdp.DeviceStatus}
	for _, kind := range kinds {
		q := query{device, kind, newSN()}
		s.mu.Lock()
		s.queries[q] = answers
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			delete(s.queries, q)
			s.mu.Unlock()
		}()
		if !s.registered(device) {
			return nil, ErrAway
		}
		if err := s.send(ctx, device, manscdp.Query(kind, q.sn, device)); err != nil {
			return nil, errors.Join(ErrNoAnswer, err)
		}
	}
	var out *manscdp.About
	for range kinds {
		select {
		case a := <-answers:
			if out == nil {
				out = &manscdp.About{}
			}
			merge(out, a)
		case <-ctx.Done():
			if out == nil {
				return nil, ErrNoAnswer
			}
			return out, nil
		}
	}
	return out, nil
}

// merge takes over what one answer says and the other does not.
func merge(out *manscdp.About, a manscdp.About) {
	for _, f := range [][2]*string{{&out.Name, &a.Name}, {&out.Manufacturer, &a.Manufacturer}, {&out.Model, &a.Model}, {&out.Firmware, &a.Firmware}, {&out.Result, &a.Result}, {&out.Online, &a.Online},
		{&out.Status, &a.Status}, {&out.Reason, &a.Reason}, {&out.Encode, &a.Encode}, {&out.Record, &a.Record}, {&out.Clock, &a.Clock}} {
		if *f[0] == "" || *f[1] == "ERROR" {
			*f[0] = *f[1]
		}
	}
	out.Channels = max(out.Channels, a.Channels)
}

// told hands an answer to who asked. What nobody asked for is passed over, and so is an answer of another device.
func (s *Server) told(device string, m *manscdp.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := query{device, m.Kind, m.SN}
	if to := s.queries[q]; to != nil {
		delete(s.queries, q) // once
		to <- *m.About       // there is room for both
	}
}

// Control tells the device of a channel what its camera shall do. It returns when the device has taken it, which does not say that the camera can.
func (s *Server) Control(ctx context.Context, device, channel string, c camera.Control) error {
	if !manscdp.ID(channel) || !s.registered(device) {
		return ErrAway
	}
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	if err := s.send(ctx, device, manscdp.Control(newSN(), channel, c)); err != nil {
		return errors.Join(ErrNoAnswer, err)
	}
	return nil
}

// registered reports whether a device can be told something.
func (s *Server) registered(device string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[device]
	return d != nil && !d.Gone && !s.o.Now().After(d.ExpiresAt) && s.client != nil
}

// newSN numbers what a device is asked.
func newSN() string { return strconv.Itoa(1 + rand.IntN(1<<30)) } // #nosec G404 -- it tells answers apart; who may answer is known otherwise
