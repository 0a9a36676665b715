-- Notes how far the deletion of a history has come. No row means that somebody else is at it, or has done it.
UPDATE wf_leftovers SET head = :next WHERE run = :run AND head = :head;
