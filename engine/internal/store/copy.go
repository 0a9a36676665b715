package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/durable-wf/wf/engine/internal/preserve"
)

// copyEvery is how often a run's checkpoint is copied, unless it is the best so far.
const copyEvery = int64(time.Second / time.Microsecond)

// copies are the older checkpoints that a run keeps, as far as the writer needs to know them.
type copies struct {
	list  []preserve.Point // oldest first; never changed, but replaced
	text  string           // their numbers, as in the row
	known bool             // not only the numbers in list are
}

// noCopies is the column copies of a run that keeps none.
const noCopies = "[]"

// copiesOf reads the column copies of a row.
func copiesOf(column string) (copies, error) {
	if column == noCopies {
		return newCopies(nil), nil
	}
	var ids []int64
	if err := json.Unmarshal([]byte(column), &ids); err != nil {
		return copies{}, err
	}
	c := copies{text: column, known: len(ids) == 0}
	for _, id := range ids {
		c.list = append(c.list, preserve.Point{ID: id})
	}
	return c, nil
}

// newCopies is what a list of which all is known is in the row.
func newCopies(list []preserve.Point) copies {
	if len(list) == 0 {
		return copies{text: noCopies, known: true}
	}
	text := []byte{'['}
	for i := range list {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, list[i].ID, 10)
	}
	return copies{list: list, text: string(append(text, ']')), known: true}
}

func (c *copies) ids() []int64 {
	ids := make([]int64, len(c.list))
	for i := range c.list {
		ids[i] = c.list[i].ID
	}
	return ids
}

// saved is a checkpoint of a move, with what came with it.
type saved struct {
	row   *Run
	seq   int64   // of the event that saved it
	value float64 // of the metric by which the best one is kept; NaN if none came with it
}

// at is the checkpoint as the policy sees it.
func (s *saved) at(id int64) preserve.Point {
	return preserve.Point{ID: id, AtUS: s.row.ActiveUS, Size: s.size(), Value: s.value}
}

func (s *saved) size() int64 {
	if s.row.Checkpoint.State.inFile() {
		return s.row.Checkpoint.Size
	}
	return int64(len(s.row.Checkpoint.State.Data))
}

// copied is a checkpoint of which a copy is made, under a number.
type copied struct {
	saved
	id  int64
	bad string // why it must not be used
}

// save takes note of a change's checkpoint. One that is the best so far is copied, whatever comes after it.
func (b *batch) save(m *move, c *Change) error {
	m.saved = saved{row: &c.Row, seq: m.to.seq, value: math.NaN()}
	policy := &m.lease.preserve
	if policy.Best == "" {
		return nil
	}
	for i := range c.Metrics {
		if c.Metrics[i].Name == policy.Best {
			m.saved.value = c.Metrics[i].Value
		}
	}
	if err := b.know(&m.to.copies); err != nil {
		return err
	}
	if policy.Improves(m.to.copies.list, m.saved.value) {
		return b.copy(m)
	}
	return nil
}

// know reads what is to be known of copies.
func (b *batch) know(c *copies) error {
	if c.known {
		return nil
	}
	rows, err := b.w.stmts.copyFacts.QueryContext(context.Background(), c.text)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []preserve.Point
	for rows.Next() {
		var p preserve.Point
		var value sql.NullFloat64
		if err := rows.Scan(&p.ID, &p.AtUS, &p.Size, &value); err != nil {
			return err
		}
		if p.Value = value.Float64; !value.Valid {
			p.Value = math.NaN()
		}
		list = append(list, p)
	}
	*c = newCopies(list)
	return rows.Err()
}

// copy lets a copy be made of the newest checkpoint of the move, and those go that are not kept any more.
func (b *batch) copy(m *move) error {
	if err := b.know(&m.to.copies); err != nil {
		return err
	}
	b.lastCopy++
	m.copied = append(m.copied, copied{saved: m.saved, id: b.lastCopy})
	left, gone := m.lease.preserve.Thin(append(slices.Clone(m.to.copies.list), m.saved.at(b.lastCopy)))
	m.gone = append(m.gone, gone...)
	m.to.copies, m.to.copiedUS = newCopies(left), b.now
	return nil
}

// spoil lets a copy be made of a checkpoint that must not be used again, and notes which others must not.
func (b *batch) spoil(m *move, bad *Spoilt) error {
	m.spoilt = bad
	if bad.Row == nil {
		return nil
	}
	if err := b.know(&m.to.copies); err != nil {
		return err
	}
	b.lastCopy++
	was := saved{row: bad.Row, seq: m.from.seq, value: math.NaN()}
	m.copied = append(m.copied, copied{saved: was, id: b.lastCopy, bad: bad.Why})
	left, gone := m.lease.preserve.Thin(append(slices.Clone(m.to.copies.list), was.at(b.lastCopy)))
	m.gone = append(m.gone, gone...)
	m.to.copies = newCopies(left)
	return nil
}

// mark marks the copies of a move that must not be used again.
func (b *batch) mark(m *move) error {
	if m.spoilt == nil || len(m.spoilt.Copies) == 0 {
		return nil
	}
	return b.w.exec(b.w.stmts.copyBad, jsonList(m.spoilt.Copies), m.spoilt.Why)
}

// finish decides what else goes with the move: a copy of the checkpoint, or the end of the copies.
func (b *batch) finish(m *move) error {
	if m.to.status == "completed" && m.lease.keep != "all" {
		m.gone, m.copied, m.to.copies = m.from.copies.ids(), nil, newCopies(nil)
		m.saved = saved{row: &b.w.none} // nothing to resume from any more
		return nil
	}
	if m.saved.row == nil || b.now-m.to.copiedUS < copyEvery || m.spoilt != nil { // it goes back to a copy
		return nil
	}
	return b.copy(m)
}

// appendCopies appends the parameters of copy_insert.sql, for the copies that the move makes. One that was
// made and is gone again was never there.
func (b *batch) appendCopies(args []any, m *move) []any {
	for i := range m.copied {
		c := &m.copied[i]
		if slices.Contains(m.gone, c.id) {
			continue
		}
		r, cp := c.row, &c.row.Checkpoint
		var value any
		if !math.IsNaN(c.value) {
			value = c.value
		}
		args = append(args, c.id, m.lease.Run, c.seq, b.now, r.Version, r.Fingerprint, r.Step, r.Visit, r.ActiveUS,
			nullUnknown(r.Done), nullUnknown(r.Total), value, c.size(),
			cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), nullText(c.bad), cp.State.column())
	}
	return args
}

// policyOf reads the column preserve of a row.
func policyOf(column string) (preserve.Policy, error) {
	if column == "" {
		return preserve.Default(), nil
	}
	var p preserve.Policy
	if err := json.Unmarshal([]byte(column), &p); err != nil {
		return p, fmt.Errorf("column preserve: %w", err)
	}
	return p, nil
}
