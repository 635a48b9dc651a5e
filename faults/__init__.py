"""`make test-faults`: what becomes of files when disks, calls and processes fail."""
