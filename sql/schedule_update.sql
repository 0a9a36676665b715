-- Everything of a schedule that may change: its rule, and where it stands.
UPDATE wf_schedules
SET    workflow = ?2, input = ?3, options = ?4, kind = ?5, spec = ?6, zone = ?7, overlap = ?8, catchup_us = ?9, jitter_us = ?10,
       next_us = ?11, due_us = ?12, last_us = ?13, last_run = ?14, queued_us = ?15, starts = ?16, skips = ?17, error = ?18,
       paused = ?19
WHERE  id = ?1;
