"""PAC keeps a FLAC library in perfect order; this package is the daemon."""

from typing import Final

VERSION: Final = "0.1.0"
