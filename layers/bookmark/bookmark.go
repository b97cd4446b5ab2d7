// Package bookmark is moments of the past that somebody wants to find again: 书签.
package bookmark

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of bookmarks.
const (
	Max      = 2000 // in an installation
	maxTitle = 80
)

// Bookmark is one moment. Who may see the area that holds those of its maker may see it.
type Bookmark struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Title     string    `json:"title"`
	AreaPath  string    `json:"area_path"` // "" is who sees everywhere
	Maker     string    `json:"maker"`     // name
	Mine      bool      `json:"mine"`      // the caller may delete it
	CreatedAt time.Time `json:"created_at"`
}

// Validate tidies the bookmark and reports the first wrong field: CodeInvalid. There are none of the future.
func (b *Bookmark) Validate(now time.Time) error {
	b.Title = strings.TrimSpace(b.Title)
	switch n := utf8.RuneCountInString(b.Title); {
	case n == 0:
		return layers.Invalid("title", "required", "a bookmark needs a title")
	case n > maxTitle:
		return layers.Invalid("title", "too_long", "the title has %d characters, at most %d are kept", n, maxTitle)
	case b.At.IsZero():
		return layers.Invalid("at", "required", "a moment is required")
	case b.At.After(now.Add(time.Minute)):
		return layers.Invalid("at", "in_future", "the moment lies in the future")
	}
	return nil
}

// Service keeps bookmarks. Every method asks what the actor of ctx may do, and writes audit rows for what it changes. Implemented by postgis.Bookmarks.
type Service interface {
	// Bookmarks lists those that the actor may see, the latest moment first.
	Bookmarks(ctx context.Context) ([]*Bookmark, error)
	// Create stores a bookmark of the actor's that was validated. CodeForbidden; CodeConflict with reason "too_many_bookmarks".
	Create(ctx context.Context, b *Bookmark) error
	// Delete forgets one of the actor's own; administrators forget any that they see. CodeNotFound, CodeForbidden with reason "not_your_bookmark".
	Delete(ctx context.Context, id int64) error
}
