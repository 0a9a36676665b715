package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/pack"
	"github.com/durable-wf/wf/engine/internal/store"
)

// ErrBadPack means that a file is no pack, is damaged, or was written by a newer program.
var ErrBadPack = errors.New("the pack cannot be read")

// ErrRunHere means that a run of a pack is in the database already, or that its key is taken there.
var ErrRunHere = errors.New("the pack cannot be unpacked here")

// Unpack puts the runs of a file that Pack has written into the database, and returns the eldest. Their histories
// go on with the event that tells of it, and verify as before; their numbers are new ones, but for those that
// come home: runs that were packed here, and that the pack continues, give their place to it. Any others that
// are here are ErrRunHere.
//
// The run is paused, or what it was if it was blocked or has ended: Resume lets it go on. Its children are as
// they were before it was packed. All runs of a copy are paused, and Resume refuses them with ErrPacked: fork one
// to go on from it.
//
// The file is compared with its hash before anything is done; it is ErrBadPack if it does not match. The runs
// are there completely, or not at all.
func (e *Engine) Unpack(ctx context.Context, file string) (Run, error) {
	if e.cfg.Access == ReadOnly {
		return Run{}, ErrReadOnly
	}
	r, err := pack.Open(file)
	if err != nil {
		return Run{}, badPack(err)
	}
	defer r.Close() //nolint:errcheck // it has only read
	var about packAbout
	if err := json.Unmarshal(r.About, &about); err != nil {
		return Run{}, badPack(fmt.Errorf("%s: %w", file, err))
	}
	dir, release, err := e.store.Workspace()
	if err != nil {
		return Run{}, fmt.Errorf("unpack: %w", err)
	}
	defer release() //nolint:errcheck // what is left of it is removed by the next
	if err := r.Extract(dir); err != nil {
		return Run{}, fmt.Errorf("unpack %s: %w", file, err)
	}
	if err := e.unpack(ctx, dir, &about); err != nil {
		return Run{}, err
	}
	e.enqueued()
	row, err := e.store.RunByUUID(ctx, about.Root)
	if err != nil {
		return Run{}, err
	}
	return e.Get(ctx, row.ID)
}

// CheckPack compares a file with its hash, and returns ErrBadPack if it does not match or is no pack.
func CheckPack(file string) error {
	r, err := pack.Open(file)
	if err != nil {
		return badPack(err)
	}
	return r.Close()
}

func badPack(err error) error {
	if errors.Is(err, pack.ErrDamaged) || errors.Is(err, pack.ErrNotPack) || errors.Is(err, pack.ErrNewer) {
		return &kindError{ErrBadPack, err}
	}
	return err
}

// kindError is an error that is also of a kind that callers branch on.
type kindError struct{ kind, err error }

func (e *kindError) Error() string        { return e.err.Error() }
func (e *kindError) Unwrap() error        { return e.err }
func (e *kindError) Is(target error) bool { return target == e.kind }

// unpack takes over what was extracted into dir.
func (e *Engine) unpack(ctx context.Context, dir string, about *packAbout) (err error) {
	from, err := store.OpenPack(ctx, dir, store.Options{Logger: e.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	root, err := from.RunByUUID(ctx, about.Root)
	if err != nil {
		return err
	}
	err = from.Update(ctx, func(tx *store.Tx) error {
		return eachOfFamily(tx, root.ID, func(r store.Run) error { return e.arrive(tx, r, about) })
	})
	if err != nil {
		return err
	}
	err = e.store.Unpack(ctx, from, root.ID, about.seqs())
	if _, here := errors.AsType[*store.HereError](err); here {
		return &kindError{ErrRunHere, err}
	}
	return err
}

// arrive prepares a run for its new place, in the database of the pack.
func (e *Engine) arrive(tx *store.Tx, r store.Run, about *packAbout) error {
	if Status(r.Status).Ended() {
		return nil
	}
	p := packingOf(&r)
	why := "unpacked; it was packed by " + about.By
	if about.Copy {
		p = &Packing{By: about.By, At: about.At, Was: Status(r.Status), Copy: true}
		why = p.reason()
	} else if r.Root != 0 {
		return e.restore(tx, r, why)
	}
	next := r
	if Status(r.Status) != Blocked {
		next.Status, next.Reason = string(Paused), why
	}
	if !about.Copy {
		p = nil
	}
	return e.settlePacked(tx, &r, next, store.History{Kind: "unpacked", Detail: detail("by", e.actor, "reason", why)}, p)
}
