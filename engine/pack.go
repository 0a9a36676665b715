package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/durable-wf/wf/engine/internal/pack"
	"github.com/durable-wf/wf/engine/internal/store"
)

// ErrPacked means that the run was packed, and may go on elsewhere.
var ErrPacked = errors.New("the run was packed and may go on elsewhere")

// Packing says into which file a run was packed, or of what it is a copy.
type Packing struct {
	File string    `json:"file"`
	By   string    `json:"by"` // user, host and process
	At   time.Time `json:"at"`
	Was  Status    `json:"was"`            // the run's status before
	Copy bool      `json:"copy,omitempty"` // this run is a copy: the other one was left as it was
}

// PackOptions are the extras of Pack. nil means none.
type PackOptions struct {
	Copy bool // leave the run as it is: what is unpacked is a copy to look at
}

// Packed is what Pack has written.
type Packed struct {
	Runs int   // how many
	Size int64 // of the file, in bytes
}

// packAbout is the document about a pack.
type packAbout struct {
	Root string      `json:"root"` // UUID
	Copy bool        `json:"copy"`
	By   string      `json:"by"`
	At   time.Time   `json:"at"`
	Runs []packedRun `json:"runs"` // the family, the eldest first
}

// seqs are the numbers of the newest events, by UUID.
func (a *packAbout) seqs() map[string]int64 {
	seqs := make(map[string]int64, len(a.Runs))
	for _, r := range a.Runs {
		seqs[r.UUID] = r.Seq
	}
	return seqs
}

type packedRun struct {
	UUID     string `json:"uuid"`
	Workflow string `json:"workflow"`
	Status   Status `json:"status"`
	Seq      int64  `json:"seq"`  // of the newest event
	Head     string `json:"head"` // its hash, in hexadecimal
}

// Pack writes a run with its descendants and all that belongs to them (history, checkpoints, recorded calls, keys,
// signals, attributes, metrics, large payloads, folders) into one new file, which Unpack puts into another
// database, mostly on another machine. None of them may be executing: that is ErrRunOwned.
//
// Those that have not ended are paused first, as packed: until the run comes home (see Unpack), Resume refuses
// them with ErrPacked, so that it does not go on in two places. With Copy they are left as they are.
//
// The file is complete and durable when Pack returns without an error. After an error the runs are as they were
// before, or, if they cannot be brought back and after a crash, paused as packed.
func (e *Engine) Pack(ctx context.Context, id int64, file string, opts *PackOptions) (Packed, error) {
	if opts == nil {
		opts = &PackOptions{}
	}
	row, err := e.row(ctx, id)
	if err != nil {
		return Packed{}, err
	}
	if row.Root != 0 {
		return Packed{}, &InputError{row.Workflow, fmt.Errorf("run %d is a child of run %d: pack its whole family by run %d", id, row.Parent, row.Root)}
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return Packed{}, err
	}
	if _, err := os.Lstat(file); err == nil {
		return Packed{}, &InputError{row.Workflow, fmt.Errorf("%s %w", file, pack.ErrExists)}
	}
	about := packAbout{Root: row.UUID, Copy: opts.Copy, By: e.actor, At: e.clock.Now().UTC()}
	if err := e.prepare(ctx, id, file, &about); err != nil {
		return Packed{}, err
	}
	size, err := e.writePack(ctx, id, file, &about)
	if err != nil && !opts.Copy {
		err = errors.Join(err, e.unprepare(context.WithoutCancel(ctx), id, err))
	}
	return Packed{len(about.Runs), size}, err
}

// prepare pauses the family of a run as packed, and lists it as it is then.
func (e *Engine) prepare(ctx context.Context, root int64, file string, about *packAbout) error {
	rows, err := e.store.Family(ctx, root)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Owner != 0 {
			if err := e.freeDead(ctx, rows[i].ID); err != nil {
				return err
			}
		}
	}
	return e.store.Update(ctx, func(tx *store.Tx) error {
		about.Runs = nil
		return eachOfFamily(tx, root, func(r store.Run) error {
			if r.Owner != 0 {
				return fmt.Errorf("run %d: %w (worker %d); pause it first", r.ID, ErrRunOwned, r.Owner)
			}
			if !about.Copy && !Status(r.Status).Ended() {
				if err := e.markPacked(tx, &r, Packing{File: file, By: about.By, At: about.At, Was: Status(r.Status)}); err != nil {
					return err
				}
			}
			about.Runs = append(about.Runs, packedRun{r.UUID, r.Workflow, Status(r.Status), r.Seq, hex.EncodeToString(r.HeadHash)})
			return nil
		})
	})
}

