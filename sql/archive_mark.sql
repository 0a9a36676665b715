-- Says in the file's header that it is an archive: "wf-a".
PRAGMA main.application_id = 0x77662d61;
