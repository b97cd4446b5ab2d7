package cql2

import (
	"math"
	"strconv"
	"strings"
)

// Parse reads a filter in the language that a request names: "cql2-text" (or ""), "cql2-json".
func Parse(filter, lang string) (Expr, error) {
	switch lang {
	case "", "cql2-text":
		return ParseText(filter)
	case "cql2-json":
		return ParseJSON([]byte(filter))
	}
	e := fail(0, "unknown_filter_lang", "filter-lang %q is neither cql2-text nor cql2-json", lang)
	e.Field, e.Params = "filter-lang", map[string]string{"name": lang}
	return nil, e
}

// ParseText reads CQL2 text. Errors are CodeInvalid with field "filter", a reason, and the position as a parameter.
func ParseText(s string) (Expr, error) {
	if len(s) > MaxLength {
		return nil, fail(MaxLength, "filter_too_large", "a filter has at most %d bytes", MaxLength)
	}
	p := &parser{lexer: lexer{src: s}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, fail(0, "filter_syntax", "the filter is empty")
	}
	e, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("the end of the filter")
	}
	return e, checkFilter(e, nil)
}

// parser is a recursive descent over one grammar of conditions and values together; check tells them apart afterwards, because "(" may begin either.
type parser struct {
	lexer  lexer
	tok    token // the next one
	budget budget
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lexer.next()
	return err
}

func (p *parser) unexpected(wanted string) error {
	if p.tok.kind == tokenEnd {
		return fail(p.tok.pos, "filter_syntax", "%s is expected at the end of the filter", wanted)
	}
	return fail(p.tok.pos, "filter_syntax", "%s is expected, not %q", wanted, p.lexer.src[p.tok.pos:p.tok.end])
}

