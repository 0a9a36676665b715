// Package queries holds the SQL of wf: one statement per file, embedded into a variable.
//
// A missing file is a compile error, an unused one fails the package's test. The folder is called
// sql, the package queries, so that nobody shadows database/sql.
package queries

import _ "embed"

var (
	//go:embed archive_stale.sql
	ArchiveStale string

	//go:embed archive_stale_history.sql
	ArchiveStaleHistory string

	//go:embed attribute_delete.sql
	AttributeDelete string

	//go:embed attribute_known.sql
	AttributeKnown string

	//go:embed attribute_list.sql
	AttributeList string

	//go:embed attribute_names.sql
	AttributeNames string

	//go:embed attribute_set.sql
	AttributeSet string

	//go:embed batch_begin.sql
	BatchBegin string

	//go:embed batch_commit.sql
	BatchCommit string

	//go:embed batch_heads.sql
	BatchHeads string

	//go:embed batch_rollback.sql
	BatchRollback string

	//go:embed batch_table.sql
	BatchTable string

	//go:embed busy_long.sql
	BusyLong string

	//go:embed busy_short.sql
	BusyShort string

	//go:embed call_forget.sql
	CallForget string

	//go:embed call_insert.sql
	CallInsert string

	//go:embed call_list.sql
	CallList string

	//go:embed change_advance.sql
	ChangeAdvance string

	//go:embed change_hits.sql
	ChangeHits string

	//go:embed change_step.sql
	ChangeStep string

	//go:embed change_update.sql
	ChangeUpdate string

	//go:embed change_update_state.sql
	ChangeUpdateState string

	//go:embed checkpoint_list.sql
	CheckpointList string

	//go:embed child_counts.sql
	ChildCounts string

	//go:embed child_flight.sql
	ChildFlight string

	//go:embed child_held.sql
	ChildHeld string

	//go:embed child_list.sql
	ChildList string

	//go:embed child_lost.sql
	ChildLost string

	//go:embed child_open.sql
	ChildOpen string

	//go:embed child_open_list.sql
	ChildOpenList string

	//go:embed claim_begun.sql
	ClaimBegun string

	//go:embed claim_branch.sql
	ClaimBranch string

	//go:embed claim_crowd.sql
	ClaimCrowd string

	//go:embed claim_due.sql
	ClaimDue string

	//go:embed claim_free.sql
	ClaimFree string

	//go:embed claim_lanes.sql
	ClaimLanes string

	//go:embed claim_named.sql
	ClaimNamed string

	//go:embed claim_queue.sql
	ClaimQueue string

	//go:embed claim_rows.sql
	ClaimRows string

	//go:embed claim_update.sql
	ClaimUpdate string

	//go:embed copy_bad.sql
	CopyBad string

	//go:embed copy_delete.sql
	CopyDelete string

	//go:embed copy_facts.sql
	CopyFacts string

	//go:embed copy_insert.sql
	CopyInsert string

	//go:embed fork_attributes.sql
	ForkAttributes string

	//go:embed fork_signals.sql
	ForkSignals string

	//go:embed history_bounds.sql
	HistoryBounds string

	//go:embed history_brief.sql
	HistoryBrief string

	//go:embed history_chain.sql
	HistoryChain string

	//go:embed history_forget.sql
	HistoryForget string

	//go:embed history_hash.sql
	HistoryHash string

	//go:embed history_insert.sql
	HistoryInsert string

	//go:embed history_list.sql
	HistoryList string

	//go:embed history_ordered.sql
	HistoryOrdered string

	//go:embed history_pick.sql
	HistoryPick string

	//go:embed history_probe.sql
	HistoryProbe string

	//go:embed history_span.sql
	HistorySpan string

	//go:embed history_walk.sql
	HistoryWalk string

	//go:embed hook_note.sql
	HookNote string

	//go:embed hook_owe.sql
	HookOwe string

	//go:embed hook_owed.sql
	HookOwed string

	//go:embed hook_paid.sql
	HookPaid string

	//go:embed key_end.sql
	KeyEnd string

	//go:embed key_get.sql
	KeyGet string

	//go:embed key_insert.sql
	KeyInsert string

	//go:embed key_status.sql
	KeyStatus string

	//go:embed key_take.sql
	KeyTake string

	//go:embed metric_insert.sql
	MetricInsert string

	//go:embed metric_latest.sql
	MetricLatest string

	//go:embed metric_list.sql
	MetricList string

	//go:embed metric_next.sql
	MetricNext string

	//go:embed metric_outline.sql
	MetricOutline string

	//go:embed metric_pick.sql
	MetricPick string

	//go:embed prune_final.sql
	PruneFinal string

	//go:embed query_bounded.sql
	QueryBounded string

	//go:embed queue_limits.sql
	QueueLimits string

	//go:embed queue_list.sql
	QueueList string

	//go:embed queue_put.sql
	QueuePut string

	//go:embed queue_rank.sql
	QueueRank string

	//go:embed run_bounds.sql
	RunBounds string

	//go:embed run_by_key.sql
	RunByKey string

	//go:embed run_by_key_any.sql
	RunByKeyAny string

	//go:embed run_by_uuid.sql
	RunByUUID string

	//go:embed run_counts.sql
	RunCounts string

	//go:embed run_due.sql
	RunDue string

	//go:embed run_ended.sql
	RunEnded string

	//go:embed run_exists.sql
	RunExists string

	//go:embed run_find.sql
	RunFind string

	//go:embed run_find_open.sql
	RunFindOpen string

	//go:embed run_get.sql
	RunGet string

	//go:embed run_head.sql
	RunHead string

	//go:embed run_insert.sql
	RunInsert string

	//go:embed run_insert_ended.sql
	RunInsertEnded string

	//go:embed run_list.sql
	RunList string

	//go:embed run_newest.sql
	RunNewest string

	//go:embed run_pending_many.sql
	RunPendingMany string

	//go:embed run_probe.sql
	RunProbe string

	//go:embed run_rank.sql
	RunRank string

	//go:embed run_release.sql
	RunRelease string

	//go:embed run_suspended.sql
	RunSuspended string

	//go:embed run_timeless.sql
	RunTimeless string

	//go:embed run_unlink.sql
	RunUnlink string

	//go:embed run_want.sql
	RunWant string

	//go:embed run_wanted.sql
	RunWanted string

	//go:embed run_wants.sql
	RunWants string

	//go:embed savepoint_begin.sql
	SavepointBegin string

	//go:embed savepoint_release.sql
	SavepointRelease string

	//go:embed savepoint_rollback.sql
	SavepointRollback string

	//go:embed schedule_delete.sql
	ScheduleDelete string

	//go:embed schedule_due.sql
	ScheduleDue string

	//go:embed schedule_get.sql
	ScheduleGet string

	//go:embed schedule_insert.sql
	ScheduleInsert string

	//go:embed schedule_list.sql
	ScheduleList string

	//go:embed schedule_next.sql
	ScheduleNext string

	//go:embed schedule_open.sql
	ScheduleOpen string

	//go:embed schedule_update.sql
	ScheduleUpdate string

	//go:embed schedule_wake.sql
	ScheduleWake string

	//go:embed signal_forget.sql
	SignalForget string

	//go:embed signal_insert.sql
	SignalInsert string

	//go:embed signal_list.sql
	SignalList string

	//go:embed signal_next.sql
	SignalNext string

	//go:embed signal_of.sql
	SignalOf string

	//go:embed signal_spend.sql
	SignalSpend string

	//go:embed signal_take.sql
	SignalTake string

	//go:embed undo_drop.sql
	UndoDrop string

	//go:embed undo_ensure.sql
	UndoEnsure string

	//go:embed undo_forget.sql
	UndoForget string

	//go:embed undo_left.sql
	UndoLeft string

	//go:embed undo_list.sql
	UndoList string

	//go:embed undo_open.sql
	UndoOpen string

	//go:embed undo_put.sql
	UndoPut string

	//go:embed undo_skip.sql
	UndoSkip string

	//go:embed wal_checkpoint.sql
	WALCheckpoint string

	//go:embed wal_copy.sql
	WALCopy string

	//go:embed worker_insert.sql
	WorkerInsert string

	//go:embed worker_list.sql
	WorkerList string

	//go:embed worker_living.sql
	WorkerLiving string

	//go:embed worker_newest.sql
	WorkerNewest string

	//go:embed worker_provenance.sql
	WorkerProvenance string

	//go:embed worker_reliability.sql
	WorkerReliability string

	//go:embed worker_stop.sql
	WorkerStop string

	//go:embed worker_trace.sql
	WorkerTrace string

	//go:embed worker_uuid.sql
	WorkerUUID string
)
