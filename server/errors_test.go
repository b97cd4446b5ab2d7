package server

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
)

// Every code that package layers declares has a status, so that a new one is not forgotten.
func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../layers/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		found++
		if code := layers.Code(lit.Value[1 : len(lit.Value)-1]); statusOf[code] == 0 {
			t.Errorf("code %s has no status", code)
		}
		return true
	})
	if found != len(statusOf) || found < 10 {
		t.Errorf("%d codes declared, %d with a status", found, len(statusOf))
	}
}

func TestWhatTheOutsideSees(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.1.2.3: password=hunter2")
	for name, c := range map[string]struct {
		err    error
		code   layers.Code
		status int
	}{
		"ours":            {layers.Invalid("point", "null_island", "no"), layers.CodeInvalid, 400},
		"wrapped":         {fmt.Errorf("tx: %w", layers.Errorf(layers.CodeConflict, "changed")), layers.CodeConflict, 409},
		"unavailable":     {&layers.Error{Code: layers.CodeUnavailable, Msg: "away", Err: secret}, layers.CodeUnavailable, 503},
		"storage":         {layers.Errorf(layers.CodeStorageFull, "full"), layers.CodeStorageFull, 507},
		"not ours":        {secret, layers.CodeInternal, 500},
		"internal":        {&layers.Error{Code: layers.CodeInternal, Field: "x", Msg: secret.Error(), Err: secret}, layers.CodeInternal, 500},
		"unknown code":    {&layers.Error{Code: "new", Msg: "?"}, "new", 500},
		"too large":       {&http.MaxBytesError{Limit: 5}, layers.CodeTooLarge, 413},
		"no route":        {echo.ErrNotFound, layers.CodeNotFound, 404},
		"wrong method":    {echo.ErrMethodNotAllowed, layers.CodeInvalid, 405},
		"echo, too large": {echo.ErrStatusRequestEntityTooLarge, layers.CodeTooLarge, 413},
		"echo, other":     {echo.ErrTeapot, layers.CodeInternal, 500},
		"deadline":        {fmt.Errorf("query: %w", context.DeadlineExceeded), layers.CodeUnavailable, 503},
		"given up":        {context.Canceled, layers.CodeUnavailable, 503},
	} {
		e, status := describe(c.err)
		if e.Code != c.code || status != c.status {
			t.Errorf("%s: %s, %d; want %s, %d", name, e.Code, status, c.code, c.status)
		}
		if (c.code == layers.CodeInternal) && (e.Field != "" || e.Msg == secret.Error() || e.Err != nil) {
			t.Errorf("%s: an internal error shows %v", name, e)
		}
	}
}
