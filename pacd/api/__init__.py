"""The daemon's door: HTTP/1.1 and JSON over a Unix socket, and nothing else."""
