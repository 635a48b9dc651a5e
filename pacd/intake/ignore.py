"""Which names are left alone, and why; reads nothing."""

import fnmatch
import re
from collections.abc import Iterable
from typing import Final

# Names that copying, downloading and tagging programs give to files they have not finished
# (facts of each program: syncthing, rsync, Transmission, qBittorrent, Firefox, rclone, aria2,
# libFLAC's metadata_edit and flac's tmp,fl-ac+en'c), and folders that a NAS, a desktop or a
# file system keeps for itself.  tests/unit/intake/test_ignore.py has them as a table.
_FILES: Final = (
    ("._*", "a macOS resource file"),
    (".*", "a hidden file"),
    ("*.part", "a download that is not finished"),
    ("*.partial", "a download that is not finished"),
    ("*.partial~", "a download that is not finished"),
    ("*.crdownload", "a download that is not finished"),
    ("*.!qB", "a download that is not finished"),
    ("*.aria2", "a download that is not finished"),
    ("~syncthing~*", "a copy that syncthing has not finished"),
    ("*.metadata_edit", "a temporary file of metaflac"),
    ("*.tmp,fl-ac+en'c", "a temporary file of flac"),
    ("*.tmp", "a temporary file"),
    ("*~", "a backup file of an editor"),
)
_FOLDERS: Final = (
    (".*", "a hidden folder"),
    ("@eaDir", "a folder of the NAS"),
    ("#recycle", "the NAS's recycle bin"),
    ("#snapshot", "the NAS's snapshots"),
    ("@Recycle", "the NAS's recycle bin"),
    ("@Recently-Snapshot", "the NAS's snapshots"),
    ("$RECYCLE.BIN", "the recycle bin of Windows"),
    ("System Volume Information", "a folder of Windows"),
    ("lost+found", "a folder of the file system"),
)


_OWN_REASON: Final = "named by the setting [watch] ignore"


class Ignore:
    """
    The built-in list and the owner's patterns.

    A pattern of the owner's is a shell pattern for the name of a file or a
    folder; it is compared with case.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        own = tuple((pattern, _OWN_REASON) for pattern in patterns)
        self._files = _Table(_FILES + own)
        self._folders = _Table(_FOLDERS + own)

    def file(self, name: str) -> str | None:
        """Return why a file is left alone, a clause, or None."""
        return self._files.reason(name)

    def folder(self, name: str) -> str | None:
        """Return why a folder is left alone with all it holds, a clause, or None."""
        return self._folders.reason(name)


class _Table:
    """Patterns with reasons; one expression of them all turns most names down at once."""

    def __init__(self, patterns: tuple[tuple[str, str], ...]) -> None:
        self._patterns = patterns
        self._any = re.compile("|".join(fnmatch.translate(pattern) for pattern, _ in patterns))

    def reason(self, name: str) -> str | None:
        if not self._any.match(name):
            return None
        for pattern, words in self._patterns:
            if fnmatch.fnmatchcase(name, pattern):
                return f"{words} ({pattern})"
        return None
