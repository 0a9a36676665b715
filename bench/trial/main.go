// Package trial is a program that runs one workload on one engine. Each engine has a program of its own, so that
// memory, start-up and collected garbage are those of that engine alone; and each trial is a fresh process.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/workload"
)

// Main is the main function of an engine's program. It does not return.
func Main(subjects []subject.Subject) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root(subjects).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func root(subjects []subject.Subject) *cobra.Command {
	cmd := &cobra.Command{Use: "engine", Short: "Run workloads on one engine", SilenceUsage: true, SilenceErrors: true}
	cmd.AddCommand(listCommand(subjects), runCommand(subjects))
	return cmd
}

func listCommand(subjects []subject.Subject) *cobra.Command {
	return &cobra.Command{
		Use: "subjects", Short: "List the engine's configurations as JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list []Description
			for i := range subjects {
				list = append(list, describe(&subjects[i]))
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
		},
	}
}

// Spec says which phase of which workload is to be run on which subject. Its fields are flags of the program.
type Spec struct {
	Subject, Workload string
	Phase             int           // from 0
	Size              int           // 0 means the usual one
	Dir               string        // an empty folder, or what the phase before has left
	Begun             int64         // when this process was asked for, in nanoseconds since 1970
	Patience          time.Duration // for what may never come; 0 means a minute
	Before            workload.Sample
}

// Args are the arguments that make an engine's program do what the spec says.
func (s *Spec) Args() []string {
	before, err := json.Marshal(s.Before)
	if err != nil {
		before = []byte("{}") // a figure that is no number
	}
	return []string{
		"trial", "--subject", s.Subject, "--workload", s.Workload, "--phase", strconv.Itoa(s.Phase), "--n", strconv.Itoa(s.Size),
		"--dir", s.Dir, "--begun", strconv.FormatInt(s.Begun, 10), "--before", string(before), "--patience", s.Patience.String(),
	}
}

func runCommand(subjects []subject.Subject) *cobra.Command {
	var spec Spec
	var before string
	cmd := &cobra.Command{
		Use: "trial", Short: "Run one phase of a workload; print a line of JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := json.Unmarshal([]byte(before), &spec.Before); err != nil {
				return fmt.Errorf("--before %q: %w", before, err)
			}
			return run(cmd, subjects, &spec)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&spec.Subject, "subject", "", "the subject's key")
	flags.StringVar(&spec.Workload, "workload", "", "the workload's name")
	flags.IntVar(&spec.Phase, "phase", 0, "which phase of the workload, from 0")
	flags.IntVar(&spec.Size, "n", 0, "how large the workload is; 0 means its usual size")
	flags.StringVar(&spec.Dir, "dir", "", "an empty folder, or what the phase before has left")
	flags.Int64Var(&spec.Begun, "begun", 0, "when this process was asked for, in nanoseconds since 1970")
	flags.StringVar(&before, "before", "{}", "what the phases before have measured, as JSON")
	flags.DurationVar(&spec.Patience, "patience", 0, "how long to wait for what may never come; 0 means a minute")
	return cmd
}

func run(cmd *cobra.Command, subjects []subject.Subject, spec *Spec) error {
	s := find(subjects, func(s *subject.Subject) bool { return s.Key == spec.Subject })
	if s == nil {
		return fmt.Errorf("no subject %q", spec.Subject)
	}
	works := workload.All()
	w := find(works, func(w *workload.Workload) bool { return w.Name == spec.Workload })
	if w == nil || spec.Phase < 0 || spec.Phase >= len(w.Phases) {
		return fmt.Errorf("no workload %q, or it has no phase %d", spec.Workload, spec.Phase)
	}
	t := workload.NewTrial(s, w, spec.Size, spec.Dir)
	t.Before = spec.Before
	if spec.Patience != 0 {
		t.Patience = spec.Patience
	}
	if spec.Begun != 0 {
		t.Begun = time.Unix(0, spec.Begun)
	}
	sample, err := w.Phases[spec.Phase](cmd.Context(), t)
	res := Result{Durability: t.Durability, Sample: sample, GaveUp: t.GaveUp}
	if errors.Is(err, workload.ErrUnable) {
		res, err = Result{Unable: err.Error()}, nil
	}
	if err != nil {
		return fmt.Errorf("%s on %s: %w", w.Name, s.Key, err)
	}
	if err := json.NewEncoder(cmd.OutOrStdout()).Encode(res); err != nil {
		return err
	}
	if t.Dies {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return nil
}
