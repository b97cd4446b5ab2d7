package cql2

import "wanglou/layers"

// Kind is what an expression's value is.
type Kind string

const (
	KindAny      Kind = "any" // not known before it is asked
	KindNumber   Kind = "number"
	KindText     Kind = "text"
	KindBool     Kind = "bool"
	KindTime     Kind = "time"
	KindInterval Kind = "interval"
	KindGeometry Kind = "geometry"
	KindArray    Kind = "array"
	KindOther    Kind = "other" // has a value, or none: JSON
)

// checkFilter checks that e is a condition whose operators have the arguments they need. kindOf tells the kinds of properties; without it every
// property may be anything, and every function exists.
func checkFilter(e Expr, kindOf func(name string) (Kind, bool)) error {
	c := checker{kindOf}
	k, err := c.kind(e, 0)
	if err == nil && k != KindBool && k != KindAny {
		err = fail(position(e, 0), "filter_not_a_condition", "the filter is a value, not a condition")
	}
	return err
}

func position(e Expr, otherwise int) int {
	switch e := e.(type) {
	case *Op:
		return e.Pos
	case Property:
		return e.Pos
	}
	return otherwise
}

type checker struct{ kindOf func(string) (Kind, bool) }

func (c checker) kind(e Expr, pos int) (Kind, error) {
	switch e := e.(type) {
	case String:
		return KindText, nil
	case Number:
		return KindNumber, nil
	case Bool:
		return KindBool, nil
	case Instant:
		return KindTime, nil
	case Geometry, BBox:
		return KindGeometry, nil
	case Property:
		if c.kindOf == nil {
			return KindAny, nil
		}
		k, ok := c.kindOf(e.Name)
		if !ok {
			return "", failWith(e.Pos, e.Name, "unknown_property", "there is no property %.60q", e.Name)
		}
		return k, nil
	case Interval:
		for _, end := range []Expr{e.Start, e.End} {
			if end != nil {
				if err := c.want(end, pos, KindTime); err != nil {
					return "", err
				}
			}
		}
		return KindInterval, nil
	case Array:
		for _, item := range e {
			if err := c.want(item, pos, KindText, KindNumber, KindBool, KindTime); err != nil {
				return "", err
			}
		}
		return KindArray, nil
	case *Op:
		return c.operator(e)
	}
	return "", fail(pos, "filter_syntax", "a value is expected")
}

// want checks that e may be of one of the kinds.
func (c checker) want(e Expr, pos int, kinds ...Kind) error {
	k, err := c.kind(e, pos)
	if err != nil {
		return err
	}
	if k == KindAny {
		return nil
	}
	for _, w := range kinds {
		if k == w {
			return nil
		}
	}
	return mismatch(position(e, pos), k, kinds[0])
}

func mismatch(pos int, have, want Kind) *layers.Error {
	e := fail(pos, "filter_type", "%s is expected here, not %s", want, have)
	e.Params["wanted"], e.Params["given"] = string(want), string(have)
	return e
}

func (c checker) operator(o *Op) (Kind, error) {
	least, most := 2, 2
	switch class := operators[o.Name]; {
	case o.Name == "and" || o.Name == "or":
		most = MaxNodes
	case o.Name == "not" || o.Name == "isNull" || class == classFold:
		least, most = 1, 1
	case o.Name == "between":
		least, most = 3, 3
	case class == classFunction:
		return c.function(o)
	}
	if len(o.Args) < least || len(o.Args) > most {
		return "", failWith(o.Pos, o.Name, "filter_arguments", "%s has %d arguments, not %d", o.Name, least, len(o.Args))
	}
	all := func(result Kind, kinds ...Kind) (Kind, error) {
		for _, a := range o.Args {
			if err := c.want(a, o.Pos, kinds...); err != nil {
				return "", err
			}
		}
		return result, nil
	}
	switch operators[o.Name] {
	case classLogic:
		return all(KindBool, KindBool)
	case classComparison:
		return KindBool, c.comparable(o, o.Args...)
	case classArithmetic:
		return all(KindNumber, KindNumber)
	case classFold:
		return all(KindText, KindText)
	case classSpatial:
		return all(KindBool, KindGeometry)
	case classTemporal:
		return all(KindBool, KindTime, KindInterval)
	case classArray:
		return all(KindBool, KindArray)
	}
	switch o.Name {
	case "isNull":
		_, err := c.kind(o.Args[0], o.Pos)
		return KindBool, err
	case "between":
		return KindBool, c.comparable(o, o.Args...)
	case "in":
		list, ok := o.Args[1].(Array)
		if !ok || len(list) == 0 {
			return "", failWith(o.Pos, o.Name, "filter_arguments", "IN is followed by a list of values")
		}
		return KindBool, c.comparable(o, append([]Expr{o.Args[0]}, list...)...)
	}
	return c.like(o)
}

// comparable checks that values can be compared with the first one.
func (c checker) comparable(o *Op, args ...Expr) error {
	first := KindAny
	for _, a := range args {
		if err := c.want(a, o.Pos, KindNumber, KindText, KindBool, KindTime); err != nil {
			return err
		}
		k, err := c.kind(a, o.Pos)
		switch {
		case err != nil:
			return err
		case k == KindAny:
		case first == KindAny:
			first = k
		case k != first:
			return mismatch(position(a, o.Pos), k, first)
		}
	}
	if first == KindBool && o.Name != "=" && o.Name != "<>" && o.Name != "in" {
		return failWith(o.Pos, o.Name, "filter_type", "true and false have no order")
	}
	return nil
}

func (c checker) like(o *Op) (Kind, error) {
	if err := c.want(o.Args[0], o.Pos, KindText); err != nil {
		return "", err
	}
	pattern := o.Args[1]
	for {
		fold, ok := pattern.(*Op)
		if !ok || operators[fold.Name] != classFold || len(fold.Args) != 1 {
			break
		}
		pattern = fold.Args[0]
	}
	s, ok := pattern.(String)
	if !ok {
		return "", failWith(o.Pos, o.Name, "filter_arguments", "LIKE is followed by a text")
	}
	escaped := false
	for _, r := range s {
		escaped = !escaped && r == '\\'
	}
	if escaped {
		return "", fail(o.Pos, "filter_syntax", "the pattern ends with a backslash")
	}
	return KindBool, nil
}

func (c checker) function(o *Op) (Kind, error) {
	f := function(o.Name)
	if f == nil && c.kindOf != nil {
		return "", failWith(o.Pos, o.Name, "unknown_function", "there is no function %.60q", o.Name)
	}
	if f == nil {
		for _, a := range o.Args {
			if _, err := c.kind(a, o.Pos); err != nil {
				return "", err
			}
		}
		return KindAny, nil
	}
	if len(o.Args) != len(f.Args) {
		return "", failWith(o.Pos, o.Name, "filter_arguments", "%s has %d arguments, not %d", o.Name, len(f.Args), len(o.Args))
	}
	for i, a := range o.Args {
		if err := c.want(a, o.Pos, f.Args[i]); err != nil {
			return "", err
		}
	}
	return f.Returns, nil
}
