-- The runs whose UUID begins with a prefix: two are enough to know that it is ambiguous. 'g' follows the hexadecimal digits.
SELECT id FROM wf_runs WHERE uuid >= :prefix AND uuid < :prefix || 'g' LIMIT 2;
