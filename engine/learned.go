package engine

import (
	"encoding/json"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// learned is what a run's row keeps of its attempts beside the checkpoint, as JSON: what the next one, or
// whoever looks, would otherwise have to measure anew.
type learned struct {
	Pace    Pace    `json:"pace,omitzero"`
	Session Session `json:"session,omitzero"`
	Stop    *Stop   `json:"stop,omitempty"`
	Storm   *storm  `json:"storm,omitempty"`
}

// learnedOf reads what a row keeps. What cannot be read is as if nothing had been learned.
func learnedOf(row *store.Run) (l learned) {
	if row.Learned == "" || json.Unmarshal([]byte(row.Learned), &l) != nil {
		return learned{}
	}
	return l
}

// learn takes note of what comes with a checkpoint, and puts it into the row. A run that neither saves within its
// steps nor tells progress costs nothing here. The caller holds mu, or is the run's goroutine.
func (x *execution) learn(row *store.Run, s *Snapshot) {
	if s.Pace.Cost > 0 {
		x.learned.Pace = s.Pace
	}
	x.slow.Store(int64(max(s.Pace.lead(), x.learned.Pace.lead())))
	x.learned.Session.sample(time.Now().UTC(), row.Visit, s.Done)
	if s.Pace.Cost > 0 || row.Learned != "" {
		row.Learned = x.learned.text()
	}
}

// text is the stored form; "" if nothing was learned.
func (l learned) text() string {
	if l == (learned{}) {
		return ""
	}
	doc, err := json.Marshal(l)
	if err != nil { // numbers and texts always marshal
		return ""
	}
	return string(doc)
}

// Session is what one owner has measured of a run's progress. It says nothing about sessions before it, perhaps
// on other machines.
type Session struct {
	Epoch int64     `json:"epoch"` // of the owner
	Since time.Time `json:"since"` // the owner has the run
	Begun time.Time `json:"begun"` // of the measurement, in the present visit
	From  int64     `json:"from"`  // progress at Begun
	At    time.Time `json:"at"`    // of the newest sample
	Done  int64     `json:"done"`  // progress then
	Rate  float64   `json:"rate"`  // units per second, smoothed over the newest samples; 0: not known yet
	Visit int64     `json:"visit"`
}

// sampleEvery is the least time between two samples of the progress: closer ones measure the scheduler.
const sampleEvery = 100 * time.Millisecond

// sample takes note of the progress. A step that counts anew is measured anew.
func (s *Session) sample(now time.Time, visit, done int64) {
	switch {
	case done < 0:
	case s.Begun.IsZero(), visit != s.Visit, done < s.Done:
		s.Begun, s.From, s.At, s.Done, s.Rate, s.Visit = now, done, now, done, 0, visit
	case now.Sub(s.At) >= sampleEvery:
		rate := float64(done-s.Done) / now.Sub(s.At).Seconds()
		if s.Rate != 0 {
			rate = s.Rate + (rate-s.Rate)/smoothing
		}
		s.At, s.Done, s.Rate = now, done, rate
	}
}

// ETA is the time that is left at the rate of this session, counted from now; negative while that is not known.
func (s Session) ETA(total int64, now time.Time) time.Duration {
	if s.Rate <= 0 || total < s.Done {
		return -1
	}
	left := clamp(float64(total-s.Done) / s.Rate * float64(time.Second))
	return max(left-now.Sub(s.At), 0)
}
