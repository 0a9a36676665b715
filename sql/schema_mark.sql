-- Says in the file's header whose file it is: "wf-1".
PRAGMA application_id = 0x77662d31;
