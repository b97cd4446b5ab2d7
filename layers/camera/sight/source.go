package sight

import "context"

// Source is where buildings are kept.
type Source interface {
	// Version is another one after every change of the buildings.
	Version(ctx context.Context) (int64, error)
	// Scene reads all buildings, with the version that they have.
	Scene(ctx context.Context) (*Scene, error)
}
