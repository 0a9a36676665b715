package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/workload"
)

// result is what a trial prints as a line of JSON.
type result struct {
	Durability string          `json:"durability"`
	Sample     workload.Sample `json:"sample"`
}

// trialCommand is one workload on one subject in this process.
func trialCommand() *cobra.Command {
	var subjectKey, workloadName string
	var t workload.Trial
	cmd := &cobra.Command{
		Use: "trial", Short: "Run one workload on one subject in this process; print a line of JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, works := subjects(), workload.All()
			s := slices.IndexFunc(all, func(s subject.Subject) bool { return s.Key == subjectKey })
			w := slices.IndexFunc(works, func(w workload.Workload) bool { return w.Name == workloadName })
			if s < 0 || w < 0 {
				return fmt.Errorf("no subject %q or no workload %q", subjectKey, workloadName)
			}
			t.Subject = &all[s]
			t.Options = subject.Options{Dir: t.Dir, InFlight: works[w].InFlight}
			sample, err := works[w].Run(cmd.Context(), &t)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", workloadName, subjectKey, err)
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(result{Durability: t.Durability, Sample: sample})
		},
	}
	cmd.Flags().StringVar(&subjectKey, "subject", "", "the subject's key")
	cmd.Flags().StringVar(&workloadName, "workload", "", "the workload's name")
	cmd.Flags().IntVar(&t.Size, "n", 0, "how large the workload is")
	cmd.Flags().StringVar(&t.Dir, "dir", "", "an empty folder")
	return cmd
}
