// Package queries holds the SQL of wf: one statement per file, embedded into a variable.
//
// A missing file is a compile error, an unused one fails the package's test. The folder is called
// sql, the package queries, so that nobody shadows database/sql.
package queries

import _ "embed"

var (
	//go:embed archive_attach.sql
	ArchiveAttach string

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

	//go:embed archive_renumbered.sql
	ArchiveRenumbered string

	//go:embed archive_runs.sql
	ArchiveRuns string

	//go:embed archive_shift.sql
	ArchiveShift string

	//go:embed archive_workers.sql
	ArchiveWorkers string

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

	//go:embed check_owner.sql
	CheckOwner string

	//go:embed check_pruned.sql
	CheckPruned string

	//go:embed check_result.sql
	CheckResult string

	//go:embed check_run_sum.sql
	CheckRunSum string

	//go:embed check_status.sql
	CheckStatus string

	//go:embed checkpoint_list.sql
	CheckpointList string

	//go:embed claim_any.sql
	ClaimAny string

	//go:embed claim_named.sql
	ClaimNamed string

	//go:embed claim_pending.sql
	ClaimPending string

	//go:embed claim_update.sql
	ClaimUpdate string

	//go:embed copy_delete.sql
	CopyDelete string

	//go:embed copy_insert.sql
	CopyInsert string

	//go:embed files_named.sql
	FilesNamed string

	//go:embed history_bounds.sql
	HistoryBounds string

	//go:embed history_chain.sql
	HistoryChain string

	//go:embed history_forget.sql
	HistoryForget string

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

	//go:embed prune_runs.sql
	PruneRuns string

	//go:embed prune_runs_delete.sql
	PruneRunsDelete string

	//go:embed prune_workers.sql
	PruneWorkers string

	//go:embed pruned_get.sql
	PrunedGet string

	//go:embed query_bounded.sql
	QueryBounded string

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

	//go:embed run_insert.sql
	RunInsert string

	//go:embed run_list.sql
	RunList string

	//go:embed run_newest.sql
	RunNewest string

	//go:embed run_release.sql
	RunRelease string

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

	//go:embed schema_inspect.sql
	SchemaInspect string

	//go:embed schema_mark.sql
	SchemaMark string

	//go:embed schema_version.sql
	SchemaVersion string

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
