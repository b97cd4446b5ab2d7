package manscdp

import (
	"bytes"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/camera"
)

const maxPages = 1000 // of a file

// ReadCatalog reads a file of catalogue messages of one device, one behind the other, as they come page by page. It says which device it is.
func ReadCatalog(file []byte) (device string, items []Item, err error) {
	const begin, end = "<Response", "</Response>"
	for page := 0; ; page++ {
		at := bytes.Index(file, []byte(begin))
		if at < 0 {
			break
		}
		n := bytes.Index(file[at:], []byte(end))
		if n < 0 || page == maxPages {
			return "", nil, fmt.Errorf("%w: message %d has no end, or there are over %d", Err, page+1, maxPages)
		}
		m, err := Parse(file[at:at+n+len(end)], time.UTC)
		switch {
		case err != nil:
			return "", nil, fmt.Errorf("message %d: %w", page+1, err)
		case m.Kind != Catalog:
			return "", nil, fmt.Errorf("%w: message %d is a %.20q", Err, page+1, m.Kind)
		case device != "" && device != m.DeviceID:
			return "", nil, fmt.Errorf("%w: message %d is of another device", Err, page+1)
		}
		device, items, file = m.DeviceID, append(items, m.Items...), file[at+n+len(end):]
	}
	if device == "" {
		return "", nil, Err
	}
	return device, items, nil
}

// Channel is the entry as it is kept.
func (i *Item) Channel() camera.DeviceChannel {
	c := camera.DeviceChannel{ID: i.ID, Name: i.Name, Parent: i.Parent, Manufacturer: i.Manufacturer, Camera: !i.Group, Off: i.Off, Fixed: i.Fixed}
	if i.Point != nil {
		at := orb.Point(*i.Point)
		c.Point = &at
	}
	return c
}
