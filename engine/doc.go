// Package engine runs durable computations in one SQLite file.
//
// A computation is a [Workflow]: named step functions over one typed state. A step returns what
// happens next, a [Transition]; the transition and the new state are committed together, so that
// after a crash, a kill or a power cut the run goes on from its last committed checkpoint. Inside a
// step, [Context.Due] and [Context.Save] commit checkpoints of a long loop, and [Do] records the
// result of a call to the outside, so that it is not made again.
//
//	const Sum engine.Name[State, int64] = "sum"
//
//	eng, err := engine.Open(ctx, engine.Config{Path: "wf.db"}, Workflow)
//	total, err := Sum.Run(ctx, eng, State{N: 200}, nil) // in the foreground
//	run, err := Sum.Start(ctx, eng, State{N: 200}, nil) // for whoever calls Serve
//
// What has been acknowledged is durable: the database is in WAL mode with synchronous=FULL, always.
// Several processes may use one file at once, on one machine. A run has one owner at a time; when
// the owner dies another one takes over within milliseconds.
package engine
