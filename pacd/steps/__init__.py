"""One action on one file, carried out in a worker process; the database is never seen."""
