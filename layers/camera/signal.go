package camera

import (
	"context"
	"time"

	"github.com/paulmach/orb"
)

// Device is a recorder or a camera that registers by itself (GB/T 28181).
type Device struct {
	ID           string    `json:"id"`        // 20 digits
	Address      string    `json:"address"`   // host and port that it was last heard from
	Transport    string    `json:"transport"` // "udp", "tcp"
	Agent        string    `json:"agent"`     // what it says of itself
	RegisteredAt time.Time `json:"registered_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	HeardAt      time.Time `json:"heard_at"` // the last sign of it
	Gone         bool      `json:"gone"`     // it said itself that it goes
	Channels     int       `json:"channels"`
}

// DeviceChannel is one entry of a device's catalogue.
type DeviceChannel struct {
	ID           string // 20 digits
	Name         string
	Parent       string // 20 digits, "" where it hangs on the device itself
	Manufacturer string
	Camera       bool // it has a picture; else it is a group
	Off          bool
	Fixed        bool       // it says that it does not turn
	Point        *orb.Point // EPSG:4326; nil where the device says none
}

// Signals keeps what devices tell of themselves. Implemented by postgis.Signals.
type Signals interface {
	// Devices lists those that have registered and have cameras in the actor's areas, or all of them to whom sees everywhere. The action is ActionManageCameras.
	Devices(ctx context.Context) ([]Device, error)
	// Channels lists the ids of the channels of each device.
	Channels(ctx context.Context) (map[string][]string, error)
	// Passwords lists the passwords of the devices that have one of their own.
	Passwords(ctx context.Context) (map[string]Login, error)
	// SetPassword seals the password of a device; "" takes it away.
	SetPassword(ctx context.Context, device, password string) error
	// Heard stores the state of devices, in one transaction.
	Heard(ctx context.Context, devices []Device) error
	// Catalog stores what hangs on a device, and enters those cameras into the registry that have a place within the county and that nobody has entered yet. A whole
	// one also forgets the channels that it does not have. A channel that a living device has already told of is not given to another one. It returns the ids that
	// the device has now.
	Catalog(ctx context.Context, device string, channels []DeviceChannel, whole bool) ([]string, error)
}

// IsDeviceID reports whether s is an id of GB/T 28181: 20 digits.
func IsDeviceID(s string) bool { return deviceID(s) }