// eachOfFamily calls fn with a run and its descendants, the eldest first.
func eachOfFamily(tx *store.Tx, root int64, fn func(store.Run) error) error {
	ids, err := tx.Family(root)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r, err := tx.Run(id)
		if err == nil {
			err = fn(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// markPacked pauses a run as packed; a blocked one stays so. One that was packed before is so anew.
func (e *Engine) markPacked(tx *store.Tx, r *store.Run, p Packing) error {
	if was := packingOf(r); was != nil && !was.Copy {
		p.Was = was.Was
	}
	said := detail("by", p.By, "reason", p.reason())
	next := *r
	if next.Reason = p.reason(); Status(r.Status) == Blocked {
		next.Reason = r.Reason
	} else {
		next.Status = string(Paused)
	}
	return e.settlePacked(tx, r, next, store.History{Kind: "packed", Detail: said}, &p)
}

// settlePacked commits a change of a run by packing or unpacking, and what it is packed as; then r is as it was
// committed.
func (e *Engine) settlePacked(tx *store.Tx, r *store.Run, next store.Run, h store.History, p *Packing) error {
	text := ""
	if p != nil {
		doc, err := json.Marshal(p)
		if err != nil {
			return err
		}
		text = string(doc)
	}
	h.Step, h.Visit, h.Attempt, h.DurationUS = r.Step, r.Visit, r.Attempt, -1
	if err := tx.Apply(&store.Change{Lease: r.Lease(), Row: next, History: []store.History{h}}); err != nil {
		return err
	}
	if err := tx.SetPacked(r.ID, text); err != nil {
		return err
	}
	now, err := tx.Run(r.ID)
	*r = now
	return err
}

// writePack writes the file.
func (e *Engine) writePack(ctx context.Context, root int64, file string, about *packAbout) (int64, error) {
	dir, err := os.MkdirTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.part")
	if err != nil {
		return 0, fmt.Errorf("pack: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left of it is no harm
	if err := e.store.WritePack(ctx, root, dir, about.seqs()); err != nil {
		return 0, err
	}
	document, err := json.Marshal(about)
	if err != nil {
		return 0, err
	}
	size, err := pack.Write(file, document, dir, func(name string) bool { return !store.Unpackable(name) })
	if err != nil {
		return 0, fmt.Errorf("pack: %w", err)
	}
	return size, nil
}

// unprepare lets the family of a run be as it was before it was to be packed.
func (e *Engine) unprepare(ctx context.Context, root int64, why error) error {
	err := e.store.Update(ctx, func(tx *store.Tx) error {
		return eachOfFamily(tx, root, func(r store.Run) error { return e.restore(tx, r, "it could not be packed: "+why.Error()) })
	})
	e.enqueued()
	return err
}

// restore gives a run that is packed the status that it had before.
func (e *Engine) restore(tx *store.Tx, r store.Run, why string) error {
	p := packingOf(&r)
	if p == nil {
		return nil
	}
	h := store.History{Kind: "unpacked", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail("by", e.actor, "reason", why)}
	if p.Was == Waiting && r.Wait != "" { // what it waits for may have come
		if err := tx.SetPacked(r.ID, ""); err != nil {
			return err
		}
		r.Reason = waitReasonOf(r)
		return tx.Rest(r, h)
	}
	next := r
	switch p.Was {
	case Paused, Blocked:
	case Waiting, Compensating:
		next.Status, next.Reason = string(p.Was), ""
	default:
		next.Status, next.Reason = string(Pending), ""
	}
	return e.settlePacked(tx, &r, next, h, nil)
}

// reason says why the run stands still.
func (p *Packing) reason() string {
	at := p.At.Format("2006-01-02 15:04:05Z")
	if p.Copy {
		return fmt.Sprintf("a copy, packed on %s by %s", at, p.By)
	}
	return fmt.Sprintf("packed into %s on %s", p.File, at)
}

// remedy says how the run goes on here.
func (p *Packing) remedy(e *Engine, id int64) string {
	if p.Copy {
		return "go on from it with " + e.command("fork", id)
	}
	return "unpack what comes home; or, if the pack is lost, " + e.command("resume", id) + " --packed"
}

// packingOf reads how a run is packed; nil if it is not.
func packingOf(r *store.Run) *Packing {
	p := new(Packing)
	if r.Packed == "" || json.Unmarshal([]byte(r.Packed), p) != nil {
		return nil
	}
	return p
}

// unpacked refuses a run that is packed, or takes that back for all of its family, if the options say so; but the
// run itself stays paused. It returns the run as it is then.
func (e *Engine) unpacked(tx *store.Tx, r store.Run, opts *ResumeOptions) (store.Run, error) {
	p := packingOf(&r)
	switch {
	case p == nil:
		return r, nil
	case !opts.Packed:
		return r, fmt.Errorf("run %d: %w: it is %s", r.ID, ErrPacked, p.reason())
	}
	err := eachOfFamily(tx, r.ID, func(child store.Run) error {
		if child.ID == r.ID {
			return nil
		}
		return e.restore(tx, child, "taken back")
	})
	if err != nil {
		return r, err
	}
	if err := tx.SetPacked(r.ID, ""); err != nil {
		return r, err
	}
	return tx.Run(r.ID)
}
