-- The hooks of a run were fired.
DELETE FROM wf_hooks WHERE run = ?1;
