package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/durable-wf/wf/engine/internal/oslock"
	queries "github.com/durable-wf/wf/sql"
)

const (
	maxBatch   = 4096             // requests in one transaction
	drainLimit = 10 * time.Second // how long Close waits for the write lock
)

// writer owns the only connection that writes. Whoever has the pen takes what is queued, commits it in one
// transaction and acknowledges it; a lone request waits for nobody. See pen.go for who that is.
type writer struct {
	store  *Store
	db     *sqlx.DB
	conn   *sqlx.Conn
	stmts  *statements
	table  *batchTable
	driver *trackedConn // what conn stands for; used where no statement is run
	turn   *oslock.Turn

	mu      sync.Mutex // guards what follows
	queue   []*request
	asked   []chan<- bool // by OthersWrote
	coming  int           // requests that were announced and are not in the queue yet
	closing bool
	writing bool // somebody has the pen
	roused  bool // the goroutine is to look

	pen     chan struct{}   // capacity 1: hands the pen to the goroutine
	stopped chan struct{}   // closed by the goroutine when it ends
	ctx     context.Context // ends some time after Close, so that nothing waits for ever
	stop    context.CancelFunc
	gone    atomic.Bool
	user    atomic.Bool // user SQL is running: the authorizer is strict

	// Used by who has the pen alone.
	workers  map[int64]string // UUIDs of workers, by number
	newestUS int64            // of what has been committed
	heads    heads            // after the last batch
	version  uint32           // of the database at that time
	calmUS   int64            // until when there is calm then, see batch.calm
	known    bool             // heads, version and calmUS hold
	company  int64            // rises with each batch that is not paced, and when others have written
	none     Run              // what has no checkpoint; never changed
	slab     []move           // room for the moves of a batch
	byRun    map[int64]*move  // room for those of a round
	byWay    [ways][]*move    // room for those of a statement
	heard    int64            // the data version when OthersWrote asked last
	served   string           // the lane of runs that was served last
	wal      wal
	copier   logCopier
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{
		store: s, table: &batchTable{}, pen: make(chan struct{}, 1), stopped: make(chan struct{}),
		workers: map[int64]string{}, byRun: map[int64]*move{}, wal: found(s.path), copier: logCopier{store: s},
	}
	w.copier.done = w.rouse
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	go w.loop() // drain stops it and waits
	return w, nil
}

func (w *writer) open(ctx context.Context) (err error) {
	if w.turn, err = oslock.OpenTurn(w.store.lockDir); err != nil {
		return err
	}
	if w.db, err = openWriter(ctx, w.store.path, w.table); err != nil {
		return err
	}
	if w.conn, err = w.db.Connx(ctx); err != nil {
		return err
	}
	if err = w.conn.Raw(func(conn any) error {
		w.driver = conn.(*trackedConn)
		return w.authorize()
	}); err != nil {
		return err
	}
	w.heard = dataVersion(ctx, w.conn.Conn)
	w.stmts = newStatements(w.conn.Conn, w.table)
	_, err = w.conn.ExecContext(ctx, queries.BatchTable)
	return err
}

// close frees what open took; the goroutine has ended.
func (w *writer) close() error {
	errs := []error{w.copier.close()}
	if w.stmts != nil {
		errs = append(errs, w.stmts.close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	if w.turn != nil {
		errs = append(errs, w.turn.Close())
	}
	return errors.Join(errs...)
}

// drain lets what is queued be committed, and waits for it.
func (w *writer) drain() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.rouse()
	limit := time.AfterFunc(drainLimit, w.stop)
	defer limit.Stop()
	<-w.stopped
	w.stop()
}

func (w *writer) setGone() {
	if !w.gone.Swap(true) {
		w.store.log.Error("database file was deleted or replaced; nothing more is written", slog.String("path", w.store.path))
	}
}

// enqueue queues requests, and reports whether the caller has got the pen by it.
func (w *writer) enqueue(reqs ...*request) (pen bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		for _, r := range reqs {
			go r.done(ErrClosed) // ends at once; the caller may hold a lock that done takes
		}
		return false
	}
	w.queue = append(w.queue, reqs...)
	return w.grasp()
}

// announce says that a request will arrive, which the writer then waits for. It reports false if the
// writer is closing.
func (w *writer) announce() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closing {
		w.coming++
	}
	return !w.closing
}

// arrive queues a request that was announced, even if the writer is closing by now.
func (w *writer) arrive(r *request) {
	w.mu.Lock()
	w.coming--
	w.queue = append(w.queue, r)
	w.mu.Unlock()
	w.rouse()
}

// take removes the next batch from the queue.
func (w *writer) take() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := make([]*request, 0, min(len(w.queue), maxBatch))
	n := 0
	for ; n < len(w.queue) && len(batch) < maxBatch; n++ {
		if r := w.queue[n]; r.state.CompareAndSwap(queued, taken) {
			batch = append(batch, r)
		}
	}
	w.queue = append(w.queue[:0:0], w.queue[n:]...) // a new array, so that what was taken can be freed
	return batch
}
