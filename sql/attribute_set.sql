-- Sets attributes of runs. One that has the value already is left alone, so that its index is too.
INSERT INTO wf_attributes (run, name, value)
SELECT c1, c2, c3 FROM wf_batch WHERE true
ON     CONFLICT (run, name) DO UPDATE
SET    value = excluded.value
WHERE  (wf_attributes.value, typeof(wf_attributes.value)) IS NOT (excluded.value, typeof(excluded.value));
