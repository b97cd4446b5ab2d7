// Package cql2 is the filter language of the OGC API, CQL2 (OGC 21-065r2), in both of its forms, text and JSON.
//
// A filter is read once ([ParseText], [ParseJSON], [Parse]), checked against what a layer offers and compiled ([Compile]), and then
// asked for every feature ([Matcher.Match]), which allocates nothing except for the rarer spatial predicates. [Text] gives the canonical form, one
// for all spellings of a filter, which cache keys and ETags are made of. postgis/cqlsql turns the same tree into SQL; a test holds both to the same answers.
//
// What the standard leaves open, and what is decided here:
//   - Logic has three values, as in SQL: a comparison with a missing value is unknown, and so is its NOT. Only true matches.
//   - Numbers are compared exactly among whole numbers, else as float64. Arithmetic is float64; dividing by nothing is a missing value. div cuts towards zero.
//   - Text is compared by its bytes. CASEI folds letter by letter, ACCENTI takes the marks away (é → e).
//   - A DATE stands for its first moment (UTC) in comparisons, and for its whole day in the functions T_….
//   - Spatial predicates are planar, in degrees. Geometry literals are EPSG:4326, longitude first; [Transform] brings them there.
//   - A_EQUALS and its sisters compare sets: order and repetition do not count.
//   - id and geometry are properties of every layer, unless it has columns of that name.
//
// Everything is pure and safe for concurrent use.
package cql2
