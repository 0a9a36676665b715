package cli

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

// runRow is a run with what is known of the process that executes it.
type runRow struct {
	engine.Run
	owner engine.Worker // zero if none does
	now   time.Time     // when it was read
}

// roster knows the workers of a file, to tell the living from the dead.
type roster map[int64]engine.Worker

func newRoster(ctx context.Context, eng *engine.Engine) (roster, error) {
	workers, err := eng.Workers(ctx)
	if err != nil {
		return nil, err
	}
	r := roster{}
	for _, w := range workers {
		r[w.ID] = w
	}
	return r, nil
}

func (r roster) row(run engine.Run) runRow { return runRow{run, r[run.Worker], time.Now()} }

// crashed reports whether the run's process has died and nobody has taken over yet.
func (r runRow) crashed() bool { return r.Worker != 0 && !r.owner.Alive }

// state is the status for people, to whom a run of a dead process does not run.
func (r runRow) state() string {
	if r.crashed() {
		return "crashed"
	}
	return string(r.Status)
}

// forgotten reports whether the run's history was deleted at its end, as it was started to do.
func forgotten(run engine.Run) bool {
	return run.Keep == engine.KeepNone && run.Status == engine.Completed
}

// age is the time since the run was created.
func (r runRow) age() string { return humanAge(r.now.Sub(r.Created)) }

// took is the time from the first attempt to the end, or until now.
func (r runRow) took() time.Duration {
	switch {
	case r.Started.IsZero():
		return -1
	case r.Ended.IsZero():
		return r.now.Sub(r.Started)
	}
	return r.Ended.Sub(r.Started)
}

// note is the short form of why the run is not simply running.
func (r runRow) note() string {
	var parts []string
	if r.crashed() {
		parts = append(parts, "its process died: "+place(r.owner))
	}
	if r.Want != "" {
		parts = append(parts, r.Want+" asked for")
	}
	if r.Status == engine.Waiting && !r.Due.IsZero() {
		parts = append(parts, dueIn(r.Due, r.now))
	}
	switch r.Status {
	case engine.Pending, engine.Waiting, engine.Paused, engine.Blocked, engine.Suspended, engine.Compensating,
		engine.Failed, engine.Cancelled:
		if text := r.Error; text != "" {
			parts = append(parts, text)
		} else if r.Reason != "" {
			parts = append(parts, r.Reason)
		}
	case engine.Running, engine.Completed:
	}
	return strings.Join(parts, "; ")
}

// place says where a worker is or was.
func place(w engine.Worker) string {
	if w.ID == 0 && w.Host == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", w.Host, w.PID)
}

// program says what a worker executes.
func program(w engine.Worker) string { return strings.TrimSpace(w.Program + " " + w.Version) }

func dueIn(due, now time.Time) string {
	if left := due.Sub(now); left > 0 {
		return "due in " + humanAge(left)
	}
	return "due now"
}

// humanAge is a length of time in its largest unit, as short as can be.
func humanAge(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// progressText is "45 %" when the end is known, else the count, or nothing.
func progressText(p engine.Progress) string {
	switch {
	case p.Done < 0:
		return ""
	case p.Total > 0:
		share := 100 * float64(p.Done) / float64(p.Total)
		return strconv.FormatFloat(math.Floor(share*10)/10, 'f', -1, 64) + " %" // never 100 before the end
	}
	return fmt.Sprint(p.Done)
}

// progressFull is progressText with the numbers behind it.
func progressFull(p engine.Progress) string {
	if p.Done >= 0 && p.Total > 0 {
		return fmt.Sprintf("%s (%d of %d)", progressText(p), p.Done, p.Total)
	}
	return progressText(p)
}

// progressNumber is null in machine formats when nobody has told it.
func progressNumber(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// orNull is null in machine formats for a negative duration, which means none.
func orNull(d time.Duration) any {
	if d < 0 {
		return nil
	}
	return d
}

// textOrNull is null in machine formats for an empty text.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// shorten cuts text to at most width characters.
func shorten(text string, width int) string {
	runes := []rune(oneLine(text))
	if len(runes) <= width {
		return string(runes)
	}
	return string(runes[:width-1]) + "…"
}

// noteWidth is how much of a note fits into a table.
const noteWidth = 80

// runColumns are the columns of a run in every command that shows runs. withKey shows the key in a table.
func runColumns(withKey bool) []column[runRow] {
	key := ""
	if withKey {
		key = "KEY"
	}
	return []column[runRow]{
		{Name: "id", Head: "ID", Value: func(r runRow) any { return r.ID }},
		{Name: "uuid", Value: func(r runRow) any { return r.UUID }},
		{Name: "workflow", Head: "WORKFLOW", Value: func(r runRow) any { return r.Workflow }},
		{Name: "version", Value: func(r runRow) any { return r.Version }},
		{Name: "key", Head: key, Value: func(r runRow) any { return textOrNull(r.Key) }},
		{Name: "status", Head: "STATUS", Value: func(r runRow) any { return string(r.Status) }, Show: runRow.state},
		{Name: "step", Head: "STEP", Value: func(r runRow) any { return r.Step }},
		{Name: "visit", Value: func(r runRow) any { return r.Visit }},
		{Name: "attempt", Value: func(r runRow) any { return r.Attempt }},
		{Name: "failures", Value: func(r runRow) any { return r.Failures }},
		{Name: "deaths", Value: func(r runRow) any { return r.Deaths }},
		{Name: "done", Head: "PROGRESS", Value: func(r runRow) any { return progressNumber(r.Progress.Done) },
			Show: func(r runRow) string { return progressText(r.Progress) }},
		{Name: "total", Value: func(r runRow) any { return progressNumber(r.Progress.Total) }},
		{Name: "seq", Value: func(r runRow) any { return r.Seq }},
		{Name: "created", Head: "AGE", Value: func(r runRow) any { return r.Created }, Show: runRow.age},
		{Name: "started", Value: func(r runRow) any { return r.Started }},
		{Name: "updated", Value: func(r runRow) any { return r.Updated }},
		{Name: "ended", Value: func(r runRow) any { return r.Ended }},
		{Name: "due", Value: func(r runRow) any { return r.Due }},
		{Name: "took_us", Head: "TOOK", Value: func(r runRow) any { return orNull(r.took()) },
			Show: func(r runRow) string { return humanDuration(r.took()) }},
		{Name: "active_us", Value: func(r runRow) any { return r.Active }},
		{Name: "worker", Value: func(r runRow) any { return idOrNull(r.Worker) }},
		{Name: "crashed", Value: func(r runRow) any { return r.crashed() }},
		{Name: "want", Value: func(r runRow) any { return textOrNull(r.Want) }},
		{Name: "reason", Value: func(r runRow) any { return textOrNull(r.Reason) }},
		{Name: "error", Value: func(r runRow) any { return textOrNull(r.Error) }},
		{Name: "note", Head: "NOTE", Value: func(r runRow) any { return textOrNull(r.note()) },
			Show: func(r runRow) string { return shorten(r.note(), noteWidth) }},
		{Name: "queue", Value: func(r runRow) any { return r.Queue }},
		{Name: "priority", Value: func(r runRow) any { return r.Priority }},
		{Name: "parent", Value: func(r runRow) any { return idOrNull(r.Parent) }},
		{Name: "root", Value: func(r runRow) any { return idOrNull(r.Root) }},
		{Name: "attributes", Value: func(r runRow) any { return attributesJSON(r.Attributes) }},
	}
}

func idOrNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
