-- Whether any run has an attribute of that name.
SELECT EXISTS (SELECT 1 FROM wf_attributes WHERE name = :name) AS known;
