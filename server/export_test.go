package server

// RouteNames returns "METHOD path" of every route, as the table has them.
func RouteNames() []string {
	out := make([]string, len(routes))
	for i, r := range routes {
		out[i] = r.method + " " + r.path
	}
	return out
}
