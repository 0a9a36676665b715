-- When the next schedule of some workflows is to be looked at. No row if none is.
SELECT due_us FROM wf_schedules
WHERE  due_us IS NOT NULL AND workflow IN (SELECT value FROM json_each(:workflows))
ORDER  BY due_us
LIMIT  1;
