package tiles

import (
	"wanglou/layers/auth"
)

// Private is a source of which not everybody who is signed in may know everything.
type Private interface {
	// InfoFor returns what the scope may know, CodeNotFound when that is nothing.
	InfoFor(scope *auth.Scope) (Info, error)
}

// InfoFor returns what the scope may know of a source.
func InfoFor(src Source, scope *auth.Scope) (Info, error) {
	if p, ok := src.(Private); ok {
		return p.InfoFor(scope)
	}
	return src.Info(), nil
}

// InfoFor implements [Private]: the extent of a layer with areas would tell of features that others may not see, so it is that of
// what the scope sees. For scopes of some areas that costs a look at each feature.
func (v *Vector) InfoFor(scope *auth.Scope) (Info, error) {
	info := v.Info()
	if l := v.replica.Layer(v.layer); l != nil && !scope.SeesAll(l) {
		info.Bound = v.boundFor(scope)
	}
	return info, nil
}
