"""What daemon and clients say to each other: `wire`, `documents` and the port `Daemon`."""
