-- Removes a schedule. The runs that it has started keep its number, which no other will have.
DELETE FROM wf_schedules WHERE id = ?;
