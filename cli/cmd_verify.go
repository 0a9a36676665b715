package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) verifyCommand() *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use:   "verify [RUN...]",
		Short: "Recompute the hash chains of histories and show their heads",
		Long: `Recompute the hash chain of the history of each RUN, or of all runs, and show the head of each: the
hash of its newest event. Exit 1 if a chain is broken.

The chain has no key, so it proves nothing by itself to somebody who could rewrite the file. Keep
heads elsewhere (wf verify -o csv), and compare later: --head is true if the history of RUN holds the
event with that hash, so that all up to it is what it was then.`,
		Example: `  wf verify
  wf verify 42 --head 9f2c…
  wf verify -o csv > heads.csv`,
		GroupID: groupAdmin,
		Args:    arguments(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sum, err := parseHead(head, len(args))
			if err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.verify(cmd.Context(), eng, args, sum)
			})
		},
	}
	cmd.Flags().StringVar(&head, "head", "", "the head that was exported, in hexadecimal; for one RUN")
	a.addOutput(cmd)
	return cmd
}

func parseHead(text string, runs int) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	if runs != 1 {
		return nil, usagef("--head is compared with one run: name it")
	}
	sum, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(sum) != 32 {
		return nil, usagef("--head %q is not a SHA-256 in hexadecimal, which has 64 digits", text)
	}
	return sum, nil
}

// verifiedRun is a run whose chain was recomputed.
type verifiedRun struct {
	engine.Run
	problems []string
}

func (a *app) verify(ctx context.Context, eng *engine.Engine, refs []string, head []byte) error {
	var ids []int64
	for _, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return err
		}
		ids = append(ids, run.ID)
	}
	broken := map[int64][]string{}
	note := func(f engine.Finding) { broken[f.Run] = append(broken[f.Run], f.Text) }
	if len(ids) == 0 {
		if err := eng.Verify(ctx, 0, note); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := eng.Verify(ctx, id, note); err != nil {
			return err
		}
	}
	if err := a.showVerified(ctx, eng, ids, broken); err != nil {
		return err
	}
	if texts := broken[0]; len(texts) > 0 { // of no single run
		return hinted(fmt.Errorf("the history %s", strings.Join(texts, "; ")), "see: %s check%s", a.name, a.dbFlag())
	}
	if len(broken) > 0 {
		return fmt.Errorf("the history of %s is not what was committed", plural(int64(len(broken)), "run"))
	}
	if head != nil {
		return a.compareHead(ctx, eng, ids[0], head)
	}
	return nil
}

// showVerified writes a row for each run. A table without named runs shows only what is broken, or how
// much is whole.
func (a *app) showVerified(ctx context.Context, eng *engine.Engine, ids []int64, broken map[int64][]string) error {
	out := newRows(a, []column[verifiedRun]{
		{Name: "run", Head: "RUN", Value: func(v verifiedRun) any { return v.ID }},
		{Name: "uuid", Head: "UUID", Value: func(v verifiedRun) any { return v.UUID }},
		{Name: "seq", Head: "EVENTS", Value: func(v verifiedRun) any { return v.Seq }},
		{Name: "head", Head: "HEAD", Value: func(v verifiedRun) any { return hex.EncodeToString(v.Head) }},
		{Name: "ok", Value: func(v verifiedRun) any { return len(v.problems) == 0 }},
		{Name: "problems", Head: "CHAIN", Value: func(v verifiedRun) any { return v.problems }, Show: func(v verifiedRun) string {
			if len(v.problems) == 0 {
				return "ok"
			}
			return strings.Join(v.problems, "; ")
		}},
	})
	add := func(run engine.Run) error { return out.Add(verifiedRun{run, broken[run.ID]}) }
	for _, id := range ids {
		run, err := eng.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := add(run); err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		return out.Close()
	}
	var runs, events int64
	err := eachPage(ctx, eng, engine.RunFilter{}, 0, func(page []engine.Run) (bool, error) {
		for _, run := range page {
			runs++
			if !forgotten(run) {
				events += run.Seq
			}
			if a.format == asTable && broken[run.ID] == nil {
				continue
			}
			if err := add(run); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if a.format == asTable && len(broken) == 0 {
		_, err := fmt.Fprintf(a.stdout, "%s, %s: all whole\n", plural(runs, "run"), plural(events, "event"))
		return err
	}
	return out.Close()
}

// compareHead looks for the event with the hash of an exported head.
func (a *app) compareHead(ctx context.Context, eng *engine.Engine, id int64, head []byte) error {
	var at engine.Event
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{Run: id, Limit: pageSize}}
	err := src.each(ctx, func(e eventRow) error {
		if string(e.Hash) == string(head) {
			at = e.Event
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		a.note("run %d: event %d has that hash: all up to it is what it was then", id, at.Seq)
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("run %d: no event has the hash %x: its history is not the one whose head was exported", id, head)
}
