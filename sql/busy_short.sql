-- How long to wait for readers to leave the log: they page, so that the short-lived ones are gone by then.
PRAGMA busy_timeout = 250;
