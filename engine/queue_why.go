package engine

import (
	"context"
	"fmt"
	"strconv"
)

// whyQueue says how its queue holds a pending run up, and what to do about it; "" if it does not.
func (e *Engine) whyQueue(ctx context.Context, run Run) (cause, remedy string, err error) {
	row, err := e.store.QueueLimits(ctx, run.Queue)
	if err != nil {
		return "", "", err
	}
	q := e.queueOf(&row)
	command := e.cfg.Program + " queue "
	switch {
	case q.Paused:
		cause = "queue " + q.Name + " is paused by " + q.By
		if q.Reason != "" {
			cause += ": " + q.Reason
		}
		return cause, command + "resume " + quoteWord(q.Name), nil
	case q.Concurrency > 0 && q.Running >= int64(q.Concurrency):
		return fmt.Sprintf("queue %s is full: %d of %d runs execute", q.Name, q.Running, q.Concurrency),
			command + "set " + quoteWord(q.Name) + " --concurrency N", nil
	case !q.Next.IsZero() && run.Started.IsZero():
		return fmt.Sprintf("rate limit of queue %s, %d per %v: next start at %s", q.Name, q.Rate, q.Period, clockText(q.Next)),
			command + "set " + quoteWord(q.Name) + " --rate N/PERIOD", nil
	}
	return "", "", nil
}

// quoteWord is a word for a shell.
func quoteWord(word string) string {
	for _, r := range word {
		if r != '-' && r != '_' && r != '.' && r != '/' && r != ':' && (r < '0' || r > 'z' || r > '9' && r < 'A' || r > 'Z' && r < 'a') {
			return strconv.Quote(word)
		}
	}
	return word
}
