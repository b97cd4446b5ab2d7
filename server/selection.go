package server

import (
	"net/url"
	"strings"

	"wanglou/layers"
	"wanglou/layers/cql2"
	"wanglou/tiles"
)

// selection reads what of a source a request wants: filter, filter-lang, datetime, properties. Other parameters mean nothing here.
func selection(query url.Values) (tiles.Selection, error) {
	var where cql2.Expr
	if filter := query.Get("filter"); filter != "" {
		var err error
		if where, err = cql2.Parse(filter, query.Get("filter-lang")); err != nil {
			return tiles.Selection{}, err
		}
	}
	from, to, err := cql2.ParseDatetime(query.Get("datetime"))
	if err != nil {
		return tiles.Selection{}, err
	}
	var properties []string
	if query.Has("properties") {
		properties = []string{}
		for name := range strings.SplitSeq(query.Get("properties"), ",") {
			if name != "" {
				properties = append(properties, name)
			}
		}
	}
	if len(properties) > maxProperties {
		return tiles.Selection{}, layers.Invalid("properties", "too_long", "at most %d properties", maxProperties)
	}
	return tiles.NewSelection(where, from, to, properties), nil
}

const maxProperties = 256
