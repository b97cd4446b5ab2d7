package main

import (
	"fmt"
	"io"
	"strings"
)

// progressBar shows on one line how far a command has come.
type progressBar struct {
	w    io.Writer
	last string
}

func (b *progressBar) show(step string, done, total int) {
	line := fmt.Sprintf("%s %d %%", step, 100*done/max(total, 1))
	if line != b.last {
		fmt.Fprintf(b.w, "\r%-20s", line)
		b.last = line
	}
}

func (b *progressBar) clear() {
	if b.last != "" {
		fmt.Fprint(b.w, "\r"+strings.Repeat(" ", 20)+"\r")
	}
}
