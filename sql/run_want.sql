-- Tells the owner of a run what others want of it; NULL takes it back.
UPDATE wf_runs SET want = ?2, want_detail = ?3 WHERE id = ?1;
