package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/postgis"
)

// UserCmd groups what an administrator does with accounts from the command line.
type UserCmd struct {
	Add     UserAddCmd     `cmd:"" help:"Make an account. The password is asked for, or read from standard input."`
	List    UserListCmd    `cmd:"" help:"List the accounts."`
	Passwd  UserPasswdCmd  `cmd:"" help:"Set an account's password: asked for, or read from standard input."`
	Disable UserDisableCmd `cmd:"" help:"Shut an account out; its sessions end within seconds."`
	Enable  UserEnableCmd  `cmd:"" help:"Let a disabled account in again."`
}

// operator is who acts through the command line: whoever may run it on this machine may do everything.
func operator(ctx context.Context) context.Context {
	u := &auth.User{Login: "command line", Roles: []auth.Role{auth.RoleAdmin}, Areas: []string{auth.Everywhere}}
	return auth.WithActor(ctx, &auth.Actor{User: u, Scope: u.Scope(), Remote: "local"})
}

// withUsers opens the accounts for one command.
func withUsers(ctx context.Context, app *App, f func(context.Context, *postgis.Users) error) error {
	db, closeDB, err := app.Open(ctx)
	if err != nil {
		return err
	}
	defer closeDB()
	return f(operator(ctx), postgis.NewUsers(db))
}

// byLogin returns one account.
func byLogin(ctx context.Context, users *postgis.Users, login string) (*auth.User, error) {
	all, err := users.Users(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range all {
		if u.Login == auth.FoldLogin(login) {
			return u, nil
		}
	}
	return nil, layers.Errorf(layers.CodeNotFound, "there is no account %q", login)
}

// UserAddCmd makes an account.
type UserAddCmd struct {
	Login string   `arg:"" help:"2 to 64 of a–z, 0–9, dot, line, underline."`
	Name  string   `help:"Name of the person; default the login."`
	Role  []string `required:"" enum:"viewer,duty_officer,dispatcher,unit,drone_team,supervisor,admin" help:"Roles: ${enum}."`
	Area  []string `default:"*" help:"Area paths, e.g. 330122.330122001; * is everywhere."`
	Unit  int64    `help:"Id of the unit that a user of role unit works for."`
}

// Run makes the account.
func (c *UserAddCmd) Run(ctx context.Context, app *App) error {
	u := &auth.User{Login: c.Login, Name: c.Name, Areas: c.Area, UnitID: c.Unit}
	if u.Name == "" {
		u.Name = c.Login
	}
	for _, r := range c.Role {
		u.Roles = append(u.Roles, auth.Role(r))
	}
	return withUsers(ctx, app, func(ctx context.Context, users *postgis.Users) error {
		password, err := app.readPassword()
		if err != nil {
			return err
		}
		if err := users.Save(ctx, u, password); err != nil {
			return err
		}
		fmt.Fprintf(app.Stdout, "account %s is there\n", u.Login)
		return nil
	})
}

// UserListCmd lists the accounts.
type UserListCmd struct{}

// Run prints one line an account.
func (UserListCmd) Run(ctx context.Context, app *App) error {
	return withUsers(ctx, app, func(ctx context.Context, users *postgis.Users) error {
		all, err := users.Users(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(app.Stdout, 2, 0, 2, ' ', 0)
		fmt.Fprintln(w, "id\tlogin\tname\troles\tareas\tunit\tstate")
		for _, u := range all {
			state, unit := "active", "-"
			if u.Disabled {
				state = "disabled"
			}
			if u.UnitID != 0 {
				unit = fmt.Sprint(u.UnitID)
			}
			roles := make([]string, len(u.Roles))
			for i, r := range u.Roles {
				roles[i] = string(r)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Login, u.Name, strings.Join(roles, ","), strings.Join(u.Areas, ","), unit, state)
		}
		return w.Flush()
	})
}

// UserPasswdCmd sets a password.
type UserPasswdCmd struct {
	Login string `arg:"" help:"The account."`
}

// Run asks for the new password and stores it.
func (c *UserPasswdCmd) Run(ctx context.Context, app *App) error {
	return withUsers(ctx, app, func(ctx context.Context, users *postgis.Users) error {
		u, err := byLogin(ctx, users, c.Login)
		if err != nil {
			return err
		}
		password, err := app.readPassword()
		if err != nil {
			return err
		}
		if err := users.Save(ctx, u, password); err != nil {
			return err
		}
		fmt.Fprintf(app.Stdout, "the password of %s is set\n", u.Login)
		return nil
	})
}

// UserDisableCmd shuts an account out.
type UserDisableCmd struct {
	Login string `arg:"" help:"The account."`
}

// Run disables the account.
func (c *UserDisableCmd) Run(ctx context.Context, app *App) error {
	return setDisabled(ctx, app, c.Login, true)
}

// UserEnableCmd lets an account in again.
type UserEnableCmd struct {
	Login string `arg:"" help:"The account."`
}

// Run enables the account.
func (c *UserEnableCmd) Run(ctx context.Context, app *App) error {
	return setDisabled(ctx, app, c.Login, false)
}

func setDisabled(ctx context.Context, app *App, login string, disabled bool) error {
	return withUsers(ctx, app, func(ctx context.Context, users *postgis.Users) error {
		u, err := byLogin(ctx, users, login)
		if err != nil {
			return err
		}
		u.Disabled = disabled
		if err := users.Save(ctx, u, ""); err != nil {
			return err
		}
		word := "enabled"
		if disabled {
			word = "disabled"
		}
		fmt.Fprintf(app.Stdout, "account %s is %s\n", u.Login, word)
		return nil
	})
}

// readPassword asks for a password twice, without showing it, where a person sits there; else it reads one line. A password
// never stands on the command line, which every process of the machine may read.
func (a *App) readPassword() (string, error) {
	if f, ok := a.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		first, err := a.prompt(f, "Password: ")
		if err != nil {
			return "", err
		}
		second, err := a.prompt(f, "Again: ")
		if err != nil {
			return "", err
		}
		if first != second {
			return "", layers.Invalid("password", "not_equal", "the two passwords are not the same")
		}
		return first, nil
	}
	line, err := bufio.NewReader(io.LimitReader(a.Stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (a *App) prompt(f *os.File, text string) (string, error) {
	fmt.Fprint(a.Stderr, text)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(a.Stderr)
	return string(b), err
}
