package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"wanglou/layers/auth"
	"wanglou/postgis"
)

// TokenCmd groups what an administrator does with personal access tokens from the command line.
type TokenCmd struct {
	Add    TokenAddCmd    `cmd:"" help:"Make a token of an account, for QGIS, GDAL and other programs, and print its secret, once."`
	List   TokenListCmd   `cmd:"" help:"List the tokens and when each was used last."`
	Revoke TokenRevokeCmd `cmd:"" help:"End a token; it is refused within seconds."`
}

// withTokens opens accounts and tokens for one command.
func withTokens(ctx context.Context, app *App, f func(context.Context, *postgis.Users, *postgis.Tokens) error) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	return f(operator(ctx), postgis.NewUsers(db), postgis.NewTokens(db))
}

// TokenAddCmd makes a token.
type TokenAddCmd struct {
	Login  string `arg:"" help:"The account whose rights the token has."`
	Name   string `arg:"" help:"What it is for, e.g. 'QGIS of the survey office'."`
	Write  bool   `xor:"access" help:"Also what the account may change; default reading alone."`
	Intake bool   `xor:"access" help:"Hands in warnings and reports of another system, and reads nothing."`
	Days   int    `default:"365" help:"How long it holds."`
}

// Run makes the token.
func (c *TokenAddCmd) Run(ctx context.Context, app *App) error {
	return withTokens(ctx, app, func(ctx context.Context, users *postgis.Users, tokens *postgis.Tokens) error {
		u, err := byLogin(ctx, users, c.Login)
		if err != nil {
			return err
		}
		t := &auth.Token{Name: c.Name, Access: auth.AccessRead, ExpiresAt: time.Now().AddDate(0, 0, c.Days)}
		switch {
		case c.Write:
			t.Access = auth.AccessWrite
		case c.Intake:
			t.Access = auth.AccessIntake
		}
		secret, err := tokens.Create(auth.WithActor(ctx, &auth.Actor{User: u, Scope: u.Scope(), Remote: "local"}), t)
		if err != nil {
			return err
		}
		fmt.Fprintln(app.Stdout, secret)
		return nil
	})
}

// TokenListCmd lists the tokens.
type TokenListCmd struct{}

// Run prints one line a token.
func (TokenListCmd) Run(ctx context.Context, app *App) error {
	return withTokens(ctx, app, func(ctx context.Context, _ *postgis.Users, tokens *postgis.Tokens) error {
		all, err := tokens.Tokens(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(app.Stdout, 2, 0, 2, ' ', 0)
		fmt.Fprintln(w, "id\tlogin\tname\taccess\texpires\tlast used")
		for _, t := range all {
			used := "never"
			if t.LastUsed != nil {
				used = t.LastUsed.Format(time.DateTime)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Login, t.Name, t.Access, t.ExpiresAt.Format(time.DateOnly), used)
		}
		return w.Flush()
	})
}

// TokenRevokeCmd ends a token.
type TokenRevokeCmd struct {
	ID int64 `arg:"" help:"As listed."`
}

// Run revokes the token.
func (c *TokenRevokeCmd) Run(ctx context.Context, app *App) error {
	return withTokens(ctx, app, func(ctx context.Context, _ *postgis.Users, tokens *postgis.Tokens) error {
		if err := tokens.Revoke(ctx, c.ID); err != nil {
			return err
		}
		fmt.Fprintf(app.Stdout, "token %d is revoked\n", c.ID)
		return nil
	})
}