// take goes past the next token when it is that sign.
func (p *parser) take(sign string) (bool, error) {
	if !p.tok.sign(sign) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) takeKeyword(word string) (bool, error) {
	if !p.tok.is(word) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(sign string) error {
	ok, err := p.take(sign)
	if err == nil && !ok {
		err = p.unexpected(strconv.Quote(sign))
	}
	return err
}

func (p *parser) expectKeyword(word string) error {
	ok, err := p.takeKeyword(word)
	if err == nil && !ok {
		err = p.unexpected(word)
	}
	return err
}

func (p *parser) op(pos int, name string, args ...Expr) (Expr, error) {
	return &Op{Name: name, Args: args, Pos: pos}, p.budget.node(pos)
}

func (p *parser) expression() (Expr, error) {
	if err := p.budget.enter(p.tok.pos); err != nil {
		return nil, err
	}
	defer p.budget.leave()
	return p.chain("or", func() (Expr, error) { return p.chain("and", p.negation) })
}

// chain reads a AND b AND c as one operator; nested ones of the same name join it.
func (p *parser) chain(word string, next func() (Expr, error)) (Expr, error) {
	first, err := next()
	if err != nil || !p.tok.is(word) {
		return first, err
	}
	pos := p.tok.pos
	args := joined(nil, word, first)
	for p.tok.is(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		e, err := next()
		if err != nil {
			return nil, err
		}
		args = joined(args, word, e)
	}
	return p.op(pos, word, args...)
}

func joined(args []Expr, name string, e Expr) []Expr {
	if o, ok := e.(*Op); ok && o.Name == name {
		return append(args, o.Args...)
	}
	return append(args, e)
}

func (p *parser) negation() (Expr, error) {
	pos := p.tok.pos
	if ok, err := p.takeKeyword("not"); err != nil || !ok {
		if err != nil {
			return nil, err
		}
		return p.predicate()
	}
	if err := p.budget.enter(pos); err != nil {
		return nil, err
	}
	defer p.budget.leave()
	e, err := p.negation()
	if err != nil {
		return nil, err
	}
	return p.op(pos, "not", e)
}

func (p *parser) predicate() (Expr, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	pos := p.tok.pos
	if p.tok.kind == tokenSign && operators[p.tok.text] == classComparison {
		name := p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.op(pos, name, left, right)
	}
	if ok, err := p.takeKeyword("is"); err != nil {
		return nil, err
	} else if ok {
		not, err := p.takeKeyword("not")
		if err != nil {
			return nil, err
		}
		if err := p.expectKeyword("null"); err != nil {
			return nil, err
		}
		return p.negated(not, pos, "isNull", left)
	}
	not, err := p.takeKeyword("not")
	if err != nil {
		return nil, err
	}
	switch {
	case p.tok.is("like"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		pattern, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.negated(not, pos, "like", left, pattern)
	case p.tok.is("between"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		low, err := p.sum()
		if err != nil {
			return nil, err
		}
		if err := p.expectKeyword("and"); err != nil {
			return nil, err
		}
		high, err := p.sum()
		if err != nil {
			return nil, err
		}
		return p.negated(not, pos, "between", left, low, high)
	case p.tok.is("in"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.expect("("); err != nil {
			return nil, err
		}
		items, err := p.list()
		if err != nil {
			return nil, err
		}
		return p.negated(not, pos, "in", left, Array(items))
	}
	if not {
		return nil, p.unexpected("LIKE, BETWEEN or IN")
	}
	return left, nil
}

func (p *parser) negated(not bool, pos int, name string, args ...Expr) (Expr, error) {
	e, err := p.op(pos, name, args...)
	if err == nil && not {
		e, err = p.op(pos, "not", e)
	}
	return e, err
}

// list reads values up to ")", which it takes.
func (p *parser) list() ([]Expr, error) {
	items := []Expr{}
	if ok, err := p.take(")"); err != nil || ok {
		return items, err
	}
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, e)
		if ok, err := p.take(","); err != nil {
			return nil, err
		} else if !ok {
			return items, p.expect(")")
		}
	}
}

func (p *parser) sum() (Expr, error) { return p.left([]string{"+", "-"}, p.term) }

func (p *parser) term() (Expr, error) { return p.left([]string{"*", "/", "%", "div"}, p.power) }

// left reads operators that are taken from the left.
func (p *parser) left(names []string, next func() (Expr, error)) (Expr, error) {
	e, err := next()
	for err == nil {
		name := ""
		for _, n := range names {
			if p.tok.sign(n) || n == "div" && p.tok.is(n) {
				name = n
			}
		}
		if name == "" {
			return e, nil
		}
		pos := p.tok.pos
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := next()
		if err != nil {
			return nil, err
		}
		if e, err = p.op(pos, name, e, right); err != nil {
			return nil, err
		}
		if err := p.budget.enter(pos); err != nil { // the tree grows to the left, and is walked by recursion
			return nil, err
		}
		defer p.budget.leave()
	}
	return nil, err
}

func (p *parser) power() (Expr, error) {
	base, err := p.unary()
	if err != nil || !p.tok.sign("^") {
		return base, err
	}
	pos := p.tok.pos
	if err := p.budget.enter(pos); err != nil {
		return nil, err
	}
	defer p.budget.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	exponent, err := p.power()
	if err != nil {
		return nil, err
	}
	return p.op(pos, "^", base, exponent)
}

func (p *parser) unary() (Expr, error) {
	pos := p.tok.pos
	minus := p.tok.sign("-")
	if !minus && !p.tok.sign("+") {
		return p.primary()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenNumber {
		text := p.tok.text
		if minus {
			text = "-" + text
		}
		n, err := number(pos, text)
		if err != nil {
			return nil, err
		}
		if err := p.budget.node(pos); err != nil {
			return nil, err
		}
		return n, p.advance()
	}
	e, err := p.primary()
	if err != nil || !minus {
		return e, err
	}
	return p.op(pos, "*", Number{Int: -1, Float: -1, Whole: true}, e)
}

// number reads a numeric literal. What is too large for a float64 is an error.
func number(pos int, s string) (Number, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return Number{}, fail(pos, "filter_number", "%.40s is not a number that can be compared", s)
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Number{Int: i, Float: f, Whole: true}, nil
	}
	return newNumber(f), nil
}

// newNumber makes 3.0 the whole number 3: all spellings of a number are one.
func newNumber(f float64) Number {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return Number{Int: int64(f), Float: f + 0, Whole: true} // + 0: no negative zero
	}
	return Number{Float: f}
}

func (p *parser) primary() (Expr, error) {
	t := p.tok
	if err := p.budget.node(t.pos); err != nil {
		return nil, err
	}
	switch {
	case t.kind == tokenString:
		return String(t.text), p.advance()
	case t.kind == tokenNumber:
		n, err := number(t.pos, t.text)
		if err != nil {
			return nil, err
		}
		return n, p.advance()
	case t.kind == tokenQuoted:
		return Property{Name: t.text, Pos: t.pos}, p.advance()
	case t.sign("("):
		return p.group()
	case t.kind != tokenName:
		return nil, p.unexpected("a value")
	case t.is("true"), t.is("false"):
		return Bool(t.is("true")), p.advance()
	case reserved[lower(t.text)]:
		return nil, p.unexpected("a value")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.text == "" || !p.tok.sign("(") && !(isShape(t.text) && (p.tok.is("z") || p.tok.is("m") || p.tok.is("zm"))) {
		return Property{Name: t.text, Pos: t.pos}, nil
	}
	if err := p.budget.enter(t.pos); err != nil {
		return nil, err
	}
	defer p.budget.leave()
	return p.call(t)
}

// reserved words are no names of properties, unless they are quoted.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "is": true, "null": true, "like": true, "between": true, "in": true, "true": true, "false": true, "div": true}

// group reads what stands in parentheses: a condition, a value, or a list of values.
func (p *parser) group() (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	items, err := p.list()
	if err != nil {
		return nil, err
	}
	if len(items) == 1 {
		return items[0], nil
	}
	return Array(items), nil
}

// call reads what follows name: a literal with parentheses, an operator that is written as a function, or a custom function.
func (p *parser) call(name token) (Expr, error) {
	word := lower(name.text)
	switch word {
	case "date", "timestamp":
		if err := p.advance(); err != nil {
			return nil, err
		}
		s := p.tok
		if s.kind != tokenString {
			return nil, p.unexpected("a text such as '2026-01-31'")
		}
		i, err := instant(s.pos, s.text, word == "date")
		if err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return i, p.expect(")")
	case "interval":
		return p.interval()
	case "bbox", "envelope":
		return p.bbox()
	}
	if isShape(name.text) {
		g, err := p.wkt(name, true)
		if err != nil {
			return nil, err
		}
		return Geometry{g}, checkShape(name.pos, g)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.list()
	if err != nil {
		return nil, err
	}
	if known, ok := called[word]; ok {
		if operators[known] == classArray {
			for i, a := range args {
				args[i] = listOfOne(a)
			}
		}
		return &Op{Name: known, Args: args, Pos: name.pos}, nil
	}
	if _, ok := operators[name.text]; ok {
		return nil, fail(name.pos, "filter_syntax", "%s is not a function", name.text)
	}
	return &Op{Name: name.text, Args: args, Pos: name.pos}, nil
}

// listOfOne makes a list of ('a'), which reads like a value in parentheses, where a list is wanted.
func listOfOne(e Expr) Expr {
	switch e.(type) {
	case String, Number, Bool, Instant:
		return Array{e}
	}
	return e
}

func (p *parser) interval() (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	end := func() (Expr, error) {
		if s := p.tok; s.kind == tokenString {
			if err := p.advance(); err != nil {
				return nil, err
			}
			return intervalEnd(s.pos, s.text)
		}
		return p.expression()
	}
	start, err := end()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	last, err := end()
	if err != nil {
		return nil, err
	}
	i := Interval{start, last}
	if err := checkInterval(p.tok.pos, i); err != nil {
		return nil, err
	}
	return i, p.expect(")")
}

func (p *parser) bbox() (Expr, error) {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	var n []float64
	for {
		f, err := p.coordinate()
		if err != nil {
			return nil, err
		}
		n = append(n, f)
		if ok, err := p.take(","); err != nil {
			return nil, err
		} else if !ok || len(n) == 6 {
			break
		}
	}
	b, err := newBBox(pos, n)
	if err != nil {
		return nil, err
	}
	return b, p.expect(")")
}

func (p *parser) coordinate() (float64, error) {
	sign := 1.0
	if ok, err := p.take("-"); err != nil {
		return 0, err
	} else if ok {
		sign = -1
	} else if _, err := p.take("+"); err != nil {
		return 0, err
	}
	t := p.tok
	if t.kind != tokenNumber {
		return 0, p.unexpected("a number")
	}
	n, err := number(t.pos, t.text)
	if err != nil {
		return 0, err
	}
	return sign*n.Float + 0, p.advance()
}

// isShape reports whether a geometry literal may begin with name.
func isShape(name string) bool {
	switch strings.ToUpper(name) {
	case "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION":
		return true
	}
	return false
}
