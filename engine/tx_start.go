package engine

import (
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// StartTx is [Name.Start] in a transaction of the user's: the run is there if, and only if, the transaction
// is committed, and workers hear of it then. So a row and the run that deals with it come together, or not
// at all. tx is one that the engine gave: to [Transition.Tx], [DoTx], [Engine.Tx] or [Config.Setup]. An
// error, such as an *InputError or ErrKeyConflict, undoes nothing that was written in tx before. A key that
// stands for a run already, also for one that this transaction has started, gives that run. opts may be nil.
func (n Name[S, R]) StartTx(tx Tx, s S, opts *StartOptions) (Run, error) {
	t, ok := tx.(*userTx)
	if !ok {
		return Run{}, fmt.Errorf("workflow %q: StartTx needs the Tx that the engine gave, not a %T", string(n), tx)
	}
	def, err := t.eng.definition(string(n))
	if err != nil {
		return Run{}, err
	}
	begin, err := def.start(&s)
	if err != nil {
		return Run{}, err
	}
	return t.start(string(n), def, begin, opts)
}

func (t *userTx) start(workflow string, def *definition, begin starting, opts *StartOptions) (Run, error) {
	create, err := t.eng.newRun(workflow, def, begin, opts)
	if err != nil {
		return Run{}, err
	}
	made, err := t.Create(create)
	if taken, ok := errors.AsType[*store.KeyError](err); ok {
		return t.keyed(taken, create, opts)
	}
	if err != nil {
		return Run{}, err
	}
	return runOf(&made, def), nil
}

// keyed returns the run for which a key stands already.
func (t *userTx) keyed(taken *store.KeyError, create *store.Create, opts *StartOptions) (Run, error) {
	if err := opts.refusal(taken, create.InputHash); err != nil {
		return Run{}, err
	}
	row, err := t.RunByUUID(taken.UUID)
	if errors.Is(err, store.ErrNotFound) {
		return Run{}, fmt.Errorf("workflow %q, key %q: %w: it stands for run %s", taken.Workflow, taken.Key, ErrRunNotFound, taken.UUID)
	}
	if err != nil {
		return Run{}, err
	}
	return t.eng.runOf(&row), nil
}
