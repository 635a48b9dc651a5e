"""PAC keeps a FLAC library in perfect order; this package is the daemon."""

VERSION = "0.1.0"
