package queries

import _ "embed"

// What looks after the file: archives, backups, checks, pruning and the schema.
var (
	//go:embed archive_attach.sql
	ArchiveAttach string

	//go:embed archive_attributes.sql
	ArchiveAttributes string

	//go:embed archive_calls.sql
	ArchiveCalls string

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

	//go:embed backup_into.sql
	BackupInto string

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

	//go:embed check_hook.sql
	CheckHook string

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

	//go:embed files_named.sql
	FilesNamed string

	//go:embed leftover_done.sql
	LeftoverDone string

	//go:embed leftover_forget.sql
	LeftoverForget string

	//go:embed leftover_list.sql
	LeftoverList string

	//go:embed leftover_metrics.sql
	LeftoverMetrics string

	//go:embed leftover_move.sql
	LeftoverMove string

	//go:embed leftover_note.sql
	LeftoverNote string

	//go:embed leftover_unlink.sql
	LeftoverUnlink string

	//go:embed pack_family.sql
	PackFamily string

	//go:embed pack_hooks.sql
	PackHooks string

	//go:embed pack_seqs.sql
	PackSeqs string

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

	//go:embed prune_hooks.sql
	PruneHooks string

	//go:embed prune_keys.sql
	PruneKeys string

	//go:embed prune_keys_count.sql
	PruneKeysCount string

	//go:embed prune_keys_find.sql
	PruneKeysFind string

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

	//go:embed run_family.sql
	RunFamily string

	//go:embed run_packed.sql
	RunPacked string

	//go:embed schema_inspect.sql
	SchemaInspect string

	//go:embed schema_mark.sql
	SchemaMark string

	//go:embed schema_version.sql
	SchemaVersion string

	//go:embed unpack_forget.sql
	UnpackForget string

	//go:embed unpack_history_forget.sql
	UnpackHistoryForget string

	//go:embed unpack_hooks.sql
	UnpackHooks string

	//go:embed unpack_key_taken.sql
	UnpackKeyTaken string

	//go:embed unpack_keys.sql
	UnpackKeys string

	//go:embed unpack_known.sql
	UnpackKnown string

	//go:embed unpack_pruned.sql
	UnpackPruned string

	//go:embed unpack_reserve.sql
	UnpackReserve string

	//go:embed unpack_reserve_first.sql
	UnpackReserveFirst string

	//go:embed unpack_settle.sql
	UnpackSettle string

	//go:embed unpack_workers.sql
	UnpackWorkers string

	//go:embed vacuum_page_size.sql
	VacuumPageSize string

	//go:embed vacuum_pages.sql
	VacuumPages string

	//go:embed vacuum_step.sql
	VacuumStep string

	//go:embed verify_run.sql
	VerifyRun string
)
