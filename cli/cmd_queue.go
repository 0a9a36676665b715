package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// queueCommand is wf queue.
func (a *app) queueCommand() *cobra.Command {
	cmd := a.queueListCommand()
	cmd.Use = "queue"
	cmd.Short = "Show and limit the queues in which runs wait for a worker"
	cmd.Long = `Show and limit the queues in which runs wait for a worker. A start names the queue of its run with --queue;
limits hold at once, for all processes that use the file. Runs that execute are not interrupted, and runs that
wait for a time or a signal hold no place.

Without a command of its own it is queue list.`
	cmd.Example = "  wf queue set mail --concurrency 2 --rate 100/1m\n  wf start --queue mail --detach letter"
	cmd.GroupID = groupAdmin
	cmd.AddCommand(a.queueListCommand(), a.queueSetCommand(), a.queuePauseCommand(), a.queueResumeCommand())
	return cmd
}

func (a *app) queueListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List queues with their limits, and how many runs are pending and execute",
		Example: "  wf queue list -o json",
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				queues, err := eng.Queues(cmd.Context())
				if err != nil {
					return err
				}
				if len(queues) == 0 && a.format == asTable {
					a.note("no queue has limits or runs")
				}
				return newRows(a, queueColumns()).All(queues)
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func queueColumns() []column[engine.Queue] {
	return []column[engine.Queue]{
		{Name: "name", Head: "QUEUE", Value: func(q engine.Queue) any { return q.Name }},
		{Name: "pending", Head: "PENDING", Value: func(q engine.Queue) any { return q.Pending }},
		{Name: "running", Head: "RUNNING", Value: func(q engine.Queue) any { return q.Running }},
		{Name: "concurrency", Head: "CONCURRENCY", Value: func(q engine.Queue) any { return countOrNull(q.Concurrency) }},
		{Name: "rate", Head: "RATE", Value: func(q engine.Queue) any { return countOrNull(q.Rate) },
			Show: func(q engine.Queue) string { return rateText(q.Rate, q.Period) }},
		{Name: "period_us", Value: func(q engine.Queue) any {
			if q.Rate == 0 {
				return nil
			}
			return q.Period
		}},
		{Name: "next", Value: func(q engine.Queue) any { return q.Next }},
		{Name: "paused", Value: func(q engine.Queue) any { return q.Paused }},
		{Name: "by", Value: func(q engine.Queue) any { return textOrNull(q.By) }},
		{Name: "reason", Value: func(q engine.Queue) any { return textOrNull(q.Reason) }},
		{Name: "note", Head: "NOTE", Value: func(q engine.Queue) any { return textOrNull(queueNote(q)) },
			Show: func(q engine.Queue) string { return shorten(queueNote(q), noteWidth) }},
	}
}

// queueNote says what keeps runs of the queue from beginning, for people.
func queueNote(q engine.Queue) string {
	switch {
	case q.Paused:
		return "paused by " + q.By + colon(q.Reason)
	case q.Concurrency > 0 && q.Running >= int64(q.Concurrency):
		return "full"
	case !q.Next.IsZero():
		return "next start at " + q.Next.UTC().Format(humanLayout)
	}
	return ""
}

func (a *app) queueSetCommand() *cobra.Command {
	var o engine.QueueOptions
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Set or lift limits of a queue",
		Long: `Set or lift limits of a queue. What is not named stays as it is.

--concurrency bounds how many runs execute at the same time, --rate how many begin within a time: after a
pause as many begin at once, and then one after the other. A retry, or a run that goes on after a wait,
does not begin again.`,
		Example: "  wf queue set mail --concurrency 2 --rate 100/1m\n  wf queue set mail --rate none",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Concurrency == nil && o.Rate == nil {
				return usagef("nothing to set: name --concurrency or --rate")
			}
			return a.changeQueue(cmd.Context(), args[0], func(eng *engine.Engine) (engine.Queue, error) {
				return eng.SetQueue(cmd.Context(), args[0], o)
			})
		},
	}
	cmd.Flags().Var(limitFlag{&o.Concurrency}, "concurrency", "runs that execute at the same time, in all processes")
	cmd.Flags().Var(rateFlag{&o}, "rate", "runs that begin within a time, such as 10/1m")
	return cmd
}

func (a *app) queuePauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "pause NAME",
		Short:   "Keep the runs of a queue from beginning and going on",
		Example: "  wf queue pause mail --reason 'the server is down'",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeQueue(cmd.Context(), args[0], func(eng *engine.Engine) (engine.Queue, error) {
				return eng.PauseQueue(cmd.Context(), args[0], reason)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who ask why a run does not begin")
	return cmd
}

func (a *app) queueResumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "resume NAME",
		Short:   "End the pause of a queue",
		Example: "  wf queue resume mail",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeQueue(cmd.Context(), args[0], func(eng *engine.Engine) (engine.Queue, error) {
				return eng.ResumeQueue(cmd.Context(), args[0])
			})
		},
	}
}

// changeQueue changes a queue and says how it stands then.
func (a *app) changeQueue(ctx context.Context, name string, change func(*engine.Engine) (engine.Queue, error)) error {
	if err := engine.CheckQueueName(name); err != nil {
		return usagef("%v", err)
	}
	return a.withEngine(ctx, engine.Create, func(eng *engine.Engine) error {
		q, err := change(eng)
		if err != nil {
			return err
		}
		text := "no limits"
		switch rate := rateText(q.Rate, q.Period); {
		case q.Concurrency > 0 && rate != "":
			text = fmt.Sprintf("concurrency %d, rate %s", q.Concurrency, rate)
		case q.Concurrency > 0:
			text = fmt.Sprintf("concurrency %d", q.Concurrency)
		case rate != "":
			text = "rate " + rate
		}
		if q.Paused {
			text += ", paused" + colon(q.Reason)
		}
		a.note("queue %s: %s; %d pending, %d running", q.Name, text, q.Pending, q.Running)
		return nil
	})
}
