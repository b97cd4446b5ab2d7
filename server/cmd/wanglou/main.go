// Command wanglou is the whole product in one binary: the server, the worker and the tools around them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/dictionary"
)

// Version is the release, set by the build with -ldflags "-X main.Version=…".
var Version = "dev"

// CLI is the command line. Every command is a struct in its own file with Run(ctx, app).
type CLI struct {
	App

	Serve     ServeCmd         `cmd:"" help:"Run the server: console, API, live stream and tiles."`
	Migrate   MigrateCmd       `cmd:"" help:"Bring the database's schema up to date."`
	Work      WorkCmd          `cmd:"" help:"Work on jobs alone: make captures. serve does so too, unless it was told not to."`
	Upload    UploadCmd        `cmd:"" help:"Send files of a drone's capture to a server; goes on where it was cut off."`
	User      UserCmd          `cmd:"" help:"Add, list, disable accounts and set passwords."`
	Token     TokenCmd         `cmd:"" help:"Make, list and revoke personal access tokens for QGIS, GDAL and other programs."`
	Seed      SeedCmd          `cmd:"" help:"Fill an empty database with the demo county (示意)."`
	Simulate  SimulateCmd      `cmd:"" help:"Make the demo county live: cameras fail, reports come in, units drive and work."`
	Deadlines DeadlinesCmd     `cmd:"" help:"Compute the deadlines of open cases anew, after limits or calendar were changed."`
	Camera    CameraCmd        `cmd:"" help:"Passwords of cameras."`
	Import    ImportCmd        `cmd:"" help:"Bring a file of another system into a layer."`
	Basemap   BasemapCmd       `cmd:"" help:"Make the basemap that lies under everything."`
	Terrain   TerrainCmd       `cmd:"" help:"Make the shape of the ground."`
	Verify    VerifyCmd        `cmd:"" help:"Check an evidence file: its seal, and the chain of its log."`
	Detect    DetectCmd        `cmd:"" help:"Find what was built between two flights, and measure detectors."`
	Psql      PsqlCmd          `cmd:"" help:"Open psql on the database, e.g. psql -- -c \"select count(*) from camera\"."`
	Version   kong.VersionFlag `help:"Print the version." short:"V"`
}

// App is what every command shares: the global flags and the way to the database.
type App struct {
	DatabaseURL string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL server to use. Empty: wanglou keeps its own cluster under the data folder."`
	Data        string `env:"WANGLOU_DATA" default:"var" type:"path" help:"Folder of the own cluster, of uploads and tile archives."`
	LogLevel    string `env:"WANGLOU_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	LogFormat   string `env:"WANGLOU_LOG_FORMAT" enum:"text,json" default:"text" help:"Form of log lines: ${enum}."`

	Stdin  io.Reader    `kong:"-"`
	Stdout io.Writer    `kong:"-"`
	Stderr io.Writer    `kong:"-"`
	Logger *slog.Logger `kong:"-"`
}

// Cluster reports the folder of the installation's own PostgreSQL cluster.
func (a *App) Cluster() string { return filepath.Join(a.Data, "postgres") }

// Open connects to the database, checks that it can do its work, migrates it and brings its dictionary up to date. Without a DATABASE_URL it starts the
// installation's own cluster, or joins it where another process of this machine already runs it. The returned func closes
// what Open opened, and stops the cluster if Open started it.
func (a *App) Open(ctx context.Context) (*postgis.DB, func(), error) {
	url, stop := a.DatabaseURL, func() {}
	if url == "" {
		c, err := postgis.StartCluster(ctx, a.Cluster(), a.Logger)
		if err != nil {
			return nil, nil, err
		}
		url, stop = c.URL(), func() {
			if err := c.Close(); err != nil {
				a.Logger.Error("stop the cluster", "err", err)
			}
		}
	}
	db, err := postgis.Open(ctx, url)
	if err != nil {
		stop()
		return nil, nil, err
	}
	closer := func() { db.Close(); stop() }
	if err := db.Check(ctx); err != nil {
		closer()
		return nil, nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		closer()
		return nil, nil, err
	}
	if err := dictionary.Load(ctx, db); err != nil {
		closer()
		return nil, nil, err
	}
	return db, closer, nil
}

// logger returns the logger that the flags ask for.
func (a *App) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if a.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(a.Stderr, opts))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run parses args and runs one command. It returns the exit code: 0, 1 when the command failed, 2 when the command line is wrong.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cli := CLI{App: App{Stdin: stdin, Stdout: stdout, Stderr: stderr}}
	exit := -1
	parser, err := kong.New(&cli,
		kong.Name("wanglou"),
		kong.Description("Wanglou 望楼: a county's situational command map."),
		kong.UsageOnError(),
		kong.Vars{"version": Version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "wanglou:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help or --version was answered
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "wanglou:", err)
		return 2
	}
	cli.Logger = cli.logger()
	if err := k.Run(&cli.App); err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		fmt.Fprintln(stderr, "wanglou:", err)
		if c := layers.ErrorCode(err); c == layers.CodeInvalid {
			return 2
		}
		return 1
	}
	return 0
}
