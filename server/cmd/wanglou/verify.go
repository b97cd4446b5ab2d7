package main

import (
	"fmt"
	"os"

	"wanglou/layers"
	"wanglou/server/dossier"
)

// VerifyCmd checks an evidence file. It asks no database and no network.
type VerifyCmd struct {
	File string `arg:"" type:"existingfile" help:"Evidence file (PDF)."`
	Key  string `placeholder:"BASE64" help:"Whose seal it has to bear: the public key that stands at the foot of each page. Default: anybody's, and it is printed."`
}

// Run prints what the file holds and what is wrong with it; anything wrong is an error.
func (c *VerifyCmd) Run(app *App) error {
	if st, err := os.Stat(c.File); err != nil {
		return err
	} else if st.Size() > dossier.MaxFile {
		return layers.Errorf(layers.CodeTooLarge, "over %d MB", dossier.MaxFile>>20)
	}
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	r, err := dossier.Verify(raw, c.Key)
	if err != nil {
		return err
	}
	f := &r.Document.File
	fmt.Fprintf(app.Stdout, "%s  %s  made %s by %s\n", f.Number, f.State, r.Document.MadeAt.Format("2006-01-02 15:04:05Z"), r.Document.MadeBy)
	fmt.Fprintf(app.Stdout, "links %d  head %s\nseal %s\n", len(f.Log), r.Head, r.PublicKey)
	if r.OK() {
		fmt.Fprintln(app.Stdout, "OK")
		return nil
	}
	for _, p := range r.Problems {
		fmt.Fprintln(app.Stdout, "BROKEN:", p)
	}
	return layers.Errorf(layers.CodeConflict, "%d things are wrong", len(r.Problems))
}
