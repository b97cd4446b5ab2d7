// Command bench measures the figures that the product promises, each beside the same work done by a reference, and prints one line a
// figure:
//
//	bench <name> <value> <unit> ratio=<value/reference> against=<reference>
//
// It starts what it needs by itself, in a temporary folder, and leaves nothing behind. docs/bench.md says what the figures mean.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	only := flag.String("only", "", "measure this figure alone")
	static := flag.String(staticFlag, "", "be the reference server of the answers in this file (for the program's own use)")
	broadcast := flag.Bool(broadcastFlag, false, "be the reference server of the live stream (for the program's own use)")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: bench [--only <name>]\nfigures: %s\n", strings.Join(names(), ", "))
	}
	flag.Parse()
	if *static != "" {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", serveStatic(*static))
		os.Exit(1)
	}
	if *broadcast {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", serveBroadcast())
		os.Exit(1)
	}
	err := run(ctx, *only, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures the figures of that name, or all of them, and prints each as soon as it is known. A bench that fails does not keep the
// others from running.
func run(ctx context.Context, only string, out, progress io.Writer) (err error) {
	// A name also asks for the figures that are named after it: million-start for million-start-memory, fanout for fanout-p50.
	wanted := func(name string) bool { return only == "" || name == only || strings.HasPrefix(name, only+"-") }
	if !slices.ContainsFunc(names(), wanted) {
		return fmt.Errorf("there is no figure %q; there are %s", only, strings.Join(names(), ", "))
	}
	env, err := newEnv(progress)
	if err != nil {
		return err
	}
	defer func() {
		if e := env.close(); err == nil {
			err = e
		}
	}()
	var failed []string
	for _, b := range benches {
		if !slices.ContainsFunc(b.figures, wanted) || b.slow && only == "" {
			continue
		}
		env.say("%s …", strings.Join(b.figures, ", "))
		figures, err := b.run(ctx, env)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			env.say("%s: %v", strings.Join(b.figures, ", "), err)
			failed = append(failed, b.figures...)
			continue
		}
		for _, f := range figures {
			if wanted(f.name) {
				fmt.Fprintln(out, f)
			}
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("not measured: %s", strings.Join(failed, ", "))
	}
	return nil
}
