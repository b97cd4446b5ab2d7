// Package docs checks the pages of this folder that are made from the code.
package docs

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wanglou/layers/incident"
	"wanglou/layers/request"
	"wanglou/layers/survey"
	"wanglou/layers/task"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// arrow is one row of a step table, whichever machine it belongs to.
type arrow struct{ from, move, to, reason, by string }

// TestStates holds that docs/states.md shows the machines as they are. `go test ./docs -update` writes it anew.
func TestStates(t *testing.T) {
	t.Parallel()
	want := statesPage()
	if *update {
		if err := os.WriteFile("states.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile("states.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatal("docs/states.md is older than the step tables: run `go test ./docs -update`")
	}
}

func statesPage() string {
	var b strings.Builder
	b.WriteString(`# States

Made from the step tables in layers/incident, layers/task, layers/request and layers/survey by ` + "`go test ./docs -update`" + `; a test fails when it is older
than they are. A state is always the last row of an append-only log. In the drawings * marks a move that needs a reason.
`)
	machine(&b, "Incident 事件", `layers/incident/states.go. What follows from a task is made by the program in the same transaction as the
task's move: nobody asks for it by itself.`, incidentArrows())
	machine(&b, "Task 任务", "layers/task/task.go. The unit's status is the state of its open task, `available` when it has none.", taskArrows())
	machine(&b, "Request 延时 挂账 申诉", "layers/request/states.go: an extension, a suspension, an appeal.", requestArrows(request.Extension))
	machine(&b, "Supervision 督办", "layers/request/states.go, the same machine. While it is not answered, its level rises each time that its deadline passes.", requestArrows(request.Supervision))
	machine(&b, "Detection 疑似违建图斑", "layers/survey/states.go.", detectionArrows())
	return b.String()
}

func machine(b *strings.Builder, title, text string, arrows []arrow) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n```mermaid\nstateDiagram-v2\n", title, text)
	left := map[string]bool{}
	for _, a := range arrows {
		left[a.from] = true
		mark := ""
		if a.reason != "" {
			mark = "*"
		}
		fmt.Fprintf(b, "  %s --> %s: %s%s\n", dot(a.from), a.to, a.move, mark)
	}
	ended := map[string]bool{}
	for _, a := range arrows {
		if !left[a.to] && !ended[a.to] && a.to != string(incident.Before) {
			ended[a.to] = true
			fmt.Fprintf(b, "  %s --> [*]\n", a.to)
		}
	}
	b.WriteString("```\n\n| from | move | to | reason | by |\n|---|---|---|---|---|\n")
	for _, a := range arrows {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", a.from, a.move, a.to, a.reason, a.by)
	}
}

// dot is how mermaid writes the beginning.
func dot(state string) string {
	if state == "" {
		return "[*]"
	}
	return state
}

func required(b bool) string {
	if b {
		return "required"
	}
	return ""
}

func incidentArrows() []arrow {
	var out []arrow
	for _, s := range incident.Steps() {
		by := "duty officer"
		switch {
		case s.Move == incident.MoveReport:
			by = "any channel"
		case s.From == "":
			by = "duty officer, dispatcher"
		case s.Move == incident.MoveMerge || s.Move == incident.MoveUnmerge:
			by = "duty officer, with the other case"
		case s.System && s.Move == incident.MoveDispatch:
			by = "dispatch of a unit"
		case s.System:
			by = "a task's move"
		}
		out = append(out, arrow{string(s.From), string(s.Move), string(s.To), required(s.Reason), by})
	}
	return out
}

func taskArrows() []arrow {
	out := []arrow{{"", "dispatch", string(task.Dispatched), "", "dispatcher"}}
	for _, s := range task.Steps() {
		by := "the unit"
		if s.Office {
			by = "dispatcher"
		}
		if s.Lead {
			by = "the lead unit of a joint order; parts that are not done are called off"
		}
		out = append(out, arrow{string(s.From), string(s.Move), string(s.To), required(s.Reason), by})
	}
	return out
}

func requestArrows(k request.Kind) []arrow {
	by := map[request.Side]string{request.ByUnit: "a unit that was sent, the dispatcher", request.ByLeader: "duty officer of the level that holds the case", request.BySupervisor: "supervisor"}
	var out []arrow
	for _, s := range request.Steps() {
		if slices.Contains(s.Kinds, k) {
			out = append(out, arrow{string(s.From), string(s.Move), string(s.To), required(s.Reason), by[s.By]})
		}
	}
	return out
}

func detectionArrows() []arrow {
	var out []arrow
	for _, s := range survey.Steps() {
		by := "grid worker on site"
		switch {
		case s.Move == survey.MoveDetect:
			by = "a comparison of captures, an outside detector"
		case s.From == survey.Detected:
			by = "duty officer"
		case s.From == survey.Rectified:
			by = "the next flight"
		}
		out = append(out, arrow{string(s.From), string(s.Move), string(s.To), required(s.Reason), by})
	}
	return out
}
