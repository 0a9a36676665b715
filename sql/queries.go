// Package queries holds the SQL of wf: one statement per file, embedded into a variable.
//
// A missing file is a compile error, an unused one fails the package's test. The folder is called
// sql, the package queries, so that nobody shadows database/sql.
package queries

import _ "embed"

var (
	//go:embed archive_attach.sql
	ArchiveAttach string

	//go:embed archive_attributes.sql
	ArchiveAttributes string

	//go:embed archive_checkpoints.sql
	ArchiveCheckpoints string

	//go:embed archive_files.sql
	ArchiveFiles string

	//go:embed archive_history.sql
	ArchiveHistory string

	//go:embed archive_keys.sql
	ArchiveKeys string

	//go:embed archive_known.sql
	ArchiveKnown string

	//go:embed archive_mark.sql
	ArchiveMark string

	//go:embed archive_metrics.sql
	ArchiveMetrics string

	//go:embed archive_renumbered.sql
	ArchiveRenumbered string

	//go:embed archive_runs.sql
	ArchiveRuns string

	//go:embed archive_shift.sql
	ArchiveShift string

	//go:embed archive_signals.sql
	ArchiveSignals string

	//go:embed archive_undos.sql
	ArchiveUndos string

	//go:embed archive_workers.sql
	ArchiveWorkers string

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

	//go:embed backup_into.sql
	BackupInto string

	//go:embed batch_begin.sql
	BatchBegin string

	//go:embed batch_commit.sql
	BatchCommit string

	//go:embed batch_heads.sql
	BatchHeads string

	//go:embed batch_rollback.sql
	BatchRollback string

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

	//go:embed change_update.sql
	ChangeUpdate string

	//go:embed change_update_state.sql
	ChangeUpdateState string

	//go:embed check_attribute.sql
	CheckAttribute string

	//go:embed check_call.sql
	CheckCall string

	//go:embed check_call_sum.sql
	CheckCallSum string

	//go:embed check_checkpoint.sql
	CheckCheckpoint string

	//go:embed check_checkpoint_missing.sql
	CheckCheckpointMissing string

	//go:embed check_checkpoint_sum.sql
	CheckCheckpointSum string

	//go:embed check_child.sql
	CheckChild string

	//go:embed check_history.sql
	CheckHistory string

	//go:embed check_history_count.sql
	CheckHistoryCount string

	//go:embed check_history_head.sql
	CheckHistoryHead string

	//go:embed check_history_link.sql
	CheckHistoryLink string

	//go:embed check_history_worker.sql
	CheckHistoryWorker string

	//go:embed check_integrity.sql
	CheckIntegrity string

	//go:embed check_key.sql
	CheckKey string

	//go:embed check_metric.sql
	CheckMetric string

	//go:embed check_owner.sql
	CheckOwner string

	//go:embed check_pruned.sql
	CheckPruned string

	//go:embed check_result.sql
	CheckResult string

	//go:embed check_run_sum.sql
	CheckRunSum string

	//go:embed check_signal.sql
	CheckSignal string

	//go:embed check_status.sql
	CheckStatus string

	//go:embed check_undo.sql
	CheckUndo string

	//go:embed checkpoint_list.sql
	CheckpointList string

	//go:embed child_counts.sql
	ChildCounts string

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

	//go:embed copy_delete.sql
	CopyDelete string

	//go:embed copy_insert.sql
	CopyInsert string

	//go:embed files_named.sql
	FilesNamed string

	//go:embed fork_attributes.sql
	ForkAttributes string

	//go:embed fork_signals.sql
	ForkSignals string

	//go:embed history_bounds.sql
	HistoryBounds string

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

	//go:embed prune_attributes.sql
	PruneAttributes string

	//go:embed prune_calls.sql
	PruneCalls string

	//go:embed prune_checkpoints.sql
	PruneCheckpoints string

	//go:embed prune_history.sql
	PruneHistory string

	//go:embed prune_history_find.sql
	PruneHistoryFind string

	//go:embed prune_keys.sql
	PruneKeys string

	//go:embed prune_keys_count.sql
	PruneKeysCount string

	//go:embed prune_mark.sql
	PruneMark string

	//go:embed prune_metrics.sql
	PruneMetrics string

	//go:embed prune_runs.sql
	PruneRuns string

	//go:embed prune_runs_delete.sql
	PruneRunsDelete string

	//go:embed prune_signals.sql
	PruneSignals string

	//go:embed prune_undos.sql
	PruneUndos string

	//go:embed prune_workers.sql
	PruneWorkers string

	//go:embed pruned_get.sql
	PrunedGet string

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

	//go:embed run_get.sql
	RunGet string

	//go:embed run_head.sql
	RunHead string

	//go:embed run_insert.sql
	RunInsert string

	//go:embed run_list.sql
	RunList string

	//go:embed run_newest.sql
	RunNewest string

	//go:embed run_rank.sql
	RunRank string

	//go:embed run_release.sql
	RunRelease string

	//go:embed run_timeless.sql
	RunTimeless string

	//go:embed run_unlink.sql
	RunUnlink string

	//go:embed run_want.sql
	RunWant string

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

	//go:embed schema_inspect.sql
	SchemaInspect string

	//go:embed schema_mark.sql
	SchemaMark string

	//go:embed schema_version.sql
	SchemaVersion string

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

	//go:embed verify_run.sql
	VerifyRun string

	//go:embed wal_checkpoint.sql
	WALCheckpoint string

	//go:embed worker_insert.sql
	WorkerInsert string

	//go:embed worker_list.sql
	WorkerList string

	//go:embed worker_reliability.sql
	WorkerReliability string

	//go:embed worker_stop.sql
	WorkerStop string

	//go:embed worker_uuid.sql
	WorkerUUID string
)
