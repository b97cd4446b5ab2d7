package gb28181

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"wanglou/layers/camera"
	"wanglou/server/gb28181/manscdp"
)

const (
	catalogEvery = time.Hour
	catalogRetry = 10 * time.Minute
	maxChannels  = 20_000 // of one device
)

// pages collects a catalogue, which comes in many messages.
type pages struct {
	items map[string]manscdp.Item
	sum   int // -1 until it is said
	none  int // entries without an id
	more  chan struct{}
}

// wantCatalog has the device asked for what hangs on it, as soon as it is its turn. The lock is held.
func (s *Server) wantCatalog(d *device, now time.Time) {
	select {
	case s.ask <- d.ID:
		d.asked = now.Add(catalogRetry) // unless it is had before
	default: // thousands wait; the next sign asks again
	}
}

func (s *Server) askAll(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-s.ask:
			if err := s.askOne(ctx, id); err != nil && ctx.Err() == nil {
				s.o.Logger.Warn("the catalogue of a device cannot be had: it is asked again", "device", id, "err", err)
			}
		}
	}
}

// askOne asks, waits until the last page is there or none comes any more, and stores what there is.
func (s *Server) askOne(ctx context.Context, id string) error {
	p := &pages{items: map[string]manscdp.Item{}, sum: -1, more: make(chan struct{}, 1)}
	s.mu.Lock()
	d := s.devices[id]
	if d == nil || d.pages != nil {
		s.mu.Unlock()
		return nil
	}
	d.pages = p
	row := d.Device
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		d.pages = nil
		s.mu.Unlock()
	}()
	if err := s.o.Store.Heard(ctx, []camera.Device{row}); err != nil { // what hangs on it needs it
		return err
	}
	if err := s.send(ctx, id, manscdp.Query(manscdp.Catalog, newSN(), id)); err != nil {
		return err
	}
	whole := false
	for waiting := true; waiting && !whole; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.more:
		case <-time.After(s.o.Page):
			waiting = false
		}
		s.mu.Lock()
		whole = p.sum >= 0 && len(p.items)+p.none >= p.sum
		s.mu.Unlock()
	}
	s.mu.Lock()
	channels := make([]camera.DeviceChannel, 0, len(p.items))
	for _, i := range p.items {
		channels = append(channels, i.Channel())
	}
	sum := p.sum
	s.mu.Unlock()
	if len(channels) == 0 && !whole {
		return fmt.Errorf("no answer")
	}
	ids, err := s.o.Store.Catalog(ctx, id, channels, whole)
	if err != nil {
		return err
	}
	s.mu.Lock()
	d.channels = setOf(ids)
	if whole {
		d.asked = s.o.Now().Add(catalogEvery)
	}
	s.mu.Unlock()
	if !whole {
		return fmt.Errorf("%d entries came, %d were told of", len(channels), sum)
	}
	return nil
}

// page takes one message of a catalogue. What nobody asked for is passed over; old devices do not repeat the number of the question.
func (s *Server) page(_ context.Context, id string, m *manscdp.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[id]
	if d == nil || d.pages == nil {
		return
	}
	p := d.pages
	if m.Sum > 0 { // a device that says nothing has told all of it when nothing comes any more; what it had stays
		p.sum = min(m.Sum, maxChannels)
	}
	p.none += m.Skipped
	for _, i := range m.Items {
		if len(p.items) < maxChannels {
			p.items[i.ID] = i
		}
	}
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// send tells a device something, where it was last heard from, and waits until it has taken it.
func (s *Server) send(ctx context.Context, id string, body []byte) error {
	s.mu.Lock()
	d := s.devices[id]
	if d == nil {
		s.mu.Unlock()
		return fmt.Errorf("it is not registered")
	}
	address, transport := d.Address, d.Transport
	s.mu.Unlock()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	req := sip.NewRequest(sip.MESSAGE, sip.Uri{Scheme: "sip", User: id, Host: host, Port: n})
	req.SetTransport(sip.NetworkToUpper(transport))
	req.SetDestination(address)
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: s.o.ID, Host: s.o.Realm}}
	from.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: id, Host: s.o.Realm}})
	req.AppendHeader(sip.NewHeader("Content-Type", "Application/MANSCDP+xml"))
	req.SetBody(body)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	res, err := s.client.Do(ctx, req)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}
