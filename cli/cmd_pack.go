package cli

import (
	"context"
	"errors"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const packLong = `Write a run with its children and all that belongs to it into one new file: history, checkpoints, large
states, recorded calls, signals, attributes, metrics, its key, its logs. unpack puts it into another database, on
another machine say, and resume goes on with it there.

The run must not be executing: pause it first. Here it is paused as packed from then on, and resume refuses it,
so that it does not go on in two places. When it is packed there and unpacked here again, it takes its old place.
If the file is lost, resume --packed goes on with it here. With --copy the run is left as it is, and what is
unpacked is a copy to look at, or to fork from.`

func (a *app) packCommand() *cobra.Command {
	var file string
	var opts engine.PackOptions
	cmd := &cobra.Command{
		Use:   "pack RUN -o FILE",
		Short: "Write a run into a file, to go on with it elsewhere",
		Long:  packLong,
		Example: `  wf pack 42 -o run.wf
  scp run.wf cluster: && ssh cluster 'wf unpack run.wf && wf resume @last'`,
		GroupID: groupKeep,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usagef("the file is not named; usage: %s", cmd.UseLine())
			}
			return a.withEngine(cmd.Context(), engine.ReadWrite, func(eng *engine.Engine) error {
				return a.pack(cmd.Context(), eng, args[0], file, &opts)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "the file to write; nothing is overwritten")
	cmd.Flags().BoolVar(&opts.Copy, "copy", false, "leave the run as it is: what is unpacked is a copy to look at")
	return cmd
}

func (a *app) pack(ctx context.Context, eng *engine.Engine, ref, file string, opts *engine.PackOptions) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	packed, err := eng.Pack(ctx, run.ID, file, opts)
	if errors.Is(err, engine.ErrRunOwned) {
		return hinted(err, "%s pause %d%s", a.name, run.ID, a.dbFlag())
	}
	if err != nil {
		return err
	}
	what := "packed"
	switch {
	case opts.Copy:
		what = "copied"
	case packed.Runs > 1:
		what = "packed with its " + plural(int64(packed.Runs-1), "descendant")
	}
	a.note("%s is %s into %s, %s", title(run), what, file, humanize.IBytes(uint64(packed.Size)))
	return nil
}
