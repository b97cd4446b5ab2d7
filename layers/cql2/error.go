package cql2

import (
	"strconv"

	"wanglou/layers"
)

// Limits of one filter. What is over them is refused before it costs anything.
const (
	MaxLength   = 64 << 10 // bytes
	MaxDepth    = 48       // nesting
	MaxNodes    = 4096     // operators, properties and literals
	MaxVertices = 20_000   // of all geometries together
)

// field is the input field that errors name; the server renames it where a filter came in by another way.
const field = "filter"

// fail returns a CodeInvalid error with the place in the input, counted from 1 in bytes.
func fail(pos int, reason, format string, args ...any) *layers.Error {
	e := layers.Invalid(field, reason, format, args...)
	e.Params = map[string]string{"position": strconv.Itoa(pos + 1)}
	return e
}

// failWith adds a name to the parameters of the reason.
func failWith(pos int, name, reason, format string, args ...any) *layers.Error {
	e := fail(pos, reason, format, args...)
	e.Params["name"] = name
	return e
}

// budget counts what a filter uses up while it is read.
type budget struct{ nodes, vertices, depth int }

func (b *budget) node(pos int) error {
	if b.nodes++; b.nodes > MaxNodes {
		return fail(pos, "filter_too_large", "a filter has at most %d parts", MaxNodes)
	}
	return nil
}

func (b *budget) vertex(pos int) error {
	if b.vertices++; b.vertices > MaxVertices {
		return fail(pos, "filter_too_large", "the geometries of a filter have at most %d corners", MaxVertices)
	}
	return nil
}

func (b *budget) enter(pos int) error {
	if b.depth++; b.depth > MaxDepth {
		return fail(pos, "filter_too_deep", "a filter is nested at most %d deep", MaxDepth)
	}
	return nil
}

func (b *budget) leave() { b.depth-- }
