"""The control program: asks the daemon over its socket, and prints."""
