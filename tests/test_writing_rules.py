"""One module replaces files; whatever else writes is on a list, with the reason (w16, F3)."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

REPOSITORY = Path(__file__).resolve().parent.parent

# decisions/0017 says what each group owes to files.atomic.
_REPLACES: Final = "puts whole files in their places: fsync, look again, rename, fsync of folder"
_MOVES: Final = "one system call that renames, links or removes; never over another file"
_SCRATCH: Final = "fills scratch files that files.atomic has made, and nothing else"
_STATE: Final = "PAC's own: state directory, socket, scratch of detectors; no file of a person's"
_FOLDERS: Final = "makes folders, and no files"

WRITERS: Final = {
    "pacd/api/listener.py": _STATE,
    "pacd/engine/roots.py": _FOLDERS,
    "pacd/engine/sweeping.py": "removes scratch files of workers that are gone, by their names",
    "pacd/engine/worker.py": "tells the kernel who is to be killed first",
    "pacd/files/atomic.py": _REPLACES,
    "pacd/files/attributes.py": "sets attributes of scratch files",
    "pacd/files/covers.py": "into memory",
    "pacd/files/drafts.py": _FOLDERS,
    "pacd/files/flac_write.py": _SCRATCH,
    "pacd/files/folders.py": _FOLDERS,
    "pacd/files/lock.py": _STATE,
    "pacd/files/m4a.py": _SCRATCH,
    "pacd/files/opus.py": _SCRATCH,
    "pacd/files/ownership.py": _STATE,
    "pacd/files/recycle.py": _MOVES,
    "pacd/files/recycled_about.py": "a new file in a new folder of the bin that has no name yet",
    "pacd/files/regular.py": "opens and empties scratch files, for those that fill them",
    "pacd/files/renaming.py": _MOVES,
    "pacd/files/second_names.py": "links, or copies into, a new folder of the bin",
    "pacd/intake/canary.py": _STATE,
    "pacd/logs/__init__.py": "lines, to standard error",
    "pacd/files/spectrograms.py": _SCRATCH,
    "pacd/once.py": "a copy of the database in a temporary folder, for a plan that touches nothing",
    "pacd/steps/mirror.py": _SCRATCH,
    "pacd/steps/sidecars.py": _SCRATCH,
    "pacd/store/backups.py": _STATE,
    "pacd/store/copies.py": _STATE,
    "pacd/store/database.py": _STATE,
    "pacd/store/migration.py": _STATE,
    "pacd/store/restoring.py": _STATE,
    "pacd/tools/chain.py": _SCRATCH,
    "pacd/tools/output.py": "opens scratch files, for the programs that fill them",
    "pacd/tools/running.py": "into pipes",
}

_OS: Final = re.compile(
    r"l?f?ch(mod|own)|f?truncate|link|makedirs|mk(dir|fifo|nod)|posix_fallocate|pwrite|remove\w*"
    r"|rename\w*|replace|rmdir|setxattr|symlink|unlink|utime|write"
)
_METHODS: Final = frozenset(
    {
        *("chmod", "hardlink_to", "mkdir", "rename", "rmdir", "save", "symlink_to", "touch"),
        *("truncate", "unlink", "write_bytes", "write_text"),
    }
)
_FLAGS: Final = frozenset({"O_CREAT", "O_RDWR", "O_TRUNC", "O_WRONLY"})
_READING: Final = frozenset({"which", "disk_usage", "get_terminal_size"})
_MODULES: Final[dict[str, Callable[[str], bool]]] = {
    "os": lambda name: bool(_OS.fullmatch(name)),
    "shutil": lambda name: name not in _READING,
    "tempfile": lambda _name: True,
    "dataclasses": lambda _name: False,
}


@cache
def writers() -> dict[str, list[str]]:
    """Modules that may change a file system, and the expressions that do."""
    found = {
        str(path.relative_to(REPOSITORY)): list(writes(path))
        for path in sorted((REPOSITORY / "pacd").rglob("*.py"))
    }
    return {name: lines for name, lines in found.items() if lines}


def writes(path: Path) -> Iterator[str]:
    """Every expression of a module that may change a file system."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        calls = isinstance(node, ast.Call) and _writes(node)
        if calls or (isinstance(node, ast.Attribute) and node.attr in _FLAGS):
            yield ast.unparse(node)


def _writes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and _has_mode(call.args[1:2], call)
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if owner in _MODULES:
        return _MODULES[owner](function.attr)
    if function.attr == "replace":  # a string's has two arguments, a path's one
        return len(call.args) == 1 and not call.keywords
    if function.attr == "open":
        return _has_mode(call.args[:1], call)
    return function.attr in _METHODS and not (function.attr == "touch" and call.args)


def _has_mode(positional: list[ast.expr], call: ast.Call) -> bool:
    """Whether a file is opened for writing."""
    modes = [*positional, *(each.value for each in call.keywords if each.arg == "mode")]
    said = [each.value for each in modes if isinstance(each, ast.Constant)]
    return any(isinstance(mode, str) and set("wax+") & set(mode) for mode in said)


def test_w16_only_these_modules_write() -> None:
    """F3, w16, w20: a new way to write is a decision, not a habit; and nobody is listed in vain."""
    found = writers()

    assert {} == {name: lines for name, lines in found.items() if name not in WRITERS}
    assert [] == [name for name in WRITERS if name not in found]


def test_renames_over_a_file_have_one_place() -> None:
    """F3: what may replace a file by its name is a short list."""
    over = {
        name
        for name, lines in writers().items()
        if any("rename(" in line or ".replace(" in line for line in lines)
    }

    assert {
        "pacd/files/atomic.py",
        "pacd/files/flac_write.py",  # one scratch file over another
        "pacd/files/recycle.py",
        "pacd/files/renaming.py",
        "pacd/store/copies.py",  # the rest: databases
        "pacd/store/migration.py",
        "pacd/store/restoring.py",
    } == over
